"""Area against the number of training jets, and how little that says about the article's 8 million (arXiv:1511.05190).

Two laws with two parameters are fitted to each seed's areas: a power law, which grows without limit, and a logarithm,
which is nearly flat in comparison. Over a factor of ten in training jets both describe the same points; at a thousand
times as many jets they differ by more than any statistical error. So the figure shows the whole band between them.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from common.plotting import Drawing, new_figure

from ..metrics.article_curves import published_area
from .inputs import Inputs, Metrics
from .legend import label_of

JETS_OF_ARTICLE = 8e6
LAWS = {"power_law": (np.log, np.exp), "logarithm": (np.asarray, np.asarray)}  # name -> (transform, inverse)
FEWEST_SIZES = 3  # a law is fitted to no fewer sizes
APART = 1.05  # factor between points of the same size, so that none hides another
BEST = "maxout"  # the article's best network; the others are compared with it
COLOURS = {"convnet": "C0", "convnet_norm": "C1", "maxout": "C2", "fisher": "C3"}
Drawn = dict[str, Any]


def fig11_learning_curve(inputs: Inputs) -> Drawing:
    """Area below 1/ε_b between signal efficiencies of 0.2 and 0.8 against the number of training jets.

    The left panel shows the areas of the networks as means over the seeds with their errors; stars are the article's
    areas, at 8 million jets. The band lies between a logarithm and a power law, both fitted to our points (three sizes
    and two seeds at least): it is no prediction. The right panel shows the areas relative to MaxOut's of the same seed
    and size, with the scatter of the seeds: it is the ordering of the methods. Both panels use the test jets.
    """
    figure, (left, right) = new_figure(figsize=(10.5, 4.4), ncols=2)
    drawn = draw_areas(left, inputs.metrics, ["convnet", "convnet_norm", BEST])
    drawn |= draw_ratios(right, inputs.metrics, ["convnet", "convnet_norm", "fisher"])
    for axes in (left, right):
        axes.set(xscale="log", xlabel="training jets")
    return figure, drawn


@dataclass(frozen=True)
class Points:
    """Areas of one network: size (size,) in training jets, area (seed, size), error (size,) of one seed's test jets."""

    size: np.ndarray
    area: np.ndarray
    error: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Return the mean area (size,) of the seeds."""
        mean: np.ndarray = self.area.mean(axis=0)
        return mean

    @property
    def total_error(self) -> np.ndarray:
        """Return the error (size,) of the mean.

        It combines the scatter of the seeds and the error of one seed's test jets. The seeds share jets, so the latter
        does not shrink with their number.
        """
        return np.hypot(error_of_mean(self.area), self.error)


def error_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the error of the mean over the seeds of values (seed, ...); 0 for a single seed, which has no scatter."""
    n_seeds = len(values)
    if n_seeds < 2:
        return np.zeros(values.shape[1:])
    error: np.ndarray = values.std(axis=0, ddof=1) / np.sqrt(n_seeds)
    return error


def points_of(metrics: Metrics, name: str) -> Points:
    """Return the areas of a network for all numbers of training jets."""
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

    The error combines the scatter of the seeds' fits and the error of the test jets; it assumes that the law is right.
    """
    transform, inverse = LAWS[law]
    slope, offset = np.polyfit(np.log(points.size), transform(points.area).T, 1)  # (seed,) each
    area = inverse(slope[:, None] * np.log(jets) + offset[:, None])  # (seed, point)
    test = points.error[-1] / points.mean[-1] * area.mean(axis=0)
    error = np.hypot(error_of_mean(area), test)
    return Extrapolation(area.mean(axis=0), error, float(slope.mean()), float(error_of_mean(slope)))


def draw_extrapolation(axes: Axes, points: Points, name: str, colour: str) -> Drawn:
    """Shade the band between both laws, errors included, up to the article's number of jets."""
    jets = np.geomspace(points.size[-1], JETS_OF_ARTICLE, 40)
    fits = {law: extrapolate(points, law, jets) for law in LAWS}
    low = np.min([law.area - law.error for law in fits.values()], axis=0)
    high = np.max([law.area + law.error for law in fits.values()], axis=0)
    axes.fill_between(jets, low, high, color=colour, alpha=0.15, lw=0)
    drawn: Drawn = {}
    for law, values in fits.items():
        drawn[f"{name}_{law}_slope_and_error"] = [values.slope, values.slope_error]
        drawn[f"{name}_{law}_at_8e6_and_error"] = [values.area[-1], values.error[-1]]
    return drawn


def draw_areas(axes: Axes, metrics: Metrics, names: list[str]) -> Drawn:
    """Draw the areas of all networks, their extrapolation, and the article's areas."""
    drawn: Drawn = {}
    for number, name in enumerate(names):
        points, colour = points_of(metrics, name), COLOURS[name]
        axes.errorbar(
            points.size * APART**number,
            points.mean,
            yerr=points.total_error,
            fmt="o-",
            color=colour,
            label=label_of(name),
        )
        drawn |= {f"{name}_jets": points.size, f"{name}_area": points.mean, f"{name}_error": points.total_error}
        axes.plot(JETS_OF_ARTICLE, published_area(name), "*", ms=11, color=colour)
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
    """Return the sizes (size,) that both have, and the ratio of the areas (seed, size).

    Fisher's discriminant has no size in common, because it uses the validation jets as well: the largest are compared.
    """
    shared, of_best, of_other = np.intersect1d(best.size, other.size, return_indices=True)
    if not len(shared):
        of_best = of_other = np.array([-1])
    return other.size[of_other], other.area[:, of_other] / best.area[:, of_best]


def draw_ratios(axes: Axes, metrics: Metrics, names: list[str]) -> Drawn:
    """Draw the areas relative to the best network of the same seed and size: most of the test jets' error cancels."""
    drawn: Drawn = {}
    best = points_of(metrics, BEST)
    for number, name in enumerate(names):
        size, ratio = ratio_to(best, points_of(metrics, name))
        mean, error, colour = ratio.mean(axis=0), error_of_mean(ratio), COLOURS[name]
        axes.errorbar(size * APART**number, mean, yerr=error, fmt="o-", color=colour, label=label_of(name))
        axes.plot(JETS_OF_ARTICLE, published_area(name) / published_area(BEST), "*", ms=11, color=colour)
        drawn |= {f"{name}_ratio_jets": size, f"{name}_ratio": mean, f"{name}_ratio_error": error}
    axes.axhline(1, color="0.7", lw=1)
    axes.set_ylabel(f"area, relative to {label_of(BEST)}")
    axes.legend(loc="center", title="error bars: scatter of the seeds")
    return drawn
