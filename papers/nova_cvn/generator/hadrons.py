"""Collisions of pions, kaons and nucleons with nuclei.

The same collisions serve inside the struck nucleus and in the detector. The fate of a pion is drawn from the fractions
of GENIE's hA model; the products are even in the phase space of projectile and struck nucleons. So energy and momentum
are conserved except for the energy that frees the nucleons.
"""

import numpy as np

from .kinematics import FourVector, boosted, invariant_mass, momentum_of, phase_space, times
from .particles import (
    NEUTRAL_PION,
    NEUTRON,
    NEUTRON_GEV,
    PION,
    PION_GEV,
    PROTON,
    PROTON_GEV,
    Particle,
    Vector,
    mass_of,
)

REMOVAL_GEV = 0.025  # frees a nucleon of carbon (GENIE, Fermi momentum table)
# Kinetic energy below which a single struck nucleon costs nothing, since most collisions are with hydrogen; our choice.
FREE_BELOW_GEV = 0.1
PROTON_SHARE = 0.54  # of protons among the nucleons of scintillator and PVC
# Fates of pions by kinetic energy [GeV]: inelastic, charge exchange, absorption, pion production (GENIE,
# intranuke-fractions-piA.dat, iron). Elastic scattering, which barely turns a pion, is left out and the rest rescaled.
FATE_GEV = (0.1, 0.2, 0.3, 0.5, 1.0)
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
NUCLEON_PION_GEV, NUCLEON_PION_SHARE = 0.8, 0.5  # two nucleons make a pion above, with that chance; our choice
CAPTURE_TWO_NEUTRONS = 0.8  # share of stopped negative pions that end in two neutrons; our choice


def fate_shares(kinetic: float) -> np.ndarray:
    """Return the probabilities (4,) of INELASTIC, EXCHANGE, ABSORPTION, PRODUCTION at a pion's kinetic energy [GeV]."""
    shares = np.array([np.interp(kinetic, FATE_GEV, column) for column in FATES.T])
    return shares / shares.sum()


def pion_fate(kinetic: float, random: np.random.Generator) -> int:
    """Return what happens to a pion."""
    return int(np.searchsorted(np.cumsum(fate_shares(kinetic))[:-1], random.random()))


def nucleon(random: np.random.Generator) -> int:
    """Return the code of a nucleon of the medium."""
    return PROTON if random.random() < PROTON_SHARE else NEUTRON


def share_energy(system: FourVector, codes: list[int], random: np.random.Generator) -> list[Particle]:
    """Return the products of a system with a four-momentum [GeV], even in phase space; none if it is too light."""
    mass, masses = invariant_mass(system), [mass_of(code) for code in codes]
    if mass <= sum(masses):
        return []
    products = phase_space(mass, masses, random)
    return [Particle(code, boosted(product, system)[1:]) for code, product in zip(codes, products, strict=True)]


def with_nucleons(code: int, direction: Vector, kinetic: float, n_nucleons: int) -> FourVector:
    """Return the four-momentum [GeV] of a hadron and nucleons at rest, less the energy that frees the nucleons."""
    mass = mass_of(code)
    removal = 0.0 if kinetic < FREE_BELOW_GEV and n_nucleons == 1 else REMOVAL_GEV * n_nucleons
    momentum = times(direction, momentum_of(kinetic, mass))
    return (kinetic + mass + n_nucleons * NEUTRON_GEV - removal, *momentum)


def absorb_pion(code: int, direction: Vector, kinetic: float, random: np.random.Generator) -> list[Particle]:
    """Return the nucleons that share an absorbed pion's energy."""
    n_nucleons = 2 if kinetic < THREE_NUCLEONS_GEV else 3
    codes = [nucleon(random) for _ in range(n_nucleons)]
    if abs(code) == PION:  # a positive pion turns a neutron into a proton, a negative one a proton into a neutron
        codes[0] = PROTON if code > 0 else NEUTRON
    return share_energy(with_nucleons(code, direction, kinetic, n_nucleons), codes, random)


def any_pion(random: np.random.Generator) -> int:
    """Return one of the three pions."""
    return (PION, NEUTRAL_PION, -PION)[random.integers(3)]


def exchanged(code: int, random: np.random.Generator) -> int:
    """Return a pion of another charge."""
    if code == NEUTRAL_PION:
        return PION if random.random() < 0.5 else -PION
    return NEUTRAL_PION


def collide_meson(code: int, direction: Vector, kinetic: float, random: np.random.Generator) -> list[Particle]:
    """Return the products of a pion's or kaon's collision with a nucleus; kaons only scatter.

    Args:
        code: PDG code.
        direction: Of the meson.
        kinetic: Its energy [GeV].
        random: Source of randomness.
    """
    fate = pion_fate(kinetic, random) if abs(code) in (PION, NEUTRAL_PION) else INELASTIC
    if fate == ABSORPTION:
        return absorb_pion(code, direction, kinetic, random)
    codes = [exchanged(code, random) if fate == EXCHANGE else code, nucleon(random)]
    system = with_nucleons(code, direction, kinetic, 1)
    more = share_energy(system, [*codes, any_pion(random)], random) if fate == PRODUCTION else []
    return more or share_energy(system, codes, random)


def collide_nucleon(code: int, direction: Vector, kinetic: float, random: np.random.Generator) -> list[Particle]:
    """Return the products of a nucleon's collision with a nucleus; arguments as for `collide_meson`.

    Two nucleons leave back to back in their rest frame, in any direction, so that the recoil proton of a slow neutron
    has an evenly distributed share of its energy.
    """
    system, codes = with_nucleons(code, direction, kinetic, 1), [code, nucleon(random)]
    if kinetic > NUCLEON_PION_GEV and random.random() < NUCLEON_PION_SHARE:
        codes.append(any_pion(random))
    return share_energy(system, codes, random)


def capture_negative_pion(random: np.random.Generator) -> list[Particle]:
    """Return the two nucleons that remain when a proton and another nucleon capture a stopped negative pion."""
    energy = PION_GEV + PROTON_GEV + NEUTRON_GEV - 2 * REMOVAL_GEV
    second = NEUTRON if random.random() < CAPTURE_TWO_NEUTRONS else PROTON
    return share_energy((energy, 0.0, 0.0, 0.0), [NEUTRON, second], random)


def collide(code: int, direction: Vector, kinetic: float, random: np.random.Generator) -> list[Particle]:
    """Return the products of any hadron's collision with a nucleus; arguments as for `collide_meson`."""
    kind = collide_nucleon if abs(code) in (PROTON, NEUTRON) else collide_meson
    return kind(code, direction, kinetic, random)
