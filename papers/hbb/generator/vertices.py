"""Secondary vertices from reconstructed tracks, in the spirit of CMS's inclusive vertex finder (for arXiv:1909.12285).

Pairs of displaced tracks that come close to each other propose vertices; the proposal that most tracks agree with is
fitted, tracks that do not fit are dropped, the vertex is kept if its flight distance is significant, and its tracks
are taken away before the next one is looked for. Nothing here sees the truth. Lengths are in cm.
"""

from dataclasses import dataclass

import numpy as np

from common.physics.kinematics import eta, four_vector, phi, pt
from papers.hbb.collisions import Array
from papers.hbb.material import PION_GEV
from papers.hbb.tracking import RADIUS_CM_PER_GEV, Candidates

MIN_IP_SIGNIFICANCE = 2.0  # of a displaced track, dxy and dz together
MAX_DXY_CM, MAX_DZ_CM, MAX_RADIUS_CM = 3.0, 6.0, 8.0
MAX_PULL = 3.0  # distance of a track from its vertex over its error
MAX_GAP_CM = 0.05  # between the two tracks of a proposal
MIN_FLIGHT_SIGNIFICANCE = 2.5
MAX_PROPOSALS = 12  # vertices that are tried per jet


@dataclass(frozen=True)
class Tracks:
    """Helices (track,) with what a fit needs; see `from_candidates`."""

    perigee: Array  # (track, 3) [cm]
    azimuth: Array
    slope: Array  # sinh of the pseudorapidity
    curvature: Array  # turn of the azimuth per transverse path [1/cm]
    sigma: Array  # error of the position across the track [cm]
    p4: Array  # (track, 4) [GeV]

    def take(self, chosen: Array) -> "Tracks":
        """Return the chosen tracks."""
        return Tracks(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def at(self, path: Array) -> tuple[Array, Array]:
        """Return points and unit directions (track, 3) at transverse paths (track,) from the perigee."""
        angle = self.azimuth + self.curvature * path
        half = self.azimuth + self.curvature * path / 2  # the chord's direction; its length is the path to second order
        point = self.perigee + path[:, None] * np.stack([np.cos(half), np.sin(half), self.slope], axis=1)
        direction = np.stack([np.cos(angle), np.sin(angle), self.slope], axis=1)
        return point, direction / np.sqrt(1 + self.slope**2)[:, None]

    def near(self, place: Array) -> tuple[Array, Array]:
        """Return points and directions (track, 3) where the tracks pass `place` (3,)."""
        flat = place[None, :2] - self.perigee[:, :2]
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


def distances(tracks: Tracks, place: Array) -> Array:
    """Return the distance (track,) of each track from a place (3,) [cm]."""
    point, direction = tracks.near(place)
    gap = place - point
    return np.linalg.norm(gap - (gap * direction).sum(axis=1)[:, None] * direction, axis=1)


def fit(tracks: Tracks, start: Array) -> tuple[Array, Array]:
    """Return the point (3,) nearest to all tracks, weighted with their errors, and its covariance (3, 3) [cm^2]."""
    place, covariance = start, np.eye(3)
    for _ in range(2):  # helices are made straight at the last place
        point, direction = tracks.near(place)
        across = np.eye(3) - direction[:, :, None] * direction[:, None, :]
        weighted = across / tracks.sigma[:, None, None] ** 2
        covariance = np.linalg.inv(weighted.sum(axis=0) + np.eye(3) * 1e-6)
        place = covariance @ (weighted @ point[:, :, None]).sum(axis=0)[:, 0]
    return place, covariance


def propose(tracks: Tracks, axis: Array) -> Array:
    """Return places (proposal, 3) where two tracks come close, forward along the jet's `axis` (3,)."""
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


def best_proposal(tracks: Tracks, places: Array) -> Array:
    """Return the place (3,) with the smallest sum of pulls, each cut off at MAX_PULL: many good tracks win."""
    point, direction = tracks.at(np.zeros(len(tracks.sigma)))
    gap = places[:, None] - point[None]  # (proposal, track, 3)
    apart = np.linalg.norm(gap - (gap * direction).sum(axis=-1, keepdims=True) * direction, axis=-1)
    return places[np.minimum(apart / tracks.sigma, MAX_PULL).sum(axis=1).argmin()]


def find_in_jet(tracks: Tracks, axis: Array) -> list[tuple[Array, Array, float, Array]]:
    """Return position, covariance, chi2 and members (indices) of each vertex among the displaced tracks of a jet."""
    left, found = np.arange(len(tracks.sigma)), []
    places = propose(tracks, axis)
    for _ in range(MAX_PROPOSALS):
        if len(left) < 2 or not len(places):
            break
        start = best_proposal(tracks.take(left), places)
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
                found.append((position, covariance, float((pull[pull < MAX_PULL] ** 2).sum()), members))
            left = np.setdiff1d(left, members)
        places = places[np.linalg.norm(places - start, axis=1) > 0.01]
    return found


def find_vertices(tracks: Tracks, significance: Array, jet: Array, axes: Array) -> Vertices:
    """Return the vertices of all jets.

    Args:
        tracks: All tracks of the batch's jets, sorted by jet.
        significance: (track,) of the impact parameter.
        jet: (track,) index of the jet, sorted.
        axes: (jet, 3) direction of each jet.
    """
    near = (abs(tracks.perigee[:, 2]) < MAX_DZ_CM) & (np.hypot(*tracks.perigee[:, :2].T) < MAX_DXY_CM)
    displaced = np.flatnonzero((significance > MIN_IP_SIGNIFICANCE) & near)
    bounds = np.searchsorted(jet[displaced], np.arange(len(axes) + 1))
    found = []
    for number, axis in enumerate(axes):
        index = displaced[bounds[number] : bounds[number + 1]]
        for position, covariance, chi2, members in find_in_jet(tracks.take(index), axis):
            found.append((number, position, covariance, chi2, index[members]))
    return Vertices(
        jet=np.array([entry[0] for entry in found], int),
        position=np.array([entry[1] for entry in found]).reshape(-1, 3),
        covariance=np.array([entry[2] for entry in found]).reshape(-1, 3, 3),
        p4=np.array([tracks.p4[entry[4]].sum(axis=0) for entry in found]).reshape(-1, 4),
        chi2=np.array([entry[3] for entry in found]),
        n_tracks=np.array([len(entry[4]) for entry in found], int),
        members=[entry[4] for entry in found],
    )
