"""Cuts on a score: efficiency, purity, figures of merit, and the best cut, as in the article's Tables 1-2."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .event_weights import SIGNAL, Components

Merit = Literal["s_sqrt_b", "s_sqrt_sb"]
MERITS: tuple[Merit, ...] = ("s_sqrt_b", "s_sqrt_sb")


@dataclass(frozen=True)
class Cumulative:
    """The events that pass each cut; all arrays are (cut,)."""

    cut: np.ndarray
    passed: dict[str, np.ndarray]  # events of each component
    total: dict[str, float]  # events of each component before the cut

    @property
    def signal(self) -> np.ndarray:
        """Return the signal events that pass."""
        return self.passed[SIGNAL]

    @property
    def background(self) -> np.ndarray:
        """Return the events of all other components that pass."""
        return np.sum([values for name, values in self.passed.items() if name != SIGNAL], axis=0)

    @property
    def efficiency(self) -> np.ndarray:
        """Return the share of the contained signal that passes."""
        return self.signal / self.total[SIGNAL]

    @property
    def purity(self) -> np.ndarray:
        """Return the share of signal among the events that pass; 1 where none does."""
        passed = self.signal + self.background
        return np.where(passed > 0, self.signal / np.maximum(passed, 1e-12), 1.0)

    def merit(self, kind: Merit, *, min_background: float) -> np.ndarray:
        """Return s/√b or s/√(s+b). In the first, b counts as at least `min_background`, since it diverges for b → 0."""
        if kind == "s_sqrt_b":
            return self.signal / np.sqrt(np.maximum(self.background, min_background))
        return self.signal / np.sqrt(np.maximum(self.signal + self.background, 1e-12))


def cut_grid(n_cuts: int) -> np.ndarray:
    """Return the cuts (cut,) that are tried, from 0 up; finer towards 1, where good classifiers put their signal."""
    return 1 - np.logspace(0, -4, n_cuts)


def cumulate(score: np.ndarray, weights: Components, cuts: np.ndarray) -> Cumulative:
    """Return the events that pass `score > cut` for each cut.

    Args:
        score: (event,)
        weights: (event,) of each component.
        cuts: (cut,), ascending.
    """
    n_passed = np.searchsorted(cuts, score, side="left")  # (event,) number of cuts that lie below the score
    passed = {}
    for name, weight in weights.items():
        per_bin = np.bincount(n_passed, weights=weight, minlength=len(cuts) + 1)
        passed[name] = per_bin[::-1].cumsum()[::-1][1:]
    return Cumulative(cuts, passed, {name: float(weight.sum()) for name, weight in weights.items()})


def best_cut(cumulative: Cumulative, kind: Merit, *, min_background: float) -> int:
    """Return the index of the cut with the largest figure of merit.

    For s/√b only cuts are considered that leave `min_background` events of background.
    """
    merit = cumulative.merit(kind, min_background=min_background)
    if kind == "s_sqrt_b":
        merit = np.where(cumulative.background >= min_background, merit, 0.0)
    return int(np.argmax(merit))


def working_point(cumulative: Cumulative, index: int, *, min_background: float) -> dict[str, float]:
    """Return one row of the article's tables, for the cut with an index, and both figures of merit."""
    row = {
        "cut": cumulative.cut[index],
        "signal": cumulative.signal[index],
        "background": cumulative.background[index],
        "efficiency": cumulative.efficiency[index],
        "purity": cumulative.purity[index],
        **{kind: cumulative.merit(kind, min_background=min_background)[index] for kind in MERITS},
        **{f"background_{name}": values[index] for name, values in cumulative.passed.items() if name != SIGNAL},
    }
    return {name: float(value) for name, value in row.items()}
