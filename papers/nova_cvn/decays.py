"""Decays in flight and at rest, for the generator of arXiv:1604.01444's events. Neutrinos are left out.

Stopped muons live for microseconds: their Michel electron belongs to the event only if it comes within the time that
the hits of one slice span.
"""

import math

import numpy as np

from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import boosted, four_vector, isotropic, momentum_of, phase_space, scaled
from papers.nova_cvn.particles import (
    ELECTRON,
    ELECTRON_GEV,
    KAON,
    KAON_GEV,
    MUON,
    MUON_GEV,
    NEUTRAL_KAON_GEV,
    NEUTRAL_PION,
    NEUTRAL_PION_GEV,
    PHOTON,
    PION,
    PION_GEV,
    mass_of,
    push,
)

# Proper decay lengths [cm] and branching fractions, Particle Data Group
MUON_CM, PION_CM, KAON_CM = 65_864.0, 780.45, 371.1
MUON_LIFE_US = 2.197
KAON_TO_MUON = 0.64  # the rest goes to two pions here
KAON_SHORT_CHARGED = 0.69  # to charged pions; the rest to neutral ones
MICHEL_GEV = (MUON_GEV**2 + ELECTRON_GEV**2) / (2 * MUON_GEV)  # end point, 52.8 MeV


@kernel
def decay_length(code: int) -> float:
    """Return the proper decay length [cm] of a charged particle; inf if it is stable."""
    size = abs(code)
    if size == MUON:
        return MUON_CM
    if size == PION:
        return PION_CM
    return KAON_CM if size == KAON else math.inf


@kernel
def michel_energy() -> float:
    """Return the energy [GeV] of the electron of a muon at rest: x^2 (3 - 2x), by rejection."""
    while True:
        x = np.random.random()
        if np.random.random() < x * x * (3 - 2 * x):
            return max(x * MICHEL_GEV, ELECTRON_GEV)


@kernel
def push_boosted(stack: np.ndarray, n: int, code: int, own: np.ndarray, frame: np.ndarray, place: tuple) -> int:
    """Put a product with four-momentum (4,) in the frame of its parent (4,) on the stack; return the number of rows."""
    product = boosted(own, frame)
    return push(stack, n, code, (product[1], product[2], product[3]), place)


@kernel
def decay_to(stack: np.ndarray, n: int, codes: tuple, mass: float, frame: np.ndarray, place: tuple) -> int:
    """Put the two products of a decay of `mass` [GeV], whose four-momentum is `frame` (4,), on the stack.

    A code of 0 is a neutrino, which is left out.
    """
    masses = np.array([mass_of(codes[0]), mass_of(codes[1])])
    products = phase_space(mass, masses)
    for k in range(2):
        if codes[k] != 0:
            n = push_boosted(stack, n, codes[k], products[k], frame, place)
    return n


@kernel
def decay(stack: np.ndarray, n: int, code: int, direction: tuple, kinetic: float, place: tuple) -> int:
    """Put the products of a charged particle's decay on the stack; return the new number of rows.

    Args:
        stack: Where they go.
        n: Rows filled so far.
        code: Muon, pion or kaon.
        direction: Of the particle.
        kinetic: Its energy [GeV]; 0 at rest.
        place: Where it decays [cm].
    """
    mass, sign = mass_of(code), 1 if code > 0 else -1
    frame = four_vector(mass, scaled(direction, momentum_of(kinetic, mass)))
    if abs(code) == MUON:
        energy = michel_energy()
        own = four_vector(ELECTRON_GEV, scaled(isotropic(), math.sqrt(max(energy**2 - ELECTRON_GEV**2, 0.0))))
        return push_boosted(stack, n, ELECTRON, own, frame, place)
    if abs(code) == PION:
        return decay_to(stack, n, (-sign * MUON, 0), PION_GEV, frame, place)
    if np.random.random() < KAON_TO_MUON:
        return decay_to(stack, n, (-sign * MUON, 0), KAON_GEV, frame, place)
    return decay_to(stack, n, (sign * PION, NEUTRAL_PION), KAON_GEV, frame, place)


@kernel
def decay_neutral_pion(stack: np.ndarray, n: int, momentum: tuple, place: tuple) -> int:
    """Put the photons of a neutral pion with a momentum [GeV] on the stack; return the new number of rows."""
    frame = four_vector(NEUTRAL_PION_GEV, momentum)
    return decay_to(stack, n, (PHOTON, PHOTON), NEUTRAL_PION_GEV, frame, place)


@kernel
def decay_short_kaon(stack: np.ndarray, n: int, momentum: tuple, place: tuple) -> int:
    """Put the pions of a short-lived kaon with a momentum [GeV] on the stack; return the new number of rows."""
    frame = four_vector(NEUTRAL_KAON_GEV, momentum)
    is_charged = np.random.random() < KAON_SHORT_CHARGED
    codes = (PION, -PION) if is_charged else (NEUTRAL_PION, NEUTRAL_PION)
    return decay_to(stack, n, codes, NEUTRAL_KAON_GEV, frame, place)
