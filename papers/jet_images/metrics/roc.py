"""Efficiencies and areas as arXiv:1511.05190 defines them (Sec. 5 and the authors' viz/performance.py).

All efficiencies are weighted. The article's figure of merit is the area below 1/(background efficiency) between signal
efficiencies of 0.2 and 0.8; it is not the usual area under the ROC curve.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

LOW, HIGH = 0.2, 0.8  # signal efficiencies of the article's figures
GRID = np.linspace(LOW, HIGH, 121)


@dataclass(frozen=True)
class Curve:
    """1/(background efficiency) at the signal efficiencies GRID, with errors, and the area below it.

    `areas` are those of the bootstrap samples.
    """

    rejection: np.ndarray  # (point,)
    error: np.ndarray  # (point,)
    area: float
    areas: np.ndarray  # (sample,)

    @property
    def area_error(self) -> float:
        """Return the error of the area."""
        return float(np.std(self.areas, ddof=1))


def rejection_on_grid(signal: np.ndarray, background: np.ndarray, *, floor: float) -> np.ndarray:
    """Return 1/(background efficiency) (point,) on GRID.

    Jets with the same score pass together: between two scores the background efficiency is interpolated linearly in the
    signal efficiency, as for a random choice.

    Args:
        signal: (value,) weight of the signal at each value of the score, the highest score first
        background: (value,) weight of the background, likewise
        floor: Smallest background efficiency that the sample can show.
    """
    efficiency, passing = (np.r_[0.0, np.cumsum(content)] / content.sum() for content in (signal, background))
    return 1 / np.maximum(np.interp(GRID, efficiency, passing), floor)


def poisson_draws(n_jets: int, *, n_bootstrap: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the numbers of copies (jet,) of each jet in the bootstrap samples."""
    generator = np.random.default_rng(seed)
    for _ in range(n_bootstrap):
        yield generator.poisson(1.0, n_jets)


def roc(score: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, n_bootstrap: int, seed: int) -> Curve:
    """Return the curve of a score (jet,) with bootstrap errors; weight (jet,), signal (jet,) 1 or 0.

    Each bootstrap sample holds a Poisson-distributed number of copies of each jet. They are the same for all scores of
    the same jets, so that the scatter of a difference of areas is its error.
    """
    return roc_of_draws(score, signal, weight, poisson_draws(len(weight), n_bootstrap=n_bootstrap, seed=seed))


def roc_of_draws(score: np.ndarray, signal: np.ndarray, weight: np.ndarray, draws: Iterable[np.ndarray]) -> Curve:
    """Return the curve of a score (jet,) with errors from given bootstrap samples.

    Args:
        score: (jet,)
        signal: (jet,) 1 or 0
        weight: (jet,)
        draws: Numbers of copies (jet,) of each jet in each bootstrap sample.
    """
    values, index = np.unique(-score, return_inverse=True)
    floor = 1 / np.count_nonzero(signal == 0)

    def curve(copies: np.ndarray) -> np.ndarray:
        contents = (np.bincount(index, copies * (signal == label), minlength=len(values)) for label in (1, 0))
        return rejection_on_grid(*contents, floor=floor)

    central = curve(weight)
    samples = [curve(weight * copies) for copies in draws]  # (sample, point)
    areas = np.array([area_of(rejection) for rejection in samples])
    return Curve(central, np.std(samples, axis=0, ddof=1), area_of(central), areas)


def area_of(rejection: np.ndarray) -> float:
    """Return the area below a curve (point,) on GRID, in units of signal efficiency."""
    return float(np.trapezoid(rejection, GRID))
