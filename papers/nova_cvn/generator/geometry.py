"""Cells of NOvA's far detector, for the generator of arXiv:1604.01444's events.

Planes of cells stand across the beam (z); even planes have vertical cells, which measure x (X view), odd planes
horizontal ones, which measure y (Y view). Pitches are those of NOvA's analysis code; the sizes of the hollow inside are
chosen so that scintillator is 65 % of the mass. The origin is the middle of the upstream face. Lengths in cm.
"""

import math

import numpy as np

from papers.nova_cvn.kernels import kernel
from papers.nova_cvn.particles import Vector

N_PLANES, N_CELLS = 896, 384
PLANE_CM, CELL_CM = 6.664, 3.97  # pitches
HALF_CM, LENGTH_CM = N_CELLS * CELL_CM / 2, N_PLANES * PLANE_CM  # half width and height; along the beam
HOLLOW_PLANE_CM, HOLLOW_CELL_CM = 5.59, 3.57  # inside of a cell; our choice
OIL_DENSITY, MEAN_DENSITY = 0.86, 1.0  # [g/cm3]
BEAM_SLOPE_RAD = math.radians(3)  # the beam comes up through the Earth


@kernel
def is_inside(place: tuple) -> bool:
    """Tell whether a place [cm] is in the detector."""
    x, y, z = place
    return abs(x) < HALF_CM and abs(y) < HALF_CM and 0 <= z < LENGTH_CM


@kernel
def cell_at(place: tuple) -> tuple:
    """Return plane, cell, and place along the cell [cm], from its middle to its readout, of a place in the detector.

    The cell is -1 where the place is in the plastic. Vertical cells are read at the top, horizontal ones at +x.
    """
    x, y, z = place
    plane = int(z / PLANE_CM)
    across, along = (x, y) if plane % 2 == 0 else (y, x)
    cell = int((across + HALF_CM) / CELL_CM)
    depth = z - (plane + 0.5) * PLANE_CM
    offset = across + HALF_CM - (cell + 0.5) * CELL_CM
    if abs(depth) > HOLLOW_PLANE_CM / 2 or abs(offset) > HOLLOW_CELL_CM / 2:
        cell = -1
    return plane, cell, along


@kernel
def along_cell(cell: float) -> float:
    """Return how far [cm] from the middle towards the readout a cell number of the other view lies."""
    return (cell + 0.5) * CELL_CM - HALF_CM


def from_beam(momentum: Vector) -> Vector:
    """Return a momentum given along the beam in the detector's frame, whose z axis is horizontal."""
    px, py, pz = momentum
    sine, cosine = math.sin(BEAM_SLOPE_RAD), math.cos(BEAM_SLOPE_RAD)
    return px, py * cosine + pz * sine, pz * cosine - py * sine


def random_place(margin_cm: float, random: np.random.Generator) -> Vector:
    """Return a place [cm] evenly in the detector but for a margin at its surface."""
    half = HALF_CM - margin_cm
    x, y, z = random.uniform([-half, -half, margin_cm], [half, half, LENGTH_CM - margin_cm])
    return float(x), float(y), float(z)
