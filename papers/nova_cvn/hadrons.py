"""Collisions of pions and nucleons with nuclei, for the generator of arXiv:1604.01444's events.

The same collisions serve inside of the struck nucleus and in the detector. What happens to a pion is drawn from the
fractions of GENIE's hA model; products share the energy of projectile and struck nucleons as phase space says, in the
frame where their momenta cancel. So energy and momentum are conserved but for the energy that frees the nucleons.
"""

import math

import numpy as np

from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import boosted, momentum_of, phase_space, scaled
from papers.nova_cvn.particles import (
    KAON,
    NEUTRAL_PION,
    NEUTRON,
    NEUTRON_GEV,
    PION,
    PION_GEV,
    PROTON,
    PROTON_GEV,
    mass_of,
    push,
)

REMOVAL_GEV = 0.025  # to free a nucleon of carbon (GENIE, Fermi momentum table)
FREE_BELOW_GEV = 0.1  # kinetic energy below which it is not charged, as hydrogen takes most collisions; our choice
PROTON_SHARE = 0.54  # of the nucleons of scintillator and PVC
# Fates of pions by kinetic energy [GeV]: inelastic, charge exchange, absorption, pion production (GENIE,
# intranuke-fractions-piA.dat, iron). Elastic scattering, which barely turns a pion, is left out and the rest rescaled.
FATE_GEV = np.array([0.1, 0.2, 0.3, 0.5, 1.0])
FATES = np.array(
    [
        [0.368, 0.050, 0.237, 0.000],
        [0.204, 0.057, 0.343, 0.000],
        [0.282, 0.060, 0.235, 0.000],
        [0.346, 0.018, 0.306, 0.065],
        [0.348, 0.008, 0.349, 0.171],
    ]
)
INELASTIC, EXCHANGE, ABSORPTION, PRODUCTION = range(4)
THREE_NUCLEONS_GEV = 0.2  # kinetic energy above which three nucleons share an absorbed pion's energy; our choice
NUCLEON_PION_GEV = 0.8  # kinetic energy above which two nucleons make a pion in half of their collisions; our choice


@kernel
def pion_fate(kinetic: float) -> int:
    """Return INELASTIC, EXCHANGE, ABSORPTION or PRODUCTION for a pion's kinetic energy [GeV]."""
    shares = np.empty(4)
    for fate in range(4):
        shares[fate] = np.interp(kinetic, FATE_GEV, FATES[:, fate])
    choice = np.random.random() * shares.sum()
    for fate in range(3):
        choice -= shares[fate]
        if choice < 0:
            return fate
    return PRODUCTION


@kernel
def nucleon() -> int:
    """Return the code of a nucleon of the medium."""
    return PROTON if np.random.random() < PROTON_SHARE else NEUTRON


@kernel
def share_energy(stack: np.ndarray, n: int, system: np.ndarray, codes: np.ndarray, place: tuple) -> int:
    """Put products with codes (k,) of a system with four-momentum (4,) [GeV] on the stack, even in phase space.

    Returns the new number of rows; unchanged if the system is too light for its products.
    """
    mass = math.sqrt(max(system[0] ** 2 - system[1] ** 2 - system[2] ** 2 - system[3] ** 2, 0.0))
    masses = np.empty(len(codes))
    for k in range(len(codes)):
        masses[k] = mass_of(codes[k])
    if mass <= masses.sum():
        return n
    at_rest = phase_space(mass, masses)
    for k in range(len(codes)):
        product = boosted(at_rest[k], system)
        n = push(stack, n, codes[k], (product[1], product[2], product[3]), place)
    return n


@kernel
def with_nucleons(code: int, direction: tuple, kinetic: float, n_nucleons: int) -> np.ndarray:
    """Return the four-momentum (4,) [GeV] of a hadron and nucleons at rest, less what it takes to free those."""
    mass = mass_of(code)
    momentum = scaled(direction, momentum_of(kinetic, mass))
    removal = 0.0 if kinetic < FREE_BELOW_GEV and n_nucleons == 1 else REMOVAL_GEV * n_nucleons
    system = np.empty(4)
    system[0] = kinetic + mass + n_nucleons * NEUTRON_GEV - removal
    system[1], system[2], system[3] = momentum
    return system


@kernel
def absorb_pion(stack: np.ndarray, n: int, code: int, direction: tuple, kinetic: float, place: tuple) -> int:
    """Put the nucleons that take a pion's energy on the stack; return the new number of rows."""
    n_nucleons = 2 if kinetic < THREE_NUCLEONS_GEV else 3
    codes = np.empty(n_nucleons, np.int64)
    for k in range(n_nucleons):
        codes[k] = nucleon()
    if code == PION:  # its charge goes to a proton, that of a negative pion from one
        codes[0] = PROTON
    elif code == -PION:
        codes[0] = NEUTRON
    return share_energy(stack, n, with_nucleons(code, direction, kinetic, n_nucleons), codes, place)


@kernel
def scattered_code(code: int, fate: int) -> int:
    """Return what a pion or kaon is after a collision: another pion after charge exchange."""
    if fate != EXCHANGE or abs(code) == KAON:
        return code
    if code == NEUTRAL_PION:
        return PION if np.random.random() < 0.5 else -PION
    return NEUTRAL_PION


@kernel
def collide_meson(stack: np.ndarray, n: int, code: int, direction: tuple, kinetic: float, place: tuple) -> int:
    """Put what comes of a pion's or kaon's collision with a nucleus on the stack; return the new number of rows.

    Args:
        stack: Where products go.
        n: Rows filled so far.
        code: PDG code.
        direction: Of the meson.
        kinetic: Its energy [GeV].
        place: Where they meet [cm].
    """
    fate = pion_fate(kinetic) if abs(code) != KAON else INELASTIC
    if fate == ABSORPTION:
        return absorb_pion(stack, n, code, direction, kinetic, place)
    system = with_nucleons(code, direction, kinetic, 1)
    codes = np.array([scattered_code(code, fate), nucleon()])
    if fate == PRODUCTION:
        one_more = int(np.random.choice(3)) - 1
        codes = np.array([codes[0], codes[1], NEUTRAL_PION if one_more == 0 else one_more * PION])
    n_new = share_energy(stack, n, system, codes, place)
    return n_new if n_new > n else share_energy(stack, n, system, codes[:2], place)


@kernel
def collide_nucleon(stack: np.ndarray, n: int, code: int, direction: tuple, kinetic: float, place: tuple) -> int:
    """Put what comes of a nucleon's collision with a nucleus on the stack; return the new number of rows.

    Args and units as for `collide_meson`. Products below the threshold of a pion are two nucleons, back to back
    in their own frame in any direction, so that a slow neutron's recoil proton has any share of its energy.
    """
    system = with_nucleons(code, direction, kinetic, 1)
    codes = np.array([code, nucleon()])
    if kinetic > NUCLEON_PION_GEV and np.random.random() < 0.5:
        one_more = int(np.random.choice(3)) - 1
        codes = np.array([code, codes[1], NEUTRAL_PION if one_more == 0 else one_more * PION])
    return share_energy(stack, n, system, codes, place)


@kernel
def capture_negative_pion(stack: np.ndarray, n: int, place: tuple) -> int:
    """Put the two nucleons of a stopped negative pion's capture on the stack: two neutrons in four of five cases."""
    system = np.zeros(4)
    system[0] = PION_GEV + PROTON_GEV + NEUTRON_GEV - 2 * REMOVAL_GEV
    second = NEUTRON if np.random.random() < 0.8 else PROTON
    return share_energy(stack, n, system, np.array([NEUTRON, second]), place)
