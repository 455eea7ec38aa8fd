"""Jets with FastJet as in record 12102: anti-kT, soft drop, N-subjettiness."""

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

from common.physics.jets import COMPONENTS, as_lists, as_p4
from common.physics.kinematics import delta_r, eta, pt

from .collisions import Array

RADIUS = 0.8
MIN_PT_GEV, MAX_ETA = 200.0, 2.4
SYMMETRY_CUT, BETA = 0.1, 0.0  # soft drop of ak8PFJetsCHSSoftDropMass
AROUND_ALL = 10.0  # a radius that collects all particles in one jet
CONSTITUENT_MIN_PT_GEV = 0.95  # of the candidates in the tree


@dataclass(frozen=True)
class Jets:
    """Jets of a batch and their constituents.

    Attributes:
        event: (jet,) sorted.
        number: (jet,) 0, 1, ... within the event, by falling transverse momentum.
        p4: (jet, 4) [GeV]
        softdrop_mass: (jet,) [GeV]
        subjets: (jet, 2, 4) of the groomed jet, the harder one first; zeros for a missing one.
        axes: (jet, 2, 4) exclusive kT subjets of the whole jet, the axes of the double-b variables; zeros if missing.
        tau: (jet, 3) N-subjettiness with one, two and three axes.
        jet_of: (constituent,) jet of each constituent, sorted.
        candidate: (constituent,) index of the candidate.
    """

    event: Array
    number: Array
    p4: Array
    softdrop_mass: Array
    subjets: Array
    axes: Array
    tau: Array
    jet_of: Array
    candidate: Array


def _two_hardest(subjets: ak.Array) -> Array:
    """Return (jet, 2, 4) from lists of four-vectors, by falling transverse momentum, with zeros for missing ones."""
    plain = ak.zip({name: subjets[name] for name in COMPONENTS})
    padded = ak.fill_none(ak.pad_none(plain, 2, clip=True), dict.fromkeys(COMPONENTS, 0.0))
    both = as_p4(padded)
    order = np.argsort(-pt(both), axis=1, kind="stable")
    return np.take_along_axis(both, order[..., None], axis=1)


def _exclusive(lists: ak.Array, algorithm: int) -> Array:
    """Return the two exclusive jets (jet, 2, 4) of each list; a single particle is the first jet."""
    subjets = np.zeros((len(lists), 2, 4))
    several = ak.to_numpy(ak.num(lists)) > 1
    single = lists[~several & (ak.to_numpy(ak.num(lists)) > 0)]
    subjets[~several & (ak.to_numpy(ak.num(lists)) > 0), 0] = as_p4(ak.flatten(single)) if len(single) else 0
    if several.any():
        definition = fastjet.JetDefinition(algorithm, AROUND_ALL)
        subjets[several] = _two_hardest(fastjet.ClusterSequence(lists[several], definition).exclusive_jets(n_jets=2))
    return subjets


def cluster(event: Array, p4: Array, *, n_events: int) -> Jets:
    """Return the jets of a batch.

    Args:
        event: (candidate,) sorted.
        p4: (candidate, 4) [GeV]
        n_events: Number of collisions.
    """
    counts = np.bincount(event, minlength=n_events)
    sequence = fastjet.ClusterSequence(as_lists(p4, counts), fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS))
    clustered, members = sequence.inclusive_jets(min_pt=MIN_PT_GEV), sequence.constituent_index(min_pt=MIN_PT_GEV)
    owner, jet_p4 = np.repeat(np.arange(n_events), ak.to_numpy(ak.num(clustered))), as_p4(ak.flatten(clustered))
    sizes = ak.to_numpy(ak.flatten(ak.num(members, axis=2)))
    offset = np.cumsum(counts) - counts
    candidate = ak.to_numpy(ak.flatten(members, axis=None)) + np.repeat(offset[owner], sizes)
    order = np.lexsort((-pt(jet_p4), owner))
    order = order[abs(eta(jet_p4[order])) < MAX_ETA]
    starts = np.cumsum(sizes) - sizes
    jet_of = np.repeat(np.arange(len(order)), sizes[order])
    within = np.arange(len(jet_of)) - np.repeat(np.cumsum(sizes[order]) - sizes[order], sizes[order])
    candidate = candidate[starts[order][jet_of] + within]
    return _with_substructure(owner[order], jet_p4[order], jet_of, candidate, p4)


def _with_substructure(event: Array, jet_p4: Array, jet_of: Array, candidate: Array, p4: Array) -> Jets:
    number = np.arange(len(event)) - np.searchsorted(event, event)
    lists = as_lists(p4[candidate], np.bincount(jet_of, minlength=len(event)))
    cambridge = fastjet.JetDefinition(fastjet.cambridge_algorithm, AROUND_ALL)
    sequence = fastjet.ClusterSequence(lists, cambridge)
    groomed = sequence.exclusive_jets_softdrop_grooming(njets=1, beta=BETA, symmetry_cut=SYMMETRY_CUT, R0=RADIUS)
    constituents = groomed.constituents[:, 0] if groomed.constituents.ndim == 3 else groomed.constituents
    constituents = ak.zip({name: constituents[name] for name in COMPONENTS}, with_name="Momentum4D")
    return Jets(
        event=event,
        number=number,
        p4=jet_p4,
        softdrop_mass=ak.to_numpy(ak.flatten(groomed.msoftdrop, axis=None)),
        subjets=_exclusive(constituents, fastjet.cambridge_algorithm),
        axes=_exclusive(lists, fastjet.kt_algorithm),
        tau=ak.to_numpy(sequence.njettiness(njets=[1, 2, 3])).reshape(len(event), -1),
        jet_of=jet_of,
        candidate=candidate,
    )


def nearest_axis(p4: Array, axes: Array) -> Array:
    """Return 0 or 1 (n,): which of two axes (n, 2, 4) is nearer in (eta, phi); 0 where the second is missing."""
    gap = [delta_r(p4, axis) for axis in (axes[:, 0], axes[:, 1])]
    return ((gap[1] < gap[0]) & (pt(axes[:, 1]) > 0)).astype(int)
