"""The generated catalogue: closed forms, GalSim as an oracle, the table's format, and moments of the public rows."""

import sys
from itertools import pairwise
from pathlib import Path

import galsim
import numpy as np
import pytest
from astropy.io import fits

from common.download.receipts import read_receipt, sha256_of
from common.errors import InputError
from common.yamlio import read_yaml, validate
from papers.photoz import simulate
from papers.photoz.generator import galaxies, templates
from papers.photoz.settings import SimulateConfig
from papers.photoz.tests.real_rows import FOLDER as REAL
from papers.photoz.tests.real_rows import needs_real_rows
from tests.run_settings import write_settings

BANDS = "ugrizy"
ARCHIVE_COLUMNS = (
    ["ra", "dec", "objno_deep2", "mjd", "maskname", "zhelio", "zquality", *BANDS]
    + [f"{band}_apercor" for band in BANDS]
    + ["r_radius_arcsec", "y_radius_arcsec", "cfhtls_source", "subaru_source"]
)


@pytest.fixture(scope="module")
def config():
    section = read_yaml(Path(__file__).parents[1] / "config.yaml")["simulate"]
    return validate(section, SimulateConfig, "config.yaml")


def small(config, n_galaxies=3000):
    return config.model_copy(update={"n_galaxies": n_galaxies})


@pytest.fixture(scope="module")
def generated(config):
    return galaxies.generate(small(config), seed=1)


@pytest.fixture(scope="module")
def written(generated, tmp_path_factory):
    path = tmp_path_factory.mktemp("photoz") / "table.fits"
    galaxies.write_fits(*generated, path, seed=1)
    return path


# Spectra


@pytest.mark.parametrize("redshift", [0.0, 0.5, 1.0])
def test_flat_spectrum_has_one_magnitude_in_all_bands(redshift):
    f_nu = 3e-28  # erg/s/cm2/Hz
    flux = f_nu * templates.SPEED_OF_LIGHT_AA_S / templates.REST_WAVELENGTH_AA**2
    mags = [templates.ab_magnitude(flux[None], redshift, templates.read_bandpass(band))[0] for band in BANDS]
    expected = -2.5 * np.log10(f_nu) - 48.60 - 5 * np.log10(1 + redshift)  # f_lambda(rest) grows as (1 + z)^2
    np.testing.assert_allclose(mags, expected, atol=1e-4)


@pytest.mark.parametrize("redshift", [0.0, 0.3, 0.8, 1.3])
@pytest.mark.parametrize("k", range(4))
def test_colours_agree_with_galsim(k, redshift):
    sed = galsim.SED(f"CWW_{templates.TEMPLATES[k]}_ext.sed", "Ang", "flambda").atRedshift(redshift)
    flux = templates.read_templates()[[k]]
    ours, oracle = [], []
    for band in BANDS:
        ours.append(templates.ab_magnitude(flux, redshift, templates.read_bandpass(band))[0])
        oracle.append(sed.calculateMagnitude(galsim.Bandpass(f"LSST_{band}.dat", "nm").withZeropoint("AB")))
    np.testing.assert_allclose(np.diff(ours), np.diff(oracle), atol=0.01)


def test_bandpass_is_stretched_to_its_mean():
    bandpass = templates.read_bandpass("u", mean_aa=3823.0)
    assert np.average(bandpass.wavelength_aa, weights=bandpass.throughput) == pytest.approx(3823.0)


def test_calzetti_definition():
    k_b, k_v = templates.calzetti_k(np.array([4400.0, 5500.0]))
    assert k_v == pytest.approx(4.05, abs=0.01)
    assert k_b - k_v == pytest.approx(1.0, abs=0.03)  # A_B - A_V = E(B-V)


