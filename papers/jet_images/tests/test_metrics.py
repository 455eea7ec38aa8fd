"""Weights, curves and likelihood ratios against closed forms (arXiv:1511.05190, Sec. 5)."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from papers.jet_images.fisher import discriminant
from papers.jet_images.likelihood import LikelihoodRatio, NormalScores, crossed_ratio
from papers.jet_images.reference import published_curves, published_distribution
from papers.jet_images.weights import GRID, area_of, pt_weights, rejection_on_grid, roc


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


def test_a_coin_has_the_curve_one_over_efficiency_even_where_all_jets_share_a_score():
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


def test_reweighted_signal_has_the_background_spectrum():
    generator = np.random.default_rng(3)
    label = np.repeat([0, 1], 20_000)
    pt = np.where(label == 1, generator.uniform(250, 300, 40_000), 250 + 50 * generator.beta(1, 2, 40_000))
    edges = np.linspace(250, 300, 11)
    generated = generator.uniform(0.5, 2, 40_000)
    weight = pt_weights(pt, label, generated, edges=edges, largest=10)
    signal, background = (np.histogram(pt[label == k], edges, weights=weight[label == k])[0] for k in (1, 0))
    assert signal == pytest.approx(background, rel=1e-9)
    assert np.array_equal(weight[label == 0], generated[label == 0])


def test_no_jet_weighs_more_than_the_limit_allows():
    """One signal jet in a bin full of background: the ratio of both spectra is 500 there."""
    pt = np.r_[np.full(1000, 260.0), np.full(999, 280.0), 260.0, np.full(1000, 280.0)]
    label = np.r_[np.zeros(1000), np.ones(1000), np.zeros(1000)].astype(int)
    weight = pt_weights(pt, label, np.ones(3000), edges=np.array([250.0, 270.0, 300.0]), largest=10)
    signal = weight[label == 1]
    assert signal.max() / signal.min() == pytest.approx(10 / 0.5005, rel=1e-2)


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
    place = np.array([[-1.0], [0.0], [1.0], [2.0]])
    expected = place[:, 0] - 0.5  # logarithm of the likelihood ratio of the two Gaussians
    assert ratio(place) == pytest.approx(expected, abs=0.1)


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


def test_the_authors_curves_have_the_areas_that_published_yaml_states():
    curves = published_curves()
    for name, area in (("mass", 3.24), ("tau21", 8.82), ("maxout", 22.60), ("mass+tau21", 14.65)):
        assert area_of(np.interp(GRID, *curves[name])) == pytest.approx(area, abs=0.02), name


def test_the_authors_histograms_are_normalised():
    for variable in ("mass", "tau21", "delta_r"):
        for kind in ("signal", "background"):
            edges, density = published_distribution(variable, kind)
            assert np.sum(density * np.diff(edges)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("variable", ["mass", "tau21", "delta_r"])
def test_the_fit_loses_little_on_the_article_s_own_distributions(variable):
    """Jets drawn from the article's histograms, against the exact ratio of the histograms on the same jets."""
    n, lost = 3500, []
    histograms = [published_distribution(variable, kind) for kind in ("background", "signal")]
    shares = np.array([density * np.diff(edges) for edges, density in histograms])
    shares /= shares.sum(axis=1, keepdims=True)
    (edges, _), label, weight = histograms[0], np.repeat([0, 1], n), np.ones(2 * n)
    exact_ratio = np.log(np.maximum(shares[1], 1e-9) / np.maximum(shares[0], 1e-9))
    for seed in range(4):
        random = np.random.default_rng(seed)
        place = np.concatenate([random.choice(len(share), n, p=share) for share in shares])
        values = edges[place] + np.diff(edges)[place] * random.random(2 * n)
        ratio = crossed_ratio(values[:, None], label, weight, seed=seed)
        ours, best = (roc(score, label, weight, n_bootstrap=2, seed=1).area for score in (ratio, exact_ratio[place]))
        lost.append(1 - ours / best)
    assert -0.01 < np.mean(lost) < 0.015


@pytest.mark.parametrize("variable", ["mass", "tau21", "delta_r"])
def test_the_article_s_histograms_have_the_areas_of_its_curves(variable):
    """Curves and histograms were read from different figures; fifty bins cost a per cent."""
    histograms = [published_distribution(variable, kind) for kind in ("signal", "background")]
    signal, background = (density * np.diff(edges) for edges, density in histograms)
    order = np.argsort(-signal / np.maximum(background, 1e-12))
    found = area_of(rejection_on_grid(signal[order], background[order], floor=1e-9))
    assert found == pytest.approx(area_of(np.interp(GRID, *published_curves()[variable])), rel=0.02)
