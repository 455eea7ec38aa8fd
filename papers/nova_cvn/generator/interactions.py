"""Kinematics of neutrino interactions at the vertex.

Quasi-elastic scattering, Delta production, deep inelastic scattering on a bound nucleon, and coherent pion production
on the whole nucleus. The paper's simulation (GENIE) has the same parts with the full cross sections; here the shapes
are: a dipole in Q2 with GENIE's axial masses, a Breit-Wigner in W, a beta distribution in x. Energies in GeV, the
neutrino along z. Each function tries once and returns None where the kinematics is impossible.
"""

import math
from typing import NamedTuple

import numpy as np

from .kinematics import (
    FourVector,
    boosted,
    four_vector,
    invariant_mass,
    minus,
    phase_space,
    plus,
    times,
    turned,
    two_body_momentum,
    unboosted,
)
from .nuclear import bound_nucleon, is_blocked
from .particles import (
    NEUTRAL_PION,
    NEUTRON,
    PION,
    PION_GEV,
    PROTON,
    PROTON_GEV,
    Particle,
    mass_of,
)

AXIAL_QE_GEV, AXIAL_RES_GEV, AXIAL_COHERENT_GEV = 0.99, 1.12, 1.0  # GENIE; the last one is Rein and Sehgal's
DELTA_GEV, DELTA_WIDTH_GEV = 1.232, 0.117
RES_W_GEV = (1.09, 1.7)  # GENIE changes over to DIS at the upper end
FLAT_SHARE, FLAT_FROM_GEV = 0.18, 1.35  # heavier resonances and non-resonant pions, even in W; our choice
DIS_X = (0.65, 3.6)  # beta distribution of Bjorken x; our choice
DIS_MIN_Q2_GEV2 = 0.05
PROTON_PION_PLUS, PROTON_PION_ZERO = 0.72, 0.19  # of charged currents, from isospin; the rest is n pi+
COHERENT_SLOPE = 44.9  # [GeV^-2] of exp(-b |t|): R0^2 A^(2/3) / 3 with R0 = 1 fm, A = 12 (Rein and Sehgal)


class Legs(NamedTuple):
    """Four-momenta at the vertex [GeV]."""

    lepton: FourVector
    system: FourVector  # of all hadrons
    struck: FourVector  # the nucleon before the collision; for coherent production minus the nucleus's recoil


def dipole_q2(axial: float, random: np.random.Generator) -> float:
    """Return Q2 [GeV^2] distributed as (1 + Q2/M_A^2)^-4."""
    return axial * axial * ((1 - random.random()) ** (-1 / 3) - 1)


def scatter(
    energy: float, lepton_mass: float, hadron_mass: float, q2: float, random: np.random.Generator
) -> Legs | None:
    """Return the legs of neutrino and bound nucleon -> lepton and hadron system of given mass [GeV] at Q2 [GeV^2]."""
    struck = bound_nucleon(random)
    total = plus(struck, (energy, 0.0, 0.0, energy))
    momentum = two_body_momentum(invariant_mass(total), lepton_mass, hadron_mass)
    if momentum == 0:
        return None
    neutrino = unboosted((energy, 0.0, 0.0, energy), total)
    lepton_energy = math.hypot(momentum, lepton_mass)
    cosine = (2 * neutrino[0] * lepton_energy - lepton_mass**2 - q2) / (2 * neutrino[0] * momentum)
    if abs(cosine) > 1:
        return None
    direction = turned(times(neutrino[1:], 1 / neutrino[0]), cosine, 2 * math.pi * random.random())
    lepton = boosted(four_vector(lepton_mass, times(direction, momentum)), total)
    return Legs(lepton, minus(total, lepton), struck)


def quasielastic(energy: float, lepton_mass: float, random: np.random.Generator) -> Legs | None:
    """Return the legs of quasi-elastic scattering with Pauli blocking; the hadron system is a nucleon."""
    legs = scatter(energy, lepton_mass, PROTON_GEV, dipole_q2(AXIAL_QE_GEV, random), random)
    return None if legs is None or is_blocked(legs.system[1:]) else legs