def test_madau_limits():
    observed_aa = np.array([4000.0, 9000.0])
    np.testing.assert_array_equal(templates.madau_transmission(observed_aa, 0.5), 1.0)  # redward of Lyman alpha
    between_alpha_and_beta = templates.madau_transmission(np.array([1200.0 * 4]), 3.0)
    np.testing.assert_allclose(between_alpha_and_beta, np.exp(-0.0036 * (1200.0 * 4 / 1215.67) ** 3.46))


def test_madau_continuum_agrees_with_the_integral_over_absorbers():
    observed_aa, source_z = np.array([880.0 * 4]), 3.0
    lines = zip(templates.LYMAN_STRENGTH, templates.LYMAN_AA, strict=True)
    line_depth = sum(strength * (observed_aa / line_aa) ** 3.46 for strength, line_aa in lines)
    continuum_depth = -np.log(templates.madau_transmission(observed_aa, source_z)) - line_depth
    # Eqs. (10), (11) of Madau (1995): clouds per column density and redshift, each absorbing 1 - exp(-N sigma)
    z = np.linspace(observed_aa[0] / 911.75 - 1, source_z, 200)[:, None]  # (z, 1)
    column = np.logspace(np.log10(2e12), 20, 1000)  # [1/cm2]
    forest, systems = 2.4e7 * column**-1.5 * (1 + z) ** 2.46, 1.9e8 * column**-1.5 * (1 + z) ** 0.68
    clouds = np.where(column < 1.59e17, forest, systems)  # (z, column)
    sigma_cm2 = 6.3e-18 * (observed_aa / (1 + z) / 911.75) ** 3
    depth = np.trapezoid(np.trapezoid(clouds * -np.expm1(-column * sigma_cm2), column, axis=1), z[:, 0])
    assert continuum_depth[0] == pytest.approx(depth, rel=0.1)


def test_correction_dims_at_its_knots():
    flux = np.ones_like(templates.REST_WAVELENGTH_AA)
    corrected = templates.correct_templates(flux, knots_aa=[2000, 4000, 8000], correction_mag=[0.0, 0.5, 0.0])
    at_knots = np.interp([1000, 4000, 9000], templates.REST_WAVELENGTH_AA, corrected)
    np.testing.assert_allclose(-2.5 * np.log10(at_knots), [0.0, 0.5, 0.0], atol=1e-6)


def test_table_agrees_with_direct_integration(config):
    wavelength_aa = config.photometry.mean_wavelength_aa.values()
    cww = templates.read_templates()
    table = templates.tabulate_magnitudes(cww, mean_wavelength_aa=wavelength_aa, ebv_range=galaxies.EBV_RANGE)
    rng = np.random.default_rng(0)
    kind, ebv, redshift = rng.uniform(0, 3, 60), rng.uniform(-0.3, 0.5, 60), rng.uniform(0, 1.6, 60)
    looked_up = table(kind, ebv, redshift)
    k = templates.calzetti_k(templates.REST_WAVELENGTH_AA)
    mixed = np.array([[np.interp(position, range(4), f) for f in cww.T] for position in kind])  # (60, wavelength)
    flux = mixed * 10 ** (-0.4 * k * ebv[:, None])
    bandpasses = [templates.read_bandpass(b, mean_aa=m) for b, m in zip(BANDS, wavelength_aa, strict=True)]
    direct = [[templates.ab_magnitude(flux[[n]], redshift[n], b)[0] for b in bandpasses] for n in range(60)]
    colour_difference = np.diff(looked_up - np.array(direct), axis=1)
    assert np.abs(colour_difference).max() < 0.01


# Population


def test_redshift_law_has_its_gamma_moment(config):
    law = config.population.late.model_copy(update={"z_shape": 1.6, "zm_at_r20": 0.3, "zm_per_mag": 0.1})
    redshift = galaxies.draw_redshift(np.full(40000, 22.0), law, np.random.default_rng(0), limit=(9.0, 0.1))
    scaled = (redshift / 0.5) ** 1.6  # zm = 0.3 + 0.1 * 2; the scaled variable is Gamma(1 + 1/1.6) distributed
    assert scaled.mean() == pytest.approx(1 + 1 / 1.6, abs=0.03)
    assert scaled.var() == pytest.approx(1 + 1 / 1.6, abs=0.1)


