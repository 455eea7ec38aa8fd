"""From reconstructed collisions to the 219 branches of `deepntuplizer/tree`, and to a ROOT file.

Tracks are sorted by falling Sip2dSig, vertices by falling significance of the flight distance across the beam, so
that the first 60 and 5, which the networks see, are the most displaced ones.
"""

from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np
import uproot

from common.physics.kinematics import delta_phi, eta, mass, phi, pt

from ..archive import branches
from . import branch_values
from .clustering import CONSTITUENT_MIN_PT_GEV, Jets, cluster
from .collisions import Array, Collisions
from .double_b_inputs import double_b
from .tracking import TRACK, Candidates
from .vertices import Vertices, find_vertices, from_candidates

MATCHED = 0.6  # largest distance of both b quarks of a Higgs boson from its jet
CONTAINED = 0.8  # largest distance of the hadrons of a jet
LABEL_CODES = {"H_bb": 41, "QCD_bb": 51, "QCD_cc": 52, "QCD_b": 53, "QCD_c": 54, "QCD_others": 55}
NO_DOUBLE_B = -10.0  # the published double-b tagger is not imitated
BASKET_JETS = 1000


@dataclass(frozen=True)
class Batch:
    """Branches of some jets: flat (jet,), jagged flat over particles, and the counts per collection (jet,)."""

    flat: dict[str, Array]
    jagged: dict[str, Array]
    counts: dict[str, Array]


@dataclass(frozen=True)
class Conditions:
    """Properties of the collisions of a batch (event,)."""

    is_qcd: bool
    n_pileup: Array
    n_vertices: Array  # reconstructed
    mean_pileup: Array
    first_event: int


def count_near(particles_event: Array, p4: Array, jets: Jets, *, radius: float) -> Array:
    """Return for each jet (jet,) how many of the particles of its collision lie within `radius`."""
    same = particles_event[None] == jets.event[:, None]
    gap = np.hypot(eta(p4)[None] - eta(jets.p4)[:, None], delta_phi(phi(p4)[None], phi(jets.p4)[:, None]))
    return (same & (gap < radius)).sum(axis=1)


def labels(collisions: Collisions, jets: Jets, *, is_qcd: bool) -> dict[str, Array]:
    """Return the labels: H if both b quarks of a Higgs boson are near, otherwise by the hadrons within the jet."""
    truth = collisions.truth
    inside = [
        (truth.higgs.event[None] == jets.event[:, None])
        & (np.hypot(eta(q)[None] - eta(jets.p4)[:, None], delta_phi(phi(q)[None], phi(jets.p4)[:, None])) < MATCHED)
        for q in truth.quarks
    ]
    both = inside[0] & inside[1]  # (jet, higgs)
    is_higgs = both.any(axis=1)
    n_bottom = count_near(truth.bottom.event, truth.bottom.p4, jets, radius=CONTAINED)
    n_charm = count_near(truth.charm.event, truth.charm.p4, jets, radius=CONTAINED)
    cases = {
        "H_bb": is_higgs,
        "QCD_bb": n_bottom > 1,
        "QCD_b": n_bottom > 0,
        "QCD_cc": n_charm > 1,
        "QCD_c": n_charm > 0,
    }  # the first that is true
    code = np.select(list(cases.values()), [LABEL_CODES[name] for name in cases], LABEL_CODES["QCD_others"])
    matched = truth.higgs.p4[both.argmax(axis=1)] if both.shape[1] else np.ones((len(code), 4))
    return {
        **{f"label_{name}": code == value for name, value in LABEL_CODES.items()},
        "sample_isQCD": np.full(len(code), is_qcd),
        "fj_label": code,
        "fj_labelJMAR": 4 * is_higgs,
        "fj_labelLegacy": 4 * is_higgs,
        "fj_isH": is_higgs,
        "fj_isQCD": ~is_higgs,
        "fj_isBB": n_bottom > 1,
        "fj_isNonBB": n_bottom < 2,
        "fj_nbHadrons": n_bottom,
        "fj_ncHadrons": n_charm,
        "fj_gen_pt": np.where(is_higgs, pt(matched), -999.0),
        "fj_gen_eta": np.where(is_higgs, eta(matched), -999.0),
    }


def jet_branches(jets: Jets, conditions: Conditions) -> dict[str, Array]:
    """Return the branches of collisions and jets; energies are uncorrected, as in the record."""
    jet_pt, jet_eta, jet_phi = pt(jets.p4), eta(jets.p4), phi(jets.p4)
    tau1, tau2, tau3 = np.maximum(jets.tau, 0).T
    columns = {
        "event_no": conditions.first_event + jets.event,
        "jet_no": jets.number,
        "npv": conditions.n_vertices[jets.event],
        "ntrueInt": conditions.mean_pileup[jets.event],
        "rho": 0.55 * conditions.n_pileup[jets.event],
        **{name: jet_pt for name in ("fj_pt", "jet_pt", "jet_corr_pt", "gen_pt")},
        **{name: jet_eta for name in ("fj_eta", "jet_eta")},
        **{name: jet_phi for name in ("fj_phi", "jet_phi")},
        "fj_mass": mass(jets.p4),
        "fj_sdmass": jets.softdrop_mass,
        "fj_n_sdsubjets": (pt(jets.subjets) > 0).sum(axis=1),
        **{"fj_tau1": tau1, "fj_tau2": tau2, "fj_tau3": tau3},
        "fj_tau21": np.where(tau1 > 0, tau2 / np.maximum(tau1, 1e-9), 1.01),
        "fj_tau32": np.where(tau2 > 0, tau3 / np.maximum(tau2, 1e-9), 1.01),
        "fj_doubleb": np.full(len(jet_pt), NO_DOUBLE_B),
        **{name: np.ones(len(jet_pt)) for name in ("jet_looseId", "jet_tightId")},
    }
    for k in (0, 1):
        subjet = jets.subjets[:, k]
        values = {"pt": pt(subjet), "eta": eta(subjet), "phi": phi(subjet), "mass": mass(subjet)}
        columns |= {f"fj_sdsj{k + 1}_{name}": value for name, value in values.items()}
    return columns


