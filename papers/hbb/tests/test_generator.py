"""The generator: helices, vertices and jets against closed forms, and the file (arXiv:1909.12285)."""

import awkward as ak
import numpy as np
import pytest
import uproot

from common.errors import InputError
from common.physics.kinematics import delta_r, four_vector, mass, pt
from papers.hbb.archive import branches
from papers.hbb.generator.clustering import cluster
from papers.hbb.generator.collisions import Generator, Particles, has_quark, process
from papers.hbb.generator.material import LAYER_RADII_CM, PION_GEV, meet_material, pass_material
from papers.hbb.generator.ntuple import Conditions, as_table, make_batch, write_tree
from papers.hbb.generator.pileup import Pool, add_pileup
from papers.hbb.generator.segments import group_sums, leading, rank_in_group
from papers.hbb.generator.tracking import RADIUS_CM_PER_GEV, TRACK, join, perigee, reconstruct, resolutions
from papers.hbb.generator.vertices import Tracks, find_in_jet, fit


@pytest.fixture(scope="module")
def signal():
    """Twenty collisions of the graviton at 1.6 TeV."""
    return Generator(process(graviton_gev=1600), seed=7).batch(20)


def pool_of(collisions):
    counts = np.bincount(collisions.final.event, minlength=collisions.n_events)
    final = collisions.final
    return Pool(np.r_[0, np.cumsum(counts)], final.pid, final.p4 * 0.05, final.vertex)


@pytest.fixture(scope="module")
def batch(signal):
    random = np.random.default_rng(3)
    own = reconstruct(pass_material(signal.final, random), random)
    counts = random.poisson(3, signal.n_events)
    candidates = join([own, *add_pileup(pool_of(signal), counts, random)])
    conditions = Conditions(False, counts, 1 + counts, np.full(signal.n_events, 3.0), 0)
    return make_batch(signal, candidates, conditions), candidates


# ---- closed forms ----


def test_the_perigee_of_a_helix_is_where_a_walk_along_it_comes_nearest_to_the_beam():
    """Follow each helix backwards in small steps from its production point."""
    random = np.random.default_rng(1)
    n = 40
    p4 = four_vector(random.uniform(0.6, 5, n), random.normal(size=n), random.uniform(-3, 3, n), PION_GEV)
    vertex = random.normal(0, 4, (n, 3))
    charge = random.choice([-1, 1], n)
    dxy, dz, azimuth = perigee(p4, vertex, charge)
    path = np.linspace(-25, 25, 200_001)[:, None]  # [cm]
    start, bend = np.arctan2(p4[:, 1], p4[:, 0]), -charge / (pt(p4) * RADIUS_CM_PER_GEV)
    x = vertex[:, 0] + (np.sin(start + bend * path) - np.sin(start)) / bend
    y = vertex[:, 1] - (np.cos(start + bend * path) - np.cos(start)) / bend
    nearest = np.hypot(x, y).argmin(axis=0)
    inside = (nearest > 0) & (nearest < len(path) - 1)
    assert inside.sum() > 30
    walked = path[nearest, 0]
    assert np.allclose(abs(dxy)[inside], np.hypot(x, y).min(axis=0)[inside], atol=1e-4)
    assert np.allclose(dz[inside], (vertex[:, 2] + walked * p4[:, 2] / pt(p4))[inside], atol=2e-3)
    assert np.allclose(np.cos(azimuth - start - bend * walked)[inside], 1, atol=1e-6)


def tracks_from(place, directions, *, sigma=0.002, charge=1.0, momentum=3.0):
    """Helices that pass a place (3,) in the given directions (track, 3), perfectly measured."""
    unit = directions / np.linalg.norm(directions, axis=1)[:, None]
    p4 = np.column_stack([momentum * unit, np.hypot(momentum, PION_GEV) * np.ones(len(unit))])
    charges = np.full(len(unit), charge)
    dxy, dz, azimuth = perigee(p4, np.tile(place, (len(unit), 1)), charges)
    points = np.column_stack([-dxy * np.sin(azimuth), dxy * np.cos(azimuth), dz])
    curvature = -charges / (pt(p4) * RADIUS_CM_PER_GEV)
    return Tracks(points, azimuth, p4[:, 2] / pt(p4), curvature, np.full(len(unit), sigma), p4)


