"""A toy tracker and calorimeter: from particles to reconstructed candidates.

Tracks are helices in 3.8 T, given by their perigee to the collision. The first layer that a particle meets after its
production determines efficiency and resolution: a track that starts late is extrapolated far. Reported errors are too
small for some tracks (tails), some tracks are fakes, and a few tracks of other collisions are not recognised as such.
All lengths are in cm.
"""

from dataclasses import dataclass, fields

import numpy as np

from common.physics.kinematics import delta_phi, eta, four_vector, phi, pt

from .collisions import Array, Particles
from .material import MASS_GEV, PION_GEV, is_charged

FIELD_T = 3.8
RADIUS_CM_PER_GEV = 100 / (0.3 * FIELD_T)
FIRST_LAYERS_CM = np.array([4.4, 7.3, 10.2, 25.5, 33.9, 41.9, 49.8])
EFFICIENCY = np.array([0.95, 0.85, 0.75, 0.5, 0.35, 0.2, 0.1, 0.0])  # by the first layer met; 0 beyond the last
MUON_EFFICIENCY = 1.04  # relative to hadrons
HIT_CM, HIT_Z_CM = 0.0018, 0.0035  # resolution at the first hit, across and along the beam
ANGLE_RAD, SCATTERING_RAD_GEV = 4e-4, 1.6e-3  # resolution of the angles: constant, and over pT
LATE_START_CM = 10.0  # the errors of the angles grow by 1 + (radius of the first hit) / LATE_START_CM
TAIL_SHARES, TAIL_WIDTHS = (0.87, 0.11, 0.02), (1.0, 2.0, 6.0)  # true over reported error
CORRELATION = -0.95  # of angle and impact parameter
FAKE_SHARE, FAKE_IP_CM, FAKE_DZ_CM, FAKE_FIRST_LAYER = 0.012, 1.0, 3.0, 4
MIN_TRACK_PT_GEV, MIN_NEUTRAL_PT_GEV = 0.3, 0.2
HADRON_RESPONSE = 0.8  # of the calorimeters; the jets of the record are not corrected for it
TRACK, NEUTRAL, PILEUP = 0, 1, 2


@dataclass(frozen=True)
class Candidates:
    """Reconstructed particles (candidate,), sorted by event; track quantities are 0 for neutral ones.

    Attributes:
        event: Index of the collision in the batch.
        p4: (candidate, 4) [GeV]
        origin: TRACK, NEUTRAL or PILEUP (neutral, of other collisions).
        kind: Reported PDG code without sign: 211, 11, 13, 22 or 130.
        charge: -1, 0 or 1.
        dxy, dz: Impact parameters [cm]; dxy is signed by the angular momentum.
        sigma_dxy, sigma_dz: Their reported errors [cm].
        sigma_angle: Reported error of the azimuth and, nearly, of the polar angle [rad].
        first_layer: Index of the first layer hit; 0 is the innermost pixel layer.
        chi2: Of the track fit over its degrees of freedom.
    """

    event: Array
    p4: Array
    origin: Array
    kind: Array
    charge: Array
    dxy: Array
    dz: Array
    sigma_dxy: Array
    sigma_dz: Array
    sigma_angle: Array
    first_layer: Array
    chi2: Array

    def take(self, index: Array) -> "Candidates":
        """Return the selected candidates; `index` is a mask or indices (n,)."""
        return Candidates(*(getattr(self, field.name)[index] for field in fields(self)))


def join(parts: list[Candidates]) -> Candidates:
    """Return all candidates of the parts, sorted by event."""
    joined = Candidates(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Candidates)))
    return joined.take(np.argsort(joined.event, kind="stable"))


def without_track(event: Array, p4: Array, *, origin: int, kind: Array) -> Candidates:
    """Return neutral candidates."""
    zero = np.zeros(len(event))
    return Candidates(event, p4, np.full(len(event), origin), kind, *(zero for _ in range(8)))


