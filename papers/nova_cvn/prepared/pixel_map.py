"""Pixel maps in memory: what every reader of this folder yields (arXiv:1604.01444, Sec. on the pixel maps)."""

from dataclasses import dataclass

import numpy as np

N_PLANES, N_CELLS = 100, 80  # of one view; each view holds its own planes only


@dataclass(frozen=True)
class Events:
    """A block of events of one file."""

    views: np.ndarray  # (event, view, plane, cell) uint8; calibrated energy of the cell in 256 steps
    interaction: np.ndarray  # (event,) int, place in classes.INTERACTIONS
    energy_gev: np.ndarray  # (event,) true energy of the neutrino; 0 for cosmic rays
    lepton_gev: np.ndarray  # (event,) true energy of the outgoing charged lepton; 0 where there is none

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.interaction)

    def take(self, chosen: np.ndarray) -> "Events":
        """Return some of the events, by a mask or indices."""
        return Events(self.views[chosen], self.interaction[chosen], self.energy_gev[chosen], self.lepton_gev[chosen])
