"""Figures of merit of a classifier of two classes, with their statistical errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import roc_curve

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


def background_efficiency(label: Array, score: Array, efficiency: Array | float) -> Array:
    """Return the false-positive rate at the given signal efficiencies, both of the same shape; arguments as above."""
    false_positive, true_positive, _ = roc_curve(label, score, drop_intermediate=False)
    found: Array = np.asarray(np.interp(efficiency, true_positive, false_positive))
    return found


def rejection_with_error(label: Array, score: Array, efficiency: float) -> tuple[float, float]:
    """Return 1/eps_B at a signal efficiency and its error.

    If less than one background example passes, the value is a lower limit, the number of background examples.
    """
    n_background = np.count_nonzero(label == 0)
    passing = max(float(background_efficiency(label, score, efficiency)), 1 / n_background)
    return 1 / passing, float(1 / passing / np.sqrt(passing * n_background))
