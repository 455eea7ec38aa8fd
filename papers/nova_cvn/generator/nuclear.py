"""The struck nucleus: Fermi gas, Pauli blocking, rescattering.

Fermi momentum and binding are GENIE's for carbon. How often a hadron rescatters on its way out is our choice; the
products are drawn as in `hadrons`. Each hadron rescatters at most once.
"""

import math

import numpy as np

from .hadrons import collide
from .kinematics import FourVector, isotropic, length, times
from .particles import NEUTRAL_PION, NEUTRON, PION, PROTON, PROTON_GEV, Particle, Vector, mass_of

FERMI_GEV = 0.221  # carbon (GENIE, Fermi momentum table)
BINDING_GEV = 0.025  # carbon (the same table)
PION_RESONANT_GEV = (0.08, 0.35)  # kinetic energies at which pions excite the Delta resonance
PION_RESCATTERS, PION_RESCATTERS_ELSE = 0.42, 0.25  # probability in that range, and elsewhere
NUCLEON_RESCATTERS = 0.35


def bound_nucleon(random: np.random.Generator) -> FourVector:
    """Return the four-momentum [GeV] of a nucleon: even within the Fermi sphere, off its mass shell."""
    size = FERMI_GEV * random.random() ** (1 / 3)
    return (math.hypot(PROTON_GEV, size) - BINDING_GEV, *times(isotropic(random), size))


def is_blocked(momentum: Vector) -> bool:
    """Tell whether a nucleon's momentum [GeV] is in the Fermi sphere, where all states are taken."""
    return length(momentum) < FERMI_GEV


def rescattering_chance(code: int, kinetic: float) -> float:
    """Return the probability that a hadron of a kinetic energy [GeV] rescatters on its way out."""
    if abs(code) in (PION, NEUTRAL_PION):
        low, high = PION_RESONANT_GEV
        return PION_RESCATTERS if low < kinetic < high else PION_RESCATTERS_ELSE
    return NUCLEON_RESCATTERS if code in (PROTON, NEUTRON) else 0.0


def leave_nucleus(hadrons: list[Particle], random: np.random.Generator) -> list[Particle]:
    """Return the hadrons that leave the nucleus, from those at the vertex."""
    outside = []
    for hadron in hadrons:
        size, mass = length(hadron.momentum), mass_of(hadron.code)
        kinetic = math.hypot(size, mass) - mass
        products = []
        if random.random() < rescattering_chance(hadron.code, kinetic):
            products = collide(hadron.code, times(hadron.momentum, 1 / size), kinetic, random)
        outside += products or [hadron]
    return outside
