"""The article's definitions, against closed forms and SciPy."""

import numpy as np
import pytest
import scipy.stats

from papers.photoz.archive import Catalogue
from papers.photoz.evaluate import describe_sample
from papers.photoz.metrics import bias, eta_percent, measure, sigma_nmad
from papers.photoz.prepared import write_prepared
from papers.photoz.settings import EvaluateConfig


def test_the_denominator_is_the_spectroscopic_redshift():
    z_phot, z_spec = np.array([1.2]), np.array([1.0])
    assert bias(z_phot, z_spec) == pytest.approx(0.1)
    assert sigma_nmad(z_phot, z_spec) == pytest.approx(0.148)


def test_sigma_nmad_is_that_of_scipy_up_to_its_constant():
    generator = np.random.default_rng(1)
    z_spec = generator.uniform(0, 2, 4001)
    z_phot = z_spec + (1 + z_spec) * generator.normal(scale=0.02, size=z_spec.size)
    dz = (z_phot - z_spec) / (1 + z_spec)
    about_zero = scipy.stats.median_abs_deviation(dz, center=lambda values, axis: 0.0, scale=1 / 1.48)
    assert sigma_nmad(z_phot, z_spec) == pytest.approx(about_zero)
    assert sigma_nmad(z_phot, z_spec) == pytest.approx(0.02, rel=0.05)


def test_eta_counts_strictly_beyond_the_limit():
    z_spec = np.zeros(4)
    z_phot = np.array([0.15, 0.1501, -0.2, 0.0])
    assert eta_percent(z_phot, z_spec) == 50.0


def test_eta_of_a_normal_distribution():
    z_spec = np.zeros(200_000)
    z_phot = np.random.default_rng(2).normal(scale=0.1, size=z_spec.size)
    assert eta_percent(z_phot, z_spec) == pytest.approx(100 * 2 * scipy.stats.norm.sf(1.5), abs=0.2)


def test_bootstrap_error_of_eta_is_binomial():
    z_spec = np.zeros(2000)
    z_phot = np.where(np.arange(2000) < 100, 1.0, 0.0)
    eta = measure(z_phot, z_spec, n_bootstrap=400, seed=3)["eta_percent"]
    assert eta["value"] == 5.0 and eta["n"] == 2000
    assert eta["error"] == pytest.approx(100 * np.sqrt(0.05 * 0.95 / 2000), rel=0.15)


def test_another_seed_resamples_other_galaxies():
    z_phot, z_spec = np.random.default_rng(6).normal(1, 0.1, 300), np.ones(300)
    errors = [measure(z_phot, z_spec, n_bootstrap=50, seed=seed)["sigma_nmad"]["error"] for seed in (0, 0, 1)]
    assert errors[0] == errors[1] != errors[2]


def test_errors_of_percentiles_are_those_of_a_normal_sample(tmp_path):
    """Of a quantile p: sqrt(p (1 - p) / n) / density there."""
    n, generator = 3000, np.random.default_rng(4)
    z_spec, magnitudes = generator.normal(0.7, 0.2, n), generator.normal(22, 1, (n, 6))
    sample = Catalogue(z_spec, np.full(n, 4), np.full(n, "deep"), np.full(n, "DEEP2"), {"apercor": magnitudes})
    write_prepared(tmp_path / "prepared.h5", sample, {}, origin="generated")
    config = EvaluateConfig(n_bootstrap=300, min_per_bin=2, i_edges_mag=[20.0, 24.0], z_edges=[0.0, 0.7])
    found = describe_sample(tmp_path / "prepared.h5", config, seed=0)
    for name, width in (("redshift", 0.2), ("i", 1.0), ("u_g", np.sqrt(2)), ("z_y", np.sqrt(2))):
        for label, p in (("p16", 0.16), ("median", 0.5), ("p84", 0.84)):
            expected = np.sqrt(p * (1 - p) / n) * width / scipy.stats.norm.pdf(scipy.stats.norm.ppf(p))
            assert found[f"sample.{name}.{label}"]["error"] == pytest.approx(expected, rel=0.25)
    share = found["sample.share_redshift_0_0.7"]
    assert share["value"] == pytest.approx(0.5, abs=0.03)
    assert share["error"] == pytest.approx(np.sqrt(0.25 / n), rel=0.01)
