"""A stand-in for the catalogue of arXiv:1903.08174: template galaxies, written as the release's FITS table.

Output: DEEP2_uniq_Terapix_Subaru_v1.fits with
  HDU 1  the columns of the release, so that one reader serves both. All names are the release's except those of the
         magnitude errors (`uerr`, `u_apercor_err`, ...): the real ones could not be verified;
  HDU 2  TRUTH, row by row what no archive knows: z_true, template (0 = E ... 3 = Im), ebv, outlier, subset.
Sentinels are the release's: -99 not observed or no match, 99 not detected.

How a row is made
  r magnitude -> early or late type -> redshift -> template, dust   (number counts; Benitez 2000, ApJ 536, 571)
  -> magnitudes from a table (templates.py) -> AGN, blends -> photon noise (photerr) -> coverage, sentinels
  -> MAG_AUTO by extra scatter; z_true -> zhelio, some of them wrong.

How far to trust it
  The settings were fitted to moments of the 6,307 public rows (secure redshift, CFHTLS Deep, six bands), including the
  scatter of the article's random forest on them. Agreement with the article is therefore built in: this checks the
  chain, it measures nothing. Assumed, not fitted: depths of the Wide layer, MAG_AUTO, sizes, coverage of Y by layer,
  zquality 1 : 2 and 3 : 4. Left out: stars, large-scale structure, positions that mean anything, and the
  3D-HST redshifts, which the release keeps in a file of its own.

Why GalSim's spectra and not the galaxies that pzflow 4.0.0 ships (measured)
  Medians, real | here | pzflow at the same r: z 0.72 | 0.70 | 0.53, u-g 0.39 | 0.35 | 0.81, g-r 0.57 | 0.57 | 0.87.
  Installed: GalSim 206 MB; pzflow with jax 370 MB on top of numpy, scipy and pandas.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table
from numpy.random import Generator
from numpy.typing import NDArray
from photerr import ErrorModel

from common.atomic import atomic_output

from ..settings import GalaxyClass, Outliers, Photometry, Population, SimulateConfig, Spectroscopy
from .templates import (
    BANDS,
    Z_MAX,
    Array,
    MagnitudeTable,
    correct_templates,
    read_templates,
    tabulate_magnitudes,
)

Columns = dict[str, NDArray[Any]]

NOT_OBSERVED = -99.0
NOT_DETECTED = 99.0
EBV_RANGE = (-0.4, 0.8)  # [mag]; draws are clipped to it
R = BANDS.index("r")
LINE_RATIOS = np.array([6562.8 / 3727.4, 5006.8 / 3727.4, 6562.8 / 5006.8])  # H-alpha, [O III], [O II] confused


# Galaxies: magnitude, type, redshift, spectrum


def draw_r_mag(n: int, population: Population, rng: Generator) -> Array:
    """Draw r magnitudes from power-law number counts with a soft targeting limit, shape (n,)."""
    grid = np.arange(16.0, 26.0, 0.01)
    counts = 10 ** (population.counts_slope * (grid - population.r_limit_mag))
    success = 1 / (1 + np.exp((grid - population.r_limit_mag) / population.r_limit_width_mag))
    cumulative = np.cumsum(counts * success)
    r_mag: Array = np.interp(rng.random(n), cumulative / cumulative[-1], grid)
    return r_mag


def draw_redshift(r_mag: Array, galaxies: GalaxyClass, rng: Generator, *, limit: tuple[float, float]) -> Array:
    """Draw redshifts given r from p(z) ~ z^a exp(-(z/zm(r))^a), Eq. (24) of Benitez (2000), times a soft limit.

    Args:
        r_mag: AB magnitude, (n,).
        galaxies: Law of the class.
        rng: Random numbers.
        limit: Redshift where half of the spectra still give a redshift, and the softness of that limit.

    Returns:
        Redshift, (n,).
    """
    grid = np.arange(0.01, Z_MAX, 0.01)
    zm = np.clip(galaxies.zm_at_r20 + galaxies.zm_per_mag * (r_mag - 20), 0.05, None)[:, None]  # (n, 1)
    density = grid**galaxies.z_shape * np.exp(-((grid / zm) ** galaxies.z_shape))  # (n, grid)
    density /= 1 + np.exp((grid - limit[0]) / limit[1])
    cumulative = np.cumsum(density, axis=1)
    target = rng.random(len(r_mag)) * cumulative[:, -1]
    redshift: Array = grid[(cumulative < target[:, None]).sum(axis=1)] + rng.uniform(-0.005, 0.005, len(r_mag))
    return redshift


def draw_galaxies(n: int, population: Population, rng: Generator) -> pd.DataFrame:
    """Draw galaxies that have a redshift.

    Args:
        n: How many.
        population: Number counts and classes.
        rng: Random numbers.

    Returns:
        Columns r_mag, z_true, template (0 = E ... 3 = Im), ebv [mag].
    """
    r_mag = draw_r_mag(n, population, rng)
    early_fraction = population.early_at_r20 * np.exp(-population.early_decline * (r_mag - 20))
    early = rng.random(n) < early_fraction
    galaxies = pd.DataFrame({"r_mag": r_mag, "z_true": 0.0, "template": 0.0, "ebv": 0.0})
    for rows, law in ((early, population.early), (~early, population.late)):
        mags = r_mag[rows]
        limit = (population.z_limit, population.z_limit_width)
        redshift = draw_redshift(mags, law, rng, limit=limit)
        ln_z = np.log(redshift / 0.7)
        kind = np.clip(rng.normal(law.kind_mean + law.kind_per_ln_z * ln_z, law.kind_scatter), 0, 3)
        mean_ebv = law.ebv_mean + law.ebv_per_mag * (mags - 23) + law.ebv_per_ln_z * ln_z
        ebv = np.clip(rng.normal(mean_ebv, law.ebv_scatter), *EBV_RANGE)
        galaxies.loc[rows, ["z_true", "template", "ebv"]] = np.column_stack([redshift, kind, ebv])
    return galaxies


def noiseless_magnitudes(
    galaxies: pd.DataFrame, table: MagnitudeTable, photometry: Photometry, rng: Generator
) -> Array:
    """Return AB magnitudes before noise, scaled to each galaxy's r, shape (n, 6)."""
    mags = table(*(galaxies[name].to_numpy() for name in ("template", "ebv", "z_true")))
    mags += galaxies["r_mag"].to_numpy()[:, None] - mags[:, [R]]
    scatter_mag = rng.normal(0, photometry.intrinsic_scatter_mag.values(), mags.shape)
    mags += scatter_mag + np.array(photometry.zero_point_mag.values())
    return mags


