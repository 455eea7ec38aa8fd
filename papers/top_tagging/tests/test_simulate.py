"""Generated jets: the selection, the toy detector against what is conserved, and reproducibility."""

from pathlib import Path

import numpy as np
import pytest

from common.physics.kinematics import four_vector, mass, pt, pt_eta_phi
from common.physics.pythia import Particles
from common.settings import load_settings

from ..generator.detector import detect
from ..generator.pythia import generate
from ..settings import Settings
from ..simulate import generate_all, mix

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def config():
    return load_settings(FOLDER, "smoke", Settings).simulate


def perfect(config, **changes):
    """Return a detector without noise and thresholds."""
    ideal = {"track_efficiency": 1.0, "track_resolution": 0.0, "track_resolution_pt": 0.0, "tower_energy_gev": 0.0}
    ideal |= {"track_pt_gev": 0.001, "photon_resolution": (0.0, 0.0), "hadron_resolution": (0.0, 0.0)}
    return config.detector.model_copy(update=ideal | changes)


def particles(*rows, event=0):
    """Return massless particles of an event from (PDG code, pt, eta, phi)."""
    pid, *direction = np.transpose(rows)
    return Particles(np.full(len(rows), event), pid.astype(int), four_vector(*direction))


def seen(config, event, seed=0):
    return detect(event, config, np.random.default_rng(seed))


def test_tracks_keep_their_direction_and_neutral_energy_is_conserved(config):
    event = particles((211, 30, 0.31, 1.0), (22, 20, 0.32, 1.01), (22, 10, 0.33, 1.0), (2112, 5, -1.0, -2.0))
    objects = seen(perfect(config), event)
    assert len(objects.p4) == 3  # a track, the tower of both photons, the tower of the neutron
    assert objects.p4[0] == pytest.approx(event.p4[0])
    assert objects.p4[1, 3] == pytest.approx(event.p4[1:3, 3].sum())
    assert objects.p4[2, 3] == pytest.approx(event.p4[3, 3])
    _, eta, phi = pt_eta_phi(objects.p4[1:])
    assert np.abs(eta - [0.325, -1.0]).max() < 0.11 and np.abs(phi - [1.0, -2.0]).max() < 0.11


def test_neutrinos_and_particles_outside_are_not_seen(config):
    assert len(seen(perfect(config), particles((12, 50, 0, 0), (211, 50, 3.5, 0))).p4) == 0


def test_particles_of_two_events_do_not_share_a_tower(config):
    one = particles((22, 50, 0.35, 0))
    both = Particles(np.array([0, 7]), np.repeat(one.pid, 2), np.repeat(one.p4, 2, axis=0))
    objects = seen(perfect(config), both)
    assert sorted(objects.event) == [0, 7] and objects.p4[:, 3] == pytest.approx(both.p4[:, 3])


def test_a_particle_without_a_track_is_found_in_the_calorimeter(config):
    pion = particles((211, 50, 0.35, 0))
    assert seen(perfect(config, track_efficiency=0.0), pion).p4[0, 3] == pytest.approx(pion.p4[0, 3])


def test_resolutions_are_those_of_the_settings(config):
    n = 4000
    photon = particles((22, 100, 0, 0))
    photons = Particles(np.arange(n), np.repeat(photon.pid, n), np.repeat(photon.p4, n, axis=0))
    detector = perfect(config, photon_resolution=(0.10, 0.007))
    energy = seen(detector, photons).p4[:, 3]
    assert energy.mean() == pytest.approx(100, abs=0.1)
    assert energy.std() == pytest.approx(np.hypot(0.10 * 10, 0.007 * 100), rel=0.05)


@pytest.mark.parametrize("kind", ["top", "qcd"])
def test_jets_pass_the_article_s_selection(config, kind):
    jets = generate(kind, config, n_jets=12, seed=5)
    assert jets.constituents.shape == (12, 200, 4)
    jet_pt, eta, _ = pt_eta_phi(jets.constituents.astype(float).sum(axis=1))
    assert (jet_pt > 549).all() and (jet_pt < 651).all() and (np.abs(eta) < 2.01).all()
    constituent_pt = pt(jets.constituents)
    assert (np.diff(constituent_pt, axis=1) <= 1e-4).all(), "hardest first, zeros behind the last"
    n_constituents = (constituent_pt > 0).sum(axis=1)
    assert 15 < n_constituents.mean() < 90
    if kind == "qcd":
        assert not jets.truth.any()
    else:
        assert mass(jets.truth) == pytest.approx(np.full(12, 172.5), abs=25)
        _, top_eta, _ = pt_eta_phi(jets.truth)
        assert np.abs(top_eta - eta).max() < config.matching_radius


def test_the_number_of_processes_does_not_change_the_jets(config):
    small = config.model_copy(update={"n_jets": {"train": 4, "valid": 2, "test": 2}, "jets_per_shard": 2})
    one, two = (generate_all(small, threads=threads) for threads in (1, 2))
    for kind in ("qcd", "top"):
        assert np.array_equal(one[kind].constituents, two[kind].constituents)
        assert len(np.unique(one[kind].constituents[:, 0, 0])) == 4, "no jet twice"


def test_mixing_keeps_labels_with_their_jets(config):
    jets = generate_all(
        config.model_copy(update={"n_jets": {"train": 4, "valid": 2, "test": 2}, "jets_per_shard": 4}), threads=1
    )
    mixed, label = mix(jets, 1, 3, np.random.default_rng(0))
    assert sorted(label) == [0, 0, 1, 1]
    assert np.array_equal(mixed.truth.any(axis=1), label == 1)
    assert np.array_equal(mixed.constituents[label == 1].sum(), jets["top"].constituents[1:3].sum())
