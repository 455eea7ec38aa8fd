"""Figures: one style, and three files for each (PDF, PNG and a CSV of what is drawn)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import matplotlib.style
from matplotlib.figure import Figure

from common.atomic import atomic_output, write_text
from common.tables import as_csv

matplotlib.use("Agg")
STYLE = Path(__file__).with_name("figures.mplstyle")


def new_figure(**layout: Any) -> tuple[Figure, Any]:
    """Return a figure in the project's style and its axes.

    Args:
        **layout: Passed on: `figsize` (inch), and what `Figure.subplots` takes, e.g. `nrows`, `ncols`, `sharex`.
    """
    matplotlib.style.use(STYLE)
    figure = Figure(figsize=layout.pop("figsize", None))
    return figure, figure.subplots(**layout)


def save_figure(
    figure: Figure, path: Path, drawn: Mapping[str, Any], *, origin: Literal["archive", "generated"]
) -> None:
    """Write `<stem>.pdf`, `<stem>.png` and `<stem>.csv` beside each other, each atomically.

    Args:
        figure: What `new_figure` returned.
        path: Any of the three files; only folder and stem count.
        drawn: Columns of the CSV; shorter ones are padded with empty cells.
        origin: What the run is made from; a figure of generated data says so, wherever it is copied to.
    """
    if origin == "generated":
        figure.suptitle("made from generated data", x=0.99, ha="right", fontsize=8, color="#b35900")
    for suffix in (".pdf", ".png"):
        # Without the date, equal figures are equal files.
        metadata = {"CreationDate": None} if suffix == ".pdf" else {"Software": None}
        with atomic_output(path.with_suffix(suffix)) as temporary:
            figure.savefig(temporary, metadata=metadata)
    write_text(path.with_suffix(".csv"), as_csv(drawn))
