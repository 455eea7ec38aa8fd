"""The network of arXiv:0000.00000, Sec. 4: here a logistic regression with two parameters."""

import numpy as np
from sklearn.linear_model import LogisticRegression


def fit(feature: np.ndarray, label: np.ndarray, *, regularisation: float) -> np.ndarray:
    """Return slope and intercept (2,) of the log odds of class 1.

    Args:
        feature: (event,)
        label: (event,), 0 or 1
        regularisation: Inverse strength of the L2 penalty.
    """
    regression = LogisticRegression(C=regularisation).fit(feature[:, None], label)
    return np.array([regression.coef_[0, 0], regression.intercept_[0]])


def score(feature: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Return the probability (event,) of class 1."""
    slope, intercept = parameters
    return 1 / (1 + np.exp(-(slope * feature + intercept)))
