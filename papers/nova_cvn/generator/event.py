"""One event, from its interaction type to its pixel maps."""

import math
from typing import NamedTuple

import numpy as np

from ..prepared.labels import COSMIC, NC
from ..settings import SimulateConfig
from .cosmics import cosmic_muon
from .flux import DIS, NC_SHARES, OTHER, QE, interacting_energy
from .geometry import from_beam, random_point
from .hadronisation import TRANSITION_GEV, Strings, quark_and_diquark, scaling_hadrons
from .hadrons import PROTON_SHARE
from .interactions import (
    Legs,
    coherent,
    inelastic,
    quasielastic,
    resonance,
    resonance_decay,
    resonance_products,
)
from .kinematics import invariant_mass, length, minus
from .nuclear import leave_nucleus
from .particles import (
    ELECTRON,
    KAON,
    MUON,
    NEUTRAL_PION,
    NEUTRON,
    PHOTON,
    PION,
    PROTON,
    TAU,
    Particle,
    mass_of,
)
from .rasterise import has_neighbour, rasterise, window_of
from .readout import Readout, calibrate, dark_cells, read_out
from .transport import Transport
from .vectors import seed_kernels

LEPTONS = (MUON, ELECTRON, TAU)  # by flavour, in the order of the interaction types
NO_CHARGED_LEPTON = 0  # in place of a PDG code, for neutral currents
PROCESSES = (quasielastic, resonance, inelastic, coherent)  # by mode
VISIBLE = (MUON, ELECTRON, PION, NEUTRAL_PION, PROTON, KAON, PHOTON)
VISIBLE_GEV = 0.05  # kinetic energy of the particles that `n_visible` counts
SLICE_REACH_CM = 100.0  # largest distance to the next hit of a slice; our choice
MAX_SEED = 900_000_000  # the largest seed that Pythia accepts


class Vertex(NamedTuple):
    """A neutrino interaction before the hadrons leave the nucleus."""

    energy_gev: float
    legs: Legs
    hadrons: list[Particle]
    lepton_code: int


class Event(NamedTuple):
    """A generated event."""

    maps: np.ndarray  # (2, 100, 80) uint8
    energy_gev: float  # of the neutrino; 0 for cosmic rays
    lepton_gev: float  # of the charged lepton; 0 if there is none
    n_visible: int  # charged particles, photons and neutral pions above 50 MeV that leave the nucleus


def interact(label: int, strings: Strings, random: np.random.Generator) -> Vertex:
    """Return an interaction of a type, 0 to 11 or 13."""
    is_charged = label != NC
    mode = label % 4 if is_charged else int(random.choice(len(NC_SHARES), p=NC_SHARES))
    code = LEPTONS[label // 4] if is_charged else NO_CHARGED_LEPTON
    while True:
        energy = interacting_energy(mode, random, is_tau=code == TAU)
        legs = PROCESSES[mode](energy, mass_of(code), random)
        if legs is not None:
            hadrons = hadrons_of(mode, energy, legs, strings, random, is_charged=is_charged)
            if hadrons:
                return Vertex(energy, legs, hadrons, code)


def hadrons_of(
    mode: int, energy: float, legs: Legs, strings: Strings, random: np.random.Generator, *, is_charged: bool
) -> list[Particle]:
    """Return the hadrons of an interaction mode at a neutrino energy [GeV]; none if the attempt failed."""
    system, is_proton = legs.system, random.random() < PROTON_SHARE
    if mode == QE:
        return [Particle(PROTON if is_charged or is_proton else NEUTRON, system[1:])]
    if mode == OTHER:
        return [Particle(PION, system[1:])]
    if mode != DIS:
        codes = resonance_products(random, is_charged=is_charged, is_proton=is_proton)
        return resonance_decay(system, codes, random)
    current = minus((energy, 0.0, 0.0, energy), legs.lepton)
    low, high = TRANSITION_GEV
    if random.random() < (invariant_mass(system) - low) / (high - low):
        quarks = quark_and_diquark(random, is_charged=is_charged, is_proton=is_proton)
        return strings.hadronise(system, current, *quarks)
    return scaling_hadrons(system, current, int(is_proton) + int(is_charged), random)


def outgoing(vertex: Vertex, strings: Strings, random: np.random.Generator) -> list[Particle]:
    """Return all particles that leave the nucleus of a vertex, in the beam's frame; taus have decayed."""
    hadrons = leave_nucleus(vertex.hadrons, random)
    if vertex.lepton_code == NO_CHARGED_LEPTON:
        return hadrons
    if vertex.lepton_code == TAU:
        return hadrons + strings.decay_tau(vertex.legs.lepton)
    return [*hadrons, Particle(vertex.lepton_code, vertex.legs.lepton[1:])]


def count_visible(particles: list[Particle]) -> int:
    """Return how many particles a detector would see one by one."""
    seen = (particle for particle in particles if abs(particle.code) in VISIBLE)
    return sum(math.hypot(length(p.momentum), mass_of(p.code)) - mass_of(p.code) > VISIBLE_GEV for p in seen)


class Generator:
    """Makes events; each depends on its type and seed alone."""

    def __init__(self, config: SimulateConfig) -> None:
        """Start Pythia and set up a dark detector."""
        self.config = config
        self.readout = Readout(config.photoelectrons_per_mev, config.threshold_photoelectrons)
        self.strings = Strings()
        self.transport = Transport(dark_cells(), slice_us=config.slice_us)

    def event(self, label: int, seed: tuple[int, ...]) -> Event:
        """Return an event of an interaction type with enough hits."""
        random = np.random.default_rng(seed)
        while True:
            kernel_seed, pythia_seed = (int(value) for value in random.integers(1, MAX_SEED, size=2))
            seed_kernels(kernel_seed)
            self.strings.seed(pythia_seed)
            event = self.try_event(label, random)
            if event is not None:
                return event

    def try_event(self, label: int, random: np.random.Generator) -> Event | None:
        """Return an event of an interaction type; None if it has too few hits."""
        if label == COSMIC:
            muon, start = cosmic_muon(random)
            energy, lepton, particles = 0.0, 0.0, [muon]
        else:
            vertex = interact(label, self.strings, random)
            particles = [Particle(code, from_beam(p)) for code, p in outgoing(vertex, self.strings, random)]
            energy, lepton = vertex.energy_gev, vertex.legs.lepton[0] if vertex.lepton_code else 0.0
            start = random_point(self.config.vertex_margin_cm, random)
        self.transport.follow_all(particles, start, random)
        planes, cells, counts = read_out(self.transport.cells, self.readout)
        in_slice = has_neighbour(planes, cells, reach_cm=SLICE_REACH_CM)
        planes, cells, counts = planes[in_slice], cells[in_slice], counts[in_slice]
        if len(planes) == 0 or window_of(planes)[1].sum() < self.config.min_hits:
            return None
        energies = calibrate(planes, cells, counts, self.readout)
        maps = rasterise(planes, cells, energies, full_mev=self.config.full_mev)
        return Event(maps, energy, lepton, count_visible(particles))
