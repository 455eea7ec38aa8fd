"""Calorimeter towers and trimmed jets, as the analysis code of arXiv:1511.05190 makes them (Sec. 3).

The grid of the authors' code: rapidity and azimuth in cells of 0.1, azimuth counted from 0. It does not close: the
last cell, 6.2 to 6.3, is cut by 2 pi. A cell is one massless object at its centre with the summed energy.
"""

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

from papers.jet_images.settings import JetConfig

NEUTRINOS = (12, 14, 16)
TINY = 1e-12


@dataclass(frozen=True)
class Objects:
    """What a detector or a generator sees: event number (object,), and E, px, py, pz [GeV] (object, 4)."""

    event: np.ndarray
    momenta: np.ndarray


@dataclass(frozen=True)
class Trimmed:
    """The trimmed leading jet of some events.

    Attributes:
        event: (jet,) number of the event
        momentum: (jet, 4) E, px, py, pz [GeV]
        constituents: (jet, any number) Momentum4D, those of the subjets that trimming keeps
        subjets: (jet, any number) Momentum4D, hardest first
    """

    event: np.ndarray
    momentum: np.ndarray
    constituents: ak.Array
    subjets: ak.Array

    def __getitem__(self, chosen: np.ndarray) -> "Trimmed":
        """Return some of the jets."""
        return Trimmed(self.event[chosen], self.momentum[chosen], self.constituents[chosen], self.subjets[chosen])


def pt_eta_phi(momenta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return transverse momentum [GeV], pseudorapidity and azimuth, each (...,), of E, px, py, pz (..., 4)."""
    pt = np.hypot(momenta[..., 1], momenta[..., 2])
    eta = np.arcsinh(momenta[..., 3] / np.maximum(pt, TINY))
    return pt, eta, np.arctan2(momenta[..., 2], momenta[..., 1])


def mass_of(momenta: np.ndarray) -> np.ndarray:
    """Return the invariant mass [GeV] (...,) of E, px, py, pz (..., 4)."""
    return np.sqrt(np.maximum(momenta[..., 0] ** 2 - np.sum(momenta[..., 1:] ** 2, axis=-1), 0))


def massless(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return E, px, py, pz (object, 4) of massless objects."""
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1)


def cells_of(momenta: np.ndarray, config: JetConfig) -> np.ndarray:
    """Return the number of the cell (object,) that E, px, py, pz (object, 4) falls into; -1 outside of the grid."""
    energy, pz = momenta[:, 0], momenta[:, 3]
    rapidity = 0.5 * np.log(np.maximum(energy + pz, TINY) / np.maximum(energy - pz, TINY))
    phi = np.arctan2(momenta[:, 2], momenta[:, 1]) % (2 * np.pi)
    n_rapidity, n_phi = grid_size(config)
    row = np.floor((rapidity + config.rapidity_max) / config.tower).astype(np.int64)
    column = np.floor(phi / config.tower).astype(np.int64)
    return np.where((row >= 0) & (row < n_rapidity), row * n_phi + column, -1)


def grid_size(config: JetConfig) -> tuple[int, int]:
    """Return the numbers of cells in rapidity and in azimuth."""
    return round(2 * config.rapidity_max / config.tower), int(np.ceil(2 * np.pi / config.tower))