def test_redshift_limit_halves_the_density(config):
    limits = {"with": (1.0, 0.02), "without": (9.0, 0.02)}
    faint = np.full(100_000, 24.0)
    counts = {}
    for name, limit in limits.items():
        drawn = galaxies.draw_redshift(faint, config.population.late, np.random.default_rng(0), limit=limit)
        below, at = ((drawn > 0.8) & (drawn < 0.9)).sum(), (np.abs(drawn - 1.0) < 0.005).sum()
        counts[name] = at / below
    assert counts["with"] / counts["without"] == pytest.approx(0.5, abs=0.08)


def test_number_counts_slope(config):
    r_mag = galaxies.draw_r_mag(200_000, config.population, np.random.default_rng(0))
    faint, bright = ((r_mag > 21.5) & (r_mag < 22)).sum(), ((r_mag > 20.5) & (r_mag < 21)).sum()
    assert np.log10(faint / bright) == pytest.approx(config.population.counts_slope, abs=0.02)


# Outliers


def test_outlier_fractions_are_the_configured_ones(config):
    zquality = np.repeat([1, 2, 3, 4], 50_000)
    rng = np.random.default_rng(0)
    kind = galaxies.draw_outliers(zquality, config.spectroscopy, config.outliers, rng)
    lines = config.spectroscopy.line_error.values()
    rest = {"blend": config.outliers.fraction_blend, "agn": config.outliers.fraction_agn}
    for quality, p_line in zip([1, 2, 3, 4], lines, strict=True):
        expected = {"line": p_line} | {name: fraction * (1 - p_line) for name, fraction in rest.items()}
        for name, p in expected.items():
            found = (kind[zquality == quality] == name).mean()
            assert abs(found - p) <= 4 * np.sqrt(p * (1 - p) / 50_000), (quality, name)


def test_added_light():
    mags = np.array([[24.0, 23.5, 23.0, 22.5, 22.3, 22.2]])
    same_colours = galaxies.add_light(mags, mags + 3.0, np.array([1.0]))
    np.testing.assert_allclose(same_colours, mags - 2.5 * np.log10(2))
    bluer = galaxies.add_light(mags, np.full((1, 6), 20.0), np.array([0.3]))
    assert bluer[0, 2] == pytest.approx(23.0 - 2.5 * np.log10(1.3))
    assert bluer[0, 0] - bluer[0, 1] < 0.5 - 0.05


def test_only_blends_and_agn_change_colour(config):
    mags = np.random.default_rng(0).normal(23, 0.5, (300, 6))
    kind = np.repeat(["none", "line", "blend", "agn"], 75)
    changed = galaxies.contaminate(mags, kind, config, np.random.default_rng(1)) != mags
    np.testing.assert_array_equal(changed.any(axis=1), np.isin(kind, ["blend", "agn"]))


def test_wrong_lines_give_line_ratios():
    z_true, kind = np.full(1000, 0.8), np.repeat(["none", "line"], 500)
    rng = np.random.default_rng(0)
    z_measured = galaxies.observe_redshift(z_true, kind, 1e-5, rng)
    assert z_measured[:500].std() == pytest.approx(1.8e-5, rel=0.15), "each galaxy has its own error"
    np.testing.assert_allclose(z_measured[:500], 0.8, atol=2e-4)
    allowed = 1.8 * np.concatenate([galaxies.LINE_RATIOS, 1 / galaxies.LINE_RATIOS])
    nearest = np.abs((1 + z_measured[500:])[:, None] / allowed - 1).min(axis=1)
    assert nearest.max() < 1e-3
    assert np.abs(z_measured[500:] - 0.8).min() > 0.15 * 1.8
    assert z_measured.min() > 0


# Observation


