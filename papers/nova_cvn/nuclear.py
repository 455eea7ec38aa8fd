"""The struck nucleus of the generator of arXiv:1604.01444's events: Fermi gas, Pauli blocking, rescattering.

Fermi momentum and binding are GENIE's for carbon. How often a hadron rescatters on its way out is our choice; what
comes of it is drawn as in `hadrons`, with the fractions of GENIE's hA model. Each hadron rescatters once at most.
"""

import math

import numpy as np

from papers.nova_cvn.hadrons import collide_meson, collide_nucleon
from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.kinematics import isotropic, scaled
from papers.nova_cvn.particles import NEUTRAL_PION, NEUTRON, PION, PROTON, PROTON_GEV, mass_of, push

FERMI_GEV = 0.221  # carbon (GENIE, Fermi momentum table)
BINDING_GEV = 0.025  # carbon (the same table)
PION_RESONANT_GEV = (0.08, 0.35)  # kinetic energies at which pions excite the Delta resonance
PION_RESCATTERS = (0.42, 0.25)  # probability in that range, and elsewhere
NUCLEON_RESCATTERS = 0.35


@kernel
def bound_nucleon() -> np.ndarray:
    """Return the four-momentum (4,) [GeV] of a nucleon: even within the Fermi sphere, off its mass shell."""
    momentum = scaled(isotropic(), FERMI_GEV * np.random.random() ** (1 / 3))
    out = np.empty(4)
    out[1], out[2], out[3] = momentum
    out[0] = math.sqrt(PROTON_GEV**2 + out[1] ** 2 + out[2] ** 2 + out[3] ** 2) - BINDING_GEV
    return out


@kernel
def is_blocked(px: float, py: float, pz: float) -> bool:
    """Tell whether a nucleon's momentum [GeV] is in the Fermi sphere, where all states are taken."""
    return px * px + py * py + pz * pz < FERMI_GEV**2


@kernel
def leave_nucleus(stack: np.ndarray, n: int, hadrons: np.ndarray, place: tuple) -> int:
    """Put hadrons on the stack as they leave the nucleus; return the new number of rows.

    Args:
        stack: Where they go.
        n: Rows filled so far.
        hadrons: (hadron, 4) PDG code and momentum [GeV] where the neutrino struck.
        place: Of the nucleus [cm].
    """
    for index in range(hadrons.shape[0]):
        code = int(hadrons[index, 0])
        momentum = (hadrons[index, 1], hadrons[index, 2], hadrons[index, 3])
        size = math.sqrt(momentum[0] ** 2 + momentum[1] ** 2 + momentum[2] ** 2)
        if size == 0:
            continue
        mass, chance = mass_of(code), np.random.random()
        direction, kinetic = scaled(momentum, 1 / size), math.sqrt(size * size + mass * mass) - mass
        before = n
        if abs(code) == PION or code == NEUTRAL_PION:
            resonant = PION_RESONANT_GEV[0] < kinetic < PION_RESONANT_GEV[1]
            if chance < (PION_RESCATTERS[0] if resonant else PION_RESCATTERS[1]):
                n = collide_meson(stack, n, code, direction, kinetic, place)
        elif (code == PROTON or code == NEUTRON) and chance < NUCLEON_RESCATTERS:
            n = collide_nucleon(stack, n, code, direction, kinetic, place)
        if n == before:
            n = push(stack, n, code, momentum, place)
    return n
