"""Likelihood ratios of one or two variables (arXiv:1511.05190, Sec. 5), as smooth functions.

The article fills bins with equal background, which needs its millions of jets: with a few thousand, the bins of a pair
are either too wide or too noisy, and both lose area. Here the logarithm of the ratio is a sum of cubic B-splines, or of
their products for a pair. It is fitted as a logistic regression with a penalty on curvature (P. Eilers, B. Marx, Stat.
Sci. 11, 89, 1996), whose strength comes from cross-validation.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.special import expit, ndtri

FOLDS = 5
END = 2.5  # position of the outermost knots, in standard deviations; the ratio is constant beyond
N_CELLS = 60  # per variable; the fit sees the numbers of jets in these cells
N_SPLINES = 12  # per variable
PENALTIES = tuple(10.0**power for power in range(-1, 5))
RIDGE = 1e-3  # keeps the coefficients of splines without jets finite
NEWTON_STEPS = 30
CONVERGED = 1e-4  # largest change of the logarithm of the ratio in the last step


class NormalScores:
    """Maps one variable to a standard normal one: the normal quantile of its rank among the jets of `values`."""

    def __init__(self, values: np.ndarray, share: np.ndarray) -> None:
        """Sort `values` (jet,) with their shares (jet,) of the weight, which add up to one."""
        self._values, index = np.unique(values, return_inverse=True)
        content = np.bincount(index, share)
        self._rank = np.cumsum(content) - content / 2

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the scores (jet,), within +-END."""
        rank = np.interp(values, self._values, self._rank)
        return np.clip(ndtri(rank), -END, END)


def splines(scores: np.ndarray) -> np.ndarray:
    """Return the values (jet, N_SPLINES) of cubic B-splines with equidistant knots from -END to END."""
    step = 2 * END / (N_SPLINES - 3)
    knots = -END + step * np.arange(-3, N_SPLINES + 1)
    return BSpline.design_matrix(np.clip(scores, -END, END - 1e-9), knots, 3).toarray()


def curvature(first: int, second: int) -> np.ndarray:
    """Return the penalty on squared second differences of coefficients (first, second) along both axes, as a matrix."""

    def one(size: int) -> np.ndarray:
        differences = np.diff(np.eye(size), 2, axis=0)
        return differences.T @ differences

    return np.kron(one(first), np.eye(second)) + np.kron(np.eye(first), one(second))


