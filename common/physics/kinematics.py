"""Four-vectors as arrays (…, 4) of px, py, pz, E in GeV."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def pt(p4: Array) -> Array:
    """Return the transverse momentum (…,) [GeV]."""
    return np.hypot(p4[..., 0], p4[..., 1])


def eta(p4: Array) -> Array:
    """Return the pseudorapidity (…,)."""
    return np.arcsinh(p4[..., 2] / np.maximum(pt(p4), 1e-9))


def phi(p4: Array) -> Array:
    """Return the azimuth (…,) in (-pi, pi]."""
    return np.arctan2(p4[..., 1], p4[..., 0])


def mass(p4: Array) -> Array:
    """Return the invariant mass (…,) [GeV]; rounding below zero gives 0."""
    squared = p4[..., 3] ** 2 - np.sum(p4[..., :3] ** 2, axis=-1)
    found: Array = np.sqrt(np.maximum(squared, 0))
    return found


def delta_phi(first: Array, second: Array) -> Array:
    """Return first - second in [-pi, pi)."""
    turned: Array = np.mod(first - second + np.pi, 2 * np.pi) - np.pi
    return turned


def delta_r(first: Array, second: Array) -> Array:
    """Return the distance in (eta, phi) of four-vectors that broadcast against each other."""
    distance: Array = np.hypot(eta(first) - eta(second), delta_phi(phi(first), phi(second)))
    return distance


def pt_eta_phi(p4: Array) -> tuple[Array, Array, Array]:
    """Return transverse momentum [GeV], pseudorapidity and azimuth, each (…,)."""
    return pt(p4), eta(p4), phi(p4)


def four_vector(pt: Array, eta: Array, phi: Array, mass: Array | float = 0.0) -> Array:
    """Return (…, 4) from transverse momentum [GeV], pseudorapidity, azimuth and mass [GeV]; massless by default."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + np.square(mass))], axis=-1)
