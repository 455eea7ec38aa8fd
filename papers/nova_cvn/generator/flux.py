"""Energies of the neutrinos that interact, for each interaction mode.

The beam, 14.6 mrad off the axis, has its peak near 2 GeV and a tail of neutrinos from kaons. Its three components and
the rise of each mode's cross section with the energy are our own parametrisation. As in the article, electron
and tau neutrinos have the flux of the muon neutrinos: flavours are swapped before the cross section enters.
"""

import numpy as np

QE, RES, DIS, OTHER = range(4)  # modes; the class of a charged current is 4 flavour + mode
NC_SHARES = (0.30, 0.33, 0.37)  # QE, RES, DIS among neutral currents; our choice
MAX_GEV = 15.0
TAU_THRESHOLD_GEV = 3.5
LOWEST_GEV = (0.35, 0.6, 1.6, 0.8)  # of the neutrino, by mode
RISE_GEV = ((0.2, 0.8), (0.4, 1.2), (1.4, 8.0), (0.0, 3.0))  # by mode: the weight is (E - first)/second, at most 1


def beam_energy(random: np.random.Generator) -> float:
    """Return the energy [GeV] of a beam neutrino: 72 % peak, 18 % exponential, 10 % from kaons."""
    choice = random.random()
    if choice < 0.72:
        return random.normal(1.95, 0.42)
    if choice < 0.90:
        return 1 + random.exponential(2.6)
    return random.normal(7.5, 2.5)


def mode_weight(mode: int, energy: float) -> float:
    """Return how much an interaction mode counts at a neutrino energy [GeV], 0 to 1."""
    start, width = RISE_GEV[mode]
    return min(1.0, max(0.0, (energy - start) / width))


def interacting_energy(mode: int, random: np.random.Generator, *, is_tau: bool) -> float:
    """Return the energy [GeV] of a neutrino that interacts in a mode: flux times the mode's weight, by rejection."""
    lowest = LOWEST_GEV[mode] + (TAU_THRESHOLD_GEV if is_tau else 0.0)
    while True:
        energy = beam_energy(random)
        if lowest < energy < MAX_GEV and random.random() < mode_weight(mode, energy):
            return energy
