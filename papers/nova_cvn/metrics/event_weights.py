"""Physical weights: from generated events to what a far detector would hold (arXiv:1604.01444, Tables 1-2).

Every component of the tables gets the weights of the events that stand in for it. Its sum is the component's number of
contained events. Appearing electron neutrinos follow the generated (swapped) spectrum times the oscillation
probability; muon neutrinos the same times the survival probability; the electron neutrinos of the beam are not
oscillated, and NC events do not care.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from papers.nova_cvn.classes import is_flavour
from papers.nova_cvn.settings import EvaluateConfig, OscillationConfig

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
    """Return the weights (event,) of each component of a selection's table; cosmic rays and ν_τ are in none.

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
