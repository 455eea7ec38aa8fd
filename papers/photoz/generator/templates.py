"""Magnitudes of galaxies from spectral templates: filters, dust, intergalactic absorption, tabulated on a grid.

The stand-in for the catalogue of arXiv:1903.08174 (simulate.py) looks its noiseless magnitudes up here. Spectra and
filter curves are data files that GalSim ships; the integrals are plain numpy and agree with galsim.SED (tests).

template T -> dust: T 10^(-0.4 k E(B-V)) -> redshift -> intergalactic hydrogen -> AB magnitude in each band
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import galsim
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

Array = NDArray[np.float64]

BANDS = "ugrizy"
TEMPLATES = ("E", "Sbc", "Scd", "Im")  # Coleman, Wu & Weedman (1980), extended in wavelength by Bolzonella+ (2000)
NORMALISATION_AA = 5500.0  # templates have equal f_lambda here before they are mixed
SPEED_OF_LIGHT_AA_S = 2.99792458e18
AB_ZERO_POINT_MAG = -48.60  # for f_nu in erg/s/cm2/Hz, Oke & Gunn (1983)
REST_WAVELENGTH_AA = np.arange(700.0, 12000.0, 4.0)  # covers all filters for 0 <= z <= Z_MAX
Z_MAX = 3.0

LYMAN_AA = (1215.67, 1025.72, 972.54, 949.74)  # alpha to delta
LYMAN_STRENGTH = (0.0036, 0.0017, 0.0011846, 0.0009410)  # A_j of Eq. (16) of Madau (1995)
LYMAN_LIMIT_AA = 911.75


@dataclass(frozen=True)
class Bandpass:
    """A filter as total throughput (photon counting), any normalisation."""

    wavelength_aa: Array  # (n,)
    throughput: Array  # (n,)


def read_bandpass(band: str, *, mean_aa: float | None = None) -> Bandpass:
    """Read GalSim's LSST curve of one band, stretched in wavelength to a mean wavelength if one is given."""
    table = np.loadtxt(Path(galsim.meta_data.share_dir) / "bandpasses" / f"LSST_{band}.dat")
    wavelength_aa = np.arange(10 * table[0, 0], 10 * table[-1, 0], 10.0)  # file in nm
    throughput = np.interp(wavelength_aa, 10 * table[:, 0], table[:, 1])
    if mean_aa is not None:
        wavelength_aa = wavelength_aa * mean_aa / np.average(wavelength_aa, weights=throughput)
    return Bandpass(wavelength_aa, throughput)


def read_templates() -> Array:
    """Return f_lambda of the four templates on REST_WAVELENGTH_AA, 1 at 5500 Angstrom, shape (template, wavelength)."""
    spectra = []
    for name in TEMPLATES:
        wavelength_aa, flux = np.loadtxt(Path(galsim.meta_data.share_dir) / "SEDs" / f"CWW_{name}_ext.sed").T
        scale = np.interp(NORMALISATION_AA, wavelength_aa, flux)
        spectra.append(np.interp(REST_WAVELENGTH_AA, wavelength_aa, flux) / scale)
    return np.array(spectra)


def correct_templates(templates: Array, *, knots_aa: Sequence[float], correction_mag: Sequence[float]) -> Array:
    """Dim spectra by a correction linear in ln(rest wavelength) between knots and constant outside, any shape.

    Broad-band fits of the 1980 templates to faint galaxies leave residuals that depend on rest wavelength; Benitez et
    al. (2004) recalibrated them in the same spirit.
    """
    dimming_mag = np.interp(np.log(REST_WAVELENGTH_AA), np.log(knots_aa), correction_mag)
    return np.asarray(templates * 10 ** (-0.4 * dimming_mag))


def calzetti_k(wavelength_aa: Array) -> Array:
    """Return A(lambda) / E(B-V) of Calzetti et al. (2000), Eq. (4); constant outside its range 0.12-2.2 micron."""
    inverse_um = 1e4 / np.clip(wavelength_aa, 1200.0, 22000.0)
    blue = -2.156 + 1.509 * inverse_um - 0.198 * inverse_um**2 + 0.011 * inverse_um**3
    red = -1.857 + 1.040 * inverse_um
    return 2.659 * np.where(inverse_um > 1 / 0.63, blue, red) + 4.05


