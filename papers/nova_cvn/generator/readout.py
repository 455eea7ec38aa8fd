"""Light, photoelectrons and calibrated hits of NOvA's cells.

A deposit makes light (Birks' law), which weakens along the cell's looped fibre in two exponentials. The photodiode
counts photoelectrons with an excess noise, small signals fall below a threshold, and the calibration divides by the
attenuation at the mean position of the other view's hits, which is all that a reconstruction knows.
"""

import math
from typing import NamedTuple

import numpy as np

from .compiled import kernel
from .geometry import (
    HALF_CM,
    MEAN_DENSITY,
    N_CELLS,
    N_PLANES,
    OIL_DENSITY,
    along_cell,
    cell_at,
    is_inside,
)

BIRKS = 0.0125  # [g/(cm2 MeV)]; NOvA tunes a second term on its data
ATTENUATION_CM, ATTENUATION_SHARES = (290.0, 1050.0), (0.42, 0.58)  # near and far component
EXCESS_NOISE, ELECTRONIC_NOISE2 = 1.5, 16.0  # variance added to Poisson's: 1.5 per photoelectron, and 4^2
MAX_HITS = 20_000


class Readout(NamedTuple):
    """Response of the electronics; the values are in the section `simulate` of config.yaml."""

    photoelectrons_per_mev: float  # of light produced at the readout
    threshold: float  # [photoelectrons]


class Cells(NamedTuple):
    """Light in the detector: mean photoelectrons by plane and cell, and which cells have any."""

    light: np.ndarray  # (896, 384)
    touched: np.ndarray  # (MAX_HITS + 1,) first their number, then plane * 384 + cell of each


def dark_cells() -> Cells:
    """Return cells without light."""
    return Cells(np.zeros((N_PLANES, N_CELLS)), np.zeros(MAX_HITS + 1, np.int64))


@kernel
def attenuation(along: float) -> float:
    """Return the share of light that arrives from a point along a cell [cm from its middle, towards the readout]."""
    distance = HALF_CM - along
    near, far = ATTENUATION_CM
    return ATTENUATION_SHARES[0] * math.exp(-distance / near) + ATTENUATION_SHARES[1] * math.exp(-distance / far)


@kernel
def deposit(cells: Cells, point: tuple, energy: float, stopping: float) -> None:
    """Turn a loss of energy [MeV] at a point [cm] into light, unless the point is in the plastic.

    Args:
        cells: Light so far, in units of MeV that reach the readout; changed in place.
        point: Where.
        energy: Lost in the homogeneous medium; scintillator is lighter than that and takes less.
        stopping: Loss over density [MeV cm2/g] for Birks' law.
    """
    if not is_inside(point):
        return
    plane, cell, along = cell_at(point)
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
        readout: Response of the electronics. Without hits in the other view, the middle of the cells is assumed.
    """
    energies = np.empty(len(planes))
    for view in (0, 1):
        other = cells[planes % 2 != view]
        along = along_cell(float(other.mean())) if len(other) else 0.0
        hit = planes % 2 == view
        energies[hit] = counts[hit] / (readout.photoelectrons_per_mev * attenuation(along))
    return energies
