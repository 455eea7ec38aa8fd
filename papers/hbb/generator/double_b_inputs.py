"""The 27 variables of CMS's double-b tagger (CMS-BTV-16-002), inputs of the baselines.

Tracks and vertices belong to the nearer of two axes, the exclusive kT subjets. Missing values are -50 for impact-
parameter significances and -1 otherwise.
"""

import numpy as np

from common.physics.kinematics import delta_r, mass, pt

from .branch_values import Impact, eta_relative, flight, unit
from .clustering import Jets, nearest_axis
from .collisions import Array
from .segments import group_sums, leading
from .tracking import Candidates
from .vertices import Vertices

NO_SIGNIFICANCE, MISSING = -50.0, -1.0
CHARM_GEV, BOTTOM_GEV = 1.5, 5.2  # a larger mass of the most displaced tracks excludes charm or bottom hadrons
MAX_VERTEX_DISTANCE = 0.7


def sorted_leading(values: Array, group: Array, *, n_groups: int, n_values: int, missing: float) -> Array:
    """Return the largest values of each group (n_groups, n_values), falling; groups need not be sorted."""
    order = np.lexsort((-values, group))
    return leading(values[order], group[order], n_groups=n_groups, n_values=n_values, missing=missing)


def above_mass(tracks: Candidates, significance: Array, jet: Array, *, n_jets: int) -> dict[str, Array]:
    """Return the significance of the track that lifts the mass of the most displaced tracks over charm and bottom."""
    order = np.lexsort((-significance, jet))
    p4, significance, jet = tracks.p4[order], significance[order], jet[order]
    running = np.cumsum(p4, axis=0)
    first = np.searchsorted(jet, np.arange(n_jets))
    before = np.concatenate([np.zeros((1, 4)), running])[first]
    masses = mass(running - before[jet]) if len(jet) else np.zeros(0)
    variables = {}
    for name, limit, n_values in (("Charm", CHARM_GEV, 1), ("Bottom", BOTTOM_GEV, 2)):
        heavy = masses > limit
        table = leading(significance[heavy], jet[heavy], n_groups=n_jets, n_values=n_values, missing=NO_SIGNIFICANCE)
        variables |= {f"fj_trackSip2dSigAbove{name}_{k}": table[:, k] for k in range(n_values)}
    return variables


def track_variables(
    tracks: Candidates, impacts: Impact, jet: Array, jets: Jets, vertices: Vertices
) -> dict[str, Array]:
    """Return the variables made from tracks."""
    n_jets, side = len(jets.event), nearest_axis(tracks.p4, jets.axes[jet])
    half = 2 * jet + side
    top = {"missing": NO_SIGNIFICANCE}
    both = sorted_leading(impacts.significance_3d, jet, n_groups=n_jets, n_values=4, **top)
    variables = {f"fj_trackSipdSig_{k}": both[:, k] for k in range(4)}
    each = sorted_leading(impacts.significance_3d, half, n_groups=2 * n_jets, n_values=2, **top).reshape(n_jets, 2, 2)
    variables |= {f"fj_trackSipdSig_{k}_{i}": each[:, k, i] for k in (0, 1) for i in (0, 1)}
    used = np.concatenate([np.zeros(0, int), *vertices.members])
    axis = unit(jets.axes[jet[used], side[used]]) if len(used) else np.zeros((0, 3))
    spread = -eta_relative(tracks.p4[used], axis)  # the smallest three, rising
    smallest = -sorted_leading(spread, half[used], n_groups=2 * n_jets, n_values=3, missing=-MISSING)
    smallest = smallest.reshape(n_jets, 2, 3)
    variables |= {f"fj_tau{k}_trackEtaRel_{i}": smallest[:, k, i] for k in (0, 1) for i in range(3)}
    return variables | above_mass(tracks, impacts.significance_2d, jet, n_jets=n_jets)


def vertex_variables(tracks: Candidates, jet: Array, jets: Jets, vertices: Vertices) -> dict[str, Array]:
    """Return the variables made from vertices: mass, share of energy and flight distance for each axis."""
    n_jets = len(jets.event)
    half = 2 * vertices.jet + nearest_axis(vertices.p4, jets.axes[vertices.jet])
    total = group_sums(vertices.p4, half, n_groups=2 * n_jets).reshape(n_jets, 2, 4)
    has = np.bincount(half, minlength=2 * n_jets).reshape(n_jets, 2) > 0
    energy = group_sums(tracks.p4[:, 3], jet, n_groups=n_jets)
    distances = flight(vertices)
    order = np.lexsort((distances["d3derr"], half))  # the best measured vertex of each axis
    significance = leading(
        distances["dxysig"][order], half[order], n_groups=2 * n_jets, n_values=1, missing=MISSING
    ).reshape(n_jets, 2)
    variables = {}
    for k in (0, 1):
        variables[f"fj_tau_vertexMass_{k}"] = np.where(has[:, k], mass(total[:, k]), MISSING)
        ratio = total[:, k, 3] / np.maximum(energy, 1e-3)
        variables[f"fj_tau_vertexEnergyRatio_{k}"] = np.where(has[:, k], ratio, MISSING)
        variables[f"fj_tau_flightDistance2dSig_{k}"] = significance[:, k]
    variables["fj_tau_vertexDeltaR_0"] = np.where(has[:, 0], delta_r(total[:, 0], jets.axes[:, 0]), MISSING)
    near = delta_r(vertices.p4, jets.p4[vertices.jet]) < MAX_VERTEX_DISTANCE
    variables["fj_nSV"] = np.bincount(vertices.jet[near], minlength=n_jets)
    return variables | {"fj_z_ratio": z_ratio(vertices, distances["dxysig"], n_jets=n_jets)}


def z_ratio(vertices: Vertices, significance: Array, *, n_jets: int) -> Array:
    """Return distance times the second's pT over the mass of the two most significant vertices, -1 without two."""
    order = np.lexsort((-significance, vertices.jet))
    pair = leading(order.astype(float), vertices.jet[order], n_groups=n_jets, n_values=2, missing=-1).astype(int)
    has = pair[:, 1] >= 0
    first, second = vertices.p4[pair[has, 0]], vertices.p4[pair[has, 1]]
    ratio = np.full(n_jets, MISSING)
    ratio[has] = delta_r(first, second) * pt(second) / np.maximum(mass(first + second), 1e-3)
    return ratio


def double_b(tracks: Candidates, impacts: Impact, jet: Array, jets: Jets, vertices: Vertices) -> dict[str, Array]:
    """Return all 27 variables (jet,) by branch.

    Args:
        tracks: Of all jets, sorted by jet; `vertices.members` are indices into them.
        impacts: Of the tracks.
        jet: (track,) jet of each track.
        jets: The jets.
        vertices: Sorted by jet.
    """
    counts = {"fj_jetNTracks": np.bincount(jet, minlength=len(jets.event))}
    return (
        counts | track_variables(tracks, impacts, jet, jets, vertices) | vertex_variables(tracks, jet, jets, vertices)
    )
