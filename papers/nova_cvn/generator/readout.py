"""Light, photoelectrons and calibrated hits of NOvA's cells, for the generator of arXiv:1604.01444's events.

A deposit makes light (Birks' law), which weakens along the cell's looped fibre in two exponentials. The photodiode
counts photoelectrons with an excess noise, a threshold drops what is not seen, and the calibration divides by the
attenuation at the mean place of the other view's hits, which is all that a reconstruction knows.
"""

import math
from typing import NamedTuple

import numpy as np

from papers.nova_cvn.geometry import (
    HALF_CM,
    MEAN_DENSITY,
    N_CELLS,
    N_PLANES,
    OIL_DENSITY,
    along_cell,
    cell_at,
    is_inside,
)
from papers.nova_cvn.kernels import kernel

BIRKS = 0.0125  # [g/(cm2 MeV)]; NOvA tunes a second term on its data
ATTENUATION_CM, ATTENUATION_SHARES = (290.0, 1050.0), (0.42, 0.58)  # near and far component
EXCESS_NOISE, ELECTRONIC_NOISE2 = 1.5, 16.0  # variance added to Poisson's: 1.5 per photoelectron, and 4^2
MAX_HITS = 20_000


class Readout(NamedTuple):
    """What the electronics do; values from the section `simulate` of config.yaml."""

    photoelectrons_per_mev: float  # of light made right at the readout
    threshold: float  # [photoelectrons]


class Cells(NamedTuple):
    """Light in the detector: mean photoelectrons by plane and cell, and which cells have any."""

    light: np.ndarray  # (896, 384)
    touched: np.ndarray  # (MAX_HITS + 1,) first how many, then their plane * 384 + cell


def dark_cells() -> Cells:
    """Return cells without light."""
    return Cells(np.zeros((N_PLANES, N_CELLS)), np.zeros(MAX_HITS + 1, np.int64))


@kernel
def attenuation(along: float) -> float:
    """Return the share of light that arrives from a place along a cell [cm, from its middle to the readout]."""
    distance = HALF_CM - along
    near, far = ATTENUATION_CM
    return ATTENUATION_SHARES[0] * math.exp(-distance / near) + ATTENUATION_SHARES[1] * math.exp(-distance / far)


@kernel
def deposit(cells: Cells, place: tuple, energy: float, stopping: float) -> None:
    """Turn a loss of energy [MeV] at a place [cm] into light, unless it is in the plastic.

    Args:
        cells: Light so far, in units of MeV that reach the readout; changed in place.
        place: Where.
        energy: Lost in the homogeneous medium; scintillator is lighter than that and takes less.
        stopping: Loss over density [MeV cm2/g] for Birks' law.
    """
    if not is_inside(place):
        return
    plane, cell, along = cell_at(place)
    if cell < 0:
        return
    if cells.light[plane, cell] == 0:
        n = cells.touched[0]
        if n >= MAX_HITS:
            return
        cells.touched[n + 1] = plane * N_CELLS + cell
        cells.touched[0] = n + 1
    cells.light[plane, cell] += energy * OIL_DENSITY / MEAN_DENSITY / (1 + BIRKS * stopping) * attenuation(along)


@kernel
def count_photoelectrons(light: float, readout: Readout) -> float:
    """Return the photoelectrons of one cell's light; 0 below the threshold."""
    mean = light * readout.photoelectrons_per_mev
    noise = math.sqrt(EXCESS_NOISE * mean + ELECTRONIC_NOISE2) * np.random.standard_normal()
    count = np.random.poisson(mean) + noise
    return count if count > readout.threshold else 0.0


@kernel
def read_out(cells: Cells, readout: Readout) -> tuple:
    """Return the hits of an event: plane (hit,), cell (hit,), photoelectrons (hit,); the cells are dark afterwards."""
    n_touched = cells.touched[0]
    planes, numbers, counts = np.empty(n_touched, np.int64), np.empty(n_touched, np.int64), np.empty(n_touched)
    n = 0
    for index in range(n_touched):
        plane, cell = cells.touched[index + 1] // N_CELLS, cells.touched[index + 1] % N_CELLS
        count = count_photoelectrons(cells.light[plane, cell], readout)
        cells.light[plane, cell] = 0
        if count > 0:
            planes[n], numbers[n], counts[n] = plane, cell, count
            n += 1
    cells.touched[0] = 0
    return planes[:n], numbers[:n], counts[:n]


def calibrate(planes: np.ndarray, cells: np.ndarray, counts: np.ndarray, readout: Readout) -> np.ndarray:
    """Return the energies (hit,) [MeV] of hits, corrected for the attenuation at the other view's mean cell.

    Args:
        planes: (hit,) whose parity is the view.
        cells: (hit,)
        counts: (hit,) photoelectrons.
        readout: Of the detector. A view without any hit is taken to have them in the middle.
    """
    energies = np.empty(len(planes))
    for view in (0, 1):
        other = cells[planes % 2 != view]
        along = along_cell(float(other.mean())) if len(other) else 0.0
        own = planes % 2 == view
        energies[own] = counts[own] / (readout.photoelectrons_per_mev * attenuation(along))
    return energies
