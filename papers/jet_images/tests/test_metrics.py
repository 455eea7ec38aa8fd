"""Curves, Fisher's discriminant and likelihood ratios against closed forms (arXiv:1511.05190, Sec. 5)."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from papers.jet_images.fisher import discriminant
from papers.jet_images.metrics.likelihood import LikelihoodRatio, NormalScores, crossed_ratio
from papers.jet_images.metrics.roc import GRID, area_of, roc


def gaussians(n=40_000, distance=1.0, seed=1):
    label = np.repeat([0, 1], n)
    return np.random.default_rng(seed).normal(label * distance), label, np.ones(2 * n)


def closed_form(distance):
    """1/(background efficiency) of two unit Gaussians."""
    return 1 / norm.sf(norm.isf(GRID) + distance)


def test_curve_of_two_gaussians_is_the_closed_form():
    curve = roc(*gaussians(), n_bootstrap=20, seed=1)
    assert np.all(np.abs(curve.rejection - closed_form(1.0)) < 5 * curve.error)
    assert curve.area == pytest.approx(area_of(closed_form(1.0)), abs=4 * curve.area_error)
    assert 0 < curve.area_error < 0.05 * curve.area


def test_a_random_choice_has_the_curve_one_over_efficiency_even_if_all_jets_share_a_score():
    score, label, weight = gaussians(n=100)
    curve = roc(np.zeros_like(score), label, weight, n_bootstrap=2, seed=1)
    assert curve.rejection == pytest.approx(1 / GRID)
    assert curve.area == pytest.approx(np.log(4), rel=1e-3)


def test_a_weight_of_two_is_two_jets():
    score, label, weight = gaussians(n=500)
    doubled = label * (score > 0.5) + 1
    once = roc(score, label, weight * doubled, n_bootstrap=2, seed=1).rejection
    copied = [np.repeat(values, doubled) for values in (score, label, weight)]
    assert once == pytest.approx(roc(*copied, n_bootstrap=2, seed=1).rejection)


def test_scores_are_normal_whatever_the_weights():
    generator = np.random.default_rng(4)
    values, weight = generator.exponential(size=5000), generator.uniform(0.5, 2, 5000)
    share = weight / weight.sum()
    scores = NormalScores(values, share)(values)
    assert share @ scores == pytest.approx(0, abs=0.01)
    assert share @ scores**2 == pytest.approx(1, abs=0.05)
    assert np.array_equal(np.argsort(scores[np.abs(scores) < 2]), np.argsort(values[np.abs(scores) < 2]))


def test_the_ratio_is_that_of_both_classes():
    score, label, weight = gaussians()
    ratio = LikelihoodRatio(score[:, None], label, weight, penalty=10.0)
    values = np.array([[-1.0], [0.0], [1.0], [2.0]])
    expected = values[:, 0] - 0.5  # logarithm of the likelihood ratio of the two Gaussians
    assert ratio(values) == pytest.approx(expected, abs=0.1)


def toys():
    """Samples with known likelihood ratios: a resonance in a window, unequal widths, two variables.

    Each is a function of a number and a seed that returns values (2 * number, variables), and the exact logarithm.
    """
    peak, low, high = norm(79.5, 5), 65.0, 95.0
    inside = peak.cdf(high) - peak.cdf(low)
    broad, narrow = beta(5, 5.8), beta(2.7, 7.2)
    wide, pair = norm(0.3, 0.55), np.array([1.0, 0.8])

    def resonance(n, generator):
        mass = peak.ppf(peak.cdf(low) + inside * generator.uniform(size=n))
        mass = np.r_[generator.uniform(low, high, n), mass]
        shape = np.r_[broad.rvs(n, random_state=generator), narrow.rvs(n, random_state=generator)]
        return np.c_[mass, shape], peak.logpdf(mass) + narrow.logpdf(shape) - broad.logpdf(shape)

    def width(n, generator):
        values = np.r_[generator.normal(size=n), generator.normal(0.3, 0.55, n)]
        return values[:, None], wide.logpdf(values) - norm.logpdf(values)

    def shift(n, generator):
        values = generator.normal(size=(2 * n, 2)) + np.repeat([0, 1], n)[:, None] * pair
        return values, values @ pair

    return {"resonance": resonance, "width": width, "shift": shift}


@pytest.mark.parametrize("name", toys())
def test_two_per_cent_of_the_area_are_lost_at_most(name):
    """With 4,000 jets of each class, on the mean of a few samples: against the exact ratio on the same jets."""
    n, lost = 4000, []
    label, weight = np.repeat([0, 1], n), np.ones(2 * n)
    for seed in range(4):
        values, exact = toys()[name](n, np.random.default_rng(seed))
        ratio = crossed_ratio(values, label, weight, seed=seed)
        ours, best = (roc(score, label, weight, n_bootstrap=2, seed=1).area for score in (ratio, exact))
        lost.append(1 - ours / best)
    assert -0.01 < np.mean(lost) < 0.02


def test_noise_does_not_separate():
    """The ratio of a jet comes from other jets only: on the jets of the fit itself, noise would look like a tagger."""
    areas = []
    for seed in range(10):
        noise, label, weight = gaussians(n=1000, distance=0.0, seed=seed)
        ratio = crossed_ratio(noise[:, None], label, weight, seed=seed)
        areas.append(roc(ratio, label, weight, n_bootstrap=2, seed=1).area)
    assert np.mean(areas) == pytest.approx(np.log(4), abs=4 * np.std(areas, ddof=1) / np.sqrt(len(areas)))
    assert np.mean(areas) < 1.5


def test_fisher_is_the_likelihood_ratio_of_gaussians_up_to_its_shrinkage():
    generator = np.random.default_rng(5)
    label = np.repeat([0, 1], 50_000)
    pixels = generator.normal(size=(100_000, 3)) + label[:, None] * np.array([1.0, 0.5, 0.0])
    direction, offset = discriminant(pixels, label, np.ones(100_000))
    assert direction == pytest.approx([1.0, 0.5, 0.0], abs=0.03)
    assert offset == pytest.approx(-(1 + 0.25) / 2, abs=0.03)
