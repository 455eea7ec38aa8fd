"""Relativistic kinematics for the generator of arXiv:1604.01444's events. Energies and momenta in GeV, c = 1.

Four-vectors are (E, px, py, pz); directions are tuples of three.
"""

import math

import numpy as np

from papers.nova_cvn.kernels import kernel


@kernel
def seed_kernels(seed: int) -> None:
    """Seed the random numbers of the compiled kernels; done anew for each event, so their order does not matter."""
    np.random.seed(seed)


@kernel
def isotropic() -> tuple:
    """Return a random direction."""
    cosine, phi = 2 * np.random.random() - 1, 2 * math.pi * np.random.random()
    sine = math.sqrt(1 - cosine * cosine)
    return sine * math.cos(phi), sine * math.sin(phi), cosine


@kernel
def scaled(direction: tuple, length: float) -> tuple:
    """Return a vector times a number."""
    return direction[0] * length, direction[1] * length, direction[2] * length


@kernel
def moved(place: tuple, direction: tuple, step: float) -> tuple:
    """Return a place after a step."""
    return place[0] + step * direction[0], place[1] + step * direction[1], place[2] + step * direction[2]


@kernel
def rotated(direction: tuple, theta: float, phi: float) -> tuple:
    """Return a direction turned by the polar angle theta from itself, at the azimuth phi around itself."""
    x, y, z = direction
    sine, cosine = math.sin(theta), math.cos(theta)
    across = math.sqrt(x * x + y * y)
    if across < 1e-9:
        return sine * math.cos(phi), sine * math.sin(phi), cosine * (1.0 if z > 0 else -1.0)
    cos_phi, sin_phi = math.cos(phi), math.sin(phi)
    new_x = x * cosine + sine * (x * z * cos_phi - y * sin_phi) / across
    new_y = y * cosine + sine * (y * z * cos_phi + x * sin_phi) / across
    new_z = z * cosine - across * sine * cos_phi
    norm = math.sqrt(new_x * new_x + new_y * new_y + new_z * new_z)
    return new_x / norm, new_y / norm, new_z / norm


@kernel
def momentum_of(kinetic: float, mass: float) -> float:
    """Return the momentum of a kinetic energy."""
    return math.sqrt(max(kinetic * (kinetic + 2 * mass), 0.0))


@kernel
def boosted(vector: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return a four-vector (4,) given in the rest frame of `frame` (4,) as it is where `frame` has that momentum."""
    mass = math.sqrt(max(frame[0] ** 2 - frame[1] ** 2 - frame[2] ** 2 - frame[3] ** 2, 1e-12))
    along = frame[1] * vector[1] + frame[2] * vector[2] + frame[3] * vector[3]
    out = np.empty(4)
    out[0] = (frame[0] * vector[0] + along) / mass
    factor = (vector[0] + along / (frame[0] + mass)) / mass
    for axis in range(1, 4):
        out[axis] = vector[axis] + frame[axis] * factor
    return out


@kernel
def unboosted(vector: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return a four-vector (4,) as seen from the rest frame of `frame` (4,)."""
    mirrored = -frame
    mirrored[0] = frame[0]
    return boosted(vector, mirrored)


@kernel
def two_body_momentum(mass: float, first: float, second: float) -> float:
    """Return the momentum of both products of the decay of `mass` in its rest frame; 0 below the threshold."""
    sum_, difference = first + second, first - second
    if mass <= sum_:
        return 0.0
    return math.sqrt((mass * mass - sum_ * sum_) * (mass * mass - difference * difference)) / (2 * mass)


@kernel
def four_vector(mass: float, momentum: tuple) -> np.ndarray:
    """Return (4,) of a mass and a momentum (3)."""
    out = np.empty(4)
    out[1], out[2], out[3] = momentum
    out[0] = math.sqrt(mass * mass + out[1] ** 2 + out[2] ** 2 + out[3] ** 2)
    return out


@kernel
def split_masses(mass: float, masses: np.ndarray) -> tuple:
    """Return nested invariant masses (n,) of a random point of n-body phase space, and the momenta (n,) of each split.

    They are accepted with the weight of phase space (Raubold and Lynch's method, F. James, CERN 68-15).
    """
    n = len(masses)
    kinetic = mass - masses.sum()
    largest = 1.0
    for k in range(1, n):
        largest *= two_body_momentum(kinetic + masses[: k + 1].sum(), masses[:k].sum(), masses[k])
    nested, momenta = np.empty(n), np.zeros(n)
    while True:
        shares = np.sort(np.random.random(n - 2)) if n > 2 else np.empty(0)
        for k in range(n):
            share = 0.0 if k == 0 else (1.0 if k == n - 1 else shares[k - 1])
            nested[k] = masses[: k + 1].sum() + share * kinetic
        weight = 1.0
        for k in range(1, n):
            momenta[k] = two_body_momentum(nested[k], nested[k - 1], masses[k])
            weight *= momenta[k]
        if np.random.random() * largest <= weight:
            return nested, momenta


@kernel
def phase_space(mass: float, masses: np.ndarray) -> np.ndarray:
    """Return the four-vectors (n, 4) of the products (n,) of a decay at rest, even in Lorentz-invariant phase space.

    Args:
        mass: Of what decays; must exceed the sum of the products'.
        masses: (n,) of at least two products.
    """
    n = len(masses)
    nested, momenta = split_masses(mass, masses)
    out = np.zeros((n, 4))
    out[0, 0] = masses[0]
    for k in range(1, n):
        direction = isotropic()
        back = scaled(direction, -momenta[k])
        frame = four_vector(nested[k - 1], back)
        for j in range(k):
            out[j] = boosted(out[j], frame)
        out[k] = four_vector(masses[k], scaled(direction, momenta[k]))
    return out
