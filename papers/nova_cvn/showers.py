"""Electrons and photons in the detector, for the generator of arXiv:1604.01444's events.

No parametrised shower: photons convert to pairs or scatter off electrons, electrons lose the critical energy in each
radiation length and radiate. So photons leave a gap of 9/7 radiation lengths in the mean, and showers fluctuate, as the
classifier sees them. Positrons are electrons (annihilation, 1 MeV, is left out). Energies in GeV, lengths in cm.
"""

import math

import numpy as np

from papers.nova_cvn.geometry import is_inside
from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import moved, rotated, scaled
from papers.nova_cvn.medium import CRITICAL_MEV, DENSITY, RADIATION_LENGTH_CM, Z_OVER_A, scattering_angle
from papers.nova_cvn.particles import ELECTRON, ELECTRON_GEV, PHOTON, push
from papers.nova_cvn.readout import Cells, deposit

ELECTRON_CUT_GEV, PHOTON_CUT_GEV, PAIR_FROM_GEV = 0.003, 0.0015, 0.003  # below, energy stays where it is
RADIATED_FROM_GEV = 0.004  # softer bremsstrahlung is not followed
STEP_CM = 1.1
TURN_ON_GEV, TURN_ON_POWER = 0.022, 0.45  # of pair production: 1 - exp(-(E/22 MeV)^0.45)
LOSS_SPREAD = 0.12  # of the ionisation on a step, relative
IONISATION = CRITICAL_MEV / RADIATION_LENGTH_CM  # [MeV/cm]
ELECTRONS_PER_CM3 = 6.02214e23 * Z_OVER_A * DENSITY
ELECTRON_RADIUS_CM = 2.81794e-13


@kernel
def pair_rate(energy: float) -> float:
    """Return the pairs per cm that a photon makes."""
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
def follow_photon(stack: np.ndarray, n: int, place: tuple, direction: tuple, energy: float, cells: Cells) -> int:
    """Follow a photon to its conversion, or until it leaves; its electrons go to the stack.

    Args:
        stack: Particles to be followed.
        n: Rows filled so far.
        place: Where it starts [cm].
        direction: Of flight.
        energy: Of the photon [GeV].
        cells: Light so far; changed in place.

    Returns:
        The new number of rows.
    """
    while energy > PHOTON_CUT_GEV:
        pairs, compton = pair_rate(energy), compton_rate(energy)
        place = moved(place, direction, -math.log(1 - np.random.random()) / (pairs + compton))
        if not is_inside(place):
            return n
        phi = 2 * math.pi * np.random.random()
        if np.random.random() * (pairs + compton) < pairs:
            share, theta = np.random.random(), ELECTRON_GEV / max(energy, 0.01)
            for part, turn in ((share, 0.0), (1 - share, math.pi)):
                own = rotated(direction, theta, phi + turn)
                n = push(stack, n, ELECTRON, scaled(own, part * energy), place)
            return n
        share = compton_share(energy)
        kinetic = energy * (1 - share)
        cosine = 1 - (1 - share) * ELECTRON_GEV / (share * energy)
        theta = math.acos(max(-1.0, min(1.0, cosine)))
        if kinetic > ELECTRON_CUT_GEV:
            recoil = math.atan2(share * math.sin(theta), 1 - share * cosine)
            own = rotated(direction, recoil, phi + math.pi)
            n = push(stack, n, ELECTRON, scaled(own, kinetic), place)
        else:
            deposit(cells, place, kinetic * 1e3, IONISATION / DENSITY)
        direction, energy = rotated(direction, theta, phi), energy * share
    deposit(cells, place, energy * 1e3, IONISATION / DENSITY)
    return n


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
def follow_electron(stack: np.ndarray, n: int, place: tuple, direction: tuple, energy: float, cells: Cells) -> int:
    """Follow an electron until it stops or leaves; what it radiates goes to the stack. As `follow_photon`."""
    while energy > ELECTRON_CUT_GEV:
        lost = min(energy, IONISATION * 1e-3 * STEP_CM * max(1 + LOSS_SPREAD * np.random.standard_normal(), 0.0))
        deposit(cells, moved(place, direction, STEP_CM * np.random.random()), lost * 1e3, IONISATION / DENSITY)
        energy -= lost
        place = moved(place, direction, STEP_CM)
        if not is_inside(place):
            return n
        if energy < ELECTRON_CUT_GEV:
            break
        theta = min(scattering_angle(energy, 1.0, STEP_CM), 1.2)
        direction = rotated(direction, theta, 2 * math.pi * np.random.random())
        if np.random.random() < radiations(energy, STEP_CM):
            y = radiated_share(energy)
            own = rotated(direction, ELECTRON_GEV / energy, 2 * math.pi * np.random.random())
            n = push(stack, n, PHOTON, scaled(own, y * energy), place)
            energy *= 1 - y
    deposit(cells, place, energy * 1e3, IONISATION / DENSITY)
    return n
