"""Figures: one style, three files for each (PDF, PNG and a CSV of what is drawn), and the caption beside them."""

import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import matplotlib.style
from matplotlib.figure import Figure

from common.atomic import atomic_output, write_text
from common.download.receipts import Origin
from common.errors import InputError, nearest
from common.tables import as_csv

matplotlib.use("Agg")
STYLE = Path(__file__).with_name("figures.mplstyle")
CAPTIONS = "captions.json"  # stem -> caption, beside the figures
Inputs = TypeVar("Inputs")
Drawing = tuple[Figure, Mapping[str, Any]]  # a figure, and the columns of its CSV


def new_figure(**layout: Any) -> tuple[Figure, Any]:
    """Return a figure in the project's style and its axes.

    Args:
        **layout: Passed on: `figsize` (inch), and what `Figure.subplots` takes, e.g. `nrows`, `ncols`, `sharex`.
    """
    matplotlib.style.use(STYLE)
    figure = Figure(figsize=layout.pop("figsize", None))
    return figure, figure.subplots(**layout)


def draw_all(
    figures: Sequence[Callable[[Inputs], Drawing]], inputs: Inputs, folder: Path, *, origin: Origin, only: str = ""
) -> None:
    """Draw and save the figures of a paper.

    Args:
        figures: One function per figure. Its name is the stem of the files, e.g. `fig6_inputs`; its docstring is the
            caption that the report prints.
        inputs: What each function gets.
        folder: Of the files. The captions are stored there as well.
        origin: What the run is made from.
        only: Redraw just this one, e.g. "fig6" or "fig6_inputs"; "" for all.

    Raises:
        InputError: If no figure has the name `only`.
    """
    stems = [figure.__name__ for figure in figures]
    chosen = [draw for draw in figures if only in ("", draw.__name__, draw.__name__.partition("_")[0])]
    if not chosen:
        raise InputError(f"--only {only}: there is no such figure.{nearest(only, stems)}")
    for draw in chosen:
        figure, drawn = draw(inputs)
        save_figure(figure, folder / draw.__name__, drawn, origin=origin)
        logging.info("%s", draw.__name__)
    captions = {draw.__name__: " ".join((inspect.getdoc(draw) or "").split()) for draw in figures}
    write_text(folder / CAPTIONS, json.dumps(captions, indent=2, ensure_ascii=False) + "\n")


def save_figure(figure: Figure, path: Path, drawn: Mapping[str, Any], *, origin: Origin) -> None:
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
