"""Figures of the results: scores, cuts, spectra, losses, confusion, and all classifiers side by side."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from common.plotting import Drawing, new_figure

from ..metrics.confusion import class_matrix, normalised
from ..metrics.event_weights import SIGNAL
from ..metrics.selection import MERITS, Merit, cumulate, cut_grid
from ..prepared.labels import INTERACTIONS, NEUTRINO_CLASSES
from .inputs import Inputs

Array = np.ndarray
METHOD_LABELS = {
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
COMPARED = {  # metric -> label
    "nue.at_s_sqrt_sb.s_sqrt_sb": r"$\nu_e$: $s/\sqrt{s+b}$",
    "numu.at_s_sqrt_sb.s_sqrt_sb": r"$\nu_\mu$: $s/\sqrt{s+b}$",
    "mean_class_efficiency": "mean efficiency of the classes",
}


def fig6_scores(inputs: Inputs) -> Drawing:
    """Distributions of the network's νe score (left) and νμ score (right) of the test events.

    The components are stacked, the signal on top, and each is weighted to its number of contained events in the
    article's tables; the vertical axis is logarithmic. The score is the sum of the outputs of a flavour. A good
    classifier gathers the signal near 1 and leaves little background there.
    """
    figure, row = new_figure(figsize=(10, 4), ncols=2)
    edges, weights = np.linspace(0, 1, 26), inputs.weights()
    drawn: dict[str, Any] = {"score_low": edges[:-1], "score_high": edges[1:]}
    for axes, (selection, score) in zip(row, inputs.scores().items(), strict=True):
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


def fig7_cuts(inputs: Inputs) -> Drawing:
    """Performance of the νe selection (left) and the νμ selection (right) as a function of the cut on the score.

    The top panels show the efficiency with respect to contained signal events and the purity of the selected ones, the
    bottom panels the figures of merit s/√b and s/√(s+b), all on the test events with their physical weights. The
    dotted lines are the cuts that maximise the figure of merit of the same colour on the validation events; these are
    the cuts of the quoted numbers.
    """
    scores, weights, chosen = inputs.scores(), inputs.weights(), inputs.cuts()
    figure, grid = new_figure(figsize=(10, 6.4), nrows=2, ncols=2, sharex="col")
    drawn: dict[str, Any] = {}
    for (upper, lower), (selection, score) in zip(grid.T, scores.items(), strict=True):
        events = cumulate(score, weights[selection], cut_grid(inputs.config.n_cuts))
        drawn[f"{selection}_cut"] = events.cut
        for name in ("efficiency", "purity"):
            drawn[f"{selection}_{name}"] = getattr(events, name)
            upper.plot(events.cut, getattr(events, name), label=name)
        for number, kind in enumerate(MERITS):
            values = events.merit(kind, min_background=inputs.config.min_background)
            lower.plot(events.cut, values, label=MERIT_LABELS[kind], color=f"C{number + 2}")
            for axes in (upper, lower):
                axes.axvline(events.cut[chosen[selection, kind]], color=f"C{number + 2}", ls=":")
            drawn[f"{selection}_{kind}"] = values
        upper.set(ylabel="share", ylim=(0, 1.02), title=f"CVN {SELECTION_LABELS[selection]} selection")
        lower.set(xlabel="cut on the score", ylabel="figure of merit")
        upper.legend()
        lower.legend()
    return figure, drawn


def fig8_spectra(inputs: Inputs) -> Drawing:
    """Spectra of the true neutrino energy before and after the νe selection (left) and the νμ selection (right).

    The top panels show contained test events per 0.5 GeV with their physical weights, signal and background, before
    (dashed) and after (filled) the cut that maximises s/√(s+b) on the validation events; the bottom panels show the
    efficiency of the signal. The last bin holds all events above 8 GeV. The article shows the reconstructed energy.
    """
    grid, chosen = cut_grid(inputs.config.n_cuts), inputs.cuts()
    figure, panels = new_figure(figsize=(10, 6), nrows=2, ncols=2, sharex=True, height_ratios=[2, 1])
    edges = np.arange(0, 9, 0.5)
    energy_gev = np.minimum(inputs.test.energy_gev, edges[-1] - 0.25)
    weights = inputs.weights()
    drawn: dict[str, Any] = {"energy_low_gev": edges[:-1], "energy_high_gev": edges[1:]}
    for (upper, lower), (selection, score) in zip(panels.T, inputs.scores().items(), strict=True):
        cut = float(grid[chosen[selection, "s_sqrt_sb"]])
        background = np.sum([w for name, w in weights[selection].items() if name != SIGNAL], axis=0)
        selected = score > cut
        for name, weight, colour in (("signal", weights[selection][SIGNAL], "C3"), ("background", background, "C0")):
            before = np.histogram(energy_gev, edges, weights=weight)[0]
            after = np.histogram(energy_gev[selected], edges, weights=weight[selected])[0]
            upper.stairs(before, edges, color=colour, ls="--", label=f"{name}, contained")
            upper.stairs(after, edges, color=colour, fill=True, alpha=0.4, label=f"{name}, selected")
            drawn |= {f"{selection}_{name}_before": before, f"{selection}_{name}_after": after}
        efficiency = drawn[f"{selection}_signal_after"] / np.maximum(drawn[f"{selection}_signal_before"], 1e-9)
        lower.stairs(efficiency, edges, color="C3")
        drawn[f"{selection}_efficiency"] = efficiency
        upper.set(ylabel="events per 0.5 GeV", title=f"CVN {SELECTION_LABELS[selection]} > {cut:.3f}")
        lower.set(xlabel="true neutrino energy [GeV], last bin: all above 8", ylabel="efficiency", ylim=(0, 1))
        upper.legend()
    return figure, drawn


def fig9_loss(inputs: Inputs) -> Drawing:
    """Cross-entropy after each pass over the training events, one colour for each network and one line for each seed.

    Solid lines with points are the loss on the validation events; dashed lines are the mean loss on the training
    events during the pass, with dropout and with mirrored and jittered images. The training loss may therefore lie
    above the validation loss. See whether the validation loss still falls at the end: if it does, a longer training
    would help.
    """
    figure, axes = new_figure()
    drawn: dict[str, Any] = {}
    for number, (name, seeds) in enumerate(inputs.histories.items()):
        for seed, history in enumerate(seeds):
            epoch, train, valid = (history[name] for name in ("epoch", "train_loss", "valid_loss"))
            axes.plot(epoch, train, "--", color=f"C{number}", lw=0.8)
            label = None if seed else METHOD_LABELS.get(name, name)
            axes.plot(epoch, valid, "o-", color=f"C{number}", label=label)
            drawn |= {f"{name}_{seed}_epoch": epoch, f"{name}_{seed}_train": train, f"{name}_{seed}_valid": valid}
    axes.set(xlabel="epoch", ylabel="cross-entropy (dashed: training, with dropout)")
    axes.legend()
    return figure, drawn


def fig10_confusion(inputs: Inputs) -> Drawing:
    """Confusion matrix of the network for the 13 neutrino classes: flavour with interaction mode, and neutral currents.

    Each row is a true class with its number of test events, each column a predicted class (the largest of the 13
    outputs); a cell is the share of the row, without physical weights, and shares below half a per cent are not
    printed. The diagonal holds the efficiencies. Look for mistakes between neutral currents and νe, and between the
    modes of one flavour.
    """
    matrix = class_matrix(inputs.test.interaction, inputs.cvn["test"])
    figure, axes = new_figure(figsize=(8, 7))
    shares = normalised(matrix)
    names = [INTERACTIONS[number] for number in NEUTRINO_CLASSES]
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    _write_shares(axes, shares)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), [f"{name} ({n})" for name, n in zip(names, matrix.sum(axis=1), strict=True)])
    axes.minorticks_off()
    axes.set(xlabel="predicted", ylabel="true (number of test events)")
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.8)
    columns = {f"as_{name.replace(' ', '_')}": shares[:, number] for number, name in enumerate(names)}
    return figure, {"true": names, "n": matrix.sum(axis=1), **columns}


def _write_shares(axes: Axes, shares: Array) -> None:
    centred = {"ha": "center", "va": "center", "fontsize": 7}
    for row, column in np.ndindex(*shares.shape):
        share = shares[row, column]
        if share >= 0.005:
            axes.text(column, row, f"{share:.2f}", color="w" if share > 0.5 else "k", **centred)


def fig11_classifiers(inputs: Inputs) -> Drawing:
    """All classifiers side by side on the test events.

    The left and centre panels show the figure of merit s/√(s+b) of the νe and the νμ selection at the cut chosen on
    the validation events; the right panel shows the mean efficiency of the classes. Bars are means over the seeds with
    their errors, points the single seeds; longer bars are better. The library and the trees are simple stand-ins for
    the selectors that NOvA used before.
    """
    names = inputs.names
    figure, row = new_figure(figsize=(11, 3.6), ncols=len(COMPARED), sharey=True)
    drawn: dict[str, Any] = {"classifier": names}
    for axes, (key, label) in zip(row, COMPARED.items(), strict=True):
        entries = [inputs.metrics[f"{name}.{key}"] for name in names]
        values, errors = [entry["value"] for entry in entries], [entry["error"] for entry in entries]
        axes.barh(range(len(names)), values, xerr=errors, color="C0", alpha=0.5)
        for bar, entry in enumerate(entries):
            axes.plot(entry["values"], [bar] * len(entry["values"]), "k.", ms=4)
        axes.set_yticks(range(len(names)), [METHOD_LABELS.get(name, name) for name in names])
        axes.set(xlabel=label)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        drawn |= {key: values, f"{key}_error": errors}
    return figure, drawn