def test_depth_is_five_sigma(config):
    depth = np.array(config.photometry.depth_deep_mag.values())
    sources = {"cfhtls_source": np.zeros(20_000), "subaru_source": np.zeros(20_000)}
    values, errors = galaxies.observe(np.tile(depth, (20_000, 1)), sources, config.photometry, np.random.default_rng(0))
    np.testing.assert_allclose(np.median(errors, axis=0), 2.5 * np.log10(1.2), atol=0.005)
    relative_flux = 10 ** (-0.4 * (values - depth))
    np.testing.assert_allclose(relative_flux.std(axis=0), 0.2, atol=0.01)


def test_wide_and_deep_use_their_own_depth(config):
    deep, wide = config.photometry.depth_deep_mag.g, config.photometry.depth_wide_mag.g
    mags = np.full((4000, 6), 23.0)
    source = np.repeat([0, 1], 2000)
    sources = {"cfhtls_source": source, "subaru_source": source}
    _, errors = galaxies.observe(mags, sources, config.photometry, np.random.default_rng(0))
    ratio = np.median(errors[source == 1, 1]) / np.median(errors[source == 0, 1])
    assert ratio == pytest.approx(10 ** (0.2 * (deep - wide)), rel=0.25)  # sky noise: error grows as 10^(0.2..0.4)


def test_sentinels(config):
    mags = np.full((4, 6), 22.0)
    mags[3] = 40.0
    sources = {"cfhtls_source": np.array([0, -99, 0, 0]), "subaru_source": np.array([0, 0, -99, 0])}
    values, errors = galaxies.observe(mags, sources, config.photometry, np.random.default_rng(0))
    for table in (values, errors):
        assert (np.abs(table[0]) < 90).all()
        assert (table[1, :5] == -99).all()
        assert abs(table[1, 5]) < 90
        assert table[2, 5] == -99
        assert (np.abs(table[2, :5]) < 90).all()
        assert (table[3] == 99).all()


def test_auto_scatter_grows_with_size_and_keeps_sentinels(config):
    photometry, n = config.photometry, 20_000
    mags = np.tile([23.0, 99.0, -99.0, 23.0, 23.0, 23.0], (n, 1))
    radius = np.repeat([0.5, 1.0], n // 2)
    auto = galaxies.degrade_to_auto(mags, radius, photometry, np.random.default_rng(0))
    assert (auto[:, 1] == 99).all()
    assert (auto[:, 2] == -99).all()
    colour = auto[:, 3] - auto[:, 4]
    expected = np.sqrt(2) * photometry.auto_colour_scatter
    assert colour[radius == 1.0].std() == pytest.approx(expected, rel=0.05)
    assert colour[radius == 0.5].std() == pytest.approx(0.5 * expected, rel=0.05)
    total = np.hypot(photometry.auto_total_scatter, photometry.auto_colour_scatter)
    assert auto[radius == 1.0, 3].std() == pytest.approx(total, rel=0.05)


# The table


def test_columns_are_the_archive_s(written):
    errors = [f"{band}err" for band in BANDS] + [f"{band}_apercor_err" for band in BANDS]
    with fits.open(written) as hdus:
        table = hdus[1].data
        assert sorted(table.names) == sorted(ARCHIVE_COLUMNS + errors)
        assert hdus["TRUTH"].data.names == ["z_true", "template", "ebv", "outlier", "subset"]
        assert len(table) == len(hdus["TRUTH"].data) == 3000
        assert table.dtype["maskname"].kind == "S"
        assert table.dtype["zhelio"].kind == "f"
        assert all(hdu.header["ORIGIN"] == "GENERATED" for hdu in hdus[:2])
        assert "1903.08174" in str(hdus[0].header["HISTORY"])


def test_masks_tell_the_survey(generated):
    table, truth = generated
    mask, subset = np.array(table["maskname"]).astype(int), np.array(truth["subset"])
    np.testing.assert_array_equal(mask < 2000, subset == "DEEP2")
    assert set(subset) == {"DEEP2", "DEEP3"}
    assert set(np.unique(table["cfhtls_source"])) == set(np.unique(table["subaru_source"])) == {-99, 0, 1}


def test_unobserved_rows_are_sentinels_in_every_photometric_column(generated):
    table, _ = generated
    for source, bands in (("cfhtls_source", "ugriz"), ("subaru_source", "y")):
        missing = np.array(table[source]) == -99
        for name in [f"{band}{end}" for band in bands for end in ("", "err", "_apercor", "_apercor_err")]:
            np.testing.assert_array_equal(np.array(table[name]) == -99, missing, err_msg=name)


def test_same_seed_same_bytes(config, written, tmp_path):
    again, other = tmp_path / "again.fits", tmp_path / "other.fits"
    galaxies.write_fits(*galaxies.generate(small(config), seed=1), again, seed=1)
    galaxies.write_fits(*galaxies.generate(small(config), seed=2), other, seed=2)
    assert again.read_bytes() == written.read_bytes()
    assert other.read_bytes() != written.read_bytes()


def test_command_writes_table_and_receipt(config, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path / "data"))
    catalogue = tmp_path / "data" / "generated" / "photoz" / "test" / "DEEP2_uniq_Terapix_Subaru_v1.fits"
    receipt = tmp_path / "receipt.json"
    section = small(config, 200).model_dump(mode="json")
    settings = write_settings(tmp_path / "settings.yaml", simulate=section)
    options = ["--settings", str(settings), "--catalogue", str(catalogue), "--receipt", str(receipt)]
    monkeypatch.setattr(sys, "argv", ["simulate", *options])
    simulate.main()
    assert read_receipt(receipt).sha256 == sha256_of(catalogue)
    assert read_receipt(receipt).origin == "generated"


