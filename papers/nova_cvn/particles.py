"""Masses, and the stack on which the generator of arXiv:1604.01444's events keeps particles still to be followed."""

import numpy as np

from papers.nova_cvn.kernels import kernel

# Masses [GeV], Particle Data Group.
ELECTRON_GEV, MUON_GEV, TAU_GEV = 0.000511, 0.105658, 1.77686
PION_GEV, NEUTRAL_PION_GEV, KAON_GEV, NEUTRAL_KAON_GEV = 0.139570, 0.134977, 0.493677, 0.497611
PROTON_GEV, NEUTRON_GEV = 0.938272, 0.939565

ELECTRON, MUON, TAU, PHOTON = 11, 13, 15, 22  # PDG codes; negative leptons have positive ones
PION, NEUTRAL_PION, KAON, KAON_LONG, KAON_SHORT, KAON_ZERO = 211, 111, 321, 130, 310, 311
PROTON, NEUTRON = 2212, 2112
CODE, PX, PY, PZ, X, Y, Z = range(7)  # columns of the stack: PDG code, momentum [GeV], place [cm]
CAPACITY = 4000  # rows; the busiest events need some hundred


def empty_stack() -> np.ndarray:
    """Return a stack (CAPACITY, 7) for particles; how many of its rows are filled is counted apart."""
    return np.zeros((CAPACITY, 7))


@kernel
def mass_of(code: int) -> float:
    """Return the mass [GeV] of a PDG code; 0 for photons, neutrinos and whatever is not followed."""
    size = abs(code)
    if size == PION:
        mass = PION_GEV
    elif size == PROTON:
        mass = PROTON_GEV
    elif size == NEUTRON:
        mass = NEUTRON_GEV
    elif size == NEUTRAL_PION:
        mass = NEUTRAL_PION_GEV
    elif size == MUON:
        mass = MUON_GEV
    elif size == ELECTRON:
        mass = ELECTRON_GEV
    elif size == KAON:
        mass = KAON_GEV
    elif size in (KAON_LONG, KAON_SHORT, KAON_ZERO):
        mass = NEUTRAL_KAON_GEV
    else:
        mass = 0.0
    return mass


@kernel
def push(stack: np.ndarray, n: int, code: int, momentum: tuple, place: tuple) -> int:
    """Put a particle with momentum [GeV] (3) at a place [cm] (3) on the stack; return the new number of rows."""
    if n >= stack.shape[0]:
        return n
    stack[n, CODE] = code
    stack[n, PX], stack[n, PY], stack[n, PZ] = momentum
    stack[n, X], stack[n, Y], stack[n, Z] = place
    return n + 1
