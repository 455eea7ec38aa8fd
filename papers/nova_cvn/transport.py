"""Particles on their way through the detector, for the generator of arXiv:1604.01444's events.

Charged ones lose energy, scatter, decay, collide with nuclei and stop, in steps that are small against a cell; neutral
hadrons fly to their next collision. Energies in GeV, lengths in cm.
"""

import math

import numpy as np

from papers.nova_cvn.decays import MUON_LIFE_US, decay, decay_length, decay_neutral_pion, decay_short_kaon
from papers.nova_cvn.geometry import from_beam, is_inside
from papers.nova_cvn.hadrons import capture_negative_pion, collide_meson, collide_nucleon
from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import moved, rotated, scaled
from papers.nova_cvn.medium import (
    DENSITY,
    NEUTRON_CM,
    NEUTRON_FAST_GEV,
    NEUTRON_SLOW,
    PION_CM,
    PION_RESONANT,
    PION_RESONANT_GEV,
    PROTON_CM,
    PROTON_SLOW,
    PROTON_SLOW_GEV,
    fluctuating_loss,
    scattering_angle,
    stopping_power,
)
from papers.nova_cvn.particles import (
    CODE,
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
    PX,
    PY,
    PZ,
    X,
    Y,
    Z,
    mass_of,
    push,
)
from papers.nova_cvn.readout import Cells, deposit
from papers.nova_cvn.showers import follow_electron, follow_photon

STEP_CM = 0.65
STOPPED_GEV = 0.0015  # kinetic energy that is left in the last step
NEUTRON_CUT_GEV = 0.005  # slower neutrons make no visible recoil


@kernel
def free_path(code: int, kinetic: float) -> float:
    """Return the mean free path [cm] between inelastic collisions; inf for muons."""
    size = abs(code)
    if size == MUON:
        return math.inf
    if size == PROTON:
        return PROTON_CM * (PROTON_SLOW if kinetic < PROTON_SLOW_GEV else 1.0)
    if size in (NEUTRON, KAON_LONG):
        return NEUTRON_CM * (NEUTRON_SLOW + (1 - NEUTRON_SLOW) * min(1.0, kinetic / NEUTRON_FAST_GEV))
    is_resonant = size == PION and PION_RESONANT_GEV[0] < kinetic < PION_RESONANT_GEV[1]
    return PION_CM * (PION_RESONANT if is_resonant else 1.0)


@kernel
def stop(stack: np.ndarray, n: int, code: int, direction: tuple, place: tuple, slice_us: float) -> int:
    """Put what comes of a stopped charged particle on the stack; return the new number of rows.

    Negative pions are captured. Muons decay if they do so within `slice_us` microseconds; capture of negative ones,
    8 % on carbon, is left out.
    """
    if code == -PION:
        return capture_negative_pion(stack, n, place)
    is_late = abs(code) == MUON and np.random.exponential(MUON_LIFE_US) > slice_us
    if abs(code) == PROTON or is_late:
        return n
    return decay(stack, n, code, direction, 0.0, place)


@kernel
def collide(stack: np.ndarray, n: int, code: int, direction: tuple, kinetic: float, place: tuple) -> int:
    """Put the products of a hadron's collision on the stack; return the new number of rows."""
    if abs(code) in (PROTON, NEUTRON):
        return collide_nucleon(stack, n, code, direction, kinetic, place)
    return collide_meson(stack, n, code, direction, kinetic, place)


