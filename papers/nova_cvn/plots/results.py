"""How the figures of the results are drawn (arXiv:1604.01444): arrays in, a figure and the drawn columns out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from common.plotting import new_figure
from papers.nova_cvn.classes import FLAVOURS, INTERACTIONS, NEUTRINO_CLASSES, SYMBOLS
from papers.nova_cvn.confusion import normalised
from papers.nova_cvn.selection import MERITS, Cumulative, Merit
from papers.nova_cvn.weights import SIGNAL, Components

Array = np.ndarray
Drawn = dict[str, Any]
LABELS = {
    "cvn": "CVN",
    "modern": "residual network",
    "plain": "plain CNN",
    "library": "library matching",
    "moments": "trees on moments",
}
COMPONENTS = {"nue": r"app. $\nu_e$", "nc": "NC", "numu": r"$\nu_\mu$ CC", "beam_nue": r"beam $\nu_e$"}
COLOURS = {SIGNAL: "C3", "nc": "C0", "numu": "C2", "nue": "C1", "beam_nue": "C4"}
MERIT_LABELS: dict[Merit, str] = {"s_sqrt_b": r"$s/\sqrt{b}$", "s_sqrt_sb": r"$s/\sqrt{s+b}$"}
SELECTION_LABELS = {"nue": r"$\nu_e$", "numu": r"$\nu_\mu$"}


def draw_tsne(place: Array, flavour: Array) -> tuple[Figure, Drawn]:
    """Events (event, 2) in the plane that t-SNE makes of the pooled features, coloured by true flavour (event,)."""
    figure, axes = new_figure(figsize=(5.5, 5))
    for number, name in enumerate(FLAVOURS):
        chosen = flavour == number
        axes.plot(*place[chosen].T, ".", ms=3, label=SYMBOLS[name], color=f"C{number}")
    axes.set(xlabel="t-SNE 1", ylabel="t-SNE 2")
    axes.legend(markerscale=3)
    return figure, {"tsne_1": place[:, 0], "tsne_2": place[:, 1], "flavour": [list(FLAVOURS)[n] for n in flavour]}


def draw_scores(scores: Mapping[str, Array], weights: Mapping[str, Components]) -> tuple[Figure, Drawn]:
    """Stacked distributions of the scores (event,) of both selections, each component with its weights (event,)."""
    figure, row = new_figure(figsize=(10, 4), ncols=2)
    edges = np.linspace(0, 1, 26)
    drawn: Drawn = {"score_low": edges[:-1], "score_high": edges[1:]}
    for axes, (selection, score) in zip(row, scores.items(), strict=True):
        below = np.zeros(len(edges) - 1)
        for name in [*(name for name in weights[selection] if name != SIGNAL), SIGNAL]:
            count = np.histogram(score, edges, weights=weights[selection][name])[0]
            label = f"{SELECTION_LABELS[selection]} signal" if name == SIGNAL else COMPONENTS[name]
            axes.stairs(below + count, edges, baseline=below, fill=True, color=COLOURS[name], label=label, alpha=0.85)
            below = below + count
            drawn[f"{selection}_{name}"] = count
        axes.set(xlabel=f"CVN {SELECTION_LABELS[selection]} score", ylabel="contained events per bin", yscale="log")
        axes.set_ylim(0.05, None)
        axes.legend()
    return figure, drawn


def draw_cuts(
    passed: Mapping[str, Cumulative], chosen: Mapping[tuple[str, Merit], int], *, min_background: float
) -> tuple[Figure, Drawn]:
    """Efficiency, purity and figures of merit against the cut, with the cuts that were chosen on other events."""
    figure, grid = new_figure(figsize=(10, 6.4), nrows=2, ncols=2, sharex="col")
    drawn: Drawn = {}
    for column, (selection, events) in enumerate(passed.items()):
        upper, lower = grid[:, column]
        drawn[f"{selection}_cut"] = events.cut
        for name, label in (("efficiency", "efficiency"), ("purity", "purity")):
            upper.plot(events.cut, getattr(events, name), label=label)
            drawn[f"{selection}_{name}"] = getattr(events, name)
        for number, kind in enumerate(MERITS):
            values = events.merit(kind, min_background=min_background)
            lower.plot(events.cut, values, label=MERIT_LABELS[kind], color=f"C{number + 2}")
            cut = events.cut[chosen[selection, kind]]
            for axes in (upper, lower):
                axes.axvline(cut, color=f"C{number + 2}", ls=":")
            drawn[f"{selection}_{kind}"] = values
        upper.set(ylabel="share", ylim=(0, 1.02), title=f"CVN {SELECTION_LABELS[selection]} selection")
        lower.set(xlabel="cut on the score", ylabel="figure of merit")
        upper.legend()
        lower.legend()
    return figure, drawn


def draw_spectra(
    energy_gev: Array, scores: Mapping[str, Array], weights: Mapping[str, Components], cuts: Mapping[str, float]
) -> tuple[Figure, Drawn]:
    """True-energy spectra before and after the cut that maximises s/√(s+b), and the signal's efficiency below.

    Args:
        energy_gev: (event,) of the neutrino.
        scores: (event,) by selection.
        weights: (event,) of each component by selection.
        cuts: By selection.
    """
    figure, grid = new_figure(figsize=(10, 6), nrows=2, ncols=2, sharex=True, height_ratios=[2, 1])
    edges = np.arange(0, 9, 0.5)
    energy_gev = np.minimum(energy_gev, edges[-1] - 0.25)  # the last bin holds all that is above
    drawn: Drawn = {"energy_low_gev": edges[:-1], "energy_high_gev": edges[1:]}
    for (upper, lower), (selection, score) in zip(grid.T, scores.items(), strict=True):
        signal = weights[selection][SIGNAL]
        background = np.sum([w for name, w in weights[selection].items() if name != SIGNAL], axis=0)
        kept = score > cuts[selection]
        for name, weight, colour in (("signal", signal, "C3"), ("background", background, "C0")):
            before = np.histogram(energy_gev, edges, weights=weight)[0]
            after = np.histogram(energy_gev[kept], edges, weights=weight[kept])[0]
            upper.stairs(before, edges, color=colour, ls="--", label=f"{name}, contained")
            upper.stairs(after, edges, color=colour, fill=True, alpha=0.4, label=f"{name}, selected")
            drawn |= {f"{selection}_{name}_before": before, f"{selection}_{name}_after": after}
        share = drawn[f"{selection}_signal_after"] / np.maximum(drawn[f"{selection}_signal_before"], 1e-9)
        lower.stairs(share, edges, color="C3")
        drawn[f"{selection}_efficiency"] = share
        upper.set(ylabel="events per 0.5 GeV", title=f"CVN {SELECTION_LABELS[selection]} > {cuts[selection]:.3f}")
        lower.set(xlabel="true neutrino energy [GeV], last bin: all above 8", ylabel="efficiency", ylim=(0, 1))
        upper.legend()
    return figure, drawn


def draw_loss(histories: Mapping[str, list[Array]]) -> tuple[Figure, Drawn]:
    """Training and validation loss (epoch, 3: epoch, train, valid) of every network and seed."""
    figure, axes = new_figure()
    drawn: Drawn = {}
    for number, (name, seeds) in enumerate(histories.items()):
        for seed, history in enumerate(seeds):
            epoch, train, valid = history.T
            axes.plot(epoch, train, "--", color=f"C{number}", lw=0.8)
            axes.plot(epoch, valid, "o-", color=f"C{number}", label=None if seed else LABELS.get(name, name))
            drawn |= {f"{name}_{seed}_epoch": epoch, f"{name}_{seed}_train": train, f"{name}_{seed}_valid": valid}
    axes.set(xlabel="epoch", ylabel="cross-entropy (dashed: training, with dropout)")
    axes.legend()
    return figure, drawn


def draw_confusion(matrix: Array) -> tuple[Figure, Drawn]:
    """Shares of predicted classes for each true class, from counts (true, predicted) of the 13 neutrino classes."""
    figure, axes = new_figure(figsize=(8, 7))
    shares = normalised(matrix)
    names = [INTERACTIONS[number] for number in NEUTRINO_CLASSES]
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*shares.shape):
        if shares[row, column] >= 0.005:
            dark = shares[row, column] > 0.5
            axes.text(
                column,
                row,
                f"{shares[row, column]:.2f}",
                ha="center",
                va="center",
                fontsize=7,
                color="w" if dark else "k",
            )
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), [f"{name} ({n})" for name, n in zip(names, matrix.sum(axis=1), strict=True)])
    axes.minorticks_off()
    axes.set(xlabel="predicted", ylabel="true (number of test events)")
    figure.colorbar(shown, ax=axes, label="share of the true class", shrink=0.8)
    columns = {f"as_{name.replace(' ', '_')}": shares[:, number] for number, name in enumerate(names)}
    return figure, {"true": names, "n": matrix.sum(axis=1), **columns}


def draw_classifiers(metrics: Mapping[str, Mapping[str, Any]], names: list[str]) -> tuple[Figure, Drawn]:
    """Each classifier's figure of merit and mean class efficiency: mean over the seeds, with the seeds as points."""
    shown = {
        "nue.at_s_sqrt_sb.s_sqrt_sb": r"$\nu_e$: $s/\sqrt{s+b}$",
        "numu.at_s_sqrt_sb.s_sqrt_sb": r"$\nu_\mu$: $s/\sqrt{s+b}$",
        "mean_class_efficiency": "mean efficiency of the classes",
    }
    figure, row = new_figure(figsize=(11, 3.6), ncols=len(shown), sharey=True)
    drawn: Drawn = {"classifier": names}
    for axes, (key, label) in zip(row, shown.items(), strict=True):
        found = [metrics[f"{name}.{key}"] for name in names]
        values = [entry["value"] for entry in found]
        axes.barh(range(len(names)), values, xerr=[entry["error"] for entry in found], color="C0", alpha=0.5)
        for place, entry in enumerate(found):
            axes.plot(entry["values"], [place] * len(entry["values"]), "k.", ms=4)
        axes.set_yticks(range(len(names)), [LABELS.get(name, name) for name in names])
        axes.set(xlabel=label)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        drawn |= {key: values, f"{key}_error": [entry["error"] for entry in found]}
    return figure, drawn
