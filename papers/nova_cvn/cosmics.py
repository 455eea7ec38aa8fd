"""Muons of cosmic rays that cross the far detector, for the generator of arXiv:1604.01444's events.

The article's are data. Here they come down with a cos^2 distribution and a spectrum that falls as E^-2.7, and pass
NOvA's preselection of directions. Electromagnetic and hadronic cosmic-ray showers are left out.
"""

import math

import numpy as np

from papers.nova_cvn.geometry import BEAM_SLOPE_RAD, HALF_CM, LENGTH_CM, random_vertex
from papers.nova_cvn.particles import MUON

LOWEST_GEV, SPECTRAL_INDEX = 1.0, 2.7  # our choice
MIN_BEAM_LIKENESS = 0.2  # |cos to beam| (cos to vertical + 1), of NOvA's preselection
POSITIVE_SHARE = 0.56  # of muons at sea level; recalled


def beam_likeness(direction: np.ndarray) -> float:
    """Return |cos to beam| (cos to vertical + 1) of a direction (3,), with that to the vertical as it flies."""
    along = direction[2] * math.cos(BEAM_SLOPE_RAD) + direction[1] * math.sin(BEAM_SLOPE_RAD)
    return abs(along) * (direction[1] + 1)


def cosmic_direction(random: np.random.Generator) -> np.ndarray:
    """Return the direction (3,) of a muon that passes the preselection."""
    while True:
        down = random.random() ** (1 / 3)
        across, phi = math.sqrt(1 - down * down), 2 * math.pi * random.random()
        direction = np.array([across * math.cos(phi), -down, across * math.sin(phi)])
        if beam_likeness(direction) > MIN_BEAM_LIKENESS:
            return direction


def entry_point(inner: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return where (3,) [cm] a line through a place (3,) in the detector comes in, just below the surface."""
    low, high = np.array([-HALF_CM, -HALF_CM, 0.0]), np.array([HALF_CM, HALF_CM, LENGTH_CM])
    with np.errstate(divide="ignore"):
        distances = np.where(direction > 0, (inner - low) / direction, (inner - high) / direction)
    return inner - direction * (np.min(distances[direction != 0]) - 1e-6)


def cosmic_muon(random: np.random.Generator) -> np.ndarray:
    """Return the row (7,) of the stack, see `particles`, of a muon that crosses the detector."""
    direction = cosmic_direction(random)
    place = entry_point(random_vertex(0.0, random), direction)
    momentum = LOWEST_GEV * (1 - random.random()) ** (-1 / (SPECTRAL_INDEX - 1)) * direction
    code = -MUON if random.random() < POSITIVE_SHARE else MUON
    return np.array([code, *momentum, *place])
