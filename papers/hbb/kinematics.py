"""Four-vectors as arrays (…, 4) of px, py, pz, E in GeV, and sums over the members of a jet; for arXiv:1909.12285."""

import numpy as np

Array = np.ndarray


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
    return np.sqrt(np.maximum(p4[..., 3] ** 2 - (p4[..., :3] ** 2).sum(axis=-1), 0))


def delta_phi(first: Array, second: Array) -> Array:
    """Return first - second in [-pi, pi)."""
    return (first - second + np.pi) % (2 * np.pi) - np.pi


def delta_r(first: Array, second: Array) -> Array:
    """Return the distance in (eta, phi) of four-vectors that broadcast against each other."""
    return np.hypot(eta(first) - eta(second), delta_phi(phi(first), phi(second)))


def four_vector(pt: Array, eta: Array, phi: Array, mass: Array | float) -> Array:
    """Return (…, 4) from transverse momentum [GeV], pseudorapidity, azimuth and mass [GeV]."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + np.square(mass))], axis=-1)


def rank_in_group(group: Array) -> Array:
    """Return 0, 1, 2, ... within each group; `group` (n,) is sorted."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, int)
    return np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))


def leading(values: Array, group: Array, *, n_groups: int, n_values: int, missing: float) -> Array:
    """Return the first `n_values` of each group (n_groups, n_values) in the order given.

    Args:
        values: (n,)
        group: (n,) index of the group, sorted.
        n_groups: Number of groups, also of empty ones.
        n_values: How many of each.
        missing: What stands in for values that are not there.
    """
    table = np.full((n_groups, n_values), missing)
    rank = rank_in_group(group)
    kept = rank < n_values
    table[group[kept], rank[kept]] = values[kept]
    return table


def group_sums(values: Array, group: Array, *, n_groups: int) -> Array:
    """Return the sum over each group (n_groups, …) of values (n, …)."""
    total = np.zeros((n_groups, *values.shape[1:]))
    np.add.at(total, group, values)
    return total
