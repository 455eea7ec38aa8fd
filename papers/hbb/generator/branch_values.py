"""Branches of candidates, tracks and secondary vertices, as in record 12102.

All are flat over the particles of a batch's jets. Impact parameters and flight distances are in cm, momenta in GeV.
Odd conventions are the producer's: `drminsv` and `sv_deltaR` are shifted, `etarel` changes its sign with that of the
jet's pseudorapidity, several variables are clipped, and values that are not finite become 0.
"""

from dataclasses import dataclass

import numpy as np

from common.physics.kinematics import delta_phi, eta, mass, phi, pt

from .clustering import Jets
from .collisions import Array
from .material import PION_GEV
from .tracking import CORRELATION, NEUTRAL, PILEUP, TRACK, Candidates, momentum_resolution
from .vertices import Vertices

NO_SUBJET = -1.0
FAR = 0.8  # larger distances to a vertex are set to this one


@dataclass(frozen=True)
class Impact:
    """Impact parameters of tracks (track,) with respect to their jet, positive if downstream of the collision.

    Attributes:
        value_2d, value_3d: [cm]
        significance_2d, significance_3d: Over their errors.
        to_axis: Distance from the jet's axis, not positive [cm].
    """

    value_2d: Array
    significance_2d: Array
    value_3d: Array
    significance_3d: Array
    to_axis: Array


def unit(vectors: Array) -> Array:
    """Return the directions (n, 3) of vectors or four-vectors."""
    return vectors[:, :3] / np.linalg.norm(vectors[:, :3], axis=1, keepdims=True)


def impact(tracks: Candidates, axis: Array) -> Impact:
    """Return the impact parameters of tracks for the axes (track, 3) of their jets."""
    azimuth = phi(tracks.p4)
    nearest_2d = np.stack([-tracks.dxy * np.sin(azimuth), tracks.dxy * np.cos(azimuth), tracks.dz], axis=1)
    direction = unit(tracks.p4)
    nearest_3d = nearest_2d - (nearest_2d * direction).sum(axis=1)[:, None] * direction
    sign_2d = np.sign((nearest_2d[:, :2] * axis[:, :2]).sum(axis=1))
    sign_3d = np.sign((nearest_3d * axis).sum(axis=1))
    length, slope = np.linalg.norm(nearest_3d, axis=1), np.cosh(eta(tracks.p4))
    variance = (tracks.dxy * tracks.sigma_dxy) ** 2 + (tracks.dz * tracks.sigma_dz / slope**2) ** 2
    error = np.sqrt(variance) / np.maximum(np.hypot(tracks.dxy, tracks.dz / slope), 1e-9)
    across = np.cross(direction, axis)
    gap = abs((nearest_2d * across).sum(axis=1)) / np.maximum(np.linalg.norm(across, axis=1), 1e-9)
    return Impact(
        value_2d=sign_2d * abs(tracks.dxy),
        significance_2d=sign_2d * abs(tracks.dxy) / tracks.sigma_dxy,
        value_3d=sign_3d * length,
        significance_3d=sign_3d * length / np.maximum(error, 1e-9),
        to_axis=-gap,
    )


def eta_relative(p4: Array, axis: Array) -> Array:
    """Return the pseudorapidity-like 1/2 ln (E + p_par)/(E - p_par) along axes (n, 3), with the pion's mass."""
    parallel = (p4[:, :3] * axis).sum(axis=1)
    energy = np.sqrt((p4[:, :3] ** 2).sum(axis=1) + PION_GEV**2)
    return 0.5 * np.log((energy + parallel) / np.maximum(energy - parallel, 1e-9))


def distance_to_vertex(p4: Array, jet: Array, vertices: Vertices, *, n_jets: int) -> Array:
    """Return the distance (n,) in (eta, phi) from the nearest vertex of the same jet, infinity if it has none."""
    counts = np.bincount(vertices.jet, minlength=n_jets)
    starts, nearest = np.cumsum(counts) - counts, np.full(len(jet), np.inf)
    vertex_eta, vertex_phi = eta(vertices.p4), phi(vertices.p4)
    for rank in range(counts.max(initial=0)):
        has = counts[jet] > rank
        index = starts[jet[has]] + rank
        gap = np.hypot(eta(p4[has]) - vertex_eta[index], delta_phi(phi(p4[has]), vertex_phi[index]))
        nearest[has] = np.minimum(nearest[has], gap)
    return nearest


