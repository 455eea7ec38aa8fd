"""Jet clustering with FastJet on flat arrays of objects."""

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

COMPONENTS = ("px", "py", "pz", "E")  # [GeV]


@dataclass(frozen=True)
class Objects:
    """What a detector sees: event number (object,), and px, py, pz, E [GeV] (object, 4)."""

    event: np.ndarray
    p4: np.ndarray


def as_lists(p4: np.ndarray, counts: np.ndarray) -> ak.Array:
    """Return four-momenta (object, 4) as FastJet reads them: one list of Momentum4D for each of `counts` (list,)."""
    columns = {name: p4[:, index] for index, name in enumerate(COMPONENTS)}
    return ak.unflatten(ak.zip(columns, with_name="Momentum4D"), counts)


def as_p4(vectors: ak.Array) -> np.ndarray:
    """Return px, py, pz, E (..., 4) of a regular array (...,) of FastJet's vectors."""
    return np.stack([ak.to_numpy(vectors[name]) for name in COMPONENTS], axis=-1)


def events_of(objects: Objects, *, n_events: int) -> ak.Array:
    """Return the Momentum4D of each event (event, any number)."""
    order = np.argsort(objects.event, kind="stable")
    return as_lists(objects.p4[order], np.bincount(objects.event, minlength=n_events))


def cluster(
    events: ak.Array, *, algorithm: int, radius: float, lowest_pt_gev: float = 0.0
) -> tuple[ak.Array, ak.Array]:
    """Return the jets of each event, hardest first, and their constituents, aligned with them.

    Args:
        events: (event, any number) Momentum4D
        algorithm: One of FastJet's, e.g. fastjet.antikt_algorithm.
        radius: The algorithm's R.
        lowest_pt_gev: Softer jets are left out.
    """
    clusters = fastjet.ClusterSequence(events, fastjet.JetDefinition(algorithm, radius))
    jets, constituents = clusters.inclusive_jets(min_pt=lowest_pt_gev), clusters.constituents(min_pt=lowest_pt_gev)
    order = ak.argsort(np.hypot(jets.px, jets.py), axis=1, ascending=False)
    return jets[order], constituents[order]
