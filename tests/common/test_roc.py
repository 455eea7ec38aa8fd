"""Area and rejection against closed forms, scikit-learn and counting."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from common.physics.roc import auc_with_error, background_efficiency, rejection, roc

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
    found = rejection(label, score, 0.3)
    assert found["value"] == pytest.approx(1 / passing, rel=0.1)
    assert found["n"] == np.count_nonzero(label == 0)
    assert rejection(label, label.astype(float), 0.3)["value"] == np.count_nonzero(label == 0)


def test_the_rejection_of_two_gaussians():
    label, score = gaussians()
    for efficiency in (0.3, 0.5):
        found = rejection(label, score, efficiency)
        expected = 1 / norm.sf(norm.isf(efficiency) + DISTANCE)
        assert found["value"] == pytest.approx(expected, abs=4 * found["error"])
        assert found["low"] < expected * 1.1 and found["high"] > expected * 0.9 and not found["limit"]
        assert found["n"] == 40_000


def test_without_passing_background_a_rejection_is_a_limit():
    label = np.repeat([0, 1], 50)
    found = rejection(label, label.astype(float), 0.3)
    assert found["value"] == 50 and found["limit"]


def samples(count, *, n_background=3000, n_signal=400, efficiency=0.5):
    """Return rejections of drawn samples of two Gaussians with about `count` passing background examples; the truth."""
    truth = n_background / count
    distance = norm.isf(1 / truth) - norm.isf(efficiency)
    label = np.repeat([0, 1], [n_background, n_signal])
    random = np.random.default_rng(count)
    found = [rejection(label, random.normal(label * distance), efficiency) for _ in range(400)]
    return found, truth


@pytest.mark.parametrize("count", [1, 2, 4, 10, 40, 200])
def test_the_interval_of_a_rejection_covers(count):
    """Garwood's interval covers too much at few counts. At least 68 % are asked for, less the noise of 400 draws."""
    found, truth = samples(count)
    covered = np.mean([one["low"] <= truth <= one["high"] for one in found])
    assert 0.62 < covered < (0.86 if count >= 4 else 0.97)


@pytest.mark.parametrize("count", [1, 2])
def test_a_rejection_of_a_few_counts_is_marked_as_a_limit(count):
    found, _ = samples(count)
    assert np.mean([one["limit"] for one in found]) > 0.5


def test_the_error_of_a_rejection_is_the_scatter_of_samples():
    """Where the threshold counts as much as the background that passes."""
    found, truth = samples(200, n_signal=60)
    values = np.array([one["value"] for one in found])
    errors = np.array([one["error"] / one["value"] for one in found])
    assert np.median(errors) == pytest.approx(np.std(np.log(values)), rel=0.2)
    assert np.exp(np.log(values).mean()) == pytest.approx(truth, rel=0.1)


def test_efficiencies_are_those_of_counting():
    label = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.75, 0.4, 0.6, 0.7, 0.8])
    assert background_efficiency(label, score, np.array([0.125, 0.375, 0.875])) == pytest.approx([0, 0.25, 0.25])
