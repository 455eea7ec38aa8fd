"""The figures of arXiv:1902.09914: a function's name is that of the file, its docstring the caption in the report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from common.physics.roc import background_efficiency
from common.plotting import Drawing, new_figure
from common.report.published import NumberClaim, Published
from common.report.verdict import Measured
from common.training.history import read_history

from .labels import CLASSES
from .prepared.file import read_properties

EFFICIENCY = np.linspace(0.05, 1, 476)  # of the signal, as in the figure of the authors' notebook
WORKING_POINT = 0.3  # signal efficiency at which the comparison quotes the rejection
AREA, ACCURACY, REJECTION = "auc", "accuracy", "rejection_30"
LABELS = {AREA: "area under ROC curve", ACCURACY: "accuracy", REJECTION: "rejection at 30 %"}
NO_TOYS = (
    "This run is made from generated data. Its toy scores are drawn with the printed areas,\n"
    "so they would only give them back. Run with published scores: small."
)
OURS = {"pfn": "PFN", "efn": "EFN", "nsub": "NSub(8)", "efp": "EFP, d ≤ 4", "graph": "graph network"}
CLASS_NAMES = {"top": "top", "qcd": "QCD"}  # in the order of drawing


@dataclass(frozen=True)
class Inputs:
    """Everything that the figures are drawn from."""

    prepared: Path
    predictions: list[Path]  # one file per seed
    histories: dict[str, list[Path]]  # method -> one file per seed
    metrics: dict[str, Measured]
    published: Published
    is_toy: bool  # the scores are toy scores of a generated run

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
        claims = [claim for claim in self.published.claims if isinstance(claim, NumberClaim)]
        rows = [claim for claim in claims if claim.metric == metric and not claim.id.endswith("_exact")]
        return rows[0] if rows else None

    def reference(self, metric: str) -> float:
        """Return a property of the reference data set."""
        return next(entry.value for entry in self.published.reference if entry.metric == metric)


def fig1_roc(inputs: Inputs) -> Drawing:
    """ROC curves on the test jets: background rejection 1/ε_B against signal efficiency ε_S; higher is better.

    Solid curves are the published scores, one training per tagger; dashed curves are the taggers that this run trains,
    for its first seed. The vertical line marks ε_S = 0.3, where the article compares the taggers. A run of generated
    data shows its own taggers only: its toy scores are drawn with the published areas.
    """
    passing = _background_efficiencies(inputs.predictions[0])
    published = {} if inputs.is_toy else passing["scores"]
    figure, axes = new_figure(figsize=(7, 5.5))
    columns: dict[str, Any] = {"signal_efficiency": EFFICIENCY}
    working_point = np.abs(EFFICIENCY - WORKING_POINT).argmin()
    for tagger in sorted(published, key=lambda tagger: published[tagger][working_point]):
        columns[f"rejection_{tagger}"] = _inverse(published[tagger])
        axes.plot(EFFICIENCY, columns[f"rejection_{tagger}"], lw=1.5, label=tagger)
    for method in passing["trained"]:
        columns[f"rejection_trained_{method}"] = _inverse(passing["trained"][method])
        label = f"ours: {OURS.get(method, method)}"
        axes.plot(EFFICIENCY, columns[f"rejection_trained_{method}"], "--", lw=1.8, label=label)
    axes.axvline(WORKING_POINT, color="0.8", lw=0.8, zorder=0)
    axes.set(xlabel=r"signal efficiency $\epsilon_S$", ylabel=r"background rejection $1/\epsilon_B$", yscale="log")
    axes.set(xlim=(0, 1), ylim=(1, 4e4))
    axes.legend(fontsize=8)
    return figure, columns


def _background_efficiencies(predictions: Path) -> dict[str, dict[str, np.ndarray]]:
    """Return the background efficiency (point,) at EFFICIENCY by tagger, of the groups "scores" and "trained"."""
    with h5py.File(predictions) as file:
        label = file["label"][:]
        return {
            group: {
                tagger: background_efficiency(label, scores[:], EFFICIENCY) for tagger, scores in file[group].items()
            }
            for group in ("scores", "trained")
        }


def _inverse(passing: np.ndarray) -> np.ndarray:
    """Return 1/passing, NaN where no background jet passes."""
    return np.divide(1.0, passing, out=np.full_like(passing, np.nan), where=passing > 0)


def fig2_rejection(inputs: Inputs) -> Drawing:
    """Background rejection at 30 % signal efficiency, measured on the published scores of the test jets.

    Bars are our values with their statistical error, from one training per tagger. Squares are the printed values of
    the article's table: median and spread of nine trainings. A bar should end at its square within both errors. A run
    of generated data has no published scores to show.
    """
    if inputs.is_toy:
        return _nothing_to_draw(NO_TOYS)
    ours = inputs.measured("scores", REJECTION)
    names = sorted(ours, key=lambda tagger: -ours[tagger].value)
    values, errors = [ours[name].value for name in names], [ours[name].error for name in names]
    claims = [inputs.printed(f"scores.{name}.{REJECTION}") for name in names]
    printed = np.array([claim.value if claim else np.nan for claim in claims])
    spread = np.array([claim.error if claim else np.nan for claim in claims])

    figure, axes = new_figure(figsize=(7, 4.2))
    position = np.arange(len(names))
    label = "measured here on the published scores, statistical error"
    axes.bar(position, values, 0.6, yerr=errors, capsize=3, color="C0", label=label)
    label = "printed: median and spread of nine trainings"
    axes.errorbar(position + 0.18, printed, spread, fmt="s", ms=5, color="k", capsize=3, label=label)
    axes.set_xticks(position, names, rotation=20)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set(ylabel=r"$1/\epsilon_B$ at $\epsilon_S = 0.3$", ylim=(0, None))
    axes.legend(fontsize=8)
    return figure, {"tagger": names, "ours": values, "error": errors, "printed": printed, "spread": spread}


def fig3_agreement(inputs: Inputs) -> Drawing:
    """Difference between our value and the printed one, in units of the printed error, for each tagger of the table.

    The three markers are the area under the ROC curve, the accuracy and the rejection at 30 % signal efficiency. The
    printed error is half a unit of the last digit for areas and accuracies, and the spread of nine trainings for
    rejections. Points inside the grey band equal the printed number. A run of generated data has no published scores
    to show.
    """
    if inputs.is_toy:
        return _nothing_to_draw(NO_TOYS)
    pulls: dict[str, dict[str, float]] = {}  # metric -> tagger -> difference
    for metric in (AREA, ACCURACY, REJECTION):
        for tagger, ours in inputs.measured("scores", metric).items():
            claim = inputs.printed(f"scores.{tagger}.{metric}")
            if claim is not None:
                pulls.setdefault(metric, {})[tagger] = (ours.value - claim.value) / claim.error
    names = sorted(pulls[AREA], key=str.lower)
    columns: dict[str, Any] = {"tagger": names}

    figure, axes = new_figure(figsize=(7, 3.8))
    axes.axhspan(-1, 1, color="0.9", zorder=0, label="equal to the printed digits, within the printed spread")
    for offset, (metric, marker) in enumerate(zip(pulls, "osD", strict=False)):
        columns[metric] = np.array([pulls[metric][name] for name in names])
        positions = np.arange(len(names)) + 0.2 * (offset - 1)
        axes.plot(positions, columns[metric], marker, ms=6, label=LABELS[metric])
    axes.set_xticks(range(len(names)), names, rotation=20)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set(ylabel="(ours − printed) / printed error", ylim=(-2.5, 2.5))
    axes.axhline(0, color="0.5", lw=0.8)
    axes.legend(fontsize=8, ncols=2)
    return figure, columns


def fig4_jets(inputs: Inputs) -> Drawing:
    """Number of constituents, transverse momentum and mass of the test jets, for tops and for QCD jets.

    Each histogram shows the share of the jets of its class per bin; momentum and mass are in GeV. The dashed line is
    the mean number of constituents that is reported for the reference data set. Tops should peak at the top mass, near
    173 GeV, and have more constituents. A run that reads published scores only has no jets to show.
    """
    jets = read_properties(inputs.prepared, "test")
    if jets is None:
        return _nothing_to_draw("This run reads published scores; it has no jets.\nRuns with jets: generated, full.")
    figure, rows = new_figure(figsize=(10, 3.4), ncols=3)
    panels = [
        ("constituents", jets.n_constituents, np.linspace(0, 150, 51), "constituents per jet"),
        ("pt_gev", jets.kinematics[:, 0], np.linspace(540, 660, 49), r"$p_T$ [GeV]"),
        ("mass_gev", jets.kinematics[:, 2], np.linspace(0, 300, 61), "mass [GeV]"),
    ]
    columns: dict[str, Any] = {}
    for axes, (name, values, edges, text) in zip(rows, panels, strict=True):
        columns[f"{name}_low"] = edges[:-1]
        for class_, class_name in CLASS_NAMES.items():
            of_class = jets.label == CLASSES.index(class_)
            share = np.histogram(values[of_class], edges)[0] / max(np.count_nonzero(of_class), 1)
            axes.stairs(share, edges, label=f"{class_name}: mean {values[of_class].mean():.1f}")
            columns[f"{name}_{class_name}"] = share
        if name == "constituents":
            mean = inputs.reference("jets.multiplicity.mean")
            axes.axvline(mean, color="0.5", ls="--", lw=1, label=f"reference data set: mean {mean:g}")
        axes.set(xlabel=text, ylabel="share of jets per bin" if name == "constituents" else "")
        axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
        axes.legend(fontsize=8, loc="upper right")
    return figure, columns


def fig5_training(inputs: Inputs) -> Drawing:
    """Cross entropy against the epoch for every tagger that this run trains, one pair of curves per seed.

    Solid curves with points are the validation jets, dotted curves the training jets, both on a logarithmic axis. A
    dotted curve that falls while its solid curve rises means overtraining. The linear tagger is fitted in a single
    step and has one point. A run that reads published scores only trains nothing.
    """
    if not inputs.histories:
        return _nothing_to_draw("This run trains no tagger.\nRuns that do: generated, full.")
    figure, axes = new_figure(figsize=(7, 4))
    columns: dict[str, Any] = {}
    for colour, (method, seeds) in enumerate(inputs.histories.items()):
        for number, history in enumerate(map(read_history, seeds)):
            text = OURS.get(method, method) if number == 0 else None
            axes.plot(history["epoch"], history["valid_loss"], ".-", ms=4, color=f"C{colour}", label=text)
            axes.plot(history["epoch"], history["train_loss"], color=f"C{colour}", ls=":", lw=1)
            columns |= {f"{method}_{number}_{name}": history[name] for name in ("epoch", "train_loss", "valid_loss")}
    axes.set(xlabel="epoch", ylabel="cross entropy; dotted: training, full: validation", yscale="log")
    axes.legend(fontsize=8)
    return figure, columns


def fig6_comparison(inputs: Inputs) -> Drawing:
    """Area under the ROC curve and background rejection at 30 % signal efficiency of the taggers that this run trains.

    Points are means over the seeds with the statistical error of the test jets; ticks above them are the single seeds.
    In the article, networks that read all constituents beat those that read observables; with few training jets the
    order can be the opposite. A run that reads published scores only trains nothing.
    """
    areas, rejections = inputs.measured("trained", AREA), inputs.measured("trained", REJECTION)
    if not areas:
        return _nothing_to_draw("This run trains no tagger.\nRuns that do: generated, full.")
    figure, rows = new_figure(figsize=(9, 3.6), ncols=2)
    names = sorted(areas, key=lambda method: areas[method].value)
    position = np.arange(len(names))
    columns: dict[str, Any] = {"tagger": names}
    for axes, metric, ours in ((rows[0], AREA, areas), (rows[1], REJECTION, rejections)):
        mean = np.array([ours[name].value for name in names])
        error = np.array([ours[name].error for name in names])
        axes.errorbar(mean, position, xerr=error, fmt="o", capsize=3, label="mean, statistical error")
        for row, name in enumerate(names):
            label = "single seeds" if row == 0 else None
            axes.plot(ours[name].values, [row + 0.2] * len(ours[name].values), "|", color="C1", label=label)
        axes.set_yticks(position, [OURS.get(name, name) for name in names] if metric == AREA else [""] * len(names))
        axes.tick_params(axis="y", which="minor", length=0)
        axes.set(xlabel=LABELS[metric], ylim=(-0.6, len(names) + 0.4))
        columns |= {metric: mean, f"{metric}_error": error}
    rows[0].legend(fontsize=8, loc="upper left")
    return figure, columns


def _nothing_to_draw(reason: str) -> Drawing:
    """Return an empty figure that says why there is nothing to draw."""
    figure, axes = new_figure(figsize=(6, 1.6))
    axes.axis("off")
    axes.text(0.5, 0.5, reason, ha="center", va="center", color="0.3", transform=axes.transAxes)
    return figure, {"note": [reason.replace("\n", " ")]}


FIGURES = (fig1_roc, fig2_rejection, fig3_agreement, fig4_jets, fig5_training, fig6_comparison)
