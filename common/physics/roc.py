"""Figures of merit of a classifier of two classes, with their statistical errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv
from scipy.stats import rankdata

from common.metrics import entry

Array = NDArray[Any]
LOWER_TAIL = 0.158655  # probability below -1 sigma
FEWEST = 3.0  # passing examples of a rate that is more than a limit


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


def rejection(label: Array, score: Array, efficiency: float) -> dict[str, float]:
    """Return the metric 1/eps_B at a signal efficiency, with its error and its 68 % interval; arguments as above.

    The error is that of ln eps_B: the passing background examples are binomial, and the threshold is only known as well
    as the signal tells. The interval of few counts is that of Garwood (Biometrika 28 (1936) 437), which covers at least
    68 %. Below three passing examples the value is marked as a limit; below one it is the number of all background
    examples.
    """
    n_background, n_signal = int(np.count_nonzero(label == 0)), int(np.count_nonzero(label == 1))
    width = np.sqrt(efficiency * (1 - efficiency) / n_signal)  # of the signal efficiency at a fixed threshold
    below, at, above = background_efficiency(
        label, score, np.clip([efficiency - width, efficiency, efficiency + width], 0, 1)
    )
    count = max(float(at) * n_background, 1.0)
    share = count / n_background
    threshold = float(above - below) / 2 / share  # relative, of the threshold's error
    error = float(np.sqrt((1 - share) / count + threshold**2)) / share
    fewest, most = gammaincinv(count, LOWER_TAIL), gammaincinv(count + 1, 1 - LOWER_TAIL)
    up, down = (float(np.hypot(np.log(ratio), threshold)) for ratio in (count / fewest, most / count))
    return {
        **entry(1 / share, error, n_background),
        "low": float(np.exp(-down)) / share,
        "high": float(np.exp(up)) / share,
        "limit": count < FEWEST,
    }
