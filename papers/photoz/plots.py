"""The figures of arXiv:1903.08174, and ours beside them: one function each, whose docstring is the caption."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from common.plotting import Drawing, new_figure

from .metrics import OUTLIER_LIMIT
from .model import features
from .settings import EvaluateConfig

Columns = dict[str, Any]
Metrics = Mapping[str, Mapping[str, Any]]
Z_MAX = 3.0  # the article's panel
COLOUR_RANGES = {"u-g": (-0.5, 3.0), "g-r": (-0.5, 2.5), "r-i": (-0.5, 1.8), "i-z": (-0.5, 1.2)}  # authors' notebooks
SURVEY_COLOURS = {"DEEP2/3": "#1f3fff", "DEEP2": "#1f3fff", "DEEP3": "#56B4E9", "3D-HST": "#d62728"}


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from: the galaxies of the headline experiment, and all metrics.

    z_spec, z_phot and survey are (galaxy,), magnitudes (galaxy, band) in AB mag, importance (seed and fold, feature).
    """

    config: EvaluateConfig
    metrics: Metrics
    headline: str
    z_spec: np.ndarray
    z_phot: np.ndarray
    survey: np.ndarray
    magnitudes: np.ndarray
    importance: np.ndarray
    features: list[str]


def fig1_zphot_zspec(inputs: Inputs) -> Drawing:
    """Photometric against spectroscopic redshift of the galaxies, predicted with the first seed.

    The article has this panel for CFHTLS Deep and magnitudes in corrected apertures (MAG_APERCOR), with 3D-HST
    redshifts that ours lacks. Each galaxy's estimate comes from the forest that has not seen it. The solid line is
    equality; beyond the dashed lines, |Δz| > 0.15 (1 + z), a galaxy counts as an outlier. The numbers are means over
    the seeds.
    """
    z_spec, z_phot, survey = inputs.z_spec, inputs.z_phot, inputs.survey
    figure, axes = new_figure(figsize=(4.8, 4.8))
    line = np.array([0.0, Z_MAX])
    for name in np.unique(survey):
        chosen = survey == name
        colour = SURVEY_COLOURS.get(str(name))
        axes.plot(z_spec[chosen], z_phot[chosen], ".", ms=2.2, alpha=0.45, color=colour, label=name, rasterized=True)
    axes.plot(line, line, color="#d62728", lw=1)
    for sign in (-1, 1):
        axes.plot(line, line + sign * OUTLIER_LIMIT * (1 + line), "k--", lw=1)
    axes.set(xlim=(0, Z_MAX), ylim=(0, Z_MAX), xlabel=r"$z_\mathrm{spec}$", ylabel=r"$z_\mathrm{phot}$", aspect="equal")
    axes.grid(alpha=0.3)
    axes.text(0.04, 0.96, panel_text(inputs.metrics, inputs.headline), transform=axes.transAxes, va="top")
    axes.legend(loc="lower right", markerscale=4)
    return figure, {"z_spec": z_spec, "z_phot": z_phot, "survey": survey}


def draw_trend(axes: Axes, *, metrics: Metrics, axis: str, edges: list[float], metric: str) -> Columns:
    """One metric in bins of `axis` ("i" or "redshift") with bootstrap errors, averaged over the seeds."""
    rows = []
    for low, high in pairwise(edges):
        entry = metrics.get(f"bins.{axis}_{low:g}_{high:g}.{metric}")
        if entry:
            rows.append((low, high, entry["value"], entry["error"], entry["n"]))
    if not rows:  # too few galaxies in every bin
        return {}
    columns = np.array(rows).T
    low, high, value, error, _ = columns
    # The outermost bins are wide and nearly empty at their ends: drawn as wide as their neighbours.
    width = np.median(high - low)
    shown_low, shown_high = np.maximum(low, high - width), np.minimum(high, low + width)
    shown_high[0], shown_low[-1] = high[0], low[-1]
    middle = (shown_low + shown_high) / 2
    half = (shown_high - shown_low) / 2
    axes.errorbar(middle, value, yerr=error, xerr=half, fmt="o", color="C0")
    prefix = f"{axis}_{metric}"
    return {f"{prefix}_{key}": columns[k] for k, key in enumerate(("low", "high", "value", "error", "n"))}


