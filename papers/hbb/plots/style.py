"""Labels and colours of the methods, the same in all figures, and how a rate in bins is drawn."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from ..prepared import Array

Columns = dict[str, Any]  # of the CSV beside a figure
STYLES = {  # method -> what it is called in legends, colour
    "interaction": ("interaction network (as published)", "C0"),
    "interaction_standardised": ("interaction network, inputs standardised", "C1"),
    "interaction_adversarial": ("interaction network, adversarial", "C6"),
    "interaction_no_vertices": ("interaction network, no vertices", "#8c564b"),
    "interaction_particles": ("interaction network, all particles", "#7f7f00"),
    "interaction_later": ("interaction network, 25,554 parameters", "#5050a0"),
    "double_b": ("DeepDoubleB-like", "C2"),
    "variables": ("27-variable network", "C3"),
    "best_variable": ("best single variable", "C4"),
    "ddt": ("interaction network, DDT", "C5"),
    "ddt_standardised": ("inputs standardised, DDT", "#b0a000"),
}


def label(method: str) -> str:
    """Return what a method is called in legends."""
    return STYLES[method][0] if method in STYLES else method.replace("_", " ")


def colour(method: str) -> str:
    """Return the colour of a method."""
    return STYLES[method][1] if method in STYLES else "0.4"


def draw_bins(axes: Axes, binned: Mapping[str, Mapping[str, Array]], *, value: str) -> Columns:
    """Draw a rate in bins, by method: each has `low`, `high`, `error` and the column `value`."""
    columns: Columns = {}
    for number, (name, rates) in enumerate(binned.items()):
        centre, half = (rates["low"] + rates["high"]) / 2, (rates["high"] - rates["low"]) / 2
        shift = 0.12 * half * (number - (len(binned) - 1) / 2)
        style = {"fmt": "o", "color": colour(name), "label": label(name)}
        axes.errorbar(centre + shift, rates[value], rates["error"], half, **style)
        columns |= {f"{name}_{column}": rates[column] for column in ("low", "high", value, "error")}
    return columns