def test_quality_fractions_must_sum_to_one(config):
    section = config.model_dump()
    section["spectroscopy"]["zquality"]["q4"] += 0.1
    with pytest.raises(InputError, match="must sum to 1"):
        validate(section, SimulateConfig, "config.yaml")


# How close to the public rows


def select(table):
    mags = np.column_stack([table[f"{band}_apercor"] for band in BANDS])
    rows = (np.array(table["zquality"]) >= 3) & (np.array(table["cfhtls_source"]) == 0) & (np.abs(mags) < 90).all(1)
    return mags[rows], np.array(table["zhelio"])[rows]


@needs_real_rows
def test_moments_are_close_to_the_public_rows(config):
    real_mags = np.loadtxt(REAL / "sel_features.csv", skiprows=1)
    real_z = np.loadtxt(REAL / "sel_target.csv", skiprows=1)
    mags, redshift = select(galaxies.generate(small(config, 20_000), seed=1)[0])
    for percent, limit in ((16, 0.09), (50, 0.07), (84, 0.09)):  # [mag]; generator seeds scatter by 0.01
        ours, theirs = (np.percentile(-np.diff(m, axis=1), percent, axis=0) for m in (mags, real_mags))
        np.testing.assert_allclose(ours, theirs, atol=limit, err_msg=f"colours, {percent} %")
    assert np.median(mags[:, 3]) == pytest.approx(np.median(real_mags[:, 3]), abs=0.1)
    assert np.median(redshift) == pytest.approx(np.median(real_z), abs=0.05)
    edges = [-0.01, 0.3, 0.6, 0.9, 1.2, 1.5, 9.0]
    fractions = [np.histogram(z, edges)[0] / len(z) for z in (redshift, real_z)]
    np.testing.assert_allclose(*fractions, atol=0.035)
    for low, high in pairwise(edges[:-1]):
        tracks = []
        for m, z in ((mags, redshift), (real_mags, real_z)):
            tracks.append(np.median(-np.diff(m[(z >= low) & (z < high)], axis=1), axis=0))
        np.testing.assert_allclose(*tracks, atol=0.1, err_msg=f"colours at z = {low}-{high}")
