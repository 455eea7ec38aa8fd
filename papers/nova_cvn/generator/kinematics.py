"""Relativistic kinematics. Energies and momenta in GeV, c = 1.

Four-vectors are tuples (E, px, py, pz) of plain numbers: an event needs few, and small arrays would be slower.
"""

import math

import numpy as np

from .particles import Vector

FourVector = tuple[float, float, float, float]
N_POINTS = 64  # random points of phase space, one of which is chosen


def isotropic(random: np.random.Generator) -> Vector:
    """Return a random direction."""
    cosine, phi = 2 * random.random() - 1, 2 * math.pi * random.random()
    sine = math.sqrt(1 - cosine * cosine)
    return sine * math.cos(phi), sine * math.sin(phi), cosine


def times(vector: Vector, factor: float) -> Vector:
    """Return a vector times a number."""
    return vector[0] * factor, vector[1] * factor, vector[2] * factor


def length(vector: Vector) -> float:
    """Return the length of a vector."""
    return math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2])


def turned(direction: Vector, cosine: float, phi: float) -> Vector:
    """Return a direction at an angle, given by its cosine, from another, and at an azimuth phi around that."""
    x, y, z = direction
    other = (0.0, 0.0, 1.0) if abs(z) < 0.9 else (1.0, 0.0, 0.0)
    first = (y * other[2] - z * other[1], z * other[0] - x * other[2], x * other[1] - y * other[0])
    first = times(first, 1 / length(first))
    second = (y * first[2] - z * first[1], z * first[0] - x * first[2], x * first[1] - y * first[0])
    sine = math.sqrt(max(1 - cosine * cosine, 0.0))
    a, b = sine * math.cos(phi), sine * math.sin(phi)
    return (
        cosine * x + a * first[0] + b * second[0],
        cosine * y + a * first[1] + b * second[1],
        cosine * z + a * first[2] + b * second[2],
    )


def momentum_of(kinetic: float, mass: float) -> float:
    """Return the momentum of a kinetic energy."""
    return math.sqrt(max(kinetic * (kinetic + 2 * mass), 0.0))


def four_vector(mass: float, momentum: Vector) -> FourVector:
    """Return the four-vector of a mass and a momentum."""
    x, y, z = momentum
    return math.sqrt(mass * mass + x * x + y * y + z * z), x, y, z


def plus(first: FourVector, second: FourVector) -> FourVector:
    """Return the sum of two four-vectors."""
    return first[0] + second[0], first[1] + second[1], first[2] + second[2], first[3] + second[3]


def minus(first: FourVector, second: FourVector) -> FourVector:
    """Return the difference of two four-vectors."""
    return first[0] - second[0], first[1] - second[1], first[2] - second[2], first[3] - second[3]


def invariant_mass(vector: FourVector) -> float:
    """Return the mass of a four-vector; 0 if it is spacelike."""
    energy, x, y, z = vector
    return math.sqrt(max(energy * energy - x * x - y * y - z * z, 0.0))


def boosted(vector: FourVector, frame: FourVector) -> FourVector:
    """Return a four-vector that is given in the rest frame of `frame` as it is where `frame` has that momentum."""
    mass = invariant_mass(frame)
    along = frame[1] * vector[1] + frame[2] * vector[2] + frame[3] * vector[3]
    factor = (vector[0] + along / (frame[0] + mass)) / mass
    return (
        (frame[0] * vector[0] + along) / mass,
        vector[1] + frame[1] * factor,
        vector[2] + frame[2] * factor,
        vector[3] + frame[3] * factor,
    )


def unboosted(vector: FourVector, frame: FourVector) -> FourVector:
    """Return a four-vector as seen from the rest frame of `frame`."""
    return boosted(vector, (frame[0], -frame[1], -frame[2], -frame[3]))


def two_body_momentum(mass: float, first: float, second: float) -> float:
    """Return the momentum of both products of the decay of `mass` in its rest frame; 0 below the threshold."""
    together, difference = first + second, first - second
    if mass <= together:
        return 0.0
    return math.sqrt((mass * mass - together * together) * (mass * mass - difference * difference)) / (2 * mass)


def _split_momenta(nested: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """Return the momenta (try, n - 1) of the splits of nested masses (try, n) into products (n,) and those before."""
    whole, part, product = nested[:, 1:], nested[:, :-1], masses[1:]
    square = (whole**2 - (part + product) ** 2) * (whole**2 - (part - product) ** 2)
    return np.sqrt(np.maximum(square, 0)) / (2 * whole)


def _nested_masses(mass: float, masses: list[float], random: np.random.Generator) -> tuple[list[float], list[float]]:
    """Return masses of the first 1, 2, ... n products together at a random point of phase space, and each momentum.

    One of N_POINTS points with a chance as its weight, which is as good as rejection: the weights differ little.
    """
    n = len(masses)
    if n == 2:
        return [masses[0], mass], [two_body_momentum(mass, *masses)]
    own, sums = np.array(masses), np.cumsum(masses)
    shares = np.ones((N_POINTS, n))
    shares[:, 0] = 0
    shares[:, 1:-1] = np.sort(random.random((N_POINTS, n - 2)), axis=1)
    nested = sums + shares * (mass - sums[-1])
    momenta = _split_momenta(nested, own)
    chances = np.cumsum(momenta.prod(axis=1))
    chosen = int(np.searchsorted(chances, random.random() * chances[-1]))
    return nested[chosen].tolist(), momenta[chosen].tolist()


def phase_space(mass: float, masses: list[float], random: np.random.Generator) -> list[FourVector]:
    """Return the products of a decay at rest, even in Lorentz-invariant phase space (F. James, CERN 68-15).

    Args:
        mass: Of what decays; must exceed the sum of the products'.
        masses: Of two or more products.
        random: Source of randomness.
    """
    nested, momenta = _nested_masses(mass, masses, random)
    products = [(masses[0], 0.0, 0.0, 0.0)]
    for k in range(1, len(masses)):
        direction, size = isotropic(random), momenta[k - 1]
        frame = four_vector(nested[k - 1], times(direction, -size))
        products = [boosted(product, frame) for product in products] if k > 1 else [frame]
        products.append(four_vector(masses[k], times(direction, size)))
    return products
