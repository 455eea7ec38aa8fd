"""Area against the number of training jets, and how little that says about the article's 8 million (arXiv:1511.05190).

Two laws of two parameters are fitted to each seed's areas: a power law, which grows without end, and a logarithm, which
is nearly flat in comparison. Over a factor of ten in training jets both describe the same points; a factor of a
thousand further they differ by more than any statistical error. What lies between them is drawn, and nothing narrower.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from common.plotting import new_figure
from papers.jet_images.drawing import Drawn, label_of
from papers.jet_images.reference import published_curves
from papers.jet_images.weights import GRID, area_of

JETS_OF_ARTICLE = 8e6
LAWS = {"power_law": (np.log, np.exp), "logarithm": (np.asarray, np.asarray)}  # there and back
FEWEST_SIZES = 3
APART = 1.05  # factor between points of the same size, so that none hides another
BEST = "maxout"  # of the article's networks, to which the others are compared
COLOURS = {"convnet": "C0", "convnet_norm": "C1", "maxout": "C2", "fisher": "C3"}
Metrics = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Points:
    """Areas of one network: size (size,) in training jets, area (seed, size), error (size,) of one seed's test jets."""

    size: np.ndarray
    area: np.ndarray
    error: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Return the mean area (size,) of the seeds."""
        found: np.ndarray = self.area.mean(axis=0)
        return found

    @property
    def total_error(self) -> np.ndarray:
        """Return the error (size,) of the mean.

        The seeds' scatter and the error of one seed's test jets: seeds share test jets, so that does not shrink.
        """
        return np.hypot(error_of_mean(self.area), self.error)


def error_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the error of the mean over the seeds of values (seed, ...); 0 for a single seed, which has no scatter."""
    n_seeds = len(values)
    if n_seeds < 2:
        return np.zeros(values.shape[1:])
    found: np.ndarray = values.std(axis=0, ddof=1) / np.sqrt(n_seeds)
    return found


def points_of(metrics: Metrics, name: str) -> Points:
    """Return the areas of a network, of all its sizes."""
    matches = [re.fullmatch(rf"n_train\.({name}(_n\d+)?)", key) for key in metrics]
    keys = [match[1] for match in matches if match]
    keys.sort(key=lambda key: float(metrics[f"n_train.{key}"]["value"]))
    entries = [metrics[f"roc.{key}.area"] for key in keys]
    return Points(
        np.array([metrics[f"n_train.{key}"]["value"] for key in keys]),
        np.array([entry["values"] for entry in entries]).T,
        np.array([entry["error"] for entry in entries]),
    )


@dataclass(frozen=True)
class Extrapolation:
    """A law's area (point,) with its error, and the slope against the logarithm of the number of jets."""

    area: np.ndarray
    error: np.ndarray
    slope: float
    slope_error: float


def extrapolate(points: Points, law: str, jets: np.ndarray) -> Extrapolation:
    """Fit a law of LAWS to each seed and continue it to `jets` (point,).

    The error is that of the fits, from the scatter of the seeds, and that of the test jets; not that of the law.
    """
    there, back = LAWS[law]
    slope, offset = np.polyfit(np.log(points.size), there(points.area).T, 1)  # (seed,) each
    area = back(slope[:, None] * np.log(jets) + offset[:, None])  # (seed, point)
    test = points.error[-1] / points.mean[-1] * area.mean(axis=0)
    error = np.hypot(error_of_mean(area), test)
    return Extrapolation(area.mean(axis=0), error, float(slope.mean()), float(error_of_mean(slope)))


