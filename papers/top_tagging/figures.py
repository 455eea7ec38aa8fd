"""Draw the figures of arXiv:1902.09914, and ours beside them, from stored predictions and metrics.

prepared.h5, predictions.h5 and history.csv of each seed, metrics.json, published.yaml -> figures/fig*.{pdf,png,csv}.
ROC curves are of the first seed; nothing is trained or predicted here. Where a run has no taggers of its own or no
jets, the figure says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from matplotlib.figure import Figure

from common.download.receipts import origin_of, read_receipt
from common.physics.roc import background_efficiency
from common.plotting import save_figure
from common.report.compare import read_metrics
from common.report.published import NumberClaim, load_published
from common.report.verdict import Measured
from common.stage import parse, run
from papers.top_tagging import drawing

Drawn = dict[str, Any]
EFFICIENCY = np.linspace(0.05, 1, 476)  # of the notebook's figure
AREA, REJECTION = "auc", "rejection_30"


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from."""

    prepared: Path
    predictions: list[Path]
    metrics: dict[str, Measured]
    claims: list[NumberClaim]
    is_toy: bool  # the scores are those of the generator

    def measured(self, group: str, metric: str) -> dict[str, Measured]:
        """Return one metric by tagger of "scores" or "trained"."""
        start, end = f"{group}.", f".{metric}"
        return {
            key[len(start) : -len(end)]: m
            for key, m in self.metrics.items()
            if key[: len(start)] == start and key.endswith(end)
        }

    def printed(self, metric: str) -> NumberClaim | None:
        """Return the row of the article's table for a metric, not the single trainings of the notebook."""
        rows = [claim for claim in self.claims if claim.metric == metric and not claim.id.endswith("_exact")]
        return rows[0] if rows else None


def figure_roc(inputs: Inputs) -> tuple[Figure, Drawn]:
    """ROC curves of all taggers of the first seed."""
    curves: dict[str, dict[str, np.ndarray]] = {}
    with h5py.File(inputs.predictions[0]) as file:
        label = file["label"][:]
        for group in ("scores", "trained"):
            curves[group] = {
                tagger: background_efficiency(label, scores[:], EFFICIENCY) for tagger, scores in file[group].items()
            }
    return drawing.draw_roc(EFFICIENCY, curves, is_toy=inputs.is_toy)


def figure_rejection(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Rejection of each tagger at 30 %, ours and the printed one."""
    ours = inputs.measured("scores", REJECTION)
    printed = {tagger: inputs.printed(f"scores.{tagger}.{REJECTION}") for tagger in ours}
    return drawing.draw_rejection(ours, printed, is_toy=inputs.is_toy)


def figure_agreement(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Difference from the printed value in units of its error, for each row and column of the table."""
    pulls: dict[str, dict[str, float]] = {}
    for metric in (AREA, "accuracy", REJECTION):
        for tagger, ours in inputs.measured("scores", metric).items():
            claim = inputs.printed(f"scores.{tagger}.{metric}")
            if claim is not None:
                pulls.setdefault(metric, {})[tagger] = (ours.value - claim.value) / claim.error
    return drawing.draw_agreement(pulls, is_toy=inputs.is_toy)


def figure_jets(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Multiplicity, transverse momentum and mass of the test jets."""
    with h5py.File(inputs.prepared) as file:
        if "jets" not in file:
            return drawing.draw_absent(
                "This run reads published scores; it has no jets.\nRuns with jets: generated, full."
            )
        test = file["jets/test"]
        return drawing.draw_jets(test["label"][:], np.diff(test["offsets"][:]), test["kinematics"][:])


def figure_training(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Loss of training and validation of every tagger and seed."""
    curves: dict[str, list[dict[str, np.ndarray]]] = {}
    for predictions in inputs.predictions:
        for tagger in inputs.measured("trained", AREA):
            table = np.genfromtxt(predictions.parent / tagger / "history.csv", delimiter=",", names=True)
            if table.size > 0:
                columns = {name: np.atleast_1d(table[name]) for name in table.dtype.names}
                curves.setdefault(tagger, []).append(columns)
    if not curves:
        return drawing.draw_absent("This run trains no tagger.\nRuns that do: generated, full.")
    return drawing.draw_training(curves)


def figure_comparison(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Area and rejection of the taggers that this run trains."""
    areas, rejections = inputs.measured("trained", AREA), inputs.measured("trained", REJECTION)
    if not areas:
        return drawing.draw_absent("This run trains no tagger.\nRuns that do: generated, full.")
    return drawing.draw_comparison(areas, rejections)


FIGURES: dict[str, Callable[[Inputs], tuple[Figure, Drawn]]] = {
    "fig1_roc": figure_roc,
    "fig2_rejection": figure_rejection,
    "fig3_agreement": figure_agreement,
    "fig4_jets": figure_jets,
    "fig5_training": figure_training,
    "fig6_comparison": figure_comparison,
}


def main() -> None:
    """Read, draw every figure, write."""
    arguments = parse(
        __doc__, path_lists=["receipts", "predictions", "figures"], paths=["prepared", "metrics", "published"]
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    claims = [claim for claim in load_published(arguments.published).claims if isinstance(claim, NumberClaim)]
    inputs = Inputs(
        prepared=arguments.prepared,
        predictions=arguments.predictions,
        metrics=read_metrics(arguments.metrics),
        claims=claims,
        is_toy=origin == "generated",
    )
    for stem in sorted({path.stem for path in arguments.figures}):
        figure, drawn = FIGURES[stem](inputs)
        save_figure(figure, arguments.figures[0].with_name(f"{stem}.png"), drawn, origin=origin)


if __name__ == "__main__":
    run(main)
