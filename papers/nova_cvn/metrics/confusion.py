"""Confusion matrices of the interaction types and of the flavours, and numbers that are made from them."""

from itertools import combinations

import numpy as np

from ..prepared.labels import FLAVOURS, NEUTRINO_CLASSES, flavour_index, flavour_scores

SHARED_TABLE = ("numu", "nue", "nc")  # flavours that appear in both of the article's tables


def class_matrix(interaction: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return counts (true, predicted) of the 13 neutrino classes, in the order of NEUTRINO_CLASSES.

    Events of other types are left out, and the largest of the 13 outputs decides.
    """
    classes = np.array(NEUTRINO_CLASSES)
    known = np.isin(interaction, classes)
    true = np.searchsorted(classes, interaction[known])
    predicted = probability[known][:, classes].argmax(axis=1)
    return _count(true, predicted, len(classes))


def flavour_matrix(interaction: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return counts (true, predicted) of νμ, νe, ντ, NC and cosmic, by the largest sum of outputs."""
    true = flavour_index(interaction)
    known = true >= 0
    return _count(true[known], flavour_scores(probability)[known].argmax(axis=1), len(FLAVOURS))


def _count(true: np.ndarray, predicted: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(n * true + predicted, minlength=n * n).reshape(n, n)


def normalised(matrix: np.ndarray) -> np.ndarray:
    """Return the counts divided by the sum of their row; rows without events are zero."""
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def mean_efficiency(matrix: np.ndarray, counted: np.ndarray) -> float:
    """Return the mean of the diagonal shares over the classes of a mask (class,); 0 if it is empty."""
    return float(np.diag(normalised(matrix))[counted].mean()) if counted.any() else 0.0


def mistaken(matrix: np.ndarray, one: str, other: str) -> float:
    """Return the share of one flavour taken for the other plus that of the other way round."""
    names = list(FLAVOURS)
    shares, a, b = normalised(matrix), names.index(one), names.index(other)
    return float(shares[a, b] + shares[b, a])


def largest_other_mistake(matrix: np.ndarray, flavours: tuple[str, ...]) -> float:
    """Return the largest `mistaken` among all pairs of `flavours` except NC with νe."""
    pairs = [pair for pair in combinations(flavours, 2) if set(pair) != {"nc", "nue"}]
    return max(mistaken(matrix, *pair) for pair in pairs)
