"""Weights that turn the simulated events into the numbers of events that a far detector would see (Tables 1-2).

Every component of the tables has its own weights (event,), whose sum is its number of contained events. Appearing
electron neutrinos follow the simulated (swapped) spectrum times the oscillation probability, muon neutrinos the
spectrum times the survival probability. The electron neutrinos of the beam are not oscillated. Neutral currents are the
same for all flavours, so oscillation leaves them unchanged.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ..prepared.labels import is_flavour
from ..settings import EvaluateConfig, OscillationConfig

Selection = Literal["nue", "numu"]
SIGNAL = "signal"
Components = dict[str, np.ndarray]  # name -> weights (event,)


def appearance(energy_gev: np.ndarray, config: OscillationConfig) -> np.ndarray:
    """Return the two-flavour probability (event,) sin²2θ sin²(1.267 Δm² L / E)."""
    phase = 1.267 * config.delta_m2_ev2 * config.baseline_km / np.maximum(energy_gev, 1e-3)
    return config.sin2_2theta * np.sin(phase) ** 2


def components(
    selection: Selection, interaction: np.ndarray, energy_gev: np.ndarray, config: EvaluateConfig
) -> Components:
    """Return the weights (event,) of each component of a selection's table; cosmic rays and ν_τ are in neither table.

    Args:
        selection: "nue": appearance; "numu": disappearance.
        interaction: (event,)
        energy_gev: (event,)
        config: Numbers of events and oscillation.
    """
    masks = {name: is_flavour(interaction, name) for name in ("numu", "nue", "nc")}
    oscillated = appearance(energy_gev, config.oscillation)
    nue, beam = masks["nue"] * oscillated, masks["nue"] * 1.0
    survived, nc = masks["numu"] * (1 - oscillated), masks["nc"] * 1.0
    shapes: Mapping[str, np.ndarray]
    if selection == "nue":
        shapes = {SIGNAL: nue, "nc": nc, "numu": survived, "beam_nue": beam}
        counts: Mapping[str, float] = dict(config.nue_counts)
    else:
        shapes = {SIGNAL: survived, "nc": nc, "nue": nue, "beam_nue": beam}
        counts = dict(config.numu_counts)
    return {name: counts[name] * shape / max(shape.sum(), 1e-12) for name, shape in shapes.items()}