def towers(particles: Objects, config: JetConfig) -> Objects:
    """Return one massless object for each cell of the grid that particles have hit, sorted by event."""
    n_rapidity, n_phi = grid_size(config)
    cell = cells_of(particles.momenta, config)
    inside = cell >= 0
    number = particles.event[inside] * (n_rapidity * n_phi) + cell[inside]
    hit, inverse = np.unique(number, return_inverse=True)
    total = np.bincount(inverse, particles.momenta[inside, 0], minlength=len(hit))
    at_eta = (hit // n_phi % n_rapidity + 0.5) * config.tower - config.rapidity_max
    at_phi = (hit % n_phi + 0.5) * config.tower
    return Objects(hit // (n_phi * n_rapidity), massless(total / np.cosh(at_eta), at_eta, at_phi))


def as_vectors(objects: Objects, *, n_events: int) -> ak.Array:
    """Return Momentum4D (event, any number) of objects that are sorted by event."""
    columns = dict(zip(("E", "px", "py", "pz"), objects.momenta.T, strict=True))
    return ak.unflatten(ak.zip(columns, with_name="Momentum4D"), np.bincount(objects.event, minlength=n_events))


def as_momenta(vectors: ak.Array) -> np.ndarray:
    """Return E, px, py, pz (vector, 4) of a flat array of Momentum4D."""
    return np.stack([ak.to_numpy(vectors[name]) for name in ("E", "px", "py", "pz")], axis=-1)


def cluster(
    events: ak.Array, *, algorithm: int, radius: float, lowest_pt_gev: float = 0.0
) -> tuple[ak.Array, ak.Array]:
    """Return the jets of each event, hardest first, and their constituents, aligned with them.

    Args:
        events: (event, any number) Momentum4D
        algorithm: One of FastJet's, e.g. fastjet.antikt_algorithm.
        radius: The algorithm's R.
        lowest_pt_gev: Softer jets are left out.
    """
    clusters = fastjet.ClusterSequence(events, fastjet.JetDefinition(algorithm, radius))
    jets, constituents = clusters.inclusive_jets(min_pt=lowest_pt_gev), clusters.constituents(min_pt=lowest_pt_gev)
    order = ak.argsort(np.hypot(jets.px, jets.py), axis=1, ascending=False)
    return jets[order], constituents[order]


def trimmed_jets(objects: Objects, config: JetConfig, *, n_events: int, lowest_pt_gev: float) -> Trimmed:
    """Return the leading anti-kT jet of each event after trimming (D. Krohn et al., arXiv:0912.1342).

    Events without a jet above `lowest_pt_gev` before trimming are left out.
    """
    events = as_vectors(objects, n_events=n_events)
    jets, constituents = cluster(
        events, algorithm=fastjet.antikt_algorithm, radius=config.radius, lowest_pt_gev=lowest_pt_gev
    )
    found = np.flatnonzero(ak.to_numpy(ak.num(jets.px)))
    leading = as_momenta(jets[found][:, 0])
    subjets, members = cluster(constituents[found][:, 0], algorithm=fastjet.kt_algorithm, radius=config.subjet_radius)
    kept = np.hypot(subjets.px, subjets.py) >= config.subjet_fraction * pt_eta_phi(leading)[0]
    left = ak.flatten(members[kept], axis=2)
    momentum = np.stack([ak.to_numpy(ak.sum(left[name], axis=1)) for name in ("E", "px", "py", "pz")], axis=-1)
    return Trimmed(found, momentum, left, subjets[kept])


def select(jets: Trimmed, config: JetConfig, *, pt_gev: tuple[float, float]) -> Trimmed:
    """Return the jets within the windows of mass, pseudorapidity and the given transverse momentum."""
    pt, eta, _ = pt_eta_phi(jets.momentum)
    mass = mass_of(jets.momentum)
    low, high = config.mass_gev
    return jets[(pt > pt_gev[0]) & (pt < pt_gev[1]) & (mass > low) & (mass < high) & (np.abs(eta) < config.eta_max)]


def n_subjettiness(constituents: ak.Array, *, radius: float) -> np.ndarray:
    """Return tau_1, tau_2, tau_3 (jet, 3) with the axes of the authors' code (one-pass winner-takes-all kT, beta 1).

    Args:
        constituents: (jet, any number) Momentum4D
        radius: R_0 of the normalised measure.
    """
    if len(constituents) == 0:
        return np.zeros((0, 3))
    clusters = fastjet.ClusterSequence(constituents, fastjet.JetDefinition(fastjet.kt_algorithm, radius))
    found = clusters.njettiness("NormalizedMeasure", "OnePass_WTA_KT_Axes", [1, 2, 3], 1.0, radius)
    return ak.to_numpy(found).reshape(len(constituents), 3)


def subjet_distance(subjets: ak.Array) -> np.ndarray:
    """Return Delta R (jet,) of the two hardest subjets (jet, any number); 0 where there is one only."""
    pair = ak.to_numpy(ak.num(subjets.px)) > 1
    distance = np.zeros(len(subjets))
    if pair.any():
        _, eta, phi = pt_eta_phi(np.stack([as_momenta(subjets[pair][:, k]) for k in (0, 1)]))
        turn = (phi[0] - phi[1] + np.pi) % (2 * np.pi) - np.pi
        distance[pair] = np.hypot(eta[0] - eta[1], turn)
    return distance
