"""Vectors in the compiled kernels, and the seed of the kernels' random numbers."""

import math

import numpy as np

from .compiled import kernel


@kernel
def seed_kernels(seed: int) -> None:
    """Seed the random numbers of the compiled kernels; done for each event, so that their order does not matter."""
    np.random.seed(seed)


@kernel
def moved(point: tuple, direction: tuple, step: float) -> tuple:
    """Return the point that lies a step away in a direction."""
    return point[0] + step * direction[0], point[1] + step * direction[1], point[2] + step * direction[2]


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
