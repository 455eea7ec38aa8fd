"""What a pixel map is, and blocks of events in memory: what every reader of `archive/` yields."""

from dataclasses import dataclass

import numpy as np

MAP_PLANES, MAP_CELLS = 100, 80  # of one view, which holds every second plane of the detector
MAX_VALUE = 255  # of a pixel, which has 8 bits


@dataclass(frozen=True)
class Events:
    """Neighbouring events of one file."""

    views: np.ndarray  # (event, view, plane, cell) uint8; calibrated energy of the cell
    interaction: np.ndarray  # (event,) int, index into labels.INTERACTIONS
    energy_gev: np.ndarray  # (event,) true energy of the neutrino; 0 for cosmic rays
    lepton_gev: np.ndarray  # (event,) true energy of the outgoing charged lepton; 0 where there is none

    def __len__(self) -> int:
        return len(self.interaction)

    def take(self, index: np.ndarray) -> "Events":
        """Return the events of a mask (event,) or of indices."""
        return Events(self.views[index], self.interaction[index], self.energy_gev[index], self.lepton_gev[index])