def fig2_metrics(inputs: Inputs) -> Drawing:
    """Scatter, outlier rate and bias (rows) against i and spectroscopic redshift (columns), means over the seeds.

    Vertical bars are bootstrap errors; horizontal bars are the widths of the bins. Bins with too few galaxies are left
    out.
    """
    metrics, config = inputs.metrics, inputs.config
    figure, grid = new_figure(figsize=(7.2, 6.4), nrows=3, ncols=2, sharex="col", sharey="row")
    labels = {"sigma_nmad": r"$\sigma_\mathrm{NMAD}$", "eta_percent": r"$\eta$ [%]", "bias": r"median $\Delta z/(1+z)$"}
    columns = {"i": (config.i_edges_mag, "i [AB mag]"), "redshift": (config.z_edges, r"$z_\mathrm{spec}$")}
    drawn: Columns = {}
    for row, (metric, label) in enumerate(labels.items()):
        for column, (axis, (edges, title)) in enumerate(columns.items()):
            drawn |= draw_trend(grid[row, column], metrics=metrics, axis=axis, edges=edges, metric=metric)
            if metric == "bias":
                grid[row, column].set_yscale("symlog", linthresh=0.01)
                grid[row, column].axhline(0, color="0.6", lw=1)
                grid[row, column].set_xlabel(title)
            else:
                use_plain_log_scale(grid[row, column])
        grid[row, 0].set_ylabel(label)
    return figure, drawn


