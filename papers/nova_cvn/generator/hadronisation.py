"""Hadrons of deep inelastic scattering.

As in GENIE: at low W multiplicities that scale as Koba, Nielsen and Olesen found (AGKY model), at high W Pythia's
strings, and between 2.3 and 3.0 GeV one of the two with a chance that changes linearly. The numbers are GENIE's
(AGKYLowW2019.xml, CommonParam.xml). At low W the hadrons are even in phase space, and the baryon goes backwards.
"""

import math
from typing import Any

import numpy as np
import pythia8mc

from .kinematics import FourVector, boosted, four_vector, invariant_mass, length, phase_space, unboosted
from .particles import (
    KAON,
    KAON_LONG,
    KAON_SHORT,
    NEUTRAL_PION,
    NEUTRON,
    PION,
    PROTON,
    TAU,
    TAU_GEV,
    Particle,
    mass_of,
)

TRANSITION_GEV = (2.3, 3.0)  # in W, from scaling multiplicities to strings
# By charge of the hadrons: a and b of the mean number of charged ones, a + b ln W^2, and c of Levy's function. GENIE
# gives them for neutrinos on protons (charge 2), on neutrons (1), and antineutrinos on protons (0). Neutral currents
# take those of their charge, which is our choice.
MULTIPLICITY = ((0.02, 1.28, 5.22), (-0.20, 1.42, 5.22), (0.40, 1.42, 7.93))
ALL_OVER_CHARGED = 1.5  # pions of the three charges are equally frequent
HADRONS = range(2, 13)
PROTON_CHANCE = (0.5, 0.5, 2 / 3)  # that the baryon is a proton, by charge; recalled from GENIE's code
PAIRS = ("pi0 pi0", "pi+ pi-", "K+ K-", "K0 K0bar")
PAIR_SHARES = (0.3133, 0.6267, 0.03, 0.03)
TRIES = 50
INVISIBLE = (12, 14, 16)
SETTINGS = [
    *("ProcessLevel:all = off", "Print:quiet = on", "Check:event = off", "Random:setSeed = on", "Random:seed = 1"),
    "111:mayDecay = off",  # neutral pions may be absorbed in the nucleus first
]
DOWN, UP, UD_0, UD_1, UU, DD = 1, 2, 2101, 2103, 2203, 1103  # quarks; diquarks that end in 1 and 3 have spin 0 and 1
NC_UP_SHARE = 2 / 3  # of the quarks that a neutral current strikes in a proton; of down in a neutron


def mean_charged(charge: int, w: float) -> float:
    """Return the mean number of charged hadrons of a system with charge 0, 1 or 2 and mass W [GeV]."""
    a, b, _ = MULTIPLICITY[charge]
    return a + b * math.log(w * w)


def draw_multiplicity(charge: int, w: float, random: np.random.Generator) -> int:
    """Return the number of hadrons, at least 2, from Levy's function of KNO scaling around its mean."""
    mean = max(ALL_OVER_CHARGED * mean_charged(charge, w), 1.0)
    c = MULTIPLICITY[charge][2]
    weights = [math.exp(c * n / mean * math.log(c) - c - math.lgamma(c * n / mean + 1)) for n in HADRONS]
    sums = np.cumsum(weights)
    return HADRONS[int(np.searchsorted(sums[:-1], random.random() * sums[-1]))]


def choose_pair(random: np.random.Generator) -> list[int]:
    """Return the codes of two mesons without net charge."""
    pair = PAIRS[random.choice(len(PAIRS), p=PAIR_SHARES)]
    if pair == "pi0 pi0":
        return [NEUTRAL_PION, NEUTRAL_PION]
    if pair == "pi+ pi-":
        return [PION, -PION]
    if pair == "K+ K-":
        return [KAON, -KAON]
    return [KAON_SHORT if random.random() < 0.5 else KAON_LONG for _ in range(2)]


def choose_hadrons(charge: int, n_hadrons: int, random: np.random.Generator) -> list[int]:
    """Return codes of about n hadrons with a net charge: a baryon, pions for the remaining charge, pairs."""
    is_proton = random.random() < PROTON_CHANCE[charge] or (n_hadrons == 2 and charge == 2)
    remaining = charge - int(is_proton)
    codes = [PROTON if is_proton else NEUTRON, *[PION if remaining > 0 else -PION] * abs(remaining)]
    if (n_hadrons - len(codes)) % 2 == 1:
        codes.append(NEUTRAL_PION)
    while len(codes) + 2 <= n_hadrons:
        codes += choose_pair(random)
    return codes


