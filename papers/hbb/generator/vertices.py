"""Secondary vertices from reconstructed tracks, in the spirit of CMS's inclusive vertex finder.

Pairs of displaced tracks that come close to each other propose vertices. The proposal with the most compatible tracks
is fitted, and incompatible tracks are dropped. A vertex with a significant flight distance is kept. Its tracks are
removed before the next vertex is searched. Nothing here sees the truth. Lengths are in cm.
"""

from dataclasses import dataclass

import numpy as np

from common.physics.kinematics import eta, four_vector, phi, pt

from .collisions import Array
from .material import PION_GEV
from .tracking import RADIUS_CM_PER_GEV, Candidates

MIN_IP_SIGNIFICANCE = 2.0  # of a displaced track, from dxy and dz together
MAX_DXY_CM, MAX_DZ_CM, MAX_RADIUS_CM = 3.0, 6.0, 8.0
MAX_PULL = 3.0  # distance of a track from its vertex over its error
MAX_GAP_CM = 0.05  # between the two tracks of a proposal
MIN_FLIGHT_SIGNIFICANCE = 2.5
MAX_PROPOSALS = 12  # fits per jet


@dataclass(frozen=True)
class Tracks:
    """Helices (track,) with their errors; see `from_candidates`."""

    perigee: Array  # (track, 3) [cm]
    azimuth: Array
    slope: Array  # sinh of the pseudorapidity
    curvature: Array  # turn of the azimuth per transverse path [1/cm]
    sigma: Array  # error of the position across the track [cm]
    p4: Array  # (track, 4) [GeV]

    def take(self, index: Array) -> "Tracks":
        """Return the selected tracks; `index` is a mask or indices (n,)."""
        return Tracks(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def at(self, path: Array) -> tuple[Array, Array]:
        """Return points and unit directions (track, 3) at transverse paths (track,) from the perigee."""
        angle = self.azimuth + self.curvature * path
        # The direction of the chord, whose length is the path to second order.
        half = self.azimuth + self.curvature * path / 2
        point = self.perigee + path[:, None] * np.stack([np.cos(half), np.sin(half), self.slope], axis=1)
        direction = np.stack([np.cos(angle), np.sin(angle), self.slope], axis=1)
        return point, direction / np.sqrt(1 + self.slope**2)[:, None]

    def near(self, position: Array) -> tuple[Array, Array]:
        """Return points and directions (track, 3) where the tracks pass `position` (3,)."""
        flat = position[None, :2] - self.perigee[:, :2]
        return self.at(flat[:, 0] * np.cos(self.azimuth) + flat[:, 1] * np.sin(self.azimuth))


@dataclass(frozen=True)
class Vertices:
    """Vertices (vertex,) of a batch, sorted by jet; `members` are indices into the tracks that were given."""

    jet: Array
    position: Array  # (vertex, 3) [cm]
    covariance: Array  # (vertex, 3, 3) [cm^2]
    p4: Array  # (vertex, 4) [GeV]
    chi2: Array
    n_tracks: Array
    members: list[Array]


def from_candidates(tracks: Candidates) -> Tracks:
    """Return the helices of candidates that are tracks."""
    azimuth, rapidity, transverse = phi(tracks.p4), eta(tracks.p4), pt(tracks.p4)
    perigee = np.stack([-tracks.dxy * np.sin(azimuth), tracks.dxy * np.cos(azimuth), tracks.dz], axis=1)
    sigma = np.hypot(tracks.sigma_dxy, tracks.sigma_dz / np.cosh(rapidity)) / np.sqrt(2)
    curvature = -tracks.charge / (transverse * RADIUS_CM_PER_GEV)
    return Tracks(
        perigee, azimuth, np.sinh(rapidity), curvature, sigma, four_vector(transverse, rapidity, azimuth, PION_GEV)
    )


def distances(tracks: Tracks, position: Array) -> Array:
    """Return the distance (track,) of each track from a position (3,) [cm]."""
    point, direction = tracks.near(position)
    gap = position - point
    return np.linalg.norm(gap - (gap * direction).sum(axis=1)[:, None] * direction, axis=1)


def fit(tracks: Tracks, start: Array) -> tuple[Array, Array]:
    """Return the point (3,) nearest to all tracks, weighted with their errors, and its covariance (3, 3) [cm^2]."""
    position, covariance = start, np.eye(3)
    for _ in range(2):  # the helices are linearised at the last position
        point, direction = tracks.near(position)
        across = np.eye(3) - direction[:, :, None] * direction[:, None, :]
        weighted = across / tracks.sigma[:, None, None] ** 2
        covariance = np.linalg.inv(weighted.sum(axis=0) + np.eye(3) * 1e-6)
        position = covariance @ (weighted @ point[:, :, None]).sum(axis=0)[:, 0]
    return position, covariance


def propose(tracks: Tracks, axis: Array) -> Array:
    """Return positions (proposal, 3) where two tracks come close, forward along the jet's `axis` (3,)."""
    first, second = np.triu_indices(len(tracks.sigma), k=1)
    point, direction = tracks.at(np.zeros(len(tracks.sigma)))
    gap = point[first] - point[second]
    cosine = (direction[first] * direction[second]).sum(axis=1)
    along = [(gap * direction[index]).sum(axis=1) for index in (first, second)]
    sine2 = np.maximum(1 - cosine**2, 1e-9)
    reach = [(cosine * along[1] - along[0]) / sine2, (along[1] - cosine * along[0]) / sine2]
    ends = [point[k] + reach[i][:, None] * direction[k] for i, k in enumerate((first, second))]
    apart = np.linalg.norm(ends[0] - ends[1], axis=1)
    middle = (ends[0] + ends[1]) / 2
    error = np.hypot(tracks.sigma[first], tracks.sigma[second])
    good = (apart < np.minimum(MAX_PULL * error + 0.01, MAX_GAP_CM)) & (middle @ axis > 0)
    good &= np.hypot(middle[:, 0], middle[:, 1]) < MAX_RADIUS_CM
    return middle[good]


def best_proposal(tracks: Tracks, proposals: Array) -> Array:
    """Return the position (3,) with the smallest sum of pulls, each limited to MAX_PULL: many good tracks win."""
    point, direction = tracks.at(np.zeros(len(tracks.sigma)))
    gap = proposals[:, None] - point[None]  # (proposal, track, 3)
    apart = np.linalg.norm(gap - (gap * direction).sum(axis=-1, keepdims=True) * direction, axis=-1)
    return proposals[np.minimum(apart / tracks.sigma, MAX_PULL).sum(axis=1).argmin()]


def find_in_jet(tracks: Tracks, axis: Array) -> list[tuple[Array, Array, float, Array]]:
    """Return position, covariance, chi2 and members (indices) of each vertex among the displaced tracks of a jet."""
    left, vertices = np.arange(len(tracks.sigma)), []
    proposals = propose(tracks, axis)
    for _ in range(MAX_PROPOSALS):
        if len(left) < 2 or not len(proposals):
            break
        start = best_proposal(tracks.take(left), proposals)
        members = left[distances(tracks.take(left), start) < MAX_PULL * tracks.sigma[left] + 0.01]
        for _ in range(2):
            if len(members) < 2:
                break
            position, covariance = fit(tracks.take(members), start)
            pull = distances(tracks.take(members), position) / tracks.sigma[members]
            members = members[pull < MAX_PULL]
        if len(members) >= 2:
            length = np.linalg.norm(position)
            error = np.sqrt(position @ covariance @ position) / length
            if length / error > MIN_FLIGHT_SIGNIFICANCE and position @ axis > 0:
                vertices.append((position, covariance, float((pull[pull < MAX_PULL] ** 2).sum()), members))
            left = np.setdiff1d(left, members)
        proposals = proposals[np.linalg.norm(proposals - start, axis=1) > 0.01]
    return vertices


def find_vertices(tracks: Tracks, significance: Array, jet: Array, axes: Array) -> Vertices:
    """Return the vertices of all jets.

    Args:
        tracks: All tracks of the batch's jets, sorted by jet.
        significance: (track,) significance of the impact parameter.
        jet: (track,) index of the jet, sorted.
        axes: (jet, 3) direction of each jet.
    """
    near = (abs(tracks.perigee[:, 2]) < MAX_DZ_CM) & (np.hypot(*tracks.perigee[:, :2].T) < MAX_DXY_CM)
    displaced = np.flatnonzero((significance > MIN_IP_SIGNIFICANCE) & near)
    bounds = np.searchsorted(jet[displaced], np.arange(len(axes) + 1))
    entries = []
    for number, axis in enumerate(axes):
        index = displaced[bounds[number] : bounds[number + 1]]
        for position, covariance, chi2, members in find_in_jet(tracks.take(index), axis):
            entries.append((number, position, covariance, chi2, index[members]))
    return Vertices(
        jet=np.array([entry[0] for entry in entries], int),
        position=np.array([entry[1] for entry in entries]).reshape(-1, 3),
        covariance=np.array([entry[2] for entry in entries]).reshape(-1, 3, 3),
        p4=np.array([tracks.p4[entry[4]].sum(axis=0) for entry in entries]).reshape(-1, 4),
        chi2=np.array([entry[3] for entry in entries]),
        n_tracks=np.array([len(entry[4]) for entry in entries], int),
        members=[entry[4] for entry in entries],
    )