def use_plain_log_scale(axes: Axes) -> None:
    """Make the y axis logarithmic with the labels 1, 2, 5, 10 ... instead of powers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def fig3_colours(inputs: Inputs) -> Drawing:
    """Four colours of the galaxies against spectroscopic redshift, with the running median and the 16 to 84 % band.

    The breaks in these tracks are what a photometric redshift is read from.
    """
    z_spec = inputs.z_spec
    colours, names = features(inputs.magnitudes, "colours")
    edges = np.linspace(0, 1.6, 17)
    middle = (edges[:-1] + edges[1:]) / 2
    figure, grid = new_figure(figsize=(7.2, 5.6), nrows=2, ncols=2, sharex=True)
    drawn: Columns = {"z_middle": middle, "z_spec": z_spec}
    for axes, (name, limits) in zip(grid.flat, COLOUR_RANGES.items(), strict=True):
        colour = colours[:, names.index(name)]
        axes.plot(z_spec, colour, ".", ms=1.5, alpha=0.25, color="0.45", rasterized=True)
        tracks = np.array([running_percentiles(colour[(z_spec >= a) & (z_spec < b)]) for a, b in pairwise(edges)])
        axes.plot(middle, tracks[:, 1], color="C1")
        axes.fill_between(middle, tracks[:, 0], tracks[:, 2], color="C1", alpha=0.25, lw=0)
        axes.set(xlim=(0, edges[-1]), ylim=limits, ylabel=f"{name.replace('-', '−')} [mag]")
        drawn |= {name: colour} | {f"{name}_{label}": tracks[:, k] for k, label in enumerate(("p16", "median", "p84"))}
    for axes in grid[-1]:
        axes.set_xlabel(r"$z_\mathrm{spec}$")
    return figure, drawn


def running_percentiles(values: np.ndarray) -> np.ndarray:
    """Return the 16th, 50th and 84th percentile, NaN where fewer than ten values are given."""
    return np.percentile(values, [16, 50, 84]) if len(values) >= 10 else np.full(3, np.nan)


def fig4_nz(inputs: Inputs) -> Drawing:
    """Distribution of spectroscopic and photometric redshifts of the same galaxies, predicted with the first seed."""
    figure, axes = new_figure()
    edges = np.linspace(0, 2, 41)
    counts = {name: np.histogram(z, edges)[0] for name, z in (("z_spec", inputs.z_spec), ("z_phot", inputs.z_phot))}
    axes.stairs(counts["z_spec"], edges, fill=True, alpha=0.35, color="0.4", label="spectroscopic")
    axes.stairs(counts["z_phot"], edges, color="C1", lw=1.6, label="photometric")
    axes.set(xlabel="redshift", ylabel=f"galaxies per {edges[1] - edges[0]:.2f}", xlim=(0, edges[-1]))
    axes.legend()
    return figure, {"z_low": edges[:-1], "z_high": edges[1:], **counts}


def fig5_importance(inputs: Inputs) -> Drawing:
    """Rise of the scatter σ_NMAD when one feature is shuffled among the test galaxies: what the forest relies on.

    Bars are means over folds and seeds; the lines on them are their standard deviation.
    """
    importance, names = inputs.importance, inputs.features
    mean, scatter = importance.mean(axis=0), importance.std(axis=0, ddof=1)
    order = np.argsort(mean)
    labels = [names[k].replace("-", "−") for k in order]
    figure, axes = new_figure()
    axes.barh(labels, mean[order], xerr=scatter[order], color="C0", alpha=0.8)
    axes.set(xlabel=r"rise of $\sigma_\mathrm{NMAD}$ when shuffled", ylabel="feature of the test galaxies")
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    drawn = {"feature": np.array(names)[order], "rise": mean[order], "scatter_of_folds": scatter[order]}
    return figure, drawn


def fig6_experiments(inputs: Inputs) -> Drawing:
    """Scatter and outlier rate of every experiment: depth, photometry, features and model.

    The error bar is the larger of the scatter between seeds and the bootstrap error.
    """
    metrics = inputs.metrics
    names = sorted(key.removesuffix(".sigma_nmad") for key in metrics if is_experiment(key))
    names.sort(key=lambda name: -metrics[f"{name}.sigma_nmad"]["value"])
    figure, grid = new_figure(figsize=(7.6, 0.32 * len(names) + 1.3), ncols=2, sharey=True)
    drawn: Columns = {"experiment": names}
    for axes, (metric, label) in zip(
        grid, (("sigma_nmad", r"$\sigma_\mathrm{NMAD}$"), ("eta_percent", r"$\eta$ [%]")), strict=True
    ):
        entries = [metrics[f"{name}.{metric}"] for name in names]
        value = np.array([entry["value"] for entry in entries])
        error = np.array([max(entry["error"], entry["sd"] or 0) for entry in entries])
        axes.errorbar(value, [name.replace(".", " · ") for name in names], xerr=error, fmt="o")
        axes.set(xlabel=label)
        axes.grid(axis="x", alpha=0.3)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        drawn |= {metric: value, f"{metric}_error": error}
    return figure, drawn


def is_experiment(key: str) -> bool:
    """Tell whether a metric's key belongs to an experiment, not to a bin."""
    return key.endswith(".sigma_nmad") and not key.startswith("bins.")


def panel_text(metrics: Metrics, headline: str) -> str:
    """Return what the article prints into its panel, with our numbers: means over the seeds; the points are of one."""
    key, photometry = headline.replace("/", "."), headline.split("/")[1]
    sigma, eta = metrics[f"{key}.sigma_nmad"]["value"], metrics[f"{key}.eta_percent"]["value"]
    return f"MAG_{photometry.upper()}\n$\\sigma_\\mathrm{{NMAD}}$ = {sigma:.4f}\n$\\eta$ = {eta:.2f} %"


FIGURES = (fig1_zphot_zspec, fig2_metrics, fig3_colours, fig4_nz, fig5_importance, fig6_experiments)
