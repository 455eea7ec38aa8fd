"""How well a tagger separates the classes: area, rejection, and rates in bins (arXiv:1909.12285, evaluation)."""

from itertools import pairwise

import numpy as np

from common.metrics import entry
from common.physics.roc import auc_with_error

from ..prepared import Array

N_BOOTSTRAP = 100  # resamplings for the error of the efficiency in a bin


def area(label: Array, score: Array) -> dict[str, float]:
    """Return the area under the ROC curve of a score (jet,), larger for H; label (jet,) is 1 for H, else 0."""
    return entry(*auc_with_error(label, score), len(label))


def threshold_at(score: Array, efficiency: float) -> float:
    """Return the threshold that a share `efficiency` of the scores (jet,) exceeds."""
    return float(np.quantile(score, 1 - efficiency, method="higher"))


def binned_efficiency(
    value: Array, label: Array, score: Array, edges: list[float], *, mistag: float
) -> dict[str, Array]:
    """Return the signal efficiency in bins; a threshold in each bin gives the same mistag rate (authors' code).

    The error comes from bootstrap samples of both classes, because few QCD jets determine the threshold.

    Args:
        value: (jet,) quantity that defines the bins.
        label: (jet,)
        score: (jet,)
        edges: Edges of the bins.
        mistag: Share of the QCD jets of a bin that pass.
    """
    columns: dict[str, list[float]] = {"low": [], "high": [], "efficiency": [], "error": [], "n_qcd": []}
    random = np.random.default_rng(0)
    for low, high in pairwise(edges):
        here = (value >= low) & (value < high)
        signal, background = score[here & (label == 1)], score[here & (label == 0)]
        if len(background) * mistag < 1 or len(signal) < 2:
            continue  # less than one QCD jet would pass
        passed = (signal >= threshold_at(background, mistag)).mean()
        resampled = [
            (random.choice(signal, len(signal)) >= threshold_at(random.choice(background, len(background)), mistag))
            for _ in range(N_BOOTSTRAP)
        ]
        error = np.std([passes.mean() for passes in resampled], ddof=1)
        for name, number in zip(columns, (low, high, passed, error, len(background)), strict=True):
            columns[name].append(float(number))
    return {name: np.array(numbers) for name, numbers in columns.items()}


def binned_rates(value: Array, selected: Array, passed: Array, edges: list[float]) -> dict[str, Array]:
    """Return the share of selected jets (mask) that pass (mask), with binomial errors, in bins of `value` (jet,)."""
    columns: dict[str, list[float]] = {"low": [], "high": [], "rate": [], "error": []}
    for low, high in pairwise(edges):
        here = selected & (value >= low) & (value < high)
        n = int(here.sum())
        if n:
            rate = float(passed[here].mean())
            numbers = (low, high, rate, np.sqrt(rate * (1 - rate) / n))
            for name, number in zip(columns, numbers, strict=True):
                columns[name].append(float(number))
    return {name: np.array(numbers) for name, numbers in columns.items()}