@kernel
def follow_charged(
    stack: np.ndarray, n: int, code: int, place: tuple, direction: tuple, kinetic: float, cells: Cells, slice_us: float
) -> int:
    """Follow a muon, charged hadron or kaon until it stops, decays, collides or leaves.

    Args:
        stack: Where its products go.
        n: Rows filled so far.
        code: PDG code.
        place: Where it starts [cm].
        direction: Of flight.
        kinetic: Energy [GeV].
        cells: Light so far; changed in place.
        slice_us: Time within which a stopped muon's electron belongs to the event [microseconds].

    Returns:
        The new number of rows.
    """
    mass, proper = mass_of(code), decay_length(code)
    to_collision, to_decay = np.random.exponential(1.0), np.random.exponential(1.0)  # in mean free paths, lifetimes
    while kinetic > STOPPED_GEV:
        momentum = math.sqrt(kinetic * (kinetic + 2 * mass))
        beta, stopping = momentum / (kinetic + mass), stopping_power(kinetic, mass)
        lost = min(fluctuating_loss(stopping * STEP_CM, beta * beta, STEP_CM) * 1e-3, kinetic)
        deposit(cells, moved(place, direction, STEP_CM * np.random.random()), lost * 1e3, stopping / DENSITY)
        kinetic -= lost
        place = moved(place, direction, STEP_CM)
        if not is_inside(place):
            return n
        theta = min(scattering_angle(momentum, beta, STEP_CM), 1.0)
        direction = rotated(direction, theta, 2 * math.pi * np.random.random())
        to_collision -= STEP_CM / free_path(code, kinetic)
        to_decay -= STEP_CM * mass / (momentum * proper)
        if to_collision < 0:
            return collide(stack, n, code, direction, kinetic, place)
        if to_decay < 0:
            return decay(stack, n, code, direction, kinetic, place)
    deposit(cells, place, kinetic * 1e3, stopping_power(STOPPED_GEV, mass) / DENSITY)
    return stop(stack, n, code, direction, place, slice_us)


@kernel
def follow_neutral(stack: np.ndarray, n: int, code: int, place: tuple, direction: tuple, kinetic: float) -> int:
    """Follow a neutron or long-lived kaon to its next collision, whose products go to the stack; return its rows."""
    place = moved(place, direction, np.random.exponential(free_path(code, kinetic)))
    if kinetic < NEUTRON_CUT_GEV or not is_inside(place):
        return n
    return collide(stack, n, code, direction, kinetic, place)


@kernel
def transport(stack: np.ndarray, n: int, cells: Cells, slice_us: float) -> None:
    """Follow all particles on the stack, and those that they make, and leave their light in the cells.

    Args:
        stack: (CAPACITY, 7) see `particles`.
        n: Rows filled.
        cells: Light; changed in place.
        slice_us: See `follow_charged`.
    """
    while n > 0:
        n -= 1
        code = int(stack[n, CODE])
        momentum = (stack[n, PX], stack[n, PY], stack[n, PZ])
        place = (stack[n, X], stack[n, Y], stack[n, Z])
        size = math.sqrt(momentum[0] ** 2 + momentum[1] ** 2 + momentum[2] ** 2)
        mass, kind = mass_of(code), abs(code)
        kinetic = math.sqrt(size * size + mass * mass) - mass
        direction = scaled(momentum, 1 / size) if size > 0 else (0.0, 0.0, 1.0)
        if kind == ELECTRON:
            n = follow_electron(stack, n, place, direction, size, cells)
        elif kind == PHOTON:
            n = follow_photon(stack, n, place, direction, size, cells)
        elif kind == NEUTRAL_PION:
            n = decay_neutral_pion(stack, n, momentum, place)
        elif kind == KAON_SHORT:
            n = decay_short_kaon(stack, n, momentum, place)
        elif kind in (NEUTRON, KAON_LONG):
            n = follow_neutral(stack, n, code, place, direction, kinetic)
        elif kind in (MUON, PION, KAON, PROTON):
            n = follow_charged(stack, n, code, place, direction, kinetic, cells, slice_us)


@kernel
def add_from_beam(stack: np.ndarray, n: int, rows: np.ndarray, place: tuple) -> int:
    """Put particles (n, 4), code and momentum [GeV] along the beam, on the stack; return the new number of rows."""
    for index in range(rows.shape[0]):
        momentum = from_beam((rows[index, 1], rows[index, 2], rows[index, 3]))
        n = push(stack, n, int(rows[index, 0]), momentum, place)
    return n
