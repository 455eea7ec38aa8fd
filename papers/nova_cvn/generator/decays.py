"""Decays in flight and at rest; neutrinos are left out of the products."""

import math

import numpy as np

from .kinematics import FourVector, boosted, four_vector, isotropic, phase_space, times
from .particles import (
    ELECTRON,
    ELECTRON_GEV,
    KAON,
    KAON_SHORT,
    MUON,
    MUON_GEV,
    NEUTRAL_PION,
    PHOTON,
    PION,
    Particle,
    Vector,
    mass_of,
)

# Proper decay lengths [cm], life time and branching fractions, Particle Data Group
DECAY_CM = {MUON: 65_864.0, PION: 780.45, KAON: 371.1}
MUON_LIFE_US = 2.197
KAON_TO_MUON = 0.64  # the rest goes to two pions here
KAON_SHORT_CHARGED = 0.69  # to charged pions; the rest to neutral ones
MICHEL_GEV = (MUON_GEV**2 + ELECTRON_GEV**2) / (2 * MUON_GEV)  # end point, 52.8 MeV
NEUTRINO = 14  # PDG code, whatever the flavour


def decay_length(code: int) -> float:
    """Return the proper decay length [cm] of a charged particle; inf if it is stable."""
    return DECAY_CM.get(abs(code), math.inf)


def michel_energy(random: np.random.Generator) -> float:
    """Return the energy [GeV] of the electron of a muon at rest: x^2 (3 - 2x), by rejection."""
    while True:
        x = random.random()
        if random.random() < x * x * (3 - 2 * x):
            return max(x * MICHEL_GEV, ELECTRON_GEV)


def products_of(code: int, random: np.random.Generator) -> tuple[int, int]:
    """Return the codes of the two products of a pion or kaon."""
    sign = 1 if code > 0 else -1
    if abs(code) == NEUTRAL_PION:
        return PHOTON, PHOTON
    if abs(code) == KAON_SHORT:
        return (PION, -PION) if random.random() < KAON_SHORT_CHARGED else (NEUTRAL_PION, NEUTRAL_PION)
    if abs(code) == PION or random.random() < KAON_TO_MUON:
        return -sign * MUON, NEUTRINO
    return sign * PION, NEUTRAL_PION


def decay(code: int, momentum: Vector, random: np.random.Generator) -> list[Particle]:
    """Return the products of a muon, pion or kaon with a momentum [GeV]; neutrinos are left out."""
    frame = four_vector(mass_of(code), momentum)
    if abs(code) == MUON:
        energy = michel_energy(random)
        size = math.sqrt(energy**2 - ELECTRON_GEV**2)
        return [Particle(ELECTRON, boosted((energy, *times(isotropic(random), size)), frame)[1:])]
    codes = products_of(code, random)
    at_rest: list[FourVector] = phase_space(mass_of(code), [mass_of(product) for product in codes], random)
    return [
        Particle(product, boosted(vector, frame)[1:])
        for product, vector in zip(codes, at_rest, strict=True)
        if product != NEUTRINO
    ]
