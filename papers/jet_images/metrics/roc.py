"""Weights, efficiencies and areas as arXiv:1511.05190 defines them (Sec. 5 and the authors' viz/performance.py).

The signal's pT spectrum is made equal to the background's, so that no tagger wins by the pT. All efficiencies are
weighted. The article's figure of merit is the area below 1/(background efficiency) between signal efficiencies of 0.2
and 0.8; it is not the usual area under the ROC curve.
"""

from dataclasses import dataclass

import numpy as np

LOW, HIGH = 0.2, 0.8  # signal efficiencies of the article's figures
GRID = np.linspace(LOW, HIGH, 121)
SMALLEST_COUNT = 1e-4  # the authors' lower bound of a bin's content


def pt_weights(
    pt: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, edges: np.ndarray, largest: float
) -> np.ndarray:
    """Return weights (jet,) that give the signal the background's pT spectrum; both sum up to the same.

    Args:
        pt: (jet,) [GeV]
        signal: (jet,) 1 or 0
        weight: (jet,) of the generator
        edges: (bin + 1,) of the reweighting [GeV]
        largest: Upper limit of the ratio of both spectra.
    """
    is_signal = signal == 1
    shapes = [
        np.histogram(pt[chosen], edges, weights=weight[chosen], density=True)[0] for chosen in (is_signal, ~is_signal)
    ]
    ratio = np.minimum(np.maximum(shapes[1], SMALLEST_COUNT) / np.maximum(shapes[0], SMALLEST_COUNT), largest)
    inside = np.clip(np.digitize(pt, edges) - 1, 0, len(edges) - 2)
    found = np.where(is_signal, weight * ratio[inside], weight)
    total = found[~is_signal].sum()
    found[is_signal] *= total / found[is_signal].sum()
    return found


@dataclass(frozen=True)
class Curve:
    """1/(background efficiency) at the signal efficiencies GRID, with errors, and the area below it."""

    rejection: np.ndarray  # (point,)
    error: np.ndarray  # (point,)
    area: float
    area_error: float


def rejection_on_grid(signal: np.ndarray, background: np.ndarray, *, floor: float) -> np.ndarray:
    """Return 1/(background efficiency) (point,) on GRID.

    Both efficiencies rise together where jets share a score: there the curve is a straight line, as for a coin.

    Args:
        signal: (value,) weight of the signal at each value of the score, the highest first
        background: (value,) the same for the background
        floor: Smallest background efficiency that the sample can show.
    """
    efficiency, passing = (np.r_[0.0, np.cumsum(content)] / content.sum() for content in (signal, background))
    return 1 / np.maximum(np.interp(GRID, efficiency, passing), floor)


def roc(score: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, n_bootstrap: int, seed: int) -> Curve:
    """Return the curve of a score (jet,) with bootstrap errors; weight (jet,), signal (jet,) 1 or 0.

    The bootstrap draws a Poisson number of copies of each jet.
    """
    generator = np.random.default_rng(seed)
    values, place = np.unique(-score, return_inverse=True)
    floor = 1 / np.count_nonzero(signal == 0)

    def curve(copies: np.ndarray) -> np.ndarray:
        contents = (np.bincount(place, copies * (signal == label), minlength=len(values)) for label in (1, 0))
        return rejection_on_grid(*contents, floor=floor)

    central = curve(weight)
    drawn = [curve(weight * generator.poisson(1.0, len(weight))) for _ in range(n_bootstrap)]
    areas = [area_of(rejection) for rejection in drawn]
    return Curve(central, np.std(drawn, axis=0, ddof=1), area_of(central), float(np.std(areas, ddof=1)))


def area_of(rejection: np.ndarray) -> float:
    """Return the area below a curve (point,) on GRID, in units of signal efficiency."""
    return float(np.trapezoid(rejection, GRID))