def perigee(p4: Array, vertex: Array, charge: Array) -> tuple[Array, Array, Array]:
    """Return signed dxy [cm], dz [cm] and azimuth of the helix at its point nearest to the beam.

    Args:
        p4: (n, 4) momentum where the particle is produced [GeV].
        vertex: (n, 3) production point [cm].
        charge: (n,) -1 or 1.
    """
    transverse = pt(p4)
    radius = transverse * RADIUS_CM_PER_GEV * charge  # signed
    centre = vertex[:, :2] + radius[:, None] * np.stack([p4[:, 1], -p4[:, 0]], axis=1) / transverse[:, None]
    distance = np.hypot(*centre.T)
    nearest = centre * (1 - abs(radius) / np.maximum(distance, 1e-9))[:, None]
    # The angle by which the radius vector turns from the vertex to the perigee.
    turned = delta_phi(np.arctan2(*(nearest - centre).T[::-1]), np.arctan2(*(vertex[:, :2] - centre).T[::-1]))
    angle = phi(p4) + turned
    dz = vertex[:, 2] - turned * radius * p4[:, 2] / transverse
    return nearest[:, 1] * np.cos(angle) - nearest[:, 0] * np.sin(angle), dz, delta_phi(angle, 0)


def first_layer(vertex: Array) -> Array:
    """Return the index (n,) of the first layer outside of the production point, the number of layers if none."""
    return np.searchsorted(FIRST_LAYERS_CM, np.hypot(vertex[:, 0], vertex[:, 1]))


def resolutions(transverse: Array, slope: Array, layer: Array) -> tuple[Array, Array, Array]:
    """Return the errors of dxy [cm], dz [cm] and the angles [rad].

    Args:
        transverse: (n,) transverse momentum [GeV].
        slope: (n,) cosh of the pseudorapidity.
        layer: (n,) first layer hit.
    """
    start = FIRST_LAYERS_CM[layer]
    worse = 1 + (start - FIRST_LAYERS_CM[0]) / LATE_START_CM
    angle = np.hypot(ANGLE_RAD, SCATTERING_RAD_GEV / transverse) * worse
    return np.hypot(HIT_CM, start * angle), np.hypot(HIT_Z_CM, start * angle * slope), angle


def momentum_resolution(transverse: Array, layer: Array) -> Array:
    """Return the relative error (n,) of the momentum; transverse momentum [GeV] and first layer hit, each (n,)."""
    return np.hypot(0.008, 0.00015 * transverse) * (1 + layer)


def reconstruct_tracks(particles: Particles, random: np.random.Generator, *, dz: Array | None = None) -> Candidates:
    """Return charged particles as tracks: perigee, errors, tails.

    Args:
        particles: Charged particles that are reconstructed.
        random: Source of randomness.
        dz: (n,) position of their collision along the beam, for other collisions [cm].
    """
    n = len(particles.pid)
    kind = np.where(np.isin(abs(particles.pid), (11, 13)), abs(particles.pid), 211)
    charge = np.sign(particles.pid) * np.where(np.isin(abs(particles.pid), (11, 13, 3112, 3312, 3334)), -1, 1)
    dxy, true_dz, azimuth = perigee(particles.p4, particles.vertex, charge)
    rapidity, transverse = eta(particles.p4), pt(particles.p4)
    layer = np.minimum(first_layer(particles.vertex), len(FIRST_LAYERS_CM) - 1)
    sigma_dxy, sigma_dz, sigma_angle = resolutions(transverse, np.cosh(rapidity), layer)
    tail = random.choice(TAIL_WIDTHS, p=TAIL_SHARES, size=n)
    pulls = random.normal(size=(4, n)) * tail
    pulls[2] = CORRELATION * pulls[0] + np.sqrt(1 - CORRELATION**2) * pulls[2]
    relative = momentum_resolution(transverse, layer)
    reco = four_vector(
        transverse * np.exp(np.clip(pulls[3] * relative, -0.7, 0.7)),
        rapidity + pulls[1] * sigma_angle * 0.3,
        azimuth + pulls[2] * sigma_angle,
        np.where(kind == 211, PION_GEV, np.where(kind == 13, MASS_GEV[13], MASS_GEV[11])),
    )
    return Candidates(
        *(particles.event, reco, np.full(n, TRACK), kind, charge),
        dxy=dxy + pulls[0] * sigma_dxy,
        dz=true_dz + pulls[1] * sigma_dz + (0 if dz is None else dz),
        sigma_dxy=sigma_dxy,
        sigma_dz=sigma_dz,
        sigma_angle=sigma_angle,
        first_layer=layer,
        chi2=random.chisquare(20, size=n) / 20 * np.sqrt(tail),
    )


