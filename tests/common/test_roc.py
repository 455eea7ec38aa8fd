"""Area and rejection against closed forms, scikit-learn and counting."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from common.physics.roc import auc_with_error, background_efficiency, rejection_with_error, roc

DISTANCE = 2.0


def gaussians(n=40_000, seed=0):
    label = np.repeat([0, 1], n)
    return label, np.random.default_rng(seed).normal(label * DISTANCE)


def test_the_area_is_scikit_learn_s_ties_included():
    label, score = gaussians(2000)
    score = score.round(1)
    assert auc_with_error(label, score)[0] == pytest.approx(roc_auc_score(label, score), abs=1e-12)


def test_the_curve_is_scikit_learn_s_ties_included():
    label, score = gaussians(300)
    background, signal, _ = roc_curve(label, score.round(1), drop_intermediate=False)
    assert np.allclose(roc(label, score.round(1)), (signal, background))


def test_the_error_of_the_area_is_the_scatter_of_samples():
    found = [auc_with_error(*gaussians(500, seed)) for seed in range(200)]
    areas, errors = np.transpose(found)
    assert areas.mean() == pytest.approx(norm.cdf(DISTANCE / np.sqrt(2)), abs=4 * areas.std() / np.sqrt(200))
    assert errors.mean() == pytest.approx(areas.std(ddof=1), rel=0.2)


def unequal(seed, n_signal, n_background):
    """Return labels and scores of classes of unequal size, the scores of unequal width."""
    label = np.repeat([1, 0], [n_signal, n_background])
    return label, np.random.default_rng(seed).normal(label * DISTANCE, 1 + label)


@pytest.mark.parametrize("numbers", [(40, 800), (800, 40)])
def test_the_area_of_classes_of_unequal_size_and_its_error(numbers):
    for seed in range(3):
        label, score = unequal(seed, *numbers)
        assert auc_with_error(label, score)[0] == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    areas, errors = np.transpose([auc_with_error(*unequal(seed, *numbers)) for seed in range(300)])
    assert areas.mean() == pytest.approx(norm.cdf(DISTANCE / np.sqrt(5)), abs=4 * areas.std() / np.sqrt(300))
    assert errors.mean() == pytest.approx(areas.std(ddof=1), rel=0.15)


@pytest.mark.parametrize("numbers", [(2000, 4000), (4000, 2000)])
def test_a_rejection_and_its_error_count_background_examples(numbers):
    label, score = unequal(0, *numbers)
    passing = np.mean(score[label == 0] > np.quantile(score[label == 1], 0.7))
    value, error = rejection_with_error(label, score, 0.3)
    assert value == pytest.approx(1 / passing, rel=0.1)
    assert error == pytest.approx(value * np.sqrt(value / numbers[1]), rel=1e-9), "1 / sqrt(number that passes)"
    assert rejection_with_error(label, label.astype(float), 0.3) == (numbers[1], numbers[1])


def test_the_rejection_of_two_gaussians():
    label, score = gaussians()
    for efficiency in (0.3, 0.5):
        value, error = rejection_with_error(label, score, efficiency)
        expected = 1 / norm.sf(norm.isf(efficiency) + DISTANCE)
        assert value == pytest.approx(expected, abs=4 * error)
        assert error == pytest.approx(value * np.sqrt(value / 40_000), rel=1e-9)


def test_a_rejection_without_passing_background_is_a_lower_limit():
    label = np.repeat([0, 1], 50)
    assert rejection_with_error(label, label.astype(float), 0.3) == (50, 50)


def test_efficiencies_are_those_of_counting():
    label = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.75, 0.4, 0.6, 0.7, 0.8])
    assert background_efficiency(label, score, np.array([0.125, 0.375, 0.875])) == pytest.approx([0, 0.25, 0.25])