def ordered_tracks(
    candidates: Candidates, jets: Jets
) -> tuple[Candidates, Array, Vertices, branch_values.Impact, Array]:
    """Return tracks above threshold as the tree orders them, their jets, vertices, impacts and vertex distances."""
    is_track = candidates.origin[jets.candidate] == TRACK
    is_track &= pt(candidates.p4[jets.candidate]) > CONSTITUENT_MIN_PT_GEV
    tracks, jet = candidates.take(jets.candidate[is_track]), jets.jet_of[is_track]
    axes = branch_values.unit(jets.p4)
    impacts = branch_values.impact(tracks, axes[jet])
    significance = np.hypot(tracks.dxy / tracks.sigma_dxy, tracks.dz / tracks.sigma_dz)
    vertices = find_vertices(from_candidates(tracks), significance, jet, axes)
    gap = branch_values.distance_to_vertex(tracks.p4, jet, vertices, n_jets=len(jets.event))
    order = np.lexsort((-pt(tracks.p4), np.minimum(gap, branch_values.FAR), -impacts.significance_2d, jet))
    rank = np.argsort(order)  # the new index of each track
    renumbered = Vertices(**{**vars(vertices), "members": [rank[members] for members in vertices.members]})
    impacts = branch_values.Impact(**{name: value[order] for name, value in vars(impacts).items()})
    return tracks.take(order), jet[order], renumbered, impacts, gap[order]


def make_batch(collisions: Collisions, candidates: Candidates, conditions: Conditions) -> Batch:
    """Cluster, find vertices, and return all branches of the jets."""
    jets = cluster(candidates.event, candidates.p4, n_events=collisions.n_events)
    tracks, jet, vertices, impacts, gap = ordered_tracks(candidates, jets)
    n_jets, axes = len(jets.event), branch_values.unit(jets.p4)
    momentum = pt(candidates.p4[jets.candidate])
    order = np.lexsort((-momentum, jets.jet_of))
    order = order[momentum[order] > CONSTITUENT_MIN_PT_GEV]
    constituents, owner = candidates.take(jets.candidate[order]), jets.jet_of[order]
    by_track = branch_values.track_branches(tracks, jet, jets, gap)
    by_vertex = branch_values.vertex_branches(vertices, jets)
    ranked = np.lexsort((-by_vertex["dxysig"], vertices.jet))
    collections = {
        "pfcand": branch_values.candidate_branches(constituents, owner, jets, vertices),
        "track": by_track,
        "trackBTag": branch_values.btag_branches(tracks, axes[jet], impacts, by_track["deltaR"]),
        "sv": {name: values[ranked] for name, values in by_vertex.items()},
    }
    owners = {"pfcand": owner, "track": jet, "trackBTag": jet, "sv": vertices.jet}
    counts = {name: np.bincount(index, minlength=n_jets) for name, index in owners.items()}
    pairs = (("pfcands", "pfcand"), ("tracks", "track"), ("sv", "sv"))
    flat = {
        **{prefix + name: counts[of] for name, of in pairs for prefix in ("n", "n_")},
        **jet_branches(jets, conditions),
        **labels(collisions, jets, is_qcd=conditions.is_qcd),
        **double_b(tracks, impacts, jet, jets, vertices),
    }
    jagged = {f"{of}_{name}": values for of, columns in collections.items() for name, values in columns.items()}
    return Batch(flat, {name: np.nan_to_num(jagged[name]).astype(np.float32) for name in branches.JAGGED}, counts)


def flat_type(name: str) -> type:
    """Return the type of a flat branch in the record's files."""
    if name in branches.UNSIGNED:
        return np.uint32
    return np.int32 if name in branches.INTEGERS else np.float32


def as_table(batches: list[Batch], random: np.random.Generator) -> dict[str, ak.Array]:
    """Return all branches of all batches with the jets in random order; flat branches without a value are 0."""
    n_jets = sum(len(batch.counts["sv"]) for batch in batches)
    order = random.permutation(n_jets)
    table = {}
    for name in branches.FLAT:
        parts = [np.asarray(batch.flat.get(name, np.zeros(len(batch.counts["sv"])))) for batch in batches]
        table[name] = np.concatenate(parts).astype(flat_type(name))[order]
    for name in branches.COLLECTIONS:
        counts = np.concatenate([batch.counts[name] for batch in batches])
        members = [branch for branch in branches.JAGGED if branch.split("_")[0] == name]
        fields = {b.removeprefix(f"{name}_"): np.concatenate([batch.jagged[b] for batch in batches]) for b in members}
        table[name] = ak.unflatten(ak.zip(fields), counts)[order]
    return table


def write_tree(path: Path, table: dict[str, ak.Array]) -> None:
    """Write the tree of the record; uproot writes jagged branches as float[] where the record has vectors."""
    n_jets = len(table["fj_pt"])
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        kinds = {
            name: values.type.content if isinstance(values, ak.Array) else values.dtype
            for name, values in table.items()
        }
        tree = file.mktree(
            branches.TREE,
            kinds,
            counter_name=lambda name: f"_n_{name}",
            field_name=lambda name, field: f"{name}_{field}",
        )
        for start in range(0, n_jets, BASKET_JETS):
            tree.extend({name: values[start : start + BASKET_JETS] for name, values in table.items()})
