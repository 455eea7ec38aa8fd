"""What three events of the collaboration's simulation look like, in numbers.

They are the examples of an author's thesis (D. Rocco, University of Minnesota; github.com/rocconnick/Thesis_UMN, commit
47ea210, figures/cnn/view_truetype*.pdf), measured on the rasters that its figures embed. The pictures are under
CC BY-SA and not copied here. The numbers are references in published.yaml.
"""

from pathlib import Path

from common.report.published import load_published

TYPES = {2: "numu DIS", 6: "nue DIS", 13: "NC"}  # interaction type -> name of the thesis's only event of that type
QUANTITIES = ("hits", "length", "hits_per_plane")  # of prepared.moments.MOMENTS


def metric_of(name: str) -> str:
    """Return the beginning of the metrics about events of a type, e.g. "sample.nue_dis"."""
    return f"sample.{name.lower().replace(' ', '_')}"


def load_thesis_events() -> dict[str, dict[str, float]]:
    """Return the quantities of each event, by the name of its type."""
    published = load_published(Path(__file__).parents[1] / "published.yaml")
    values = {reference.metric: reference.value for reference in published.reference}
    return {name: {key: values[f"{metric_of(name)}.{key}_median"] for key in QUANTITIES} for name in TYPES.values()}
