"""What the generator adds, scales and draws, in closed form, and rows whose columns belong together."""

from pathlib import Path

import numpy as np
import pytest

from common.yamlio import read_yaml, validate
from papers.photoz.generator import galaxies
from papers.photoz.settings import SimulateConfig

BANDS = "ugrizy"


@pytest.fixture(scope="module")
def config():
    section = read_yaml(Path(__file__).parents[1] / "config.yaml")["simulate"]
    return validate(section, SimulateConfig, "config.yaml")


def small(config, n_galaxies):
    return config.model_copy(update={"n_galaxies": n_galaxies})


@pytest.fixture(scope="module")
def generated(config):
    return galaxies.generate(small(config, 1500), seed=1)


def test_early_types_become_rarer_with_magnitude(config):
    """Share at r: early_at_r20 exp(-early_decline (r - 20)), Eq. (23) of Benitez (2000)."""
    classes = {}
    for name, kind in (("early", 0.0), ("late", 3.0)):
        update = {"kind_mean": kind, "kind_per_ln_z": 0.0, "kind_scatter": 0.1}
        classes[name] = getattr(config.population, name).model_copy(update=update)
    population = config.population.model_copy(update=classes | {"early_at_r20": 0.8, "early_decline": 0.5})
    drawn = galaxies.draw_galaxies(30_000, population, np.random.default_rng(0))
    early, r_mag = drawn["template"].to_numpy() < 1.5, drawn["r_mag"].to_numpy()
    for low, high in ((21.0, 22.0), (23.0, 23.5)):
        inside = (r_mag >= low) & (r_mag < high)
        expected = np.mean(0.8 * np.exp(-0.5 * (r_mag[inside] - 20)))
        assert early[inside].mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / inside.sum()))


def test_magnitudes_are_scaled_to_r_and_shifted_by_the_zero_points(config):
    zero_points = {"u": 0.1, "g": 0.2, "r": 0.3, "i": 0.4, "z": 0.5, "y": 0.6}
    same = dict.fromkeys(BANDS, 0.0)
    photometry = config.photometry
    update = {"intrinsic_scatter_mag": type(photometry.zero_point_mag)(**same)}
    shifted = {"zero_point_mag": type(photometry.zero_point_mag)(**zero_points)}
    drawn = galaxies.draw_galaxies(20, config.population, np.random.default_rng(0))
    table = lambda kind, ebv, redshift: np.add.outer(kind + 10 * redshift, np.arange(6.0))  # noqa: E731
    mags = galaxies.noiseless_magnitudes(
        drawn, table, photometry.model_copy(update=update | shifted), np.random.default_rng(0)
    )
    expected = drawn["r_mag"].to_numpy()[:, None] + np.arange(6.0) - 2 + [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    np.testing.assert_allclose(mags, expected)


def test_a_nucleus_has_its_share_of_r_and_a_power_law_in_frequency(config):
    """m = -2.5 log10(nu^alpha) = 2.5 alpha log10(wavelength): the nucleus is redder for alpha below 0."""
    outliers = config.outliers.model_copy(update={"agn_light_fraction": (0.6, 0.6), "agn_slope": -0.5})
    config = config.model_copy(update={"outliers": outliers})
    mags = np.random.default_rng(0).normal(23, 0.5, (50, 6))
    changed = galaxies.contaminate(mags, np.full(50, "agn"), config, np.random.default_rng(1))
    before, after = 10 ** (-0.4 * mags), 10 ** (-0.4 * changed)
    added = after - before
    np.testing.assert_allclose(added[:, 2] / after[:, 2], 0.6)
    wavelength_aa = np.array(config.photometry.mean_wavelength_aa.values())
    np.testing.assert_allclose(added / added[:, [2]], np.tile((wavelength_aa / wavelength_aa[2]) ** 0.5, (50, 1)))


def test_a_blend_adds_its_ratio_in_r(config):
    outliers = config.outliers.model_copy(update={"blend_flux_ratio": (0.25, 0.25)})
    config = config.model_copy(update={"outliers": outliers})
    mags = np.random.default_rng(0).normal(23, 0.5, (50, 6))
    changed = galaxies.contaminate(mags, np.full(50, "blend"), config, np.random.default_rng(1))
    np.testing.assert_allclose(changed[:, 2], mags[:, 2] - 2.5 * np.log10(1.25))


def test_numbers_per_band_are_in_the_order_of_the_bands(config):
    for name in ("mean_wavelength_aa", "depth_deep_mag", "zero_point_mag"):
        numbers = getattr(config.photometry, name)
        assert numbers.values() == [getattr(numbers, band) for band in BANDS]
    quality = config.spectroscopy.zquality
    assert quality.values() == [quality.q1, quality.q2, quality.q3, quality.q4]


def test_the_truth_is_that_of_its_own_row(generated):
    table, truth = generated
    z_true, zhelio, outlier = (np.array(column) for column in (truth["z_true"], table["zhelio"], truth["outlier"]))
    right = outlier != "line"
    assert np.abs((zhelio - z_true) / (1 + z_true))[right].max() < 6e-4  # six times 30 km/s
    assert right.mean() > 0.5 and np.abs(zhelio - z_true)[~right].min() > 0.05
    assert (outlier[np.array(table["zquality"]) == 1] == "line").all(), "no redshift of zquality 1 is right"


def test_mag_auto_is_the_photometry_with_more_scatter(config):
    photometry = config.photometry.model_copy(update={"auto_colour_scatter": 4.0})
    table, _ = galaxies.generate(small(config, 300).model_copy(update={"photometry": photometry}), seed=1)
    scatter = {}
    for end in ("", "_apercor"):
        colour = np.array(table[f"g{end}"]) - np.array(table[f"r{end}"])
        scatter[end] = colour[np.abs(colour) < 60].std()
    assert scatter[""] > 2 > 1 > scatter["_apercor"]


def test_radii_are_log_normal_and_smaller_for_faint_galaxies(config):
    sources = {"cfhtls_source": np.zeros(20_000), "subaru_source": np.zeros(20_000)}
    medians, photometry = {}, config.photometry
    for r_mag in (21.0, 23.0):
        radii = galaxies.radius_columns(np.full(20_000, r_mag), sources, photometry, np.random.default_rng(0))
        log_radius = np.log10(radii["r_radius_arcsec"])
        assert log_radius.std() == pytest.approx(photometry.radius_scatter_dex, rel=0.03)
        medians[r_mag] = np.median(log_radius)
    assert medians[23.0] == pytest.approx(np.log10(photometry.radius_at_r23_arcsec), abs=0.005)
    assert medians[21.0] - medians[23.0] == pytest.approx(-2 * photometry.radius_per_mag_dex, abs=0.005)
    assert medians[21.0] > medians[23.0]
