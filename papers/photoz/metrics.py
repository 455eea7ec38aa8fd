"""How good photometric redshifts are, with the definitions of arXiv:1903.08174.

Everything is made from dz = (z_phot - z_spec) / (1 + z_spec); the denominator has the spectroscopic redshift.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OUTLIER_LIMIT = 0.15  # |dz| beyond it counts as an outlier


def residuals(z_phot: Floats, z_spec: Floats) -> Floats:
    """Return dz (galaxy,)."""
    return (z_phot - z_spec) / (1 + z_spec)


def sigma_nmad(z_phot: Floats, z_spec: Floats) -> float:
    """Return sigma_NMAD = 1.48 median(|dz|): about zero, not about the median of dz."""
    return float(1.48 * np.median(np.abs(residuals(z_phot, z_spec))))


def eta_percent(z_phot: Floats, z_spec: Floats) -> float:
    """Return eta, the share of galaxies with |dz| > 0.15, in per cent."""
    return float(100 * np.mean(np.abs(residuals(z_phot, z_spec)) > OUTLIER_LIMIT))


def bias(z_phot: Floats, z_spec: Floats) -> float:
    """Return the median of dz."""
    return float(np.median(residuals(z_phot, z_spec)))


METRICS: dict[str, Callable[[Floats, Floats], float]] = {
    "sigma_nmad": sigma_nmad,
    "eta_percent": eta_percent,
    "bias": bias,
}


def measure(z_phot: Floats, z_spec: Floats, *, n_bootstrap: int, seed: int) -> dict[str, dict[str, float]]:
    """Return value, bootstrap standard error and n of each metric.

    Args:
        z_phot: (galaxy,)
        z_spec: (galaxy,)
        n_bootstrap: Number of resamplings of the galaxies.
        seed: Of the resampling.
    """
    n = len(z_spec)
    draws = np.random.default_rng(seed).integers(n, size=(n_bootstrap, n))
    result = {}
    for name, metric in METRICS.items():
        resampled = [metric(z_phot[draw], z_spec[draw]) for draw in draws]
        result[name] = {"value": metric(z_phot, z_spec), "error": float(np.std(resampled, ddof=1)), "n": n}
    return result
