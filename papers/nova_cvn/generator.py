"""One event from its class to its pixel maps, for the generator of arXiv:1604.01444's events (Sec. 2 and 3)."""

from typing import NamedTuple

import numpy as np

from papers.nova_cvn.classes import COSMIC, NC
from papers.nova_cvn.cosmics import cosmic_muon
from papers.nova_cvn.flux import DIS, NC_SHARES, OTHER, QE, interacting_energy
from papers.nova_cvn.geometry import random_vertex
from papers.nova_cvn.hadronisation import TRANSITION_GEV, Strings, quark_and_diquark, scaling_hadrons
from papers.nova_cvn.interactions import (
    TARGET_PROTON,
    coherent,
    inelastic,
    quasielastic,
    resonance,
    resonance_decay,
)
from papers.nova_cvn.kinematics import seed_kernels
from papers.nova_cvn.nuclear import is_blocked, leave_nucleus
from papers.nova_cvn.particles import (
    ELECTRON,
    ELECTRON_GEV,
    MUON,
    MUON_GEV,
    NEUTRAL_PION,
    NEUTRON,
    PHOTON,
    PION,
    PROTON,
    TAU,
    TAU_GEV,
    empty_stack,
    mass_of,
)
from papers.nova_cvn.pixel_maps import draw_maps, window_of
from papers.nova_cvn.readout import Readout, calibrate, dark_cells, read_out
from papers.nova_cvn.settings import SimulateConfig
from papers.nova_cvn.transport import add_from_beam, transport

LEPTONS = ((MUON, MUON_GEV), (ELECTRON, ELECTRON_GEV), (TAU, TAU_GEV))  # by flavour, in the order of the classes
PROCESSES = (quasielastic, resonance, inelastic, coherent)  # by mode
VISIBLE_GEV = 0.05  # kinetic energy of the particles that `n_visible` counts
MAX_SEED = 900_000_000  # that Pythia takes


class Vertex(NamedTuple):
    """An interaction: legs (3, 4) see `interactions`, hadrons before they leave the nucleus, and whether it is charged."""

    energy_gev: float
    legs: np.ndarray
    hadrons: np.ndarray  # (hadron, 4) code, momentum [GeV]
    lepton_code: int  # 0: a neutrino


class Event(NamedTuple):
    """A generated slice."""

    maps: np.ndarray  # (2, 100, 80) uint8
    energy_gev: float  # of the neutrino; 0 for cosmic rays
    lepton_gev: float  # of the charged lepton; 0 if there is none
    n_visible: int  # charged particles and photons (a neutral pion is one) above 50 MeV that leave the nucleus


def interact(label: int, strings: Strings, random: np.random.Generator) -> Vertex:
    """Return an interaction of a class 0 to 11 or 13."""
    is_charged = label != NC
    mode = label % 4 if is_charged else int(random.choice(len(NC_SHARES), p=NC_SHARES))
    code, mass = LEPTONS[label // 4] if is_charged else (0, 0.0)
    while True:
        energy = interacting_energy(mode, code == TAU)
        legs = PROCESSES[mode](energy, mass)
        if legs[0, 0] == 0:
            continue
        hadrons = hadrons_of(mode, energy, legs, strings, random, is_charged=is_charged)
        if len(hadrons):
            return Vertex(energy, legs, hadrons, code)


def hadrons_of(
    mode: int, energy: float, legs: np.ndarray, strings: Strings, random: np.random.Generator, *, is_charged: bool
) -> np.ndarray:
    """Return the hadrons (hadron, 4), code and momentum [GeV], of a vertex; none where it has to be drawn anew."""
    system, is_proton = legs[1], random.random() < TARGET_PROTON
    if mode == QE:
        return np.array([[PROTON if is_charged or is_proton else NEUTRON, *system[1:]]])
    if mode == OTHER:
        return np.array([[PION, *system[1:]]])
    if mode != DIS:
        products = resonance_decay(system, is_charged)
        return products if not is_blocked(*products[0, 1:]) else np.empty((0, 4))
    current = np.array([energy, 0.0, 0.0, energy]) - legs[0]
    w = np.sqrt(system[0] ** 2 - system[1:] @ system[1:])
    low, high = TRANSITION_GEV
    if random.random() < (w - low) / (high - low):
        quarks = quark_and_diquark(random, is_charged=is_charged, is_proton=is_proton)
        return strings.hadronise(system, current, *quarks)
    return scaling_hadrons(system, current, int(is_proton) + int(is_charged))


def count_visible(rows: np.ndarray) -> int:
    """Return how many particles (n, 4), code and momentum [GeV], a detector would see one by one."""
    n = 0
    for code, *momentum in rows:
        mass = mass_of(int(code))
        is_seen = abs(code) in (MUON, ELECTRON, PION, PROTON, NEUTRAL_PION, PHOTON, 321)
        n += bool(is_seen and np.hypot(mass, np.linalg.norm(momentum)) - mass > VISIBLE_GEV)
    return n


class Generator:
    """Makes events; each one depends on its class and seed alone."""

    def __init__(self, config: SimulateConfig) -> None:
        """Start Pythia and set up an empty detector."""
        self.config = config
        self.readout = Readout(config.photoelectrons_per_mev, config.threshold_photoelectrons)
        self.strings = Strings()
        self._stack, self._leaving, self._cells = empty_stack(), empty_stack(), dark_cells()

    def event(self, label: int, seed: tuple[int, ...]) -> Event:
        """Return an event of a class with enough hits."""
        random = np.random.default_rng(seed)
        while True:
            kernel_seed, pythia_seed = (int(value) for value in random.integers(1, MAX_SEED, size=2))
            seed_kernels(kernel_seed)
            self.strings.seed(pythia_seed)
            found = self.try_event(label, random)
            if found is not None:
                return found

    def try_event(self, label: int, random: np.random.Generator) -> Event | None:
        """Return an event of a class; None if it has too few hits."""
        energy, lepton, n_visible, n = 0.0, 0.0, 1, 1
        if label == COSMIC:
            self._stack[0] = cosmic_muon(random)
        else:
            vertex = interact(label, self.strings, random)
            rows = self.outgoing(vertex)
            energy, lepton = vertex.energy_gev, float(vertex.legs[0, 0]) if vertex.lepton_code else 0.0
            n_visible = count_visible(rows)
            place = random_vertex(self.config.vertex_margin_cm, random)
            n = add_from_beam(self._stack, 0, rows, tuple(place))
        transport(self._stack, n, self._cells, self.config.slice_us)
        planes, cells, counts = read_out(self._cells, self.readout)
        if len(planes) == 0 or window_of(planes)[1].sum() < self.config.min_hits:
            return None
        energies = calibrate(planes, cells, counts, self.readout)
        return Event(draw_maps(planes, cells, energies, full_mev=self.config.full_mev), energy, lepton, n_visible)

    def outgoing(self, vertex: Vertex) -> np.ndarray:
        """Return all particles (n, 4), code and momentum [GeV] along the beam, that leave the nucleus of a vertex."""
        n = leave_nucleus(self._leaving, 0, vertex.hadrons, (0.0, 0.0, 0.0))
        parts = [self._leaving[:n, :4]]
        if vertex.lepton_code == TAU:
            parts.append(self.strings.decay_tau(vertex.legs[0]))
        elif vertex.lepton_code:
            parts.append(np.array([[vertex.lepton_code, *vertex.legs[0, 1:]]]))
        return np.concatenate(parts)
