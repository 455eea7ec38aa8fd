"""Calorimeter towers and trimmed jets, as the analysis code of arXiv:1511.05190 makes them (Sec. 3).

The grid is that of the authors' code: cells of 0.1 in rapidity and azimuth, with azimuth counted from 0. It does not
close: the last cell, 6.2 to 6.3, is cut by 2 pi. Each cell becomes one massless object at its centre with the summed
energy.
"""

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

from common.physics.jets import COMPONENTS, Objects, as_p4, cluster, events_of
from common.physics.kinematics import delta_r, eta, four_vector, mass, phi, pt
from common.physics.pythia import Particles

from ..settings import JetConfig

TINY = 1e-12


@dataclass(frozen=True)
class TrimmedJets:
    """The trimmed leading jets of some events.

    Attributes:
        event: (jet,) number of the event
        p4: (jet, 4) px, py, pz, E [GeV]
        constituents: (jet, any number) Momentum4D of the subjets that trimming keeps
        subjets: (jet, any number) Momentum4D, hardest first
    """

    event: np.ndarray
    p4: np.ndarray
    constituents: ak.Array
    subjets: ak.Array

    def __getitem__(self, selection: np.ndarray) -> "TrimmedJets":
        parts = (self.event, self.p4, self.constituents, self.subjets)
        return TrimmedJets(*(part[selection] for part in parts))


def cells_of(p4: np.ndarray, config: JetConfig) -> np.ndarray:
    """Return the number of the cell (object,) that px, py, pz, E (object, 4) falls into; -1 outside the grid."""
    pz, energy = p4[:, 2], p4[:, 3]
    rapidity = 0.5 * np.log(np.maximum(energy + pz, TINY) / np.maximum(energy - pz, TINY))
    azimuth = phi(p4) % (2 * np.pi)
    n_rapidity, n_phi = grid_size(config)
    row = np.floor((rapidity + config.rapidity_max) / config.tower).astype(np.int64)
    column = np.floor(azimuth / config.tower).astype(np.int64)
    return np.where((row >= 0) & (row < n_rapidity), row * n_phi + column, -1)


def grid_size(config: JetConfig) -> tuple[int, int]:
    """Return the numbers of cells in rapidity and in azimuth."""
    return round(2 * config.rapidity_max / config.tower), int(np.ceil(2 * np.pi / config.tower))


def towers(particles: Particles, config: JetConfig) -> Objects:
    """Return one massless object for each cell of the grid that particles have hit, sorted by event."""
    n_rapidity, n_phi = grid_size(config)
    cell = cells_of(particles.p4, config)
    inside = cell >= 0
    # One number for each pair of event and cell.
    number = particles.event[inside] * (n_rapidity * n_phi) + cell[inside]
    hit, inverse = np.unique(number, return_inverse=True)
    total = np.bincount(inverse, particles.p4[inside, 3], minlength=len(hit))
    at_eta = (hit // n_phi % n_rapidity + 0.5) * config.tower - config.rapidity_max
    at_phi = (hit % n_phi + 0.5) * config.tower
    return Objects(hit // (n_phi * n_rapidity), four_vector(total / np.cosh(at_eta), at_eta, at_phi))


def trimmed_jets(objects: Objects, config: JetConfig, *, n_events: int, lowest_pt_gev: float) -> TrimmedJets:
    """Return the leading anti-kT jet of each event after trimming (D. Krohn et al., arXiv:0912.1342).

    Events without a jet above `lowest_pt_gev` before trimming are left out.
    """
    events = events_of(objects, n_events=n_events)
    jets, constituents = cluster(
        events, algorithm=fastjet.antikt_algorithm, radius=config.radius, lowest_pt_gev=lowest_pt_gev
    )
    with_jet = np.flatnonzero(ak.to_numpy(ak.num(jets.px)))
    leading = as_p4(jets[with_jet][:, 0])
    subjets, members = cluster(
        constituents[with_jet][:, 0], algorithm=fastjet.kt_algorithm, radius=config.subjet_radius
    )
    is_hard = np.hypot(subjets.px, subjets.py) >= config.subjet_fraction * pt(leading)  # (jet, subjet)
    remaining = ak.flatten(members[is_hard], axis=2)  # (jet, constituent)
    p4 = np.stack([ak.to_numpy(ak.sum(remaining[name], axis=1)) for name in COMPONENTS], axis=-1)  # (jet, 4)
    return TrimmedJets(with_jet, p4, remaining, subjets[is_hard])


def select(jets: TrimmedJets, config: JetConfig, *, pt_gev: tuple[float, float]) -> TrimmedJets:
    """Return the jets within the windows of mass, pseudorapidity and the given transverse momentum."""
    in_pt, in_mass = (
        (value > low) & (value < high)
        for value, (low, high) in ((pt(jets.p4), pt_gev), (mass(jets.p4), config.mass_gev))
    )
    return jets[in_pt & in_mass & (np.abs(eta(jets.p4)) < config.eta_max)]


def n_subjettiness(constituents: ak.Array, *, radius: float) -> np.ndarray:
    """Return tau_1, tau_2, tau_3 (jet, 3) with the axes of the authors' code (one-pass winner-takes-all kT, beta 1).

    Args:
        constituents: (jet, any number) Momentum4D
        radius: R_0 of the normalised measure.
    """
    if len(constituents) == 0:
        return np.zeros((0, 3))
    clusters = fastjet.ClusterSequence(constituents, fastjet.JetDefinition(fastjet.kt_algorithm, radius))
    tau = clusters.njettiness("NormalizedMeasure", "OnePass_WTA_KT_Axes", [1, 2, 3], 1.0, radius)
    return ak.to_numpy(tau).reshape(len(constituents), 3)  # (jet, number of axes)


def subjet_distance(subjets: ak.Array) -> np.ndarray:
    """Return Delta R (jet,) of the two hardest subjets (jet, any number); 0 for a jet with a single subjet."""
    has_pair = ak.to_numpy(ak.num(subjets.px)) > 1
    distance = np.zeros(len(subjets))
    if has_pair.any():
        distance[has_pair] = delta_r(*(as_p4(subjets[has_pair][:, index]) for index in (0, 1)))
    return distance