# Outliers


def draw_outliers(
    zquality: NDArray[np.int64], spectroscopy: Spectroscopy, outliers: Outliers, rng: Generator
) -> NDArray[np.str_]:
    """Draw for each row at most one effect: "line" (wrong redshift), "blend", "agn" or "none", shape (n,)."""
    line = rng.random(len(zquality)) < np.array(spectroscopy.line_error.values())[zquality - 1]
    uniform = rng.random(len(zquality))
    blend = uniform < outliers.fraction_blend
    agn = ~blend & (uniform < outliers.fraction_blend + outliers.fraction_agn)
    return np.select([line, blend, agn], ["line", "blend", "agn"], default="none")


def add_light(mags: Array, other_mags: Array, r_flux_ratio: Array) -> Array:
    """Add to each row the light of another object, scaled to a ratio of r-band fluxes.

    Args:
        mags: AB magnitudes, (n, 6).
        other_mags: Colours of what is added, any normalisation, (n, 6).
        r_flux_ratio: Flux added / flux of the row in r, (n,).

    Returns:
        AB magnitudes of the sum, (n, 6).
    """
    shift = mags[:, [R]] - other_mags[:, [R]]
    flux_ratio = r_flux_ratio[:, None] * 10 ** (-0.4 * (other_mags + shift - mags))
    return mags - 2.5 * np.log10(1 + flux_ratio)


def contaminate(mags: Array, kind: NDArray[np.str_], config: SimulateConfig, rng: Generator) -> Array:
    """Blend the rows of kind "blend" with other rows and add a power-law nucleus to those of kind "agn", (n, 6)."""
    outliers, wavelength_aa = config.outliers, np.array(config.photometry.mean_wavelength_aa.values())
    result = mags.copy()
    blend, agn = kind == "blend", kind == "agn"
    neighbours = mags[rng.integers(0, len(mags), blend.sum())]
    result[blend] = add_light(mags[blend], neighbours, rng.uniform(*outliers.blend_flux_ratio, blend.sum()))
    nucleus = np.broadcast_to(2.5 * outliers.agn_slope * np.log10(wavelength_aa), mags[agn].shape)
    fraction = rng.uniform(*outliers.agn_light_fraction, agn.sum())
    result[agn] = add_light(mags[agn], nucleus, fraction / (1 - fraction))
    return result


