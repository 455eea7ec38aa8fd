"""Electromagnetic showers, as a small Monte Carlo simulation and not a parametrisation.

Photons convert to pairs or scatter off electrons; electrons lose the critical energy in each radiation length and
radiate. So photons leave a gap of 9/7 radiation lengths on average, and showers fluctuate. Positrons are treated as
electrons (their annihilation, 1 MeV, is left out). Energies in GeV, lengths in cm.
"""

import math
from typing import NamedTuple

import numpy as np

from .compiled import kernel
from .geometry import is_inside
from .medium import CRITICAL_MEV, DENSITY, RADIATION_LENGTH_CM, Z_OVER_A, scattering_angle
from .particles import ELECTRON_GEV
from .readout import Cells, deposit
from .vectors import moved, rotated

ELECTRON_CUT_GEV, PHOTON_CUT_GEV, PAIR_FROM_GEV = 0.003, 0.0015, 0.003  # below them, the energy is deposited at once
RADIATED_FROM_GEV = 0.004  # softer bremsstrahlung is not followed
STEP_CM = 1.1
TURN_ON_GEV, TURN_ON_POWER = 0.022, 0.45  # of pair production: 1 - exp(-(E/22 MeV)^0.45)
LOSS_SPREAD = 0.12  # relative standard deviation of the ionisation on a step
IONISATION = CRITICAL_MEV / RADIATION_LENGTH_CM  # [MeV/cm]
ELECTRONS_PER_CM3 = 6.02214e23 * Z_OVER_A * DENSITY
ELECTRON_RADIUS_CM = 2.81794e-13
CAPACITY = 2000  # particles of a shower that can wait; a few dozen do


class Waiting(NamedTuple):
    """Electrons and photons of a shower that are still to be followed."""

    rows: np.ndarray  # (CAPACITY, 8): 1 for a photon, energy [GeV], point [cm], direction
    n: np.ndarray  # (1,) rows filled


def nothing_waiting() -> Waiting:
    """Return an empty list."""
    return Waiting(np.zeros((CAPACITY, 8)), np.zeros(1, np.int64))


@kernel
def wait(waiting: Waiting, is_photon: bool, energy: float, point: tuple, direction: tuple) -> None:
    """Add a particle to the list, unless it is full."""
    n = waiting.n[0]
    if n < CAPACITY:
        row = waiting.rows[n]
        row[0], row[1] = 1.0 if is_photon else 0.0, energy
        row[2], row[3], row[4] = point
        row[5], row[6], row[7] = direction
        waiting.n[0] = n + 1


@kernel
def pair_rate(energy: float) -> float:
    """Return the mean number of pairs that a photon makes per cm."""
    if energy < PAIR_FROM_GEV:
        return 0.0
    return 7 / 9 / RADIATION_LENGTH_CM * (1 - math.exp(-((energy / TURN_ON_GEV) ** TURN_ON_POWER)))


@kernel
def compton_rate(energy: float) -> float:
    """Return the Compton scatterings of a photon per cm, from Klein and Nishina's total cross section."""
    k = energy / ELECTRON_GEV
    logarithm = math.log(1 + 2 * k)
    first = (1 + k) / (k * k) * (2 * (1 + k) / (1 + 2 * k) - logarithm / k)
    bracket = first + logarithm / (2 * k) - (1 + 3 * k) / (1 + 2 * k) ** 2
    return 2 * math.pi * ELECTRON_RADIUS_CM**2 * bracket * ELECTRONS_PER_CM3


@kernel
def compton_share(energy: float) -> float:
    """Return the share of its energy that a photon keeps in a Compton scattering, by rejection from Klein-Nishina."""
    k = energy / ELECTRON_GEV
    lowest = 1 / (1 + 2 * k)
    while True:
        share = lowest + (1 - lowest) * np.random.random()
        t = (1 - share) / (k * share)  # 1 - cosine of the photon's angle
        if np.random.random() * (1 / lowest + lowest) < share + 1 / share - t * (2 - t):
            return share


