"""How arXiv:1902.09914 measures taggers: area under the ROC curve, accuracy, background rejection; with their errors.

The rejection follows the authors' comparison notebook: the false-positive rate is interpolated between the points of
the full ROC curve, and its error is that of the background jets that pass.
"""

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import roc_curve

Metric = dict[str, float | int]


def auc_with_error(label: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return the area under the ROC curve and its standard error.

    The area is the probability that a top scores higher than a QCD jet; the error is that of DeLong et al.,
    Biometrics 44 (1988) 837, from the ranks.

    Args:
        label: (jet,), 1 for top, 0 for QCD
        score: (jet,), larger for tops
    """
    signal, background = score[label == 1], score[label == 0]
    n_signal, n_background = len(signal), len(background)
    ranks = rankdata(np.concatenate([signal, background]))
    above = (ranks[:n_signal] - rankdata(signal)) / n_background  # share of background below each signal jet
    below = 1 - (ranks[n_signal:] - rankdata(background)) / n_signal
    variance = above.var(ddof=1) / n_signal + below.var(ddof=1) / n_background
    return float(above.mean()), float(np.sqrt(variance))


def accuracy_with_error(label: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return the share of jets on the right side of 0.5, and its binomial error; arguments as above."""
    right = float(np.mean(np.rint(score) == label))
    return right, float(np.sqrt(right * (1 - right) / len(label)))


def background_efficiency(label: np.ndarray, score: np.ndarray, efficiency: np.ndarray | float) -> np.ndarray:
    """Return the false-positive rate at the given signal efficiencies, both of the same shape; arguments as above."""
    false_positive, true_positive, _ = roc_curve(label, score, drop_intermediate=False)
    return np.interp(efficiency, true_positive, false_positive)


def rejection_with_error(label: np.ndarray, score: np.ndarray, efficiency: float) -> tuple[float, float]:
    """Return 1/eps_B at a signal efficiency and its error.

    If less than one background jet passes, the value is a lower limit, the number of background jets.
    """
    n_background = np.count_nonzero(label == 0)
    passing = max(float(background_efficiency(label, score, efficiency)), 1 / n_background)
    return 1 / passing, float(1 / passing / np.sqrt(passing * n_background))


def measure_tagger(label: np.ndarray, score: np.ndarray, *, efficiencies: list[float]) -> dict[str, Metric]:
    """Return auc, accuracy and rejection_<percent> of one tagger; arguments as above."""
    n_background = int(np.count_nonzero(label == 0))
    measured = [
        ("auc", auc_with_error(label, score), len(label)),
        ("accuracy", accuracy_with_error(label, score), len(label)),
    ]
    for efficiency in efficiencies:
        name = f"rejection_{round(100 * efficiency)}"
        measured.append((name, rejection_with_error(label, score, efficiency), n_background))
    return {name: {"value": value, "error": error, "n": n} for name, (value, error), n in measured}