def test_a_vertex_is_found_where_its_tracks_come_from():
    place = np.array([0.8, 0.1, 0.4])
    tracks = tracks_from(place, np.array([[1, 0.1, 0.3], [1, -0.2, 0.7], [1, 0.4, 0.5]]))
    position, covariance = fit(tracks, place + 0.05)
    assert np.allclose(position, place, atol=2e-3)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)
    (found,) = find_in_jet(tracks, np.array([1.0, 0, 0.5]))
    assert np.allclose(found[0], place, atol=5e-3) and found[3].tolist() == [0, 1, 2]


def test_two_vertices_are_told_apart_and_none_is_made_of_prompt_tracks():
    first = tracks_from(np.array([0.6, 0.0, 0.2]), np.array([[1, 0.15, 0.3], [1, -0.2, 0.45]]))
    second = tracks_from(np.array([1.5, 0.6, 0.3]), np.array([[1, 0.6, 0.2], [1, 0.2, 0.3], [1, 0.4, 0.05]]))
    both = Tracks(*(np.concatenate([getattr(t, n) for t in (first, second)]) for n in Tracks.__dataclass_fields__))
    found = find_in_jet(both, np.array([1.0, 0.2, 0.3]))
    assert sorted(members.tolist() for *_, members in found) == [[0, 1], [2, 3, 4]]
    prompt = tracks_from(np.zeros(3), np.array([[1, 0.2, 0.3], [1, -0.2, 0.5], [1, 0.1, 0.1]]))
    assert find_in_jet(prompt, np.array([1.0, 0, 0.3])) == []


def test_late_and_slow_tracks_are_measured_worse():
    early, late = (resolutions(np.array([2.0]), np.array([1.2]), np.array([layer]))[0] for layer in (0, 3))
    slow = resolutions(np.array([1.0]), np.array([1.2]), np.array([0]))[0]
    assert late > 10 * early and slow > early


def test_interactions_happen_on_a_layer_beyond_the_particles_origin():
    n = 20_000
    random = np.random.default_rng(2)
    p4 = four_vector(np.full(n, 5.0), random.normal(size=n), random.uniform(-3, 3, n), PION_GEV)
    vertex = np.tile([5.0, 0.0, 0.0], (n, 1))
    hit = meet_material(Particles(np.arange(n), np.full(n, 211), p4, vertex), np.full(4, 0.1), np.ones(n, bool), random)
    radius = np.hypot(*hit.point[:, :2].T)
    assert np.all(np.isclose(radius[:, None], LAYER_RADII_CM[None, 2:], atol=1e-6).any(axis=1))
    direction = hit.point - vertex[hit.index]
    along = (direction * p4[hit.index, :3]).sum(axis=1) / np.linalg.norm(direction, axis=1)
    assert np.allclose(along, np.linalg.norm(p4[hit.index, :3], axis=1))


def test_hadrons_are_told_by_their_heaviest_quark():
    pid = np.array([511, -521, 5122, 411, 4122, 541, 5, 5201, 211, 10511])
    assert has_quark(pid, 5).tolist() == [True, True, True, False, False, True, False, False, False, True]
    assert has_quark(pid, 4).tolist() == [False, False, False, True, True, False, False, False, False, False]


def test_ranks_and_leading_values():
    group = np.array([0, 0, 2, 2, 2])
    assert rank_in_group(group).tolist() == [0, 1, 0, 1, 2]
    table = leading(np.array([5.0, 4, 3, 2, 1]), group, n_groups=4, n_values=2, missing=-1)
    assert table.tolist() == [[5, 4], [-1, -1], [3, 2], [-1, -1]]


def test_a_setting_that_pythia_does_not_know_is_named():
    with pytest.raises(InputError, match="does not know the setting 'HardQCD:al=on'"):
        Generator(["HardQCD:al=on"], seed=1)


# ---- jets and the file ----


