"""Kinematics of neutrino interactions at the vertex, for the generator of arXiv:1604.01444's events.

Quasi-elastic scattering, Delta production, deep inelastic scattering on a bound nucleon, and coherent pion production
on the whole nucleus. The paper's simulation (GENIE) has the same parts with the full cross sections; here the shapes
are: a dipole in Q2 with GENIE's axial masses, a Breit-Wigner in W, a beta distribution in x. Energies in GeV, the
neutrino along z. Legs are arrays (3, 4): four-momenta of lepton, hadron system and struck nucleon; zeros: impossible.
"""

import math

import numpy as np

from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import boosted, four_vector, isotropic, rotated, scaled, two_body_momentum, unboosted
from papers.nova_cvn.nuclear import bound_nucleon, is_blocked
from papers.nova_cvn.particles import (
    NEUTRAL_PION,
    NEUTRON,
    PION,
    PION_GEV,
    PROTON,
    PROTON_GEV,
    mass_of,
)

AXIAL_QE_GEV, AXIAL_RES_GEV, AXIAL_COHERENT_GEV = 0.99, 1.12, 1.0  # GENIE; the last one is Rein and Sehgal's
DELTA_GEV, DELTA_WIDTH_GEV = 1.232, 0.117
RES_W_GEV = (1.09, 1.7)  # GENIE changes over to DIS at the upper end
FLAT_SHARE, FLAT_FROM_GEV = 0.18, 1.35  # heavier resonances and non-resonant pions, even in W; our choice
DIS_X = (0.65, 3.6)  # beta distribution of Bjorken x; our choice
DIS_MIN_Q2_GEV2 = 0.05
PROTON_PION_PLUS, PROTON_PION_ZERO = 0.72, 0.19  # of charged currents, from isospin; the rest is n pi+
TARGET_PROTON = 0.54  # share of protons among the nucleons
COHERENT_SLOPE = 44.9  # [GeV^-2] of exp(-b |t|): R0^2 A^(2/3) / 3 with R0 = 1 fm, A = 12 (Rein and Sehgal)
TRIES = 60


@kernel
def dipole_q2(axial: float) -> float:
    """Return Q2 [GeV^2] distributed as (1 + Q2/M_A^2)^-4."""
    return axial * axial * (np.random.random() ** (-1 / 3) - 1)


@kernel
def scatter(energy: float, lepton_mass: float, hadron_mass: float, q2: float) -> np.ndarray:
    """Return the legs (3, 4) of neutrino and bound nucleon -> lepton and hadron system of given mass at given Q2."""
    legs = np.zeros((3, 4))
    struck = bound_nucleon()
    total = struck.copy()
    total[0] += energy
    total[3] += energy
    s = total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2
    if s <= (lepton_mass + hadron_mass) ** 2:
        return legs
    momentum = two_body_momentum(math.sqrt(s), lepton_mass, hadron_mass)
    lepton_energy = math.sqrt(momentum**2 + lepton_mass**2)
    neutrino = unboosted(four_vector(0.0, (0.0, 0.0, energy)), total)
    cosine = (2 * neutrino[0] * lepton_energy - lepton_mass**2 - q2) / (2 * neutrino[0] * momentum)
    if abs(cosine) > 1:
        return legs
    axis = (neutrino[1] / neutrino[0], neutrino[2] / neutrino[0], neutrino[3] / neutrino[0])
    direction = rotated(axis, math.acos(cosine), 2 * math.pi * np.random.random())
    legs[0] = boosted(four_vector(lepton_mass, scaled(direction, momentum)), total)
    legs[1] = total - legs[0]
    legs[2] = struck
    return legs


@kernel
def quasielastic(energy: float, lepton_mass: float) -> np.ndarray:
    """Return the legs of quasi-elastic scattering with Pauli blocking; the hadron system is a nucleon."""
    for _ in range(TRIES):
        legs = scatter(energy, lepton_mass, PROTON_GEV, dipole_q2(AXIAL_QE_GEV))
        if legs[0, 0] > 0 and not is_blocked(legs[1, 1], legs[1, 2], legs[1, 3]):
            return legs
    return np.zeros((3, 4))


@kernel
def resonance_mass() -> float:
    """Return W [GeV] of a resonance."""
    if np.random.random() < FLAT_SHARE:
        return FLAT_FROM_GEV + (RES_W_GEV[1] - FLAT_FROM_GEV) * np.random.random()
    while True:
        w = DELTA_GEV + DELTA_WIDTH_GEV / 2 * math.tan(math.pi * (np.random.random() - 0.5))
        if RES_W_GEV[0] < w < RES_W_GEV[1]:
            return w