def is_reconstructed(particles: Particles, random: np.random.Generator) -> Array:
    """Return a mask (n,) of the charged particles that are reconstructed as tracks."""
    efficiency = EFFICIENCY[first_layer(particles.vertex)]
    efficiency = efficiency * np.where(abs(particles.pid) == 13, MUON_EFFICIENCY, 1)
    seen = is_charged(particles.pid) & (abs(eta(particles.p4)) < 2.5) & (pt(particles.p4) > MIN_TRACK_PT_GEV)
    return seen & (random.random(len(particles.pid)) < efficiency)


def make_fakes(tracks: Candidates, random: np.random.Generator) -> Candidates:
    """Return fake tracks from hits of several particles: near true ones, with impact parameters of centimetres."""
    seed = tracks.take(random.random(len(tracks.event)) < FAKE_SHARE)
    n = len(seed.event)
    layer = random.integers(FAKE_FIRST_LAYER, size=n)
    transverse = np.clip(pt(seed.p4) * random.exponential(size=n), 0.5, 50)
    direction = (eta(seed.p4) + random.normal(0, 0.05, n), phi(seed.p4) + random.normal(0, 0.05, n))
    sigma_dxy, sigma_dz, sigma_angle = (3 * error for error in resolutions(transverse, np.cosh(direction[0]), layer))
    return Candidates(
        *(seed.event, four_vector(transverse, *direction, PION_GEV), seed.origin, np.full(n, 211)),
        charge=random.choice([-1, 1], size=n),
        dxy=random.laplace(0, FAKE_IP_CM, n),
        dz=random.laplace(0, FAKE_DZ_CM, n),
        sigma_dxy=sigma_dxy,
        sigma_dz=sigma_dz,
        sigma_angle=sigma_angle,
        first_layer=layer,
        chi2=random.chisquare(10, size=n) / 10 * 2,
    )


def measure_neutrals(particles: Particles, random: np.random.Generator) -> Candidates:
    """Return photons and hadrons with the calorimeters' energy resolution."""
    is_photon = particles.pid == 22
    energy = np.maximum(particles.p4[:, 3], 0.05)
    relative = np.where(is_photon, np.hypot(0.03 / np.sqrt(energy), 0.005), np.hypot(1 / np.sqrt(energy), 0.05))
    factor = np.clip(1 + random.normal(size=len(energy)) * relative, 0.05, None) * np.where(
        is_photon, 1, HADRON_RESPONSE
    )
    kind = np.where(is_photon, 22, 130)
    return without_track(particles.event, particles.p4 * factor[:, None], origin=NEUTRAL, kind=kind)


def reconstruct(particles: Particles, random: np.random.Generator) -> Candidates:
    """Return all candidates of the collisions themselves, without pile-up."""
    is_track = is_reconstructed(particles, random)
    tracks = reconstruct_tracks(particles.take(is_track), random)
    calorimeter = ~is_track & (abs(eta(particles.p4)) < 3) & (pt(particles.p4) > MIN_NEUTRAL_PT_GEV)
    return join([tracks, make_fakes(tracks, random), measure_neutrals(particles.take(calorimeter), random)])