def madau_transmission(observed_aa: Array, redshift: float) -> Array:
    """Return the mean transmission of intergalactic hydrogen, Eqs. (12)-(16) and footnote 3 of Madau (1995).

    Args:
        observed_aa: Observed wavelength, (n,).
        redshift: Of the source.
    """
    depth = np.zeros_like(observed_aa)
    for line_aa, strength in zip(LYMAN_AA, LYMAN_STRENGTH, strict=True):
        depth += np.where(observed_aa < line_aa * (1 + redshift), strength * (observed_aa / line_aa) ** 3.46, 0.0)
    emitted = 1 + redshift
    absorbed = np.clip(observed_aa / LYMAN_LIMIT_AA, 1.0, emitted)  # 1 + z where the continuum absorbs; no effect above
    depth += 0.25 * absorbed**3 * (emitted**0.46 - absorbed**0.46)
    depth += 9.4 * absorbed**1.5 * (emitted**0.18 - absorbed**0.18)
    depth -= 0.7 * absorbed**3 * (absorbed**-1.32 - emitted**-1.32)
    depth -= 0.023 * (emitted**1.68 - absorbed**1.68)
    return np.exp(-np.clip(depth, 0.0, None))


def ab_magnitude(rest_flux: Array, redshift: float, bandpass: Bandpass) -> Array:
    """Return AB magnitudes of spectra seen through a filter at a redshift.

    m = -2.5 log10( int f_lambda T lambda dlambda / int T c dlambda/lambda ) - 48.60, photon counting.

    Args:
        rest_flux: f_lambda on REST_WAVELENGTH_AA, (n, wavelength), dimmed neither by distance nor by (1 + z).
        redshift: Of the source.
        bandpass: The filter.

    Returns:
        Magnitudes, (n,); their zero point is arbitrary, but common to all bands and redshifts.
    """
    wavelength_aa, throughput = bandpass.wavelength_aa, bandpass.throughput
    rest_aa = wavelength_aa / (1 + redshift)
    position = (rest_aa - REST_WAVELENGTH_AA[0]) / (REST_WAVELENGTH_AA[1] - REST_WAVELENGTH_AA[0])
    left = position.astype(int)
    weight = position - left
    flux = rest_flux[:, left] * (1 - weight) + rest_flux[:, left + 1] * weight  # (n, filter wavelength)
    kernel = throughput * wavelength_aa * madau_transmission(wavelength_aa, redshift)
    reference = np.trapezoid(throughput * SPEED_OF_LIGHT_AA_S / wavelength_aa, wavelength_aa)
    signal = np.trapezoid(flux * kernel, wavelength_aa, axis=1)
    return np.asarray(-2.5 * np.log10(signal / reference) + AB_ZERO_POINT_MAG)


@dataclass(frozen=True)
class MagnitudeTable:
    """Magnitudes of the pure templates in six bands as a function of dust and redshift."""

    interpolator: RegularGridInterpolator  # (E(B-V), ln(1 + z)) -> (template, 6)

    def __call__(self, kind: Array, ebv: Array, redshift: Array) -> Array:
        """Return AB magnitudes of spectra mixed linearly from two neighbouring templates.

        Args:
            kind: Position in the sequence E = 0, Sbc = 1, Scd = 2, Im = 3, (n,).
            ebv: E(B-V) [mag], (n,).
            redshift: (n,).

        Returns:
            Magnitudes with a common, arbitrary zero point, (n, 6).
        """
        flux = 10 ** (-0.4 * self.interpolator(np.column_stack([ebv, np.log1p(redshift)])))  # (n, template, 6)
        left = np.clip(np.floor(kind).astype(int), 0, flux.shape[1] - 2)
        weight = (kind - left)[:, None]  # (n, 1)
        rows = np.arange(len(kind))
        return np.asarray(-2.5 * np.log10((1 - weight) * flux[rows, left] + weight * flux[rows, left + 1]))


def tabulate_magnitudes(
    templates: Array, *, mean_wavelength_aa: Sequence[float], ebv_range: tuple[float, float]
) -> MagnitudeTable:
    """Integrate all templates over all filters on a grid of E(B-V) (13) x ln(1 + z) (every 0.003).

    Args:
        templates: f_lambda, (template, wavelength).
        mean_wavelength_aa: Mean wavelengths of u g r i z y [Angstrom], to which the LSST curves are stretched.
        ebv_range: Smallest and largest E(B-V) [mag].

    Returns:
        The table. It is linear in magnitude between grid points and in flux between templates: good to 0.01 mag.
    """
    ebv = np.linspace(*ebv_range, 13)
    log_1z = np.arange(0.0, np.log1p(Z_MAX) + 0.003, 0.003)
    dust = 10 ** (-0.4 * ebv[:, None] * calzetti_k(REST_WAVELENGTH_AA))  # (ebv, wavelength)
    spectra = (dust[:, None] * templates).reshape(-1, len(REST_WAVELENGTH_AA))  # (ebv * template, wavelength)
    bandpasses = [read_bandpass(band, mean_aa=mean) for band, mean in zip(BANDS, mean_wavelength_aa, strict=True)]
    mags = [[ab_magnitude(spectra, z, bandpass) for bandpass in bandpasses] for z in np.expm1(log_1z)]
    grid = np.array(mags).reshape(len(log_1z), len(BANDS), len(ebv), len(templates))
    return MagnitudeTable(RegularGridInterpolator((ebv, log_1z), grid.transpose(2, 0, 3, 1)))