# Observation


def draw_sources(n: int, photometry: Photometry, rng: Generator) -> Columns:
    """Draw which imaging covers each row: 0 deep, 1 wide (CFHTLS) or shallower (Subaru), -99 none."""
    cfhtls = np.where(rng.random(n) < photometry.fraction_wide, 1, 0)
    cfhtls[rng.random(n) < photometry.fraction_no_cfhtls] = NOT_OBSERVED
    subaru = np.where(rng.random(n) < photometry.fraction_shallow_y, 1, 0)
    subaru[rng.random(n) < photometry.fraction_no_y] = NOT_OBSERVED
    return {"cfhtls_source": cfhtls, "subaru_source": subaru}


def observe(mags: Array, sources: Columns, photometry: Photometry, rng: Generator) -> tuple[Array, Array]:
    """Add photon noise for each row's depth, and set the sentinels.

    Args:
        mags: Noiseless AB magnitudes, (n, 6).
        sources: cfhtls_source and subaru_source, (n,) each.
        photometry: Depths and detection limit.
        rng: Random numbers.

    Returns:
        Observed magnitudes and their errors, (n, 6) each, with 99 (not detected) and -99 (not observed).
    """
    source = np.column_stack([sources["cfhtls_source"]] * 5 + [sources["subaru_source"]])  # (n, 6)
    depth_mag = np.where(source == 1, photometry.depth_wide_mag.values(), photometry.depth_deep_mag.values())
    catalogue = pd.DataFrame(np.hstack([mags, depth_mag]), columns=[*BANDS, *(f"m5_{band}" for band in BANDS)])
    depths = dict(zip(BANDS, photometry.depth_deep_mag.values(), strict=True))
    noise = ErrorModel(
        nYrObs=1,
        nVisYr=1.0,
        gamma=0.039,  # Ivezic et al. (2019), Table 2
        m5=depths,
        m5Template="m5_{band}",
        sigLim=photometry.detection_sigma,
        ndFlag=NOT_DETECTED,
    )
    observed = noise(catalogue, random_state=rng)
    unobserved = source == NOT_OBSERVED
    values = np.where(unobserved, NOT_OBSERVED, observed[list(BANDS)].to_numpy())
    errors = np.where(unobserved, NOT_OBSERVED, observed[[f"{band}_err" for band in BANDS]].to_numpy())
    return values, errors


def degrade_to_auto(mags: Array, radius_arcsec: Array, photometry: Photometry, rng: Generator) -> Array:
    """Turn corrected-aperture magnitudes into MAG_AUTO: lost light and each band's own seeing, growing with size.

    Args:
        mags: Observed magnitudes with sentinels, (n, 6).
        radius_arcsec: Half-light radius, (n,).
        photometry: Scatter per arcsec of radius.
        rng: Random numbers.

    Returns:
        MAG_AUTO with the same sentinels, (n, 6).
    """
    total = rng.normal(0, photometry.auto_total_scatter, (len(mags), 1))
    colour = rng.normal(0, photometry.auto_colour_scatter, mags.shape)
    measured = np.abs(mags) < NOT_DETECTED
    return np.where(measured, mags + (total + colour) * radius_arcsec[:, None], mags)


def observe_redshift(z_true: Array, kind: NDArray[np.str_], relative_error: float, rng: Generator) -> Array:
    """Return measured redshifts; in rows of kind "line" one emission line was taken for another.

    A line of rest wavelength a taken for b gives 1 + z = (1 + z_true) a / b; would that be negative, b was taken for a.
    """
    ratio = rng.choice(np.concatenate([LINE_RATIOS, 1 / LINE_RATIOS]), len(z_true))
    wrong = (1 + z_true) * ratio - 1
    wrong = np.where(wrong < 0, (1 + z_true) / ratio - 1, wrong)
    z_measured: Array = np.where(kind == "line", wrong, z_true)
    return z_measured + rng.normal(0, relative_error, len(z_true)) * (1 + z_measured)


# The table