@kernel
def resonance(energy: float, lepton_mass: float) -> np.ndarray:
    """Return the legs of resonance production."""
    for _ in range(TRIES):
        legs = scatter(energy, lepton_mass, resonance_mass(), dipole_q2(AXIAL_RES_GEV))
        if legs[0, 0] > 0:
            return legs
    return np.zeros((3, 4))


@kernel
def resonance_products(is_charged: bool) -> tuple:
    """Return the codes of nucleon and pion that a resonance of a charged or neutral current decays to."""
    choice = np.random.random()
    if is_charged:
        if choice < PROTON_PION_PLUS:
            return PROTON, PION
        return (PROTON, NEUTRAL_PION) if choice < PROTON_PION_PLUS + PROTON_PION_ZERO else (NEUTRON, PION)
    is_proton = np.random.random() < TARGET_PROTON
    if choice < 2 / 3:
        return (PROTON if is_proton else NEUTRON), NEUTRAL_PION
    return (NEUTRON, PION) if is_proton else (PROTON, -PION)


@kernel
def resonance_decay(system: np.ndarray, is_charged: bool) -> np.ndarray:
    """Return nucleon and pion (2, 4), code and momentum [GeV], of a resonance with four-momentum (4,)."""
    mass = math.sqrt(system[0] ** 2 - system[1] ** 2 - system[2] ** 2 - system[3] ** 2)
    out = np.empty((2, 4))
    codes = resonance_products(is_charged)
    first, second = mass_of(codes[0]), mass_of(codes[1])
    momentum = scaled(isotropic(), two_body_momentum(mass, first, second))
    out[0, 0], out[1, 0] = codes
    out[0, 1:] = boosted(four_vector(first, momentum), system)[1:]
    out[1, 1:] = system[1:] - out[0, 1:]
    return out


@kernel
def inelastic(energy: float, lepton_mass: float) -> np.ndarray:
    """Return the legs of deep inelastic scattering: x from a beta distribution, y even, W above the resonances."""
    for _ in range(TRIES):
        x, y = np.random.beta(DIS_X[0], DIS_X[1]), np.random.random()
        q2 = 2 * PROTON_GEV * energy * x * y
        w2 = PROTON_GEV**2 + 2 * PROTON_GEV * y * energy - q2
        if w2 > RES_W_GEV[1] ** 2 and q2 > DIS_MIN_Q2_GEV2:
            legs = scatter(energy, lepton_mass, math.sqrt(w2), q2)
            if legs[0, 0] > 0:
                return legs
    return np.zeros((3, 4))


@kernel
def coherent(energy: float, lepton_mass: float) -> np.ndarray:
    """Return the legs of coherent pion production; the hadron system is a pion, and the nucleus takes up |t|.

    The pion's energy is the neutrino's less the lepton's, even in y but for a factor 1 - y; Q2 is a squared dipole.
    """
    legs = np.zeros((3, 4))
    for _ in range(TRIES):
        y = 1 - math.sqrt(np.random.random())
        lepton_energy, pion_energy = energy * (1 - y), energy * y
        if lepton_energy <= lepton_mass or pion_energy <= PION_GEV:
            continue
        lepton_momentum = math.sqrt(lepton_energy**2 - lepton_mass**2)
        q2 = AXIAL_COHERENT_GEV**2 * (1 / np.random.random() - 1)
        cosine = (2 * energy * lepton_energy - lepton_mass**2 - q2) / (2 * energy * lepton_momentum)
        transfer = math.sqrt(pion_energy**2 + q2)  # momentum
        pion_momentum = math.sqrt(pion_energy**2 - PION_GEV**2)
        t = (transfer - pion_momentum) ** 2 + np.random.exponential(1 / COHERENT_SLOPE)
        turn = (transfer**2 + pion_momentum**2 - t) / (2 * transfer * pion_momentum)
        # smallest |t| damps pions far off their mass shell
        damped = math.exp(-COHERENT_SLOPE * (transfer - pion_momentum) ** 2)
        if abs(cosine) > 1 or turn < -1 or np.random.random() > damped:
            continue
        direction = rotated((0.0, 0.0, 1.0), math.acos(cosine), 2 * math.pi * np.random.random())
        legs[0] = four_vector(lepton_mass, scaled(direction, lepton_momentum))
        axis = (-legs[0, 1] / transfer, -legs[0, 2] / transfer, (energy - legs[0, 3]) / transfer)
        pion = rotated(axis, math.acos(turn), 2 * math.pi * np.random.random())
        legs[1] = four_vector(PION_GEV, scaled(pion, pion_momentum))
        return legs
    return legs
