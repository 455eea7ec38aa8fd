"""Kinematics against closed forms, clustering of hand-made events, Pythia's records, and pieces of a generation."""

import numpy as np
import pytest

from common.physics.kinematics import delta_phi, delta_r, four_vector, mass, pt_eta_phi
from common.physics.shards import Shard, make, shards


def test_pt_eta_phi_and_mass_undo_four_vector():
    generator = np.random.default_rng(0)
    given = (generator.uniform(1, 900, 50), generator.normal(size=50), generator.uniform(-3.1, 3.1, 50))
    masses = generator.uniform(0, 200, 50)
    p4 = four_vector(*given, masses)
    assert np.allclose(pt_eta_phi(p4), given)
    assert mass(p4) == pytest.approx(masses)
    assert four_vector(*given)[:, 3] == pytest.approx(given[0] * np.cosh(given[1]))


def test_mass_of_two_massless_objects():
    """m^2 = 2 pt pt' (cosh d_eta - cos d_phi)."""
    one, two = four_vector(np.array([30.0, 50.0]), np.array([0.2, 1.1]), np.array([0.1, 3.0]))
    assert mass(one + two) == pytest.approx(np.sqrt(2 * 30 * 50 * (np.cosh(0.9) - np.cos(2.9))))


def test_angles_are_the_short_way_round():
    assert delta_phi(np.array([3.1, -3.1, 0.5]), np.array([-3.1, 3.1, 0.2])) == pytest.approx(
        [6.2 - 2 * np.pi, 2 * np.pi - 6.2, 0.3]
    )
    one, two = four_vector(np.ones(2), np.array([0.0, 0.3]), np.array([3.1, -3.1]))
    assert delta_r(one, two) == pytest.approx(np.hypot(0.3, 2 * np.pi - 6.2))


def test_shards_cover_everything_with_seeds_of_their_own():
    found = [shard for seed in (0, 1) for shard in shards({"a": 7, "b": 3}, size=3, seed=seed)]
    assert [(s.kind, s.size) for s in found[:4]] == [("a", 3), ("a", 3), ("a", 1), ("b", 3)]
    assert len({shard.seed for shard in found}) == len(found) == 8
    assert min(shard.seed for shard in found) > 0


def draw(shard, scale):
    return scale * np.random.default_rng(shard.seed).random(shard.size)


def test_the_number_of_processes_changes_nothing():
    pieces = [Shard("a", 3, seed) for seed in (5, 6, 7)]
    one, two = (np.concatenate(make(draw, pieces, 2.0, processes=n)) for n in (1, 2))
    assert np.array_equal(one, two)
    assert np.array_equal(one[:3], 2 * np.random.default_rng(5).random(3))


def test_jets_come_hardest_first_with_their_constituents():
    fastjet = pytest.importorskip("fastjet", reason="needs the extra hep")
    from common.physics.jets import Objects, as_p4, cluster, events_of

    place = np.array([[20, 0.0, 0.0], [60, 2.0, 1.0], [40, 2.1, 1.1], [5, -2.0, 2.0], [70, 0.0, 0.0]]).T
    objects = Objects(np.array([2, 2, 2, 2, 0]), four_vector(*place.astype(float)))
    jets, constituents = cluster(
        events_of(objects, n_events=3), algorithm=fastjet.antikt_algorithm, radius=0.4, lowest_pt_gev=10
    )
    assert [len(jets[event]) for event in range(3)] == [1, 0, 2]
    pair = objects.p4[1] + objects.p4[2]
    assert as_p4(jets[2])[0] == pytest.approx(pair) and as_p4(jets[2])[1] == pytest.approx(objects.p4[0])
    assert as_p4(constituents[2][0]).sum(axis=0) == pytest.approx(pair)


def test_the_hardest_jet_has_most_transverse_momentum_not_most_energy():
    fastjet = pytest.importorskip("fastjet", reason="needs the extra hep")
    from common.physics.jets import Objects, as_p4, cluster, events_of

    objects = Objects(np.zeros(3, int), four_vector(*np.array([[30, 2.5, 0.0], [50, 0.0, 2.0], [40, -2.0, -2.0]]).T))
    jets, constituents = cluster(events_of(objects, n_events=1), algorithm=fastjet.antikt_algorithm, radius=0.4)
    assert objects.p4[0, 3] > objects.p4[2, 3] > objects.p4[1, 3], "the energies have another order"
    assert as_p4(jets[0]) == pytest.approx(objects.p4[[1, 2, 0]])
    assert [as_p4(found)[0] for found in constituents[0]] == [pytest.approx(p4) for p4 in objects.p4[[1, 2, 0]]]


def test_final_particles_conserve_the_beams_momentum():
    pytest.importorskip("pythia8mc", reason="needs the extra hep")
    from common.errors import InputError
    from common.physics.pythia import final_particles, is_neutrino, start_pythia

    settings = ["Beams:eCM = 13000", "HardQCD:all = on", "PhaseSpace:pTHatMin = 100"]
    first, second = (final_particles(start_pythia(settings, seed=4).nextBatch(3).prt) for _ in range(2))
    assert np.array_equal(first.p4, second.p4)
    other = final_particles(start_pythia(settings, seed=5).nextBatch(3).prt)
    assert first.p4.shape != other.p4.shape or not np.allclose(first.p4, other.p4), "another seed, other collisions"
    for event in range(3):
        total = first.p4[first.event == event].sum(axis=0)
        assert total == pytest.approx([0, 0, 0, 13000], abs=0.5)
    assert is_neutrino(np.array([12, -14, 11, 16, 2112])).tolist() == [True, True, False, True, False]
    with pytest.raises(InputError, match="HardQCD:none"):
        start_pythia(["HardQCD:none = on"], seed=1)