def fit(counts: np.ndarray, first: np.ndarray, second: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Return the coefficients (splines, splines) of the penalised logistic regression, by Newton's method.

    The products of splines are never written out (I. Currie et al., J. R. Stat. Soc. B 68, 259, 2006).

    Args:
        counts: (2, cell, cell) jets of background and signal
        first: (cell, splines) of the first variable
        second: (cell, splines) of the second variable
        penalty: (splines * splines, splines * splines)
    """
    shape = (first.shape[1], second.shape[1])
    squares = [np.einsum("ia,ib->iab", part, part).reshape(len(part), -1) for part in (first, second)]
    coefficients, logit = np.zeros(shape), np.zeros(counts.shape[1:])
    for _ in range(NEWTON_STEPS):
        chance = expit(logit)
        slope = (first.T @ (counts[1] - counts.sum(axis=0) * chance) @ second).ravel() - penalty @ coefficients.ravel()
        bend = squares[0].T @ (counts.sum(axis=0) * chance * (1 - chance)) @ squares[1]
        bend = bend.reshape(shape[0], shape[0], shape[1], shape[1])  # (first, first, second, second)
        bend = bend.swapaxes(1, 2).reshape(penalty.shape)  # (first * second, first * second)
        coefficients = coefficients + np.linalg.solve(bend + penalty, slope).reshape(shape)
        before, logit = logit, first @ coefficients @ second.T
        if np.max(np.abs(logit - before)) < CONVERGED:
            break
    return coefficients


def balanced(signal: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return weights (jet,) that are equal in sum for both classes; their total is the effective number of jets."""
    weights = weight / np.where(signal == 1, weight[signal == 1].sum(), weight[signal == 0].sum())
    return weights * weights.sum() / np.sum(weights**2)


class LikelihoodRatio:
    """Logarithm of signal over background as a smooth function of one or two variables.

    `coefficients` (spline, spline) are those of the products of splines.
    """

    def __init__(self, values: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, penalty: float) -> None:
        """Fit the coefficients.

        Args:
            values: (jet, 1 or 2)
            signal: (jet,) 1 or 0
            weight: (jet,)
            penalty: Strength of the penalty on curvature; an infinite one leaves a straight line.
        """
        weight = balanced(signal, weight)
        self._scores = [NormalScores(column, weight / weight.sum()) for column in values.T]
        cells = [cell_of(scores(column)) for scores, column in zip(self._scores, values.T, strict=True)]
        if len(cells) == 1:
            cells.append(np.zeros_like(cells[0]))
        n_cells = [N_CELLS, N_CELLS if len(self._scores) == 2 else 1]
        number = (signal.astype(int) * n_cells[0] + cells[0]) * n_cells[1] + cells[1]
        counts = np.bincount(number, weight, minlength=2 * n_cells[0] * n_cells[1])
        counts = counts.reshape(2, *n_cells)  # (class, cell, cell)
        middles = splines((np.arange(N_CELLS) + 0.5) * (2 * END / N_CELLS) - END)
        second = middles if len(self._scores) == 2 else np.ones((1, 1))
        n_splines = N_SPLINES * second.shape[1]
        bending = penalty * curvature(N_SPLINES, second.shape[1]) + RIDGE * np.eye(n_splines)
        self.coefficients = fit(counts, middles, second, bending)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the logarithm of the ratio (jet,) for values (jet, 1 or 2)."""
        parts = [splines(scores(column)) for scores, column in zip(self._scores, values.T, strict=True)]
        second = parts[1] if len(parts) == 2 else np.ones((len(values), 1))
        return np.sum((parts[0] @ self.coefficients) * second, axis=1)


def cell_of(scores: np.ndarray) -> np.ndarray:
    """Return the number of the cell (jet,) that a score falls into."""
    return np.minimum(((scores + END) * (N_CELLS / (2 * END))).astype(int), N_CELLS - 1)


def loss_of(log_ratio: np.ndarray, signal: np.ndarray, weight: np.ndarray) -> float:
    """Return the mean cross entropy of a logarithm of the ratio (jet,) with equal weights of both classes."""
    weight = balanced(signal, weight)
    return float(np.sum(weight * np.logaddexp(0, np.where(signal == 1, -log_ratio, log_ratio))) / weight.sum())


def best_penalty(values: np.ndarray, signal: np.ndarray, weight: np.ndarray, part: np.ndarray) -> float:
    """Return the penalty with the lowest cross-validated loss; `part` (jet,) numbers the folds."""
    losses = np.zeros(len(PENALTIES))
    for held_out in (part == number for number in np.unique(part)):
        for index, penalty in enumerate(PENALTIES):
            ratio = LikelihoodRatio(values[~held_out], signal[~held_out], weight[~held_out], penalty=penalty)
            losses[index] += loss_of(ratio(values[held_out]), signal[held_out], weight[held_out])
    return PENALTIES[int(np.argmin(losses))]


@dataclass(frozen=True)
class CrossedRatio:
    """Likelihood ratios of five fits, each to four fifths of the jets, and what they say of the fifth left out.

    Attributes:
        part: (jet,) number of the fifth that a jet belongs to
        penalty: Strength of the penalty on curvature, of all five.
        coefficients: (fifth, spline, spline) of the fit that has not seen this fifth; one spline for a single variable
        log_ratio: (jet,) from the fit that has not seen the jet
    """

    part: np.ndarray
    penalty: float
    coefficients: np.ndarray
    log_ratio: np.ndarray


def cross(values: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, seed: int) -> CrossedRatio:
    """Return the likelihood ratio of jets; each jet is scored by a fit to the other four fifths.

    Args:
        values: (jet, 1 or 2)
        signal: (jet,) 1 or 0
        weight: (jet,)
        seed: Seed of the division into fifths.
    """
    part = np.random.default_rng(seed).permutation(len(signal)) % FOLDS
    penalty = best_penalty(values, signal, weight, part)
    log_ratio, coefficients = np.zeros(len(signal)), []
    for held_out in (part == number for number in range(FOLDS)):
        ratio = LikelihoodRatio(values[~held_out], signal[~held_out], weight[~held_out], penalty=penalty)
        log_ratio[held_out] = ratio(values[held_out])
        coefficients.append(ratio.coefficients)
    return CrossedRatio(part, penalty, np.array(coefficients), log_ratio)


def crossed_ratio(values: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the logarithm of the likelihood ratio (jet,) of `cross`."""
    return cross(values, signal, weight, seed=seed).log_ratio
