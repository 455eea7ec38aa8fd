"""Nuclear interactions and conversions in the material of the tracker, before the particles are measured.

They give light-quark jets their displaced tracks. Without them, unlike in the record's jets, the largest impact
parameter alone would tell b quarks. The layers are those of a silicon tracker with three pixel barrels; all lengths are
in cm.
"""

from dataclasses import dataclass

import numpy as np

from common.physics.kinematics import eta, four_vector, phi, pt

from .collisions import Array, Particles

LAYER_RADII_CM = np.array([2.2, 4.4, 7.3, 10.2])  # beam pipe and three pixel layers
INTERACTION_LENGTHS = np.array([0.002, 0.010, 0.010, 0.010])  # crossed at normal incidence
RADIATION_LENGTHS = np.array([0.003, 0.022, 0.022, 0.022])
MASS_GEV = {11: 0.000511, 13: 0.10566}
PION_GEV = 0.13957
CHARGED = np.array([11, 13, 211, 321, 2212, 3112, 3222, 3312, 3334])
HADRONS = np.array([211, 321, 2212, 2112, 130, 3112, 3222, 3312, 3322, 3334])
PHOTON = 22
MIN_PT_GEV = 1.0  # of the particles that can interact
# Range of the share of the energy that the charged products carry; neutrals and the calorimeter's threshold take the
# rest.
SHARED = (0.3, 0.9)
KICK_GEV = 0.35  # mean transverse momentum of a product with respect to the incoming hadron


@dataclass(frozen=True)
class Struck:
    """Particles (n,) that interact with the material, and where."""

    index: Array  # (n,) among all particles
    point: Array  # (n, 3) [cm]


def is_charged(pid: Array) -> Array:
    """Return a mask (n,) of charged long-lived particles."""
    return np.isin(abs(pid), CHARGED)


def meet_material(particles: Particles, lengths: Array, can_interact: Array, random: np.random.Generator) -> Struck:
    """Return the particles that interact with one of the layers beyond their production point.

    Args:
        particles: All of them.
        lengths: (layer,) thickness in units of the interaction's mean free path.
        can_interact: (particle,) mask.
        random: Source of randomness.
    """
    index = np.flatnonzero(can_interact & (pt(particles.p4) > MIN_PT_GEV) & (abs(eta(particles.p4)) < 2.5))
    p4, vertex = particles.p4[index], particles.vertex[index]
    slope = np.cosh(eta(p4))  # path length over its transverse part
    crossed = LAYER_RADII_CM[None] > np.hypot(vertex[:, 0], vertex[:, 1])[:, None]  # (n, layer)
    hit = random.random(crossed.shape) < 1 - np.exp(-lengths[None] * slope[:, None])
    hit &= crossed
    struck = hit.any(axis=1)
    layer = hit[struck].argmax(axis=1)  # the innermost layer
    index, p4, vertex = index[struck], p4[struck], vertex[struck]
    direction = p4[:, :2] / pt(p4)[:, None]
    along = (vertex[:, :2] * direction).sum(axis=1)
    path = -along + np.sqrt(along**2 + LAYER_RADII_CM[layer] ** 2 - (vertex[:, :2] ** 2).sum(axis=1))
    return Struck(index, vertex + path[:, None] * p4[:, :3] / pt(p4)[:, None])


def hadron_products(particles: Particles, struck: Struck, random: np.random.Generator) -> Particles:
    """Return charged pions from nuclear interactions: some carry half of the momentum, all get a transverse kick."""
    counts = 1 + random.poisson(2.0, size=len(struck.index))
    parent = np.repeat(np.arange(len(struck.index)), counts)
    share = random.exponential(size=len(parent))
    total = np.zeros(len(counts))
    np.add.at(total, parent, share)
    share *= random.uniform(*SHARED, size=len(counts))[parent] / total[parent]
    incoming = particles.p4[struck.index][parent]
    transverse = pt(incoming) * share
    kick = random.exponential(KICK_GEV, size=(2, len(parent))) * random.choice([-1, 1], size=(2, len(parent)))
    along = np.maximum(transverse, 0.05)
    p4 = four_vector(along, eta(incoming) + kick[0] / along, phi(incoming) + kick[1] / along, PION_GEV)
    pid = random.choice([-211, 211], size=len(parent))
    products = Particles(particles.event[struck.index][parent], pid, p4, struck.point[parent])
    return products.take((abs(eta(p4)) < 3) & (transverse > 0.2))


def electron_pairs(particles: Particles, struck: Struck, random: np.random.Generator) -> Particles:
    """Return the electron and positron of converted photons, collinear with the photon."""
    share = random.uniform(0.02, 0.98, size=len(struck.index))
    photon = particles.p4[struck.index]
    both = np.concatenate([share, 1 - share])
    photons = np.concatenate([photon, photon])
    p4 = four_vector(pt(photons) * both, eta(photons), phi(photons), MASS_GEV[11])
    pid = np.repeat([11, -11], len(share))
    event = np.tile(particles.event[struck.index], 2)
    return Particles(event, pid, p4, np.concatenate([struck.point, struck.point]))


def pass_material(final: Particles, random: np.random.Generator) -> Particles:
    """Return the particles after nuclear interactions and conversions, sorted by event, without the struck ones."""
    hadrons = meet_material(final, INTERACTION_LENGTHS, np.isin(abs(final.pid), HADRONS), random)
    photons = meet_material(final, 7 / 9 * RADIATION_LENGTHS, final.pid == PHOTON, random)
    left = np.ones(len(final.pid), bool)
    left[hadrons.index] = left[photons.index] = False
    parts = [final.take(left), hadron_products(final, hadrons, random), electron_pairs(final, photons, random)]
    order = np.argsort(np.concatenate([part.event for part in parts]), kind="stable")
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in ("event", "pid", "p4", "vertex")]
    return Particles(*(values[order] for values in joined))
