"""Generated jets: the selection, the toy detector against what is conserved, and reproducibility."""

from pathlib import Path

import numpy as np
import pytest

from common.config import load_settings

from ..detector import Objects, detect, massless, pt_eta_phi
from ..generator import generate
from ..settings import Settings
from ..simulate import generate_all, mix, shards_of

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def config():
    return load_settings(FOLDER, "smoke", Settings).simulate


def perfect(config, **changes):
    """Return a detector without noise and thresholds."""
    ideal = {"track_efficiency": 1.0, "track_resolution": 0.0, "track_resolution_pt": 0.0, "tower_energy_gev": 0.0}
    ideal |= {"track_pt_gev": 0.001, "photon_resolution": (0.0, 0.0), "hadron_resolution": (0.0, 0.0)}
    return config.detector.model_copy(update=ideal | changes)


def particles(*rows):
    """Return objects of event 0 from (pt, eta, phi)."""
    return Objects(np.zeros(len(rows), int), massless(*np.transpose(rows).astype(float)))


def seen(config, found, pid, seed=0):
    return detect(found, np.array(pid), config, np.random.default_rng(seed))


def test_tracks_keep_their_direction_and_neutral_energy_is_conserved(config):
    found = particles((30, 0.31, 1.0), (20, 0.32, 1.01), (10, 0.33, 1.0), (5, -1.0, -2.0))
    objects = seen(perfect(config), found, [211, 22, 22, 2112])
    assert len(objects.momenta) == 3  # a track, the tower of both photons, the tower of the neutron
    assert objects.momenta[0] == pytest.approx(found.momenta[0])
    assert objects.momenta[1, 0] == pytest.approx(found.momenta[1:3, 0].sum())
    assert objects.momenta[2, 0] == pytest.approx(found.momenta[3, 0])
    _, eta, phi = pt_eta_phi(objects.momenta[1:])
    assert np.abs(eta - [0.325, -1.0]).max() < 0.11 and np.abs(phi - [1.0, -2.0]).max() < 0.11


def test_neutrinos_and_particles_outside_are_not_seen(config):
    assert len(seen(perfect(config), particles((50, 0, 0), (50, 3.5, 0)), [12, 211]).momenta) == 0


def test_particles_of_two_events_do_not_share_a_tower(config):
    found = particles((50, 0.35, 0), (50, 0.35, 0))
    objects = seen(perfect(config), Objects(np.array([0, 7]), found.momenta), [22, 22])
    assert sorted(objects.event) == [0, 7] and objects.momenta[:, 0] == pytest.approx(found.momenta[:, 0])


def test_a_particle_without_a_track_is_found_in_the_calorimeter(config):
    objects = seen(perfect(config, track_efficiency=0.0), particles((50, 0.35, 0)), [211])
    assert objects.momenta[0, 0] == pytest.approx(particles((50, 0.35, 0)).momenta[0, 0])


def test_resolutions_are_those_of_the_settings(config):
    n = 4000
    photons = Objects(np.arange(n), np.repeat(massless(*np.array([[100.0], [0.0], [0.0]])), n, axis=0))
    detector = perfect(config, photon_resolution=(0.10, 0.007))
    energy = seen(detector, photons, [22] * n).momenta[:, 0]
    assert energy.mean() == pytest.approx(100, abs=0.1)
    assert energy.std() == pytest.approx(np.hypot(0.10 * 10, 0.007 * 100), rel=0.05)


@pytest.mark.parametrize("kind", ["top", "qcd"])
def test_jets_pass_the_article_s_selection(config, kind):
    jets = generate(kind, config, n_jets=12, seed=5)
    assert jets.momenta.shape == (12, 200, 4)
    pt, eta, _ = pt_eta_phi(jets.momenta.astype(float).sum(axis=1))
    assert (pt > 549).all() and (pt < 651).all() and (np.abs(eta) < 2.01).all()
    constituent_pt = np.hypot(jets.momenta[..., 1], jets.momenta[..., 2])
    assert (np.diff(constituent_pt, axis=1) <= 1e-4).all(), "hardest first, zeros behind the last"
    n_constituents = (constituent_pt > 0).sum(axis=1)
    assert 15 < n_constituents.mean() < 90
    if kind == "qcd":
        assert not jets.truth.any()
    else:
        energy, px, py, pz = jets.truth.T
        assert np.sqrt(energy**2 - px**2 - py**2 - pz**2) == pytest.approx(np.full(12, 172.5), abs=25)
        _, top_eta, _ = pt_eta_phi(jets.truth)
        assert np.abs(top_eta - eta).max() < config.matching_radius


def test_shards_have_seeds_of_their_own_and_cover_all_jets(config):
    shards = [shard for kind in ("qcd", "top") for shard in shards_of(kind, config)]
    assert len({seed for _, _, seed in shards}) == len(shards)
    for kind in ("qcd", "top"):
        assert sum(n for name, n, _ in shards if name == kind) == sum(config.n_jets.values()) // 2


def test_the_number_of_processes_does_not_change_the_jets(config):
    small = config.model_copy(update={"n_jets": {"train": 4, "val": 2, "test": 2}, "jets_per_shard": 2})
    one, two = (generate_all(small, threads=threads) for threads in (1, 2))
    for kind in ("qcd", "top"):
        assert np.array_equal(one[kind].momenta, two[kind].momenta)
        assert len(np.unique(one[kind].momenta[:, 0, 0])) == 4, "no jet twice"


def test_mixing_keeps_labels_with_their_jets(config):
    jets = generate_all(
        config.model_copy(update={"n_jets": {"train": 4, "val": 2, "test": 2}, "jets_per_shard": 4}), threads=1
    )
    mixed, label = mix(jets, 1, 3, np.random.default_rng(0))
    assert sorted(label) == [0, 0, 1, 1]
    assert np.array_equal(mixed.truth.any(axis=1), label == 1)
    assert np.array_equal(mixed.momenta[label == 1].sum(), jets["top"].momenta[1:3].sum())