def survey_columns(subset: NDArray[np.str_], rng: Generator) -> Columns:
    """Return position [deg], object number, date [MJD] and mask of each row; masks < 2000 are DEEP2, above DEEP3."""
    n = len(subset)
    deep2 = subset == "DEEP2"
    mask = np.where(deep2, rng.integers(1101, 1450, n), rng.integers(2101, 2450, n))
    mjd = np.where(deep2, rng.uniform(52400, 53600, n), rng.uniform(54500, 55700, n))  # 2002-2005, 2008-2011
    return {
        "ra": rng.uniform(213.0, 216.5, n),
        "dec": rng.uniform(51.8, 53.9, n),  # Extended Groth Strip
        "objno_deep2": 11_000_000 + np.arange(n),
        "mjd": mjd,
        "maskname": mask.astype("S10"),
    }


def radius_columns(r_mag: Array, sources: Columns, photometry: Photometry, rng: Generator) -> Columns:
    """Return half-light radii in r and y [arcsec]: log-normal, smaller for faint galaxies; -99 where not observed."""
    log_radius = np.log10(photometry.radius_at_r23_arcsec) + photometry.radius_per_mag_dex * (r_mag - 23)
    log_radius = log_radius + rng.normal(0, photometry.radius_scatter_dex, len(r_mag))
    y_log_radius = log_radius + rng.normal(0, 0.05, len(r_mag))
    return {
        "r_radius_arcsec": np.where(sources["cfhtls_source"] < 0, NOT_OBSERVED, 10**log_radius),
        "y_radius_arcsec": np.where(sources["subaru_source"] < 0, NOT_OBSERVED, 10**y_log_radius),
    }


def generate(config: SimulateConfig, seed: int) -> tuple[Table, Table]:
    """Return the catalogue as the archive would have it, and the truth behind it, row by row."""
    n, rng = config.n_galaxies, np.random.default_rng(seed)
    spectroscopy, photometry = config.spectroscopy, config.photometry
    deep3 = rng.random(n) < spectroscopy.fraction_deep3
    subset = np.where(deep3, "DEEP3", "DEEP2")
    zquality = rng.choice([1, 2, 3, 4], n, p=spectroscopy.zquality.values())

    galaxies = draw_galaxies(n, config.population, rng)
    kind = draw_outliers(zquality, spectroscopy, config.outliers, rng)
    templates = correct_templates(
        read_templates(), knots_aa=photometry.correction_knots_aa, correction_mag=photometry.correction_mag
    )
    table = tabulate_magnitudes(
        templates, mean_wavelength_aa=photometry.mean_wavelength_aa.values(), ebv_range=EBV_RANGE
    )
    true_mags = contaminate(noiseless_magnitudes(galaxies, table, photometry, rng), kind, config, rng)

    sources = draw_sources(n, photometry, rng)
    apercor, error = observe(true_mags, sources, photometry, rng)
    radii = radius_columns(galaxies["r_mag"].to_numpy(), sources, photometry, rng)
    auto = degrade_to_auto(apercor, radii["r_radius_arcsec"], photometry, rng)
    zhelio = observe_redshift(galaxies["z_true"].to_numpy(), kind, spectroscopy.velocity_error, rng)

    columns: Columns = survey_columns(subset, rng) | {"zhelio": zhelio, "zquality": zquality}
    columns |= dict(zip(BANDS, auto.T, strict=True))
    columns |= {f"{band}err": error[:, k] for k, band in enumerate(BANDS)}
    columns |= {f"{band}_apercor": apercor[:, k] for k, band in enumerate(BANDS)}
    columns |= {f"{band}_apercor_err": error[:, k] for k, band in enumerate(BANDS)}
    truth = galaxies[["z_true", "template", "ebv"]].to_dict("series")
    return Table(columns | radii | sources), Table({**truth, "outlier": kind, "subset": subset})


def write_fits(catalogue: Table, truth: Table, path: Path, *, seed: int) -> None:
    """Write HDU 1 (the archive's columns) and HDU 2 (TRUTH); equal tables give equal bytes."""
    primary = fits.PrimaryHDU()
    primary.header["ORIGIN"] = ("GENERATED", "simulated galaxies, not archive data")
    primary.header["SEED"] = (seed, "of the generator")
    primary.header["HISTORY"] = "Generated stand-in for the catalogue of arXiv:1903.08174 (papers.photoz.simulate)."
    first = fits.BinTableHDU(catalogue)
    first.header["ORIGIN"] = ("GENERATED", "simulated galaxies, not archive data")
    second = fits.BinTableHDU(truth, name="TRUTH")
    with atomic_output(path) as temporary:
        fits.HDUList([primary, first, second]).writeto(temporary)