def relative(p4: Array, jet: Array, jets: Jets) -> dict[str, Array]:
    """Return the branches that pfcand, track and sv share: position in the jet, shares of its momentum and energy."""
    parent = jets.p4[jet]
    d_eta, d_phi = eta(p4) - eta(parent), delta_phi(phi(p4), phi(parent))
    return {
        "ptrel": pt(p4) / pt(parent),
        "erel": p4[:, 3] / parent[:, 3],
        "phirel": d_phi,
        "etarel": d_eta * np.where(eta(parent) > 0, 1, -1),
        "deltaR": np.hypot(d_eta, d_phi),
    }


def to_subjets(p4: Array, jet: Array, jets: Jets) -> dict[str, Array]:
    """Return the distances from both subjets, -1 where there is none."""
    columns = {}
    for number in (0, 1):
        subjet = jets.subjets[jet, number]
        gap = np.hypot(eta(p4) - eta(subjet), delta_phi(phi(p4), phi(subjet)))
        columns[f"drsubjet{number + 1}"] = np.where(pt(subjet) > 0, gap, NO_SUBJET)
    return columns


def association(candidates: Candidates) -> dict[str, Array]:
    """Return the quality of the association with the collision (VTX_ass, fromPV, puppiw), and lost inner hits."""
    is_track = candidates.origin == TRACK
    prompt = (abs(candidates.dxy) < 3 * candidates.sigma_dxy) & (abs(candidates.dz) < 3 * candidates.sigma_dz)
    near = abs(candidates.dz) < 0.3
    return {
        "VTX_ass": np.where(~is_track, 1, np.where(prompt, 7, np.where(near, 5, 1))),
        "fromPV": np.where(~is_track, 1, np.where(prompt, 3, np.where(near, 2, 1))),
        "lostInnerHits": np.where(is_track, np.minimum(candidates.first_layer - 1, 2), 0),
        "puppiw": np.where(candidates.origin == PILEUP, 0.1, np.where(is_track & ~near, 0.0, 1.0)),
    }


def kinds(candidates: Candidates) -> dict[str, Array]:
    """Return charge, mass and the flags of the kind of particle."""
    is_track = candidates.origin == TRACK
    return {
        "charge": candidates.charge,
        "mass": np.where(is_track, mass(candidates.p4), 0),
        "isMu": candidates.kind == 13,
        "isEl": candidates.kind == 11,
        "isChargedHad": candidates.kind == 211,
    }


def significances(candidates: Candidates) -> dict[str, Array]:
    """Return dxy, dz and both over their errors; 0 for neutral candidates."""
    columns = {}
    for name, error in (("dxy", candidates.sigma_dxy), ("dz", candidates.sigma_dz)):
        value = getattr(candidates, name)
        columns[name] = value
        columns[f"{name}sig"] = np.clip(np.divide(value, error, out=np.zeros_like(value), where=error > 0), -2000, 2000)
    return columns


def candidate_branches(candidates: Candidates, jet: Array, jets: Jets, vertices: Vertices) -> dict[str, Array]:
    """Return the branches pfcand_* (without the prefix)."""
    neutral_hadron = candidates.kind == 130
    gap = distance_to_vertex(candidates.p4, jet, vertices, n_jets=len(jets.event))
    return {
        **relative(candidates.p4, jet, jets),
        **to_subjets(candidates.p4, jet, jets),
        **association(candidates),
        **kinds(candidates),
        **significances(candidates),
        "drminsv": np.where(np.isfinite(gap), gap, -1),
        "isGamma": candidates.kind == 22,
        "isNeutralHad": neutral_hadron,
        "hcalFrac": np.where(neutral_hadron & (candidates.origin == NEUTRAL), 0.9, 0.0),
    }


