"""Hadrons of deep inelastic scattering, for the generator of arXiv:1604.01444's events.

As in GENIE: at low W multiplicities that scale as Koba, Nielsen and Olesen found (AGKY model), at high W Pythia's
strings, and between 2.3 and 3.0 GeV one of the two with a chance that changes linearly. Numbers are GENIE's
(AGKYLowW2019.xml, CommonParam.xml). The products of the first share W as phase space says, the baryon going backwards.
"""

import math
from typing import Any

import numpy as np
import pythia8mc

from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import boosted, four_vector, phase_space, unboosted
from papers.nova_cvn.particles import (
    KAON,
    KAON_LONG,
    KAON_SHORT,
    NEUTRAL_PION,
    NEUTRON,
    PION,
    PROTON,
    TAU,
    TAU_GEV,
    mass_of,
)

TRANSITION_GEV = (2.3, 3.0)  # in W, from scaling multiplicities to strings
# Mean number of charged hadrons a + b ln W^2 and Levy parameter c, by the charge of the hadrons: that of an
# antineutrino on a neutron -1 is not made here. 2: nu p; 1: nu n; 0: antinu p. Neutral currents take those of their
# charge, our choice.
MULTIPLICITY = np.array([[0.02, 1.28, 5.22], [-0.20, 1.42, 5.22], [0.40, 1.42, 7.93]])
ALL_OVER_CHARGED = 1.5  # pions of the three charges are equally frequent
MAX_HADRONS = 12
PROTON_CHANCE = (0.5, 0.5, 2 / 3)  # that the baryon is a proton, by charge; recalled from GENIE's code
PAIR_SHARES = (0.3133, 0.6267, 0.03, 0.03)  # 2 pi0, pi+ pi-, K+ K-, K0 K0bar
TRIES = 50
INVISIBLE = (12, 14, 16)
SETTINGS = [
    *("ProcessLevel:all = off", "Print:quiet = on", "Check:event = off", "Random:setSeed = on", "Random:seed = 1"),
    "111:mayDecay = off",  # neutral pions may be absorbed in the nucleus first
]
# Struck quark and remnant diquark by (charge of the current, whether the nucleon is a proton): those of valence
# quarks; diquarks ending in 1 and 3 have spin 0 and 1.
DOWN, UP, UD_0, UD_1, UU, DD = 1, 2, 2101, 2103, 2203, 1103
NC_UP_SHARE = 2 / 3  # of the struck quarks of a proton, and of down in a neutron


@kernel
def mean_charged(charge: int, w: float) -> float:
    """Return the mean number of charged hadrons of a system with charge 0, 1 or 2 and mass W [GeV]."""
    return MULTIPLICITY[charge, 0] + MULTIPLICITY[charge, 1] * math.log(w * w)


@kernel
def draw_multiplicity(charge: int, w: float) -> int:
    """Return the number of hadrons, at least 2, from the Levy function of KNO scaling around its mean."""
    mean = max(ALL_OVER_CHARGED * mean_charged(charge, w), 1.0)
    levy = MULTIPLICITY[charge, 2]
    weights = np.zeros(MAX_HADRONS + 1)
    for n in range(2, MAX_HADRONS + 1):
        argument = levy * n / mean
        weights[n] = math.exp(argument * math.log(levy) - levy - math.lgamma(argument + 1))
    choice = np.random.random() * weights.sum()
    for n in range(2, MAX_HADRONS + 1):
        choice -= weights[n]
        if choice < 0:
            return n
    return MAX_HADRONS


@kernel
def neutral_kaon() -> int:
    """Return one of the two neutral kaons."""
    return KAON_SHORT if np.random.random() < 0.5 else KAON_LONG


@kernel
def choose_pair() -> tuple:
    """Return the codes of two mesons without net charge."""
    choice = np.random.random()
    if choice < PAIR_SHARES[0]:
        return NEUTRAL_PION, NEUTRAL_PION
    if choice < PAIR_SHARES[0] + PAIR_SHARES[1]:
        return PION, -PION
    if choice < 1 - PAIR_SHARES[3]:
        return KAON, -KAON
    return neutral_kaon(), neutral_kaon()


