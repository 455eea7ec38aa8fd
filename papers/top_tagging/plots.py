"""How the figures of arXiv:1902.09914 look: functions from arrays to a figure and the numbers that are in it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from common.plotting import new_figure
from common.report.published import NumberClaim
from common.report.verdict import Measured

Drawn = dict[str, Any]
TOY = "toy scores, no taggers"
OURS = {"pfn": "PFN", "efn": "EFN", "nsub": "NSub(8)", "efp": "EFP, d ≤ 4", "graph": "graph network"}
REAL_MULTIPLICITY = 49  # constituents per jet, both classes; README of PELICAN, a later user of the data set
LABELS = {"auc": "area under ROC curve", "accuracy": "accuracy", "rejection_30": "rejection at 30 %"}


def draw_absent(text: str) -> tuple[Figure, Drawn]:
    """Return an empty figure that says why there is nothing to draw."""
    figure, axes = new_figure(figsize=(6, 1.6))
    axes.axis("off")
    axes.text(0.5, 0.5, text, ha="center", va="center", color="0.3", transform=axes.transAxes)
    return figure, {"note": [text.replace("\n", " ")]}


def draw_roc(efficiency: np.ndarray, curves: dict[str, dict[str, np.ndarray]], *, is_toy: bool) -> tuple[Figure, Drawn]:
    """Background rejection against signal efficiency.

    Args:
        efficiency: (point,) of the signal
        curves: Background efficiency (point,) by tagger, of the groups "scores" and "trained".
        is_toy: The scores are those of the generator.
    """
    figure, axes = new_figure(figsize=(7, 5.5))
    drawn: Drawn = {"signal_efficiency": efficiency}
    order = sorted(curves["scores"], key=lambda tagger: curves["scores"][tagger][125])
    for tagger in order:
        style: dict[str, Any] = {"color": "0.75", "lw": 1} if is_toy else {"lw": 1.5}
        label = (TOY if tagger == order[0] else None) if is_toy else tagger
        axes.plot(efficiency, _inverse(curves["scores"][tagger]), label=label, **style)
        drawn[f"rejection_{tagger}"] = _inverse(curves["scores"][tagger])
    for tagger, passing in curves["trained"].items():
        axes.plot(efficiency, _inverse(passing), "--", lw=1.8, label=f"ours: {OURS.get(tagger, tagger)}")
        drawn[f"rejection_trained_{tagger}"] = _inverse(passing)
    axes.axvline(0.3, color="0.8", lw=0.8, zorder=0)
    axes.set(xlabel=r"signal efficiency $\epsilon_S$", ylabel=r"background rejection $1/\epsilon_B$", yscale="log")
    axes.set(xlim=(0, 1), ylim=(1, 4e4))
    axes.legend(fontsize=8)
    return figure, drawn


def _inverse(passing: np.ndarray) -> np.ndarray:
    """Return 1/passing, NaN where no background jet passes."""
    return np.divide(1.0, passing, out=np.full_like(passing, np.nan), where=passing > 0)


def draw_rejection(
    ours: dict[str, Measured], printed: dict[str, NumberClaim | None], *, is_toy: bool
) -> tuple[Figure, Drawn]:
    """Bars of the rejection by tagger, with the printed value and spread beside each."""
    figure, axes = new_figure(figsize=(7, 4.2))
    names = sorted(ours, key=lambda tagger: -ours[tagger].value)
    values, errors = [ours[name].value for name in names], [ours[name].error for name in names]
    place = np.arange(len(names))
    label = TOY if is_toy else "measured here on the published scores, statistical error"
    axes.bar(place, values, 0.6, yerr=errors, capsize=3, color="0.85" if is_toy else "C0", label=label)
    claims = [printed[name] for name in names]
    shown = np.array([claim.value if claim else np.nan for claim in claims])
    spread = np.array([claim.error if claim else np.nan for claim in claims])
    label = "printed: median and spread of nine trainings"
    axes.errorbar(place + 0.18, shown, spread, fmt="s", ms=5, color="k", capsize=3, label=label)
    axes.set_xticks(place, names, rotation=20)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set(ylabel=r"$1/\epsilon_B$ at $\epsilon_S = 0.3$", ylim=(0, None))
    axes.legend(fontsize=8)
    return figure, {"tagger": names, "ours": values, "error": errors, "printed": shown, "spread": spread}


def draw_agreement(pulls: dict[str, dict[str, float]], *, is_toy: bool) -> tuple[Figure, Drawn]:
    """Difference from the printed number over its error, by metric and tagger; within one is equal as printed."""
    figure, axes = new_figure(figsize=(7, 3.8))
    names = sorted(pulls["auc"], key=str.lower)
    drawn: Drawn = {"tagger": names}
    axes.axhspan(-1, 1, color="0.9", zorder=0, label="equal to the printed digits, within the printed spread")
    for offset, (metric, marker) in enumerate(zip(pulls, "osD", strict=False)):
        values = np.array([pulls[metric][name] for name in names])
        axes.plot(np.arange(len(names)) + 0.2 * (offset - 1), values, marker, ms=6, label=LABELS[metric])
        drawn[metric] = values
    axes.set_xticks(range(len(names)), names, rotation=20)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set(ylabel="(ours − printed) / printed error")
    if is_toy:
        axes.set_yscale("symlog")
        axes.set_title(TOY, fontsize=9)
    else:
        axes.set_ylim(-2.5, 2.5)
    axes.axhline(0, color="0.5", lw=0.8)
    axes.legend(fontsize=8, ncols=2)
    return figure, drawn


def draw_jets(label: np.ndarray, n_constituents: np.ndarray, kinematics: np.ndarray) -> tuple[Figure, Drawn]:
    """Distributions of the test jets by class.

    Args:
        label: (jet,), 1 for top
        n_constituents: (jet,)
        kinematics: (jet, 3): transverse momentum [GeV], pseudorapidity, mass [GeV]
    """
    figure, rows = new_figure(figsize=(10, 3.4), ncols=3)
    panels = [
        ("constituents", n_constituents, np.linspace(0, 150, 51), "constituents per jet"),
        ("pt_gev", kinematics[:, 0], np.linspace(540, 660, 49), r"$p_T$ [GeV]"),
        ("mass_gev", kinematics[:, 2], np.linspace(0, 300, 61), "mass [GeV]"),
    ]
    drawn: Drawn = {}
    for axes, (name, values, edges, text) in zip(rows, panels, strict=True):
        drawn[f"{name}_low"] = edges[:-1]
        for number, kind in ((1, "top"), (0, "QCD")):
            share = np.histogram(values[label == number], edges)[0] / max(np.count_nonzero(label == number), 1)
            axes.stairs(share, edges, label=f"{kind}: mean {values[label == number].mean():.1f}")
            drawn[f"{name}_{kind}"] = share
        if name == "constituents":
            axes.axvline(REAL_MULTIPLICITY, color="0.5", ls="--", lw=1, label="reference data set: mean 49")
        axes.set(xlabel=text, ylabel="share of jets per bin" if name == "constituents" else "")
        axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
        axes.legend(fontsize=8, loc="upper right")
    return figure, drawn


def draw_training(curves: dict[str, list[dict[str, np.ndarray]]]) -> tuple[Figure, Drawn]:
    """Loss against the epoch; `curves` has the columns of history.csv for each seed, by tagger."""
    figure, axes = new_figure(figsize=(7, 4))
    drawn: Drawn = {}
    for colour, (tagger, seeds) in enumerate(curves.items()):
        for number, columns in enumerate(seeds):
            text = OURS.get(tagger, tagger) if number == 0 else None
            axes.plot(columns["epoch"], columns["valid_loss"], ".-", ms=4, color=f"C{colour}", label=text)
            axes.plot(columns["epoch"], columns["train_loss"], color=f"C{colour}", ls=":", lw=1)
            drawn |= {f"{tagger}_{number}_{name}": columns[name] for name in ("epoch", "train_loss", "valid_loss")}
    axes.set(xlabel="epoch", ylabel="cross entropy; dotted: training, full: validation", yscale="log")
    axes.legend(fontsize=8)
    return figure, drawn


def draw_comparison(areas: dict[str, Measured], rejections: dict[str, Measured]) -> tuple[Figure, Drawn]:
    """Area and rejection of our own taggers: mean over the seeds, scatter between them, statistical error."""
    figure, rows = new_figure(figsize=(9, 3.6), ncols=2)
    names = sorted(areas, key=lambda tagger: areas[tagger].value)
    place = np.arange(len(names))
    drawn: Drawn = {"tagger": names}
    for axes, metric, found in ((rows[0], "auc", areas), (rows[1], "rejection_30", rejections)):
        mean = np.array([found[name].value for name in names])
        error = np.array([found[name].error for name in names])
        axes.errorbar(mean, place, xerr=error, fmt="o", capsize=3, label="mean, statistical error")
        for row, name in enumerate(names):
            label = "single seeds" if row == 0 else None
            axes.plot(found[name].values, [row + 0.2] * len(found[name].values), "|", color="C1", label=label)
        axes.set_yticks(place, [OURS.get(name, name) for name in names] if metric == "auc" else [""] * len(names))
        axes.tick_params(axis="y", which="minor", length=0)
        axes.set(xlabel=LABELS[metric], ylim=(-0.6, len(names) + 0.4))
        drawn |= {f"{metric}": mean, f"{metric}_error": error}
    rows[0].legend(fontsize=8, loc="upper left")
    return figure, drawn