def scaling_hadrons(
    system: FourVector, current: FourVector, charge: int, random: np.random.Generator
) -> list[Particle]:
    """Return hadrons of the AGKY model at low W; none if no attempt fits into W.

    Args:
        system: Four-momentum of all hadrons [GeV].
        current: Momentum transferred by the lepton [GeV]; the baryon goes backwards from it.
        charge: Of the system: 0, 1 or 2.
        random: Source of randomness.
    """
    w = invariant_mass(system)
    for _ in range(TRIES):
        codes = choose_hadrons(charge, draw_multiplicity(charge, w, random), random)
        masses = [mass_of(code) for code in codes]
        if sum(masses) < w:
            products = phase_space(w, masses, random)
            axis = unboosted(current, system)
            is_forward = sum(a * b for a, b in zip(products[0][1:], axis[1:], strict=True)) > 0
            sign = -1 if is_forward else 1
            mirrored = [(p[0], sign * p[1], sign * p[2], sign * p[3]) for p in products]
            return [Particle(code, boosted(product, system)[1:]) for code, product in zip(codes, mirrored, strict=True)]
    return []


def quark_and_diquark(random: np.random.Generator, *, is_charged: bool, is_proton: bool) -> tuple[int, int]:
    """Return the codes of the outgoing valence quark that was struck, and of the remnant diquark."""
    mixed = UD_0 if random.random() < 0.5 else UD_1
    if is_charged:  # d -> u
        return UP, UU if is_proton else mixed
    if random.random() < NC_UP_SHARE:
        return (UP, mixed) if is_proton else (DOWN, mixed)
    return (DOWN, UU) if is_proton else (UP, DD)


class Strings:
    """Pythia's hadronisation and decays, without a hard process."""

    def __init__(self) -> None:
        """Initialise Pythia.

        Raises:
            ValueError: If Pythia does not take a setting.
        """
        self._pythia: Any = pythia8mc.Pythia("", False)
        for setting in SETTINGS:
            if not self._pythia.readString(setting):
                raise ValueError(f"Pythia does not accept '{setting}'")
        self._pythia.init()

    def seed(self, seed: int) -> None:
        """Seed the random numbers, so that an event does not depend on the events before it."""
        self._pythia.rndm.init(seed)

    def hadronise(self, system: FourVector, current: FourVector, quark: int, diquark: int) -> list[Particle]:
        """Return the hadrons of a string; none if it is too light or Pythia gives up.

        Args:
            system: Four-momentum of the string [GeV].
            current: Momentum transferred by the lepton [GeV], which the quark follows.
            quark: Code of the struck quark.
            diquark: Code of the remnant.
        """
        pythia, event, w = self._pythia, self._pythia.event, invariant_mass(system)
        masses = [pythia.particleData.m0(code) for code in (quark, diquark)]
        if w <= sum(masses) + 0.15:  # no room for a pion
            return []
        momentum = math.sqrt((w**2 - sum(masses) ** 2) * (w**2 - (masses[1] - masses[0]) ** 2)) / (2 * w)
        axis = unboosted(current, system)[1:]
        along = [component * momentum / length(axis) for component in axis]
        event.reset()
        for code, mass, sign, colours in ((quark, masses[0], 1, (101, 0)), (diquark, masses[1], -1, (0, 101))):
            event.append(code, 23, *colours, *(sign * p for p in along), math.hypot(momentum, mass), mass)
        return self._final(system) if pythia.next() else []

    def decay_tau(self, lepton: FourVector) -> list[Particle]:
        """Return the visible products of an unpolarised tau lepton with a four-momentum [GeV]."""
        event = self._pythia.event
        event.reset()
        event.append(TAU, 1, 0, 0, 0.0, 0.0, 0.0, TAU_GEV, TAU_GEV)
        self._pythia.moreDecays()
        return self._final(lepton)

    def _final(self, frame: FourVector) -> list[Particle]:
        hadrons = []
        for particle in self._pythia.event:
            if particle.isFinal() and abs(particle.id()) not in INVISIBLE:
                at_rest = four_vector(particle.m(), (particle.px(), particle.py(), particle.pz()))
                hadrons.append(Particle(particle.id(), boosted(at_rest, frame)[1:]))
        return hadrons
