"""The material of NOvA's far detector: energy loss, scattering and free paths.

PVC cells filled with liquid scintillator, taken as one homogeneous medium. Energy loss is Bethe's formula with the
density effect (Review of Particle Physics, "Passage of particles through matter"), Moyal's form of its fluctuations,
and Highland's multiple scattering. Lengths in cm, losses in MeV/cm.
"""

import math

import numpy as np

from .compiled import kernel
from .particles import ELECTRON_GEV, KAON_LONG, MUON, NEUTRON, PION, PROTON

DENSITY = 1.0  # [g/cm3]
Z_OVER_A = 0.55  # [mol/g]
EXCITATION_MEV = 68e-6
RADIATION_LENGTH_CM = 40.0
CRITICAL_MEV = 80.0  # loses 2 MeV/cm
PION_CM, PROTON_CM, NEUTRON_CM = 90.0, 85.0, 75.0  # mean free paths between inelastic collisions
PION_RESONANT_GEV, PION_RESONANT = (0.08, 0.32), 0.62  # kinetic energies with a shorter path, and its factor
PROTON_SLOW_GEV, PROTON_SLOW = 0.1, 1.4
NEUTRON_SLOW, NEUTRON_FAST_GEV = 0.35, 0.12  # share of the path at rest; energy from which it is the whole
BETHE_MEV_CM2 = 0.307075  # K, per mol
HIGHLAND_GEV = 0.0136
# Sternheimer's density effect for a condensed medium with a mean excitation energy below 100 eV
PLASMA_MEV = 28.816e-6 * math.sqrt(DENSITY * Z_OVER_A)
STERNHEIMER_C = 2 * math.log(EXCITATION_MEV / PLASMA_MEV) + 1
STERNHEIMER_X = (0.2, 2.0)
STERNHEIMER_A = (STERNHEIMER_C - 2 * math.log(10) * STERNHEIMER_X[0]) / (STERNHEIMER_X[1] - STERNHEIMER_X[0]) ** 3
MIN_BETA2 = 0.0025  # Bethe's formula fails for slower particles; they stop within a millimetre
MOYAL_MEAN = 0.5772156649 + math.log(2)


@kernel
def density_effect(beta_gamma: float) -> float:
    """Return delta of Bethe's formula."""
    x = math.log10(beta_gamma)
    if x < STERNHEIMER_X[0]:
        return 0.0
    value = 2 * math.log(10.0) * x - STERNHEIMER_C
    return value if x > STERNHEIMER_X[1] else value + STERNHEIMER_A * (STERNHEIMER_X[1] - x) ** 3


@kernel
def stopping_power(kinetic: float, mass: float) -> float:
    """Return the mean loss [MeV/cm] of a particle of charge 1 with kinetic energy and mass [GeV]."""
    gamma = 1 + kinetic / mass
    beta2 = max(1 - 1 / (gamma * gamma), MIN_BETA2)
    gamma2 = 1 / (1 - beta2)
    electron_mev, ratio = ELECTRON_GEV * 1e3, ELECTRON_GEV / mass
    largest = 2 * electron_mev * beta2 * gamma2 / (1 + 2 * math.sqrt(gamma2) * ratio + ratio * ratio)
    logarithm = 0.5 * math.log(2 * electron_mev * beta2 * gamma2 * largest / EXCITATION_MEV**2)
    delta = density_effect(math.sqrt(beta2 * gamma2))
    return BETHE_MEV_CM2 * Z_OVER_A * DENSITY / beta2 * (logarithm - beta2 - delta / 2)


@kernel
def fluctuating_loss(mean: float, beta2: float, step: float) -> float:
    """Return the loss [MeV] on a step [cm] whose mean is given: Moyal's distribution, moved to that mean."""
    width = BETHE_MEV_CM2 / 2 * Z_OVER_A * DENSITY * step / beta2
    normal = np.random.standard_normal()
    return max(mean + width * (-math.log(normal * normal + 1e-12) - MOYAL_MEAN), 0.1 * mean)


@kernel
def scattering_angle(momentum: float, beta: float, step: float) -> float:
    """Return the angle [rad] in space by which a step [cm] turns a particle of a momentum [GeV]."""
    width = HIGHLAND_GEV / (beta * momentum) * math.sqrt(step / RADIATION_LENGTH_CM)
    return width * math.sqrt(-2 * math.log(1 - np.random.random()))


@kernel
def free_path(code: int, kinetic: float) -> float:
    """Return the mean free path [cm] between inelastic collisions, by PDG code without sign; inf for muons."""
    if code == MUON:
        return math.inf
    if code == PROTON:
        return PROTON_CM * (PROTON_SLOW if kinetic < PROTON_SLOW_GEV else 1.0)
    if code in (NEUTRON, KAON_LONG):
        return NEUTRON_CM * (NEUTRON_SLOW + (1 - NEUTRON_SLOW) * min(1.0, kinetic / NEUTRON_FAST_GEV))
    is_resonant = code == PION and PION_RESONANT_GEV[0] < kinetic < PION_RESONANT_GEV[1]
    return PION_CM * (PION_RESONANT if is_resonant else 1.0)
