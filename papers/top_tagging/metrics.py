"""How arXiv:1902.09914 measures taggers: area under the ROC curve, accuracy, background rejection; with their errors.

The rejection follows the authors' comparison notebook: the false-positive rate is interpolated between the points of
the full ROC curve. Properties of jets are means and medians.
"""

import numpy as np

from common.metrics import Metrics, entry
from common.physics.roc import auc_with_error, rejection


def accuracy_with_error(label: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return the share of jets on the right side of 0.5, and its binomial error.

    Args:
        label: (jet,), 1 for top, 0 for QCD
        score: (jet,), larger for tops
    """
    right = float(np.mean(np.rint(score) == label))
    return right, float(np.sqrt(right * (1 - right) / len(label)))


def measure_tagger(label: np.ndarray, score: np.ndarray, *, efficiencies: list[float]) -> Metrics:
    """Return auc, accuracy and rejection_<percent> of one tagger; arguments as above."""
    return {
        "auc": entry(*auc_with_error(label, score), len(label)),
        "accuracy": entry(*accuracy_with_error(label, score), len(label)),
        **{f"rejection_{round(100 * efficiency)}": rejection(label, score, efficiency) for efficiency in efficiencies},
    }


def mean(values: np.ndarray) -> dict[str, float]:
    """Return the mean of values (jet,) and its error."""
    return entry(values.mean(), values.std(ddof=1) / np.sqrt(len(values)), len(values))


def median(values: np.ndarray) -> dict[str, float]:
    """Return the median of values (jet,), and half the 68 % interval of its order statistics as the error."""
    low, middle, high = np.quantile(values, [0.5 - 0.5 / np.sqrt(len(values)), 0.5, 0.5 + 0.5 / np.sqrt(len(values))])
    return entry(middle, (high - low) / 2, len(values))
