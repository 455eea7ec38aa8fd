"""Figures that compare methods, witnesses and seeds: losses, ranking, efficiency (arXiv:2005.06534)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.plotting import Drawing, new_figure
from common.training.history import read_history

from .inputs import HEADLINE, Inputs
from .style import ordered, style


def fig4_loss(inputs: Inputs) -> Drawing:
    """Loss of every network against the number of updates, for the lines, left, and the broadband noise, right.

    Solid lines are the validation split, dashed lines the training split; every seed has its own. The spectral part of
    the loss is the ratio of the power after and before within the band, so it is 1 for a network that predicts
    nothing. The spectral loss alone, where it is trained, begins on that plateau, and some seeds never leave it.
    """
    figure, grid = new_figure(figsize=(7.2, 3.6), ncols=2)
    drawn = {}
    for axes, task in zip(grid, ("lines", "broadband"), strict=True):
        for method, curves in sorted(learning_curves(inputs, task).items()):
            look = {"color": style(method).get("color"), "linewidth": 1.1, "marker": ".", "markersize": 3}
            for number, curve in enumerate(curves):
                label = style(method)["label"] if number == 0 else None
                axes.plot(curve["update"], curve["valid_loss"], **look, label=label)
                axes.plot(curve["update"], curve["train_loss"], "--", **look, alpha=0.5)
                columns = ("update", "train_loss", "valid_loss")
                drawn |= {f"{task}/{method}.{number}.{column}": curve[column] for column in columns}
        axes.set(xlabel="updates", ylim=(0, 1.3), title=task)
        if axes.lines:
            axes.legend()
    grid[0].set_ylabel("loss (dashed: training)")
    return figure, drawn


def learning_curves(inputs: Inputs, task: str) -> dict[str, list[dict[str, np.ndarray]]]:
    """Return the columns of history.csv of each seed, by network of a task; filters have no history."""
    curves = {}
    for name, paths in inputs.histories.items():
        histories = [history for history in map(read_history, paths) if len(history["update"]) > 1]
        if name.startswith(f"{task}/") and histories:
            curves[name.partition("/")[2]] = histories
    return curves


def fig9_ranking(inputs: Inputs) -> Drawing:
    """By how much the power in the sidebands of 60 Hz rises, in percent, if one witness of DeepClean is silenced.

    There is one bar for each witness, and the most important one is at the top. A silenced witness is set to its mean.
    The power is measured at the start of the test split. The error bars are the larger of the scatter of the seeds and
    the bootstrap error over time. The scale is linear around zero and logarithmic beyond, because the mains monitor is
    worth far more than any slow channel.
    """
    prefix = f"ablation.lines.{HEADLINE}."
    rises = {key.removeprefix(prefix): entry for key, entry in inputs.metrics.items() if key.startswith(prefix)}
    names = sorted(rises, key=lambda name: rises[name]["value"])
    value, error = np.array([rises[name]["value"] for name in names]), np.array([error_of(rises[n]) for n in names])
    figure, axes = new_figure(figsize=(6.0, 0.24 * len(names) + 1.0))
    axes.barh(names, value, xerr=error, color="C0", alpha=0.8)
    axes.set(xlabel="rise of the sidebands' power without it [%]", xscale="symlog")
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.tick_params(axis="y", labelsize=8)
    return figure, {"witness": names, "rise_percent": value, "error": error}


def fig10_efficiency(inputs: Inputs) -> Drawing:
    """How well each method subtracts the sidebands of 60 Hz in the test split.

    For generated data this is the efficiency η: 0 if nothing is subtracted, 1, dashed, if what remains is exactly the
    noise that no sensor sees. Without a known truth it is the ratio of the amplitude spectral densities after and
    before, and 1 means that nothing is subtracted. The dot is the mean of the seeds, which are the small ticks; the
    error bar is the larger of their scatter and the bootstrap error over time.
    """
    name = "eta" if any(key.endswith(".eta") for key in inputs.metrics) else "sideband_ratio"
    entries = {
        key.split(".")[1]: entry
        for key, entry in inputs.metrics.items()
        if key.startswith("lines.") and key.endswith(f".{name}")
    }
    methods = [method for method in ordered(entries) if method not in ("none", "oracle")]
    figure, axes = new_figure(figsize=(6.4, 0.42 * len(methods) + 1.1))
    for row, method in enumerate(methods):
        entry, look = entries[method], style(method)
        axes.errorbar(entry["value"], row, xerr=error_of(entry), fmt="o", color=look["color"])
        axes.plot(entry["values"], [row + 0.2] * len(entry["values"]), "|", color=look["color"])
    axes.set_yticks(range(len(methods)), [style(method)["label"] for method in methods])
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    label = r"subtraction efficiency $\eta$ in the sidebands" if name == "eta" else "sidebands after / before"
    axes.set(xlabel=label, ylim=(-0.6, len(methods) - 0.4))
    axes.axvline(1, color="k", ls="--", lw=1)
    values = np.array([entries[method]["value"] for method in methods])
    errors = np.array([error_of(entries[method]) for method in methods])
    return figure, {"method": methods, name: values, "error": errors}


def error_of(entry: Mapping[str, Any]) -> float:
    """Return the larger of the scatter of the seeds and the error within a seed."""
    return max(entry["error"], entry["sd"] or 0)
