"""Masses and codes of the particles that are followed."""

from typing import NamedTuple

Vector = tuple[float, float, float]

# PDG codes; those of negative leptons are positive
ELECTRON, MUON, TAU, PHOTON = 11, 13, 15, 22
PION, NEUTRAL_PION, KAON, KAON_LONG, KAON_SHORT = 211, 111, 321, 130, 310
PROTON, NEUTRON = 2212, 2112
# Masses [GeV], Particle Data Group
ELECTRON_GEV, MUON_GEV, TAU_GEV = 0.000511, 0.105658, 1.77686
PION_GEV, NEUTRAL_PION_GEV, KAON_GEV, NEUTRAL_KAON_GEV = 0.139570, 0.134977, 0.493677, 0.497611
PROTON_GEV, NEUTRON_GEV = 0.938272, 0.939565
MASSES = {
    **{ELECTRON: ELECTRON_GEV, MUON: MUON_GEV, TAU: TAU_GEV, PION: PION_GEV, NEUTRAL_PION: NEUTRAL_PION_GEV},
    **{KAON: KAON_GEV, KAON_LONG: NEUTRAL_KAON_GEV, KAON_SHORT: NEUTRAL_KAON_GEV},
    **{PROTON: PROTON_GEV, NEUTRON: NEUTRON_GEV},
}


class Particle(NamedTuple):
    """A particle at the point where it was made."""

    code: int
    momentum: Vector  # [GeV]


def mass_of(code: int) -> float:
    """Return the mass [GeV] of a PDG code; 0 for photons, neutrinos and what is not followed."""
    return MASSES.get(abs(code), 0.0)