def draw_extrapolation(axes: Axes, points: Points, name: str, colour: str) -> Drawn:
    """Shade what lies between both laws, errors included, up to the article's number of jets."""
    jets = np.geomspace(points.size[-1], JETS_OF_ARTICLE, 40)
    found = {law: extrapolate(points, law, jets) for law in LAWS}
    low = np.min([law.area - law.error for law in found.values()], axis=0)
    high = np.max([law.area + law.error for law in found.values()], axis=0)
    axes.fill_between(jets, low, high, color=colour, alpha=0.15, lw=0)
    drawn: Drawn = {}
    for law, values in found.items():
        drawn[f"{name}_{law}_slope_and_error"] = [values.slope, values.slope_error]
        drawn[f"{name}_{law}_at_8e6_and_error"] = [values.area[-1], values.error[-1]]
    return drawn


def draw_areas(axes: Axes, metrics: Metrics, names: list[str]) -> Drawn:
    """Draw the areas of all networks, what both laws make of them, and the article's areas."""
    drawn: Drawn = {}
    published = published_curves()
    for number, name in enumerate(names):
        points, colour = points_of(metrics, name), COLOURS[name]
        place = points.size * APART**number
        axes.errorbar(place, points.mean, yerr=points.total_error, fmt="o-", color=colour, label=label_of(name))
        drawn |= {f"{name}_jets": points.size, f"{name}_area": points.mean, f"{name}_error": points.total_error}
        axes.plot(JETS_OF_ARTICLE, area_of(np.interp(GRID, *published[name])), "*", ms=11, color=colour)
        if len(points.size) >= FEWEST_SIZES and len(points.area) > 1:
            drawn |= draw_extrapolation(axes, points, name, colour)
    axes.plot([], [], "k*", ms=9, label="article, 8 million jets")
    axes.fill_between([], [], [], color="0.8", label="from a logarithm to a power law")
    axes.set(ylabel=r"$\int 1/\varepsilon_b\,d\varepsilon_s$, 0.2 to 0.8", yscale="log", ylim=(1.3, 100))
    axes.set_yticks([2, 5, 10, 20, 50])
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="upper left")
    return drawn


def ratio_to(best: Points, other: Points) -> tuple[np.ndarray, np.ndarray]:
    """Return sizes (size,) that both have, and the ratio of the areas (seed, size).

    Fisher's discriminant, which is fitted to the jets for validation too, is compared at the largest size.
    """
    shared, of_best, of_other = np.intersect1d(best.size, other.size, return_indices=True)
    if not len(shared):
        of_best = of_other = np.array([-1])
    return other.size[of_other], other.area[:, of_other] / best.area[:, of_best]


def draw_ratios(axes: Axes, metrics: Metrics, names: list[str]) -> Drawn:
    """Draw the areas in units of the best network's of the same seed and size: most of the test jets' error cancels."""
    drawn: Drawn = {}
    published = {name: area_of(np.interp(GRID, *published_curves()[name])) for name in [*names, BEST]}
    best = points_of(metrics, BEST)
    for number, name in enumerate(names):
        size, ratio = ratio_to(best, points_of(metrics, name))
        mean, error, colour = ratio.mean(axis=0), error_of_mean(ratio), COLOURS[name]
        axes.errorbar(size * APART**number, mean, yerr=error, fmt="o-", color=colour, label=label_of(name))
        axes.plot(JETS_OF_ARTICLE, published[name] / published[BEST], "*", ms=11, color=colour)
        drawn |= {f"{name}_ratio_jets": size, f"{name}_ratio": mean, f"{name}_ratio_error": error}
    axes.axhline(1, color="0.7", lw=1)
    axes.set_ylabel(f"area, relative to {label_of(BEST)}")
    axes.legend(loc="center", title="error bars: scatter of the seeds")
    return drawn


def figure_learning_curve(metrics: Metrics) -> tuple[Figure, Drawn]:
    """Areas against training jets, and their ratios, which show the orderings."""
    figure, (left, right) = new_figure(figsize=(10.5, 4.4), ncols=2)
    drawn = draw_areas(left, metrics, ["convnet", "convnet_norm", BEST])
    drawn |= draw_ratios(right, metrics, ["convnet", "convnet_norm", "fisher"])
    for axes in (left, right):
        axes.set(xscale="log", xlabel="training jets")
    return figure, drawn
