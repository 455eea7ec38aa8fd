"""Figures of merit of a classifier of two classes, with their statistical errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[Any]


def auc_with_error(label: Array, score: Array) -> tuple[float, float]:
    """Return the area under the ROC curve and its standard error.

    The area is the probability that a signal scores higher than a background; the error is that of DeLong et al.,
    Biometrics 44 (1988) 837, from the ranks.

    Args:
        label: (example,), 1 for signal, 0 for background
        score: (example,), larger for signal
    """
    signal, background = score[label == 1], score[label == 0]
    n_signal, n_background = len(signal), len(background)
    ranks = rankdata(np.concatenate([signal, background]))
    above = (ranks[:n_signal] - rankdata(signal)) / n_background  # share of background below each signal
    below = 1 - (ranks[n_signal:] - rankdata(background)) / n_signal
    variance = above.var(ddof=1) / n_signal + below.var(ddof=1) / n_background
    return float(above.mean()), float(np.sqrt(variance))


def roc(label: Array, score: Array) -> tuple[Array, Array]:
    """Return signal and background efficiency (threshold,) at every threshold, from (0, 0) to (1, 1).

    The same as scikit-learn's `roc_curve` without dropped points, which takes seconds to import. Arguments as above;
    examples of equal score pass together.
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)  # of the examples of equal score
    signal = np.cumsum(label[order] == 1)[last]
    background = 1 + last - signal
    return np.append(0, signal / signal[-1]), np.append(0, background / background[-1])


def background_efficiency(label: Array, score: Array, efficiency: Array | float) -> Array:
    """Return the background efficiency at the given signal efficiencies, both of the same shape; arguments as above."""
    signal, background = roc(label, score)
    return np.asarray(np.interp(efficiency, signal, background))


def rejection_with_error(label: Array, score: Array, efficiency: float) -> tuple[float, float]:
    """Return 1/eps_B at a signal efficiency and its error.

    If less than one background example passes, the value is a lower limit, the number of background examples.
    """
    n_background = np.count_nonzero(label == 0)
    passing = max(float(background_efficiency(label, score, efficiency)), 1 / n_background)
    return 1 / passing, float(1 / passing / np.sqrt(passing * n_background))
