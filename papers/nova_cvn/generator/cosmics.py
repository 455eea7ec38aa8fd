"""Muons of cosmic rays that cross the far detector.

The article uses data. Here muons come down with a cos^2 distribution and a spectrum that falls as E^-2.7, and pass
NOvA's preselection of directions. Electromagnetic and hadronic cosmic-ray showers are left out.
"""

import math

import numpy as np

from .geometry import BEAM_SLOPE_RAD, HALF_CM, LENGTH_CM, random_point
from .kinematics import times
from .particles import MUON, Particle, Vector

LOWEST_GEV, SPECTRAL_INDEX = 1.0, 2.7  # our choice
MIN_BEAM_LIKENESS = 0.2  # |cos to beam| (cos to vertical + 1), of NOvA's preselection
POSITIVE_SHARE = 0.56  # of muons at sea level; recalled


def beam_likeness(direction: Vector) -> float:
    """Return |cos to beam| (cos to vertical + 1) of a direction of flight; the vertical points up."""
    along = direction[2] * math.cos(BEAM_SLOPE_RAD) + direction[1] * math.sin(BEAM_SLOPE_RAD)
    return abs(along) * (direction[1] + 1)


def cosmic_direction(random: np.random.Generator) -> Vector:
    """Return the direction of a muon that passes the preselection."""
    while True:
        down = random.random() ** (1 / 3)
        across, phi = math.sqrt(1 - down * down), 2 * math.pi * random.random()
        direction = (across * math.cos(phi), -down, across * math.sin(phi))
        if beam_likeness(direction) > MIN_BEAM_LIKENESS:
            return direction


def entry_point(inner: Vector, direction: Vector) -> Vector:
    """Return the point [cm] where a line through an inner point enters the detector, a micrometre below the surface."""
    surfaces = ((-HALF_CM, HALF_CM), (-HALF_CM, HALF_CM), (0.0, LENGTH_CM))
    backwards = min(
        (coordinate - (low if d > 0 else high)) / d
        for coordinate, d, (low, high) in zip(inner, direction, surfaces, strict=True)
        if d
    )
    x, y, z = (coordinate - d * (backwards - 1e-4) for coordinate, d in zip(inner, direction, strict=True))
    return x, y, z


def cosmic_muon(random: np.random.Generator) -> tuple[Particle, Vector]:
    """Return a muon that crosses the detector, and the point [cm] where it enters."""
    direction = cosmic_direction(random)
    point = entry_point(random_point(0.0, random), direction)
    size = LOWEST_GEV * (1 - random.random()) ** (-1 / (SPECTRAL_INDEX - 1))
    return Particle(-MUON if random.random() < POSITIVE_SHARE else MUON, times(direction, size)), point
