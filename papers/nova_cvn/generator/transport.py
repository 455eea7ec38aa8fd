"""Particles on their way through the detector.

Charged particles lose energy, scatter, decay, collide with nuclei and stop: a compiled kernel, whose steps are small
against a cell. Neutral hadrons fly to their next collision. The products are followed one after another.
Energies in GeV, lengths in cm.
"""

import math

import numpy as np

from .compiled import kernel
from .decays import MUON_LIFE_US, decay, decay_length
from .geometry import is_inside
from .hadrons import capture_negative_pion, collide
from .kinematics import length, momentum_of, times
from .medium import DENSITY, fluctuating_loss, free_path, scattering_angle, stopping_power
from .particles import (
    ELECTRON,
    KAON,
    KAON_LONG,
    KAON_SHORT,
    MUON,
    NEUTRAL_PION,
    NEUTRON,
    PHOTON,
    PION,
    PROTON,
    Particle,
    Vector,
    mass_of,
)
from .readout import Cells, deposit
from .showers import nothing_waiting, shower
from .vectors import moved, rotated

STEP_CM = 0.65
STOPPED_GEV = 0.0015  # kinetic energy below which a particle stops where it is
NEUTRON_CUT_GEV = 0.008  # the recoil protons of slower neutrons stay below the threshold
LEFT, STOPPED, COLLIDED, DECAYED = range(4)


@kernel
def follow_charged(
    code: int, mass: float, decay_cm: float, point: tuple, direction: tuple, kinetic: float, cells: Cells
) -> tuple:
    """Follow a charged particle until it leaves, stops, collides or decays.

    Args:
        code: PDG code without sign, for the mean free path.
        mass: [GeV]
        decay_cm: Proper decay length [cm].
        point: Where it starts [cm].
        direction: Of flight.
        kinetic: Energy [GeV].
        cells: Light so far; changed in place.

    Returns:
        LEFT, STOPPED, COLLIDED or DECAYED; point [cm], direction, and kinetic energy [GeV] there.
    """
    to_collision, to_decay = np.random.exponential(1.0), np.random.exponential(1.0)  # in mean free paths, lifetimes
    while kinetic > STOPPED_GEV:
        momentum = math.sqrt(kinetic * (kinetic + 2 * mass))
        beta, stopping = momentum / (kinetic + mass), stopping_power(kinetic, mass)
        lost = min(fluctuating_loss(stopping * STEP_CM, beta * beta, STEP_CM) * 1e-3, kinetic)
        deposit(cells, moved(point, direction, STEP_CM * np.random.random()), lost * 1e3, stopping / DENSITY)
        kinetic -= lost
        point = moved(point, direction, STEP_CM)
        if not is_inside(point):
            return LEFT, point, direction, kinetic
        theta = min(scattering_angle(momentum, beta, STEP_CM), 1.0)
        direction = rotated(direction, theta, 2 * math.pi * np.random.random())
        to_collision -= STEP_CM / free_path(code, kinetic)
        to_decay -= STEP_CM * mass / (momentum * decay_cm)
        if to_collision < 0 and kinetic > STOPPED_GEV:
            return COLLIDED, point, direction, kinetic
        if to_decay < 0 and kinetic > STOPPED_GEV:
            return DECAYED, point, direction, kinetic
    deposit(cells, point, kinetic * 1e3, stopping_power(STOPPED_GEV, mass) / DENSITY)
    return STOPPED, point, direction, 0.0


def products_of_stopped(code: int, slice_us: float, random: np.random.Generator) -> list[Particle]:
    """Return the products of a stopped charged particle.

    Negative pions are captured by a nucleus. A muon's (Michel) electron belongs to the event only if the muon decays
    within `slice_us`, the microseconds that a slice spans. Negative muons are not captured (8 % are, on carbon).
    """
    if code == -PION:
        return capture_negative_pion(random)
    is_late = abs(code) == MUON and random.exponential(MUON_LIFE_US) > slice_us
    return [] if abs(code) == PROTON or is_late else decay(code, (0.0, 0.0, 0.0), random)


class Transport:
    """Follows particles and leaves their light in the cells."""

    def __init__(self, cells: Cells, *, slice_us: float) -> None:
        """Take the cells that collect the light, and the microseconds that a slice spans."""
        self.cells, self.slice_us = cells, slice_us
        self._waiting = nothing_waiting()

    def follow_all(self, particles: list[Particle], point: Vector, random: np.random.Generator) -> None:
        """Follow particles that start at a point [cm], and all their products."""
        stack = [(particle, point) for particle in particles]
        while stack:
            particle, start = stack.pop()
            products, end = self.follow(particle, start, random)
            stack += [(product, end) for product in products]

    def follow(self, particle: Particle, point: Vector, random: np.random.Generator) -> tuple[list[Particle], Vector]:
        """Follow one particle from a point [cm]; return its products and where they start."""
        code, momentum = particle
        kind, mass, size = abs(code), mass_of(code), length(momentum)
        direction = times(momentum, 1 / size) if size else (0.0, 0.0, 1.0)
        kinetic = math.hypot(size, mass) - mass
        if kind in (ELECTRON, PHOTON):
            shower(self._waiting, kind == PHOTON, size, point, direction, self.cells)
        elif kind in (NEUTRAL_PION, KAON_SHORT):
            return decay(code, momentum, random), point
        elif kind in (NEUTRON, KAON_LONG) and kinetic > NEUTRON_CUT_GEV:
            end = moved(point, direction, random.exponential(free_path(kind, kinetic)))
            return (collide(code, direction, kinetic, random) if is_inside(end) else []), end
        elif kind in (MUON, PION, KAON, PROTON):
            start = (point, direction, kinetic, self.cells)
            fate, end, direction, kinetic = follow_charged(kind, mass, decay_length(code), *start)
            if fate == STOPPED:
                return products_of_stopped(code, self.slice_us, random), end
            if fate == COLLIDED:
                return collide(code, direction, kinetic, random), end
            if fate == DECAYED:
                return decay(code, times(direction, momentum_of(kinetic, mass)), random), end
        return [], point