def resonance_mass(random: np.random.Generator) -> float:
    """Return W [GeV] of a resonance."""
    low, high = RES_W_GEV
    if random.random() < FLAT_SHARE:
        return random.uniform(FLAT_FROM_GEV, high)
    while True:
        w = DELTA_GEV + DELTA_WIDTH_GEV / 2 * math.tan(math.pi * (random.random() - 0.5))
        if low < w < high:
            return w


def resonance(energy: float, lepton_mass: float, random: np.random.Generator) -> Legs | None:
    """Return the legs of resonance production."""
    return scatter(energy, lepton_mass, resonance_mass(random), dipole_q2(AXIAL_RES_GEV, random), random)


def resonance_products(random: np.random.Generator, *, is_charged: bool, is_proton: bool) -> tuple[int, int]:
    """Return the codes of nucleon and pion of a resonance; `is_proton` is the target, needed for neutral currents."""
    choice = random.random()
    if is_charged:
        if choice < PROTON_PION_PLUS:
            return PROTON, PION
        return (PROTON, NEUTRAL_PION) if choice < PROTON_PION_PLUS + PROTON_PION_ZERO else (NEUTRON, PION)
    if choice < 2 / 3:
        return (PROTON if is_proton else NEUTRON), NEUTRAL_PION
    return (NEUTRON, PION) if is_proton else (PROTON, -PION)


def resonance_decay(system: FourVector, codes: tuple[int, int], random: np.random.Generator) -> list[Particle]:
    """Return nucleon and pion of a resonance; none if Pauli's principle forbids the nucleon."""
    products = phase_space(invariant_mass(system), [mass_of(code) for code in codes], random)
    nucleon, pion = (Particle(code, boosted(p, system)[1:]) for code, p in zip(codes, products, strict=True))
    return [] if is_blocked(nucleon.momentum) else [nucleon, pion]


def inelastic(energy: float, lepton_mass: float, random: np.random.Generator) -> Legs | None:
    """Return the legs of deep inelastic scattering: x from a beta distribution, y even, W above the resonances."""
    x, y = random.beta(*DIS_X), random.random()
    q2 = 2 * PROTON_GEV * energy * x * y
    w2 = PROTON_GEV**2 + 2 * PROTON_GEV * y * energy - q2
    if w2 < RES_W_GEV[1] ** 2 or q2 < DIS_MIN_Q2_GEV2:
        return None
    return scatter(energy, lepton_mass, math.sqrt(w2), q2, random)


def coherent(energy: float, lepton_mass: float, random: np.random.Generator) -> Legs | None:
    """Return the legs of coherent pion production; the hadron system is a pion, and the nucleus takes up |t|.

    The pion has the neutrino's energy less the lepton's, with a density 1 - y; Q2 is a squared dipole, and |t| falls
    exponentially from the least that the pion's mass and Q2 allow.
    """
    y = 1 - math.sqrt(random.random())
    lepton_energy, pion_energy = energy * (1 - y), energy * y
    if lepton_energy <= lepton_mass or pion_energy <= PION_GEV:
        return None
    lepton_momentum = math.sqrt(lepton_energy**2 - lepton_mass**2)
    pion_momentum = math.sqrt(pion_energy**2 - PION_GEV**2)
    q2 = AXIAL_COHERENT_GEV**2 * random.random() / (1 - random.random())
    cosine = (2 * energy * lepton_energy - lepton_mass**2 - q2) / (2 * energy * lepton_momentum)
    transfer = math.sqrt(pion_energy**2 + q2)  # momentum
    least = (transfer - pion_momentum) ** 2
    t = least + random.exponential(1 / COHERENT_SLOPE)
    turn = (transfer**2 + pion_momentum**2 - t) / (2 * transfer * pion_momentum)
    if abs(cosine) > 1 or turn < -1 or random.random() > math.exp(-COHERENT_SLOPE * least):
        return None
    direction = turned((0.0, 0.0, 1.0), cosine, 2 * math.pi * random.random())
    lepton = four_vector(lepton_mass, times(direction, lepton_momentum))
    current = (energy - lepton[0], -lepton[1], -lepton[2], energy - lepton[3])
    axis = times(current[1:], 1 / transfer)
    pion = four_vector(PION_GEV, times(turned(axis, turn, 2 * math.pi * random.random()), pion_momentum))
    return Legs(lepton, pion, minus(pion, current))