def track_branches(tracks: Candidates, jet: Array, jets: Jets, gap: Array) -> dict[str, Array]:
    """Return the branches track_* (without the prefix); `gap` (track,) is the distance from the nearest vertex."""
    momentum = np.linalg.norm(tracks.p4[:, :3], axis=1)
    relative_error = momentum_resolution(pt(tracks.p4), tracks.first_layer)
    angle = tracks.sigma_angle
    polar = 0.3 * angle + 0.7 * np.minimum(angle, 5e-4)
    return {
        **relative(tracks.p4, jet, jets),
        **to_subjets(tracks.p4, jet, jets),
        **association(tracks),
        **kinds(tracks),
        **significances(tracks),
        "pt": pt(tracks.p4),
        "drminsv": np.minimum(gap, FAR) - FAR,
        "normchi2": np.floor(tracks.chi2),
        "quality": np.full(len(gap), 5.0),  # bits loose and high purity, as in the record's jets
        "dptdpt": (relative_error / momentum) ** 2,
        "detadeta": polar**2,
        "dphidphi": angle**2,
        "dxydxy": tracks.sigma_dxy**2,
        "dzdz": tracks.sigma_dz**2,
        "dxydz": 0.02 * np.sin(7 * phi(tracks.p4)) * tracks.sigma_dxy * tracks.sigma_dz,
        "dphidxy": CORRELATION * angle * tracks.sigma_dxy,
        "dlambdadz": CORRELATION * polar * tracks.sigma_dz,
    }


def btag_branches(tracks: Candidates, axis: Array, impacts: Impact, delta_r: Array) -> dict[str, Array]:
    """Return the branches trackBTag_* (without the prefix); `axis` (track, 3) is the jet's direction."""
    momentum = np.linalg.norm(tracks.p4[:, :3], axis=1)
    parallel = (tracks.p4[:, :3] * axis).sum(axis=1)
    across = np.sqrt(np.maximum(momentum**2 - parallel**2, 0))
    return {
        "Momentum": np.clip(momentum, 0, 1000),
        "Eta": np.clip(eta(tracks.p4), -5, 5),
        "EtaRel": np.clip(eta_relative(tracks.p4, axis), -5, 15),
        "DeltaR": delta_r,
        "PtRel": np.clip(across, -1, 4),
        "PPar": parallel,
        "PtRatio": across / momentum,
        "PParRatio": parallel / momentum,
        "Sip2dVal": np.clip(impacts.value_2d, -1, 70),
        "Sip2dSig": np.clip(impacts.significance_2d, -1, 4e4),
        "Sip3dVal": np.clip(impacts.value_3d, -1, 1e5),
        "Sip3dSig": np.clip(impacts.significance_3d, -1, 4e4),
        "JetDistVal": np.clip(impacts.to_axis, -20, 1),
    }


def flight(vertices: Vertices) -> dict[str, Array]:
    """Return the flight distances in space and across the beam, their errors [cm] and significances."""
    columns = {}
    for name, axes in (("d3d", 3), ("dxy", 2)):
        position, covariance = vertices.position[:, :axes], vertices.covariance[:, :axes, :axes]
        length = np.linalg.norm(position, axis=1)
        error = np.sqrt(np.einsum("vi,vij,vj->v", position, covariance, position)) / np.maximum(length, 1e-9)
        significance = length / np.maximum(error, 1e-9)
        columns |= {name: length, f"{name}err": error, f"{name}sig": np.clip(significance, -1, 800)}
    return columns


def vertex_branches(vertices: Vertices, jets: Jets) -> dict[str, Array]:
    """Return the branches sv_* (without the prefix)."""
    freedom = 2 * vertices.n_tracks - 3
    columns = relative(vertices.p4, vertices.jet, jets)
    pointing = (unit(vertices.p4) * unit(vertices.position)).sum(axis=1) if len(vertices.jet) else np.zeros(0)
    return {
        **columns,
        **flight(vertices),
        "deltaR": np.clip(columns["deltaR"] - 0.5, -2, 0),
        "pt": pt(vertices.p4),
        "mass": mass(vertices.p4),
        "ntracks": vertices.n_tracks,
        "chi2": vertices.chi2,
        "ndf": freedom,
        "normchi2": vertices.chi2 / np.maximum(freedom, 1),
        "costhetasvpv": pointing,
    }