@kernel
def choose_hadrons(charge: int, n_hadrons: int) -> np.ndarray:
    """Return codes (n,) of about n hadrons with a net charge: a baryon, pions for the charge that is left, pairs."""
    codes = np.empty(n_hadrons + 3, np.int64)
    is_proton = np.random.random() < PROTON_CHANCE[charge] or (n_hadrons == 2 and charge == 2)
    codes[0] = PROTON if is_proton else NEUTRON
    n, left = 1, charge - int(is_proton)
    while left != 0:
        codes[n] = PION if left > 0 else -PION
        left -= 1 if left > 0 else -1
        n += 1
    if n == 1 or (n_hadrons - n) % 2 == 1:
        codes[n] = NEUTRAL_PION
        n += 1
    while n + 2 <= n_hadrons:
        codes[n], codes[n + 1] = choose_pair()
        n += 2
    return codes[:n]


@kernel
def scaling_hadrons(system: np.ndarray, current: np.ndarray, charge: int) -> np.ndarray:
    """Return hadrons (n, 4), code and momentum [GeV], of the AGKY model at low W; none where it fails.

    Args:
        system: (4,) four-momentum of all hadrons [GeV].
        current: (4,) momentum transferred by the lepton [GeV]; the baryon goes backwards from it.
        charge: Of the system: 0, 1 or 2.
    """
    w = math.sqrt(system[0] ** 2 - system[1] ** 2 - system[2] ** 2 - system[3] ** 2)
    for _ in range(TRIES):
        codes = choose_hadrons(charge, draw_multiplicity(charge, w))
        masses = np.empty(len(codes))
        for k in range(len(codes)):
            masses[k] = mass_of(codes[k])
        if masses.sum() < w:
            products = phase_space(w, masses)
            axis = unboosted(current, system)
            if (products[0, 1:] * axis[1:]).sum() > 0:
                products[:, 1:] *= -1
            out = np.empty((len(codes), 4))
            for k in range(len(codes)):
                out[k, 0] = codes[k]
                out[k, 1:] = boosted(products[k], system)[1:]
            return out
    return np.empty((0, 4))


def quark_and_diquark(random: np.random.Generator, *, is_charged: bool, is_proton: bool) -> tuple[int, int]:
    """Return the codes of the struck quark, as it leaves, and of what remains of the nucleon."""
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
        """Start the random numbers anew, so that an event does not depend on those before it."""
        self._pythia.rndm.init(seed)

    def hadronise(self, system: np.ndarray, current: np.ndarray, quark: int, diquark: int) -> np.ndarray:
        """Return hadrons (n, 4), code and momentum [GeV], of a string; none if it is too light or Pythia gives up.

        Args:
            system: (4,) four-momentum of the string [GeV].
            current: (4,) momentum transferred by the lepton, which the quark follows [GeV].
            quark: Code of the struck quark.
            diquark: Code of the remnant.
        """
        pythia, event = self._pythia, self._pythia.event
        w = math.sqrt(system[0] ** 2 - system[1:] @ system[1:])
        masses = [pythia.particleData.m0(code) for code in (quark, diquark)]
        if w <= sum(masses) + 0.15:  # no room for a pion
            return np.empty((0, 4))
        momentum = math.sqrt((w**2 - sum(masses) ** 2) * (w**2 - (masses[1] - masses[0]) ** 2)) / (2 * w)
        axis = unboosted(current, system)[1:]
        axis = axis / np.linalg.norm(axis) * momentum
        event.reset()
        for code, mass, sign, colours in ((quark, masses[0], 1, (101, 0)), (diquark, masses[1], -1, (0, 101))):
            event.append(code, 23, *colours, *(float(sign * p) for p in axis), math.hypot(momentum, mass), mass)
        if not pythia.next():
            return np.empty((0, 4))
        return self._final(system)

    def decay_tau(self, lepton: np.ndarray) -> np.ndarray:
        """Return the products (n, 4), code and momentum [GeV], of a tau lepton (4,) but for neutrinos."""
        event = self._pythia.event
        event.reset()
        event.append(TAU, 1, 0, 0, 0.0, 0.0, 0.0, TAU_GEV, TAU_GEV)
        self._pythia.moreDecays()
        return self._final(lepton)

    def _final(self, frame: np.ndarray) -> np.ndarray:
        rows = []
        for particle in self._pythia.event:
            if particle.isFinal() and abs(particle.id()) not in INVISIBLE:
                momentum = four_vector(particle.m(), (particle.px(), particle.py(), particle.pz()))
                rows.append([particle.id(), *boosted(momentum, frame)[1:]])
        return np.array(rows).reshape(-1, 4)