def test_jets_are_the_sums_of_their_constituents(batch):
    _, candidates = batch
    jets = cluster(candidates.event, candidates.p4, n_events=20)
    sums = group_sums(candidates.p4[jets.candidate], jets.jet_of, n_groups=len(jets.event))
    assert np.allclose(sums, jets.p4, rtol=1e-6, atol=1e-6)
    assert np.all(candidates.event[jets.candidate] == jets.event[jets.jet_of])
    assert np.all(jets.softdrop_mass <= mass(jets.p4) + 1e-6)
    assert np.all(np.diff(jets.tau, axis=1) <= 1e-9)
    same = jets.event[1:] == jets.event[:-1]
    assert np.all(pt(jets.p4)[:-1][same] >= pt(jets.p4)[1:][same]) and np.all(jets.number[1:][same] > 0)


def test_signal_jets_are_higgs_jets(batch):
    found, _ = batch
    higgs = found.flat["fj_isH"].astype(bool)
    assert higgs.sum() > 15 and not found.flat["sample_isQCD"].any()
    assert 100 < np.median(found.flat["fj_sdmass"][higgs]) < 135  # [GeV] of uncorrected jets
    assert (found.flat["fj_nbHadrons"][higgs] >= 2).mean() > 0.9
    assert found.flat["nsv"][higgs].mean() > 1


def test_the_branches_are_consistent(batch):
    found, candidates = batch
    jagged, counts = found.jagged, found.counts
    assert np.array_equal(counts["track"], counts["trackBTag"]) and (counts["pfcand"] >= counts["track"]).all()
    assert all(np.isfinite(values).all() for values in jagged.values())
    assert all(np.isfinite(np.asarray(values, float)).all() for values in found.flat.values())
    starts = np.cumsum(counts["track"])[:-1]
    for values in np.split(jagged["trackBTag_Sip2dSig"], starts):
        assert np.all(np.diff(values) <= 0)
    assert jagged["track_drminsv"].min() >= -0.8 and jagged["track_drminsv"].max() <= 0
    assert np.allclose(jagged["trackBTag_PtRatio"] ** 2 + jagged["trackBTag_PParRatio"] ** 2, 1, atol=1e-4)
    clipped = np.abs(jagged["trackBTag_Sip2dVal"]) < 1
    assert np.allclose(np.abs(jagged["trackBTag_Sip2dVal"])[clipped], np.abs(jagged["track_dxy"])[clipped], atol=1e-6)
    assert (candidates.origin == TRACK).sum() > counts["track"].sum()


def test_the_file_has_the_records_branches_and_types(batch, tmp_path):
    found, _ = batch
    write_tree(tmp_path / "x.root", as_table([found, found], np.random.default_rng(0)))
    with uproot.open(tmp_path / "x.root") as file:
        tree = file[branches.TREE]
        assert {*branches.FLAT, *branches.JAGGED} <= set(tree.keys()) and len(branches.FLAT + branches.JAGGED) == 219
        assert tree.num_entries == 2 * len(found.counts["track"])
        assert tree["event_no"].typename == "uint32_t" and tree["fj_isH"].typename == "int32_t"
        lengths = ak.to_numpy(ak.num(tree["track_dxy"].array()))
        assert np.array_equal(lengths, tree["n_tracks"].array(library="np"))
        mine = np.sort(tree["fj_pt"].array(library="np"))
        assert np.array_equal(mine, np.sort(np.tile(found.flat["fj_pt"], 2).astype(np.float32)))


def test_the_same_seed_gives_the_same_collisions(signal):
    again = Generator(process(graviton_gev=1600), seed=7).batch(20)
    assert np.array_equal(again.final.p4, signal.final.p4)
    other = Generator(process(graviton_gev=1600), seed=8).batch(20)
    assert len(other.final.pid) != len(signal.final.pid)


def test_higgs_bosons_have_both_their_quarks(signal):
    truth = signal.truth
    assert len(truth.higgs.pid) == 40
    together = truth.quarks[0] + truth.quarks[1]
    assert np.allclose(mass(together), 125, atol=3)
    assert delta_r(together, truth.higgs.p4).max() < 0.05
