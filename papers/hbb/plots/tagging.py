"""How each figure of arXiv:1909.12285 is drawn: arrays in, a figure and the drawn columns out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.physics.roc import roc
from common.plotting import new_figure

Array = np.ndarray
Drawn = dict[str, Any]
LABELS = {
    "interaction": "interaction network (as published)",
    "interaction_standardised": "interaction network, inputs standardised",
    "interaction_adversarial": "interaction network, adversarial",
    "interaction_no_vertices": "interaction network, no vertices",
    "interaction_particles": "interaction network, all particles",
    "interaction_later": "interaction network, 25,554 parameters",
    "double_b": "DeepDoubleB-like",
    "variables": "27-variable network",
    "best_variable": "best single variable",
    "ddt": "interaction network, DDT",
    "ddt_standardised": "inputs standardised, DDT",
}
COLOURS = {
    "interaction": "C0",
    "interaction_standardised": "C1",
    "double_b": "C2",
    "variables": "C3",
    "best_variable": "C4",
    "ddt": "C5",
    "ddt_standardised": "#b0a000",
    "interaction_adversarial": "C6",
    "interaction_no_vertices": "#8c564b",
    "interaction_particles": "#7f7f00",
    "interaction_later": "#5050a0",
}
ROC_POINTS = 400


def label(name: str) -> str:
    """Return what a tagger is called in legends."""
    return LABELS.get(name, name.replace("_", " "))


def colour(name: str) -> str:
    """Return the colour of a tagger, the same in all figures."""
    return COLOURS.get(name, "0.4")


@dataclass(frozen=True)
class Roc:
    """One panel: labels (jet,), 1 for H, scores (jet,) by tagger, and their areas."""

    title: str
    truth: Array
    scores: Mapping[str, Array]
    areas: Mapping[str, float]


def draw_rocs(panels: list[Roc], ddt: Array) -> tuple[Figure, Drawn]:
    """Mistag rate against tagging efficiency in each panel.

    Args:
        panels: What to draw.
        ddt: (cut, 2) signal and background efficiency of the mass-dependent cuts, for the first panel.
    """
    figure, axes = new_figure(figsize=(5 * len(panels), 4.6), ncols=len(panels))
    drawn: Drawn = {}
    for number, (panel, own) in enumerate(zip(panels, axes, strict=True)):
        for name, score in panel.scores.items():
            signal, background = roc(panel.truth, score)
            step = max(len(signal) // ROC_POINTS, 1)
            text = f"{label(name)}: {panel.areas[name]:.3f}"
            own.plot(signal[::step], background[::step], color=colour(name), label=text)
            drawn |= {f"{name}_signal_{number}": signal[::step], f"{name}_background_{number}": background[::step]}
        lowest = 1 / max((panel.truth == 0).sum(), 1)
        own.set(xlabel="tagging efficiency (H)", ylabel="mistag rate (QCD)", yscale="log", xlim=(0, 1))
        own.set(ylim=(max(lowest, 1e-4), 30), title=f"{panel.title}; curves of one seed, mean areas")
    axes[0].plot(ddt[:, 0], ddt[:, 1], "o--", color=colour("ddt"), label=label("ddt"))
    drawn |= {"ddt_signal": ddt[:, 0], "ddt_background": ddt[:, 1]}
    for own in axes:
        own.legend(loc="upper left")
    return figure, drawn


def draw_sculpting(
    mass: Array,
    chosen: Mapping[str, Array],
    passing: Mapping[str, Mapping[str, Array]],
    edges: Array,
    *,
    titles: tuple[str, str],
) -> tuple[Figure, Drawn]:
    """QCD soft-drop mass before and after cuts, with unit area; and how the share that passes depends on the mass.

    Args:
        mass: (jet,) of QCD jets [GeV].
        chosen: (jet,) masks of the jets that pass, by what is written in the legend.
        passing: The same for a panel of its own, by tagger and legend.
        edges: Bins [GeV].
        titles: What the first panel shows, and the others.
    """
    figure, axes = new_figure(figsize=(3.8 * (1 + len(passing)), 3.8), ncols=1 + len(passing))
    drawn: Drawn = {"low_gev": edges[:-1], "high_gev": edges[1:]}
    width, centre = np.diff(edges), (edges[:-1] + edges[1:]) / 2
    for number, (name, mask) in enumerate(chosen.items()):
        count = np.histogram(mass[mask], edges)[0].astype(float)
        total = max(count.sum(), 1)
        density, error = count / total / width, np.sqrt(count) / total / width
        style = {"color": "0.6", "fill": True} if number == 0 else {"color": f"C{number - 1}", "linewidth": 1.6}
        axes[0].stairs(density, edges, label=f"{name}: {int(count.sum())} jets", **style)
        if number:
            axes[0].errorbar(centre + 0.8 * (number - 2), density, error, fmt="none", color=f"C{number - 1}")
        drawn |= {f"{name.replace(' ', '_')}_density": density, f"{name.replace(' ', '_')}_error": error}
    axes[0].set(ylabel="normalised density [1/GeV]", title=titles[0])
    for panel, (tagger, masks) in zip(axes[1:], passing.items(), strict=True):
        drawn |= _draw_relative_mistag(panel, mass, masks, edges, tagger=tagger)
        panel.set(ylabel="mistag rate / that of all masses", title=f"{label(tagger)},\n{titles[1]}")
    for panel in axes:
        panel.set(xlabel="soft-drop mass of QCD jets [GeV]")
        panel.legend()
    return figure, drawn


def _draw_relative_mistag(axes: Axes, mass: Array, masks: Mapping[str, Array], edges: Array, *, tagger: str) -> Drawn:
    """Draw the mistag rate in bins of the mass over that of all masses, for each mask (jet,) of QCD jets."""
    drawn: Drawn = {}
    everything, centre = np.maximum(np.histogram(mass, edges)[0], 1), (edges[:-1] + edges[1:]) / 2
    axes.axhline(1, color="0.6", linewidth=0.8)
    for number, (name, mask) in enumerate(masks.items()):
        share = np.histogram(mass[mask], edges)[0] / everything
        average = max(float(mask.mean()), 1e-9)
        ratio, error = share / average, np.sqrt(share * (1 - share) / everything) / average
        text = f"{name}: {mask.sum()} jets"
        axes.errorbar(centre + 3 * number - 1.5, ratio, error, fmt="o", color=f"C{number}", label=text)
        key = f"{tagger}_{name.replace(' ', '_')}"
        drawn |= {f"{key}_relative_mistag": ratio, f"{key}_relative_mistag_error": error}
    axes.set_ylim(bottom=0)
    return drawn


def draw_decorrelation(points: Mapping[str, list[dict[str, float]]]) -> tuple[Figure, Drawn]:
    """1/D_JS against 1/eps_b; both large is good.

    Args:
        points: By tagger a list of `rejection`, `djs`, `djs_error`, `efficiency` [%].
    """
    figure, axes = new_figure(figsize=(9, 5))
    drawn: Drawn = {}
    for name, entries in points.items():
        entries = [entry for entry in entries if entry["djs"] > 0]  # 0 if no jet passes, or none fails
        x, y = np.array([e["rejection"] for e in entries]), 1 / np.array([e["djs"] for e in entries])
        error = y**2 * np.array([e["djs_error"] for e in entries])
        style = {"marker": "o"} if name != "chance" else {"linestyle": ":", "marker": "."}
        shown = "DDT if the mass meant nothing" if name == "chance" else label(name)
        axes.errorbar(x, y, np.minimum(error, 0.9 * y), color=colour(name), label=shown, **style)
        for entry, place, height in zip(entries, x, y, strict=True):
            axes.annotate(
                f"{entry['efficiency']:.0f} %", (place, height), xytext=(3, 3), textcoords="offset points", fontsize=7
            )
        drawn |= {f"{name}_rejection": x, f"{name}_inverse_djs": y, f"{name}_error": error}
    axes.set(xlabel="1/mistag rate", ylabel="1/D$_{JS}$ of the QCD mass", xscale="log", yscale="log")
    figure.legend(loc="outside center right")
    return figure, drawn


def draw_bins(axes: Axes, binned: Mapping[str, Mapping[str, Array]], *, value: str) -> Drawn:
    """Draw a rate in bins, by tagger: each has `low`, `high`, `error` and the column `value`."""
    drawn: Drawn = {}
    for number, (name, columns) in enumerate(binned.items()):
        centre, half = (columns["low"] + columns["high"]) / 2, (columns["high"] - columns["low"]) / 2
        shift = 0.12 * half * (number - (len(binned) - 1) / 2)
        axes.errorbar(
            centre + shift, columns[value], columns["error"], half, fmt="o", color=colour(name), label=label(name)
        )
        drawn |= {f"{name}_{column}": columns[column] for column in ("low", "high", value, "error")}
    return drawn


def draw_pileup(binned: Mapping[str, Mapping[str, Array]], *, mistag: float) -> tuple[Figure, Drawn]:
    """Tagging efficiency against the number of primary vertices at a mistag rate that is met in each bin."""
    figure, axes = new_figure()
    drawn = draw_bins(axes, binned, value="efficiency")
    axes.set(xlabel="reconstructed primary vertices", ylabel=f"tagging efficiency at {100 * mistag:g} % mistag rate")
    axes.set_ylim(0, 1.05)
    axes.legend()
    return figure, drawn


def draw_kinematics(rates: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Array]]]]) -> tuple[Figure, Drawn]:
    """Efficiency and mistag rate at one threshold against pT and eta: rates[axis label][class][tagger]."""
    figure, panels = new_figure(nrows=2, ncols=2, figsize=(8.0, 5.6), sharex="col")
    drawn: Drawn = {}
    for column, (name, by_class) in enumerate(rates.items()):
        for row, (kind, binned) in enumerate(by_class.items()):
            axes = panels[row, column]
            own = draw_bins(axes, binned, value="rate")
            short = name.split(" ")[0].strip("$").lower().replace("_", "").replace("\\", "")
            drawn |= {f"{short}_{kind.split(' ')[0]}_{key}": values for key, values in own.items()}
            axes.set_ylabel(kind)
            if kind.startswith("mistag"):
                axes.set_yscale("log")
        panels[-1, column].set_xlabel(name)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure, drawn


def draw_inputs(panels: list[dict[str, Any]]) -> tuple[Figure, Drawn]:
    """Distributions per class; each panel has `name`, `edges`, `qcd`, `higgs`, and `reference` values by their text."""
    figure, grid = new_figure(nrows=2, ncols=3, figsize=(9.5, 5.6))
    drawn: Drawn = {}
    for axes, panel in zip(grid.flat, panels, strict=True):
        edges = panel["edges"]
        for kind, text, own in (("qcd", "QCD", "C0"), ("higgs", "H to bb", "C1")):
            values = np.clip(panel[kind], edges[0], edges[-1])
            density = np.histogram(values, edges)[0] / max(len(values), 1)
            axes.stairs(density, edges, label=text, color=own)
            drawn |= {f"{panel['key']}_{kind}": density}
        drawn |= {f"{panel['key']}_low": edges[:-1], f"{panel['key']}_high": edges[1:]}
        for (text, value), own in zip(panel["reference"].items(), ("0.3", "0.55"), strict=False):
            axes.axvline(value, color=own, linestyle="--", label=text)
        axes.set(xlabel=panel["name"], ylabel="share of jets")
        axes.set_ylim(top=1.4 * axes.get_ylim()[1])  # room for the legend
        if panel.get("log"):
            axes.set_xscale("log")
        axes.legend(fontsize=6.5)
    return figure, drawn


def draw_losses(curves: Mapping[str, list[Mapping[str, Array]]]) -> tuple[Figure, Drawn]:
    """Training (thin) and validation loss (thick) against the epoch, one line per seed.

    From an adversarial loss that of the adversary is subtracted, so it has a panel of its own; it counts from the epoch
    on in which the tagger notices the adversary.
    """
    groups = {
        "cross-entropy": [name for name in curves if "adversarial" not in name],
        "cross-entropy less the adversary's": [name for name in curves if "adversarial" in name],
    }
    groups = {text: names for text, names in groups.items() if names}
    figure, panels = new_figure(ncols=len(groups), figsize=(5.5 * len(groups), 4.0), squeeze=False)
    drawn: Drawn = {}
    for axes, (text, names) in zip(panels[0], groups.items(), strict=True):
        for name in names:
            for number, history in enumerate(curves[name]):
                axes.plot(history["epoch"], history["train_loss"], color=colour(name), linewidth=0.7)
                shown = label(name) if number == 0 else None
                axes.plot(history["epoch"], history["valid_loss"], color=colour(name), linewidth=1.8, label=shown)
                own = {column: history[column] for column in ("epoch", "train_loss", "valid_loss")}
                drawn |= {f"{name}_{number}_{column}": values for column, values in own.items()}
        axes.set(xlabel="epoch", ylabel=text)
        if "less" not in text:
            axes.set(xscale="log", yscale="log")
        axes.legend(title="thick: validation, thin: training", title_fontsize=8)
    return figure, drawn
