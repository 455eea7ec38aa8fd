"""Pile-up: other collisions of the same bunch crossing, drawn from a pool that is generated once for each split.

Charged hadron subtraction removes the tracks of other collisions, except for a few that no vertex claims. The neutral
particles stay in the jets. A collision of the pool is used many times, each time turned by a random angle in azimuth.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.physics.kinematics import eta, pt

from ..settings import PileupConfig
from .collisions import Array, Generator, Particles, process
from .material import is_charged
from .tracking import PILEUP, Candidates, is_reconstructed, reconstruct_tracks, without_track

MAX_ETA, MIN_PT_GEV = 3.0, 0.3
LARGEST_SEED = 900_000_000  # of Pythia
BEAM_SPOT_CM = 4.0  # rms length of the luminous region
UNCLAIMED = 0.04  # share of the tracks of other collisions that charged hadron subtraction leaves in


@dataclass(frozen=True)
class Pool:
    """Collisions to be overlaid; the particles of each follow those of the collision before.

    Attributes:
        starts: (collision + 1,) index of the first particle of each collision.
        pid: (particle,)
        p4: (particle, 4) [GeV]
        vertex: (particle, 3) [cm]
    """

    starts: Array
    pid: Array
    p4: Array
    vertex: Array

    def overlay(self, counts: Array, random: np.random.Generator) -> Particles:
        """Return the particles of `counts` (event,) collisions, each turned by a random angle, sorted by event."""
        event = np.repeat(np.arange(len(counts)), counts)
        collision = random.integers(len(self.starts) - 1, size=len(event))
        sizes = self.starts[collision + 1] - self.starts[collision]
        owner = np.repeat(np.arange(len(event)), sizes)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        index = self.starts[collision][owner] + within
        angle = random.uniform(0, 2 * np.pi, size=len(event))[owner]
        turned = [rotate(values[index], angle) for values in (self.p4, self.vertex)]
        return Particles(event[owner], self.pid[index], *turned)


def rotate(vectors: Array, angle: Array) -> Array:
    """Return vectors (n, 3 or 4) turned by `angle` (n,) around the beam."""
    turned = vectors.copy()
    turned[:, 0] = vectors[:, 0] * np.cos(angle) - vectors[:, 1] * np.sin(angle)
    turned[:, 1] = vectors[:, 0] * np.sin(angle) + vectors[:, 1] * np.cos(angle)
    return turned


def make_pool(config: PileupConfig, name: str) -> Pool:
    """Generate a pool, with particles in the acceptance of the detector.

    Args:
        config: Its size and the seed of all pools.
        name: Of this pool. Pools of different names have no collision in common.
    """
    random = np.random.default_rng(zlib.crc32(f"{config.seed} {name}".encode()))
    particles = Generator(process(), seed=int(random.integers(1, LARGEST_SEED))).batch(config.n_collisions).final
    particles = particles.take((abs(eta(particles.p4)) < MAX_ETA) & (pt(particles.p4) > MIN_PT_GEV))
    counts = np.bincount(particles.event, minlength=config.n_collisions)
    return Pool(np.r_[0, np.cumsum(counts)], particles.pid, particles.p4, particles.vertex)


def add_pileup(pool: Pool, counts: Array, random: np.random.Generator) -> list[Candidates]:
    """Return the candidates of the other collisions that charged hadron subtraction leaves.

    Args:
        pool: The collisions.
        counts: (event,) number of collisions to overlay.
        random: Source of randomness.
    """
    particles = pool.overlay(counts, random)
    charged = is_charged(particles.pid)
    unclaimed = np.flatnonzero(charged)
    unclaimed = unclaimed[random.random(len(unclaimed)) < UNCLAIMED]
    tracks = particles.take(unclaimed)
    tracks = tracks.take(is_reconstructed(tracks, random))
    dz = random.normal(0, BEAM_SPOT_CM, size=len(tracks.pid))
    neutral = particles.take(~charged)
    kind = np.where(neutral.pid == 22, 22, 130)
    return [
        reconstruct_tracks(tracks, random, dz=dz),
        without_track(neutral.event, neutral.p4, origin=PILEUP, kind=kind),
    ]


def write_pool(path: Path, pool: Pool) -> None:
    """Write the pool as arrays of NumPy."""
    np.savez(path, starts=pool.starts, pid=pool.pid, p4=pool.p4, vertex=pool.vertex)


def read_pool(path: Path) -> Pool:
    """Return the pool that `write_pool` has written."""
    with np.load(path) as file:
        return Pool(**{name: file[name] for name in ("starts", "pid", "p4", "vertex")})