@kernel
def follow_photon(waiting: Waiting, point: tuple, direction: tuple, energy: float, cells: Cells) -> None:
    """Follow a photon until it converts, leaves the detector or is absorbed.

    Args:
        waiting: Takes the electrons that it makes; changed in place.
        point: Where it starts [cm].
        direction: Of flight.
        energy: Of the photon [GeV].
        cells: Light so far; changed in place.
    """
    while energy > PHOTON_CUT_GEV:
        pairs, compton = pair_rate(energy), compton_rate(energy)
        point = moved(point, direction, -math.log(1 - np.random.random()) / (pairs + compton))
        if not is_inside(point):
            return
        phi = 2 * math.pi * np.random.random()
        if np.random.random() * (pairs + compton) < pairs:
            share, theta = np.random.random(), ELECTRON_GEV / max(energy, 0.01)
            wait(waiting, False, share * energy, point, rotated(direction, theta, phi))
            wait(waiting, False, (1 - share) * energy, point, rotated(direction, theta, phi + math.pi))
            return
        share = compton_share(energy)
        kinetic = energy * (1 - share)
        cosine = 1 - (1 - share) * ELECTRON_GEV / (share * energy)
        theta = math.acos(max(-1.0, min(1.0, cosine)))
        if kinetic > ELECTRON_CUT_GEV:
            recoil = math.atan2(share * math.sin(theta), 1 - share * cosine)
            wait(waiting, False, kinetic, point, rotated(direction, recoil, phi + math.pi))
        else:
            deposit(cells, point, kinetic * 1e3, IONISATION / DENSITY)
        direction, energy = rotated(direction, theta, phi), energy * share
    deposit(cells, point, energy * 1e3, IONISATION / DENSITY)


@kernel
def radiations(energy: float, step: float) -> float:
    """Return the mean number of photons above the cut-off that an electron radiates on a step [cm]."""
    lowest = RADIATED_FROM_GEV / energy
    if lowest >= 1:
        return 0.0
    integral = 4 / 3 * math.log(1 / lowest) - 4 / 3 * (1 - lowest) + (1 - lowest * lowest) / 2
    return integral * step / RADIATION_LENGTH_CM


@kernel
def radiated_share(energy: float) -> float:
    """Return the share y of an electron's energy that goes into a photon: (4/3)(1/y - 1) + y, by rejection."""
    lowest = RADIATED_FROM_GEV / energy
    while True:
        y = lowest ** np.random.random()
        if np.random.random() < 1 - y + 0.75 * y * y:
            return y


@kernel
def follow_electron(waiting: Waiting, point: tuple, direction: tuple, energy: float, cells: Cells) -> None:
    """Follow an electron until it stops or leaves the detector; arguments as for `follow_photon`."""
    while energy > ELECTRON_CUT_GEV:
        lost = min(energy, IONISATION * 1e-3 * STEP_CM * max(1 + LOSS_SPREAD * np.random.standard_normal(), 0.0))
        deposit(cells, moved(point, direction, STEP_CM * np.random.random()), lost * 1e3, IONISATION / DENSITY)
        energy -= lost
        point = moved(point, direction, STEP_CM)
        if not is_inside(point):
            return
        if energy < ELECTRON_CUT_GEV:
            break
        theta = min(scattering_angle(energy, 1.0, STEP_CM), 1.2)
        direction = rotated(direction, theta, 2 * math.pi * np.random.random())
        if np.random.random() < radiations(energy, STEP_CM):
            y = radiated_share(energy)
            phi = 2 * math.pi * np.random.random()
            wait(waiting, True, y * energy, point, rotated(direction, ELECTRON_GEV / energy, phi))
            energy *= 1 - y
    deposit(cells, point, energy * 1e3, IONISATION / DENSITY)


@kernel
def shower(waiting: Waiting, is_photon: bool, energy: float, point: tuple, direction: tuple, cells: Cells) -> None:
    """Follow an electron or photon of an energy [GeV] from a point [cm], and all its products."""
    wait(waiting, is_photon, energy, point, direction)
    while waiting.n[0] > 0:
        n = waiting.n[0] - 1
        waiting.n[0] = n
        row = waiting.rows[n]
        start, along, size = (row[2], row[3], row[4]), (row[5], row[6], row[7]), row[1]
        if row[0] == 1.0:
            follow_photon(waiting, start, along, size, cells)
        else:
            follow_electron(waiting, start, along, size, cells)
