"""The cells of NOvA's far detector.

Planes of cells stand across the beam (z); even planes have vertical cells, which measure x (X view), odd planes
horizontal ones, which measure y (Y view). Pitches are those of NOvA's analysis code; the sizes of the hollow inside are
our choice, such that scintillator is 65 % of the mass. The origin is the middle of the upstream face. Lengths in cm.
"""

import math

import numpy as np

from .compiled import kernel
from .particles import Vector

N_PLANES, N_CELLS = 896, 384
PLANE_CM, CELL_CM = 6.664, 3.97  # pitches
HALF_CM, LENGTH_CM = N_CELLS * CELL_CM / 2, N_PLANES * PLANE_CM  # half width and height; along the beam
HOLLOW_PLANE_CM, HOLLOW_CELL_CM = 5.59, 3.57  # inside of a cell; our choice
OIL_DENSITY, MEAN_DENSITY = 0.86, 1.0  # [g/cm3]
BEAM_SLOPE_RAD = math.radians(3)  # the beam comes up through the Earth


@kernel
def is_inside(point: tuple) -> bool:
    """Tell whether a point [cm] is in the detector."""
    x, y, z = point
    return abs(x) < HALF_CM and abs(y) < HALF_CM and 0 <= z < LENGTH_CM


@kernel
def cell_at(point: tuple) -> tuple:
    """Return plane and cell of a point in the detector, and how far along the cell it lies [cm].

    The last is counted from the middle of the cell towards its readout: vertical cells are read at the top, horizontal
    ones at +x. The cell is -1 for points in the plastic.
    """
    x, y, z = point
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
    """Return where along a cell [cm from its middle, towards the readout] a cell number of the other view lies."""
    return (cell + 0.5) * CELL_CM - HALF_CM


def from_beam(momentum: Vector) -> Vector:
    """Return a momentum in the frame of the detector, whose z axis is horizontal, from one along the beam."""
    px, py, pz = momentum
    sine, cosine = math.sin(BEAM_SLOPE_RAD), math.cos(BEAM_SLOPE_RAD)
    return px, py * cosine + pz * sine, pz * cosine - py * sine


def random_point(margin_cm: float, random: np.random.Generator) -> Vector:
    """Return a random point [cm] in the detector, at least a margin away from its surface."""
    half = HALF_CM - margin_cm
    x, y, z = random.uniform([-half, -half, margin_cm], [half, half, LENGTH_CM - margin_cm])
    return float(x), float(y), float(z)
