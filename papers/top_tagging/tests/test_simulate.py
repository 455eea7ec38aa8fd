"""Generated jets: the selection, the toy detector against what is conserved, and reproducibility."""

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from common.physics.kinematics import four_vector, mass, pt, pt_eta_phi
from common.physics.pythia import Particles, start_pythia
from common.physics.roc import auc_with_error
from common.settings import load_settings

from ..archive import files
from ..archive.scores import read_labels, read_scores
from ..generator import pythia
from ..generator.detector import detect
from ..generator.pythia import generate, matched_top, padded, select, settings_of
from ..settings import Settings
from ..simulate import generate_all, mix, write_scores

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


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        (22, np.hypot(0.10 * 10, 0.007 * 100)),
        (2112, np.hypot(0.50 * 10, 0.03 * 100)),
        (211, 100 * np.hypot(0.01, 1.5e-4 * 100)),  # a track: relative in pT, which is the energy at eta = 0
    ],
)
def test_resolutions_are_those_of_the_settings(config, pid, expected):
    n = 4000
    one = particles((pid, 100, 0, 0))
    all_ = Particles(np.arange(n), np.repeat(one.pid, n), np.repeat(one.p4, n, axis=0))
    names = ("photon_resolution", "hadron_resolution", "track_resolution", "track_resolution_pt")
    detector = perfect(config, **{name: getattr(config.detector, name) for name in names})
    energy = seen(detector, all_).p4[:, 3]
    assert energy.mean() == pytest.approx(100, abs=5 * expected / np.sqrt(n) + 0.2)
    assert energy.std() == pytest.approx(expected, rel=0.05)


def test_muons_leave_tracks_and_no_energy(config):
    muon = particles((13, 50, 0.35, 0))
    assert len(seen(perfect(config), muon).p4) == 1
    assert len(seen(perfect(config, track_efficiency=0.0), muon).p4) == 0


JET = four_vector(600.0, 0.5, np.pi - 0.05)  # beside the cut of the azimuth
DIRECTIONS = {  # distance in eta and phi from the jet
    **{"first": (2.0, 0.0), "top": (0.0, 0.1), "boson": (0.9, 0.9), "bottom": (-0.3, 0.4)},
    **{"last_boson": (0.9, 0.9), "up": (0.5, 0.3), "down": (0.0, -0.6)},
}


def record(*, bottom_first=False, **directions):
    """Return Pythia's record of one top, with copies of the top and of the W before they decay."""
    pt_gev = {
        "first": 700.0,
        "top": 620.0,
        "boson": 400.0,
        "bottom": 200.0,
        "last_boson": 390.0,
        "up": 250.0,
        "down": 140.0,
    }
    found = DIRECTIONS | directions
    p4 = np.array([four_vector(pt_gev[name], 0.5 + eta, np.pi - 0.05 + phi) for name, (eta, phi) in found.items()])
    code = np.array([6, 6, 24, 5, 24, 2, -1])
    first, last = np.array([1, 2, 4, 0, 5, 0, 0]), np.array([1, 3, 4, 0, 6, 0, 0])
    if bottom_first:  # the rows 2 and 3 exchange places
        order = [0, 1, 3, 2, 4, 5, 6]
        p4, code, first, last = p4[order], code[order], first[order], last[order]
    vectors = ak.zip(dict(zip(("px", "py", "pz", "e"), p4.T, strict=True)))
    return ak.zip({"id": code, "daughter1": first, "daughter2": last, "p": vectors}, depth_limit=1)


@pytest.mark.parametrize("bottom_first", [False, True])
def test_a_top_with_its_three_quarks_in_the_jet_is_matched_across_the_cut_of_the_azimuth(bottom_first):
    found = matched_top(record(bottom_first=bottom_first), JET, 0.8)
    assert found == pytest.approx(four_vector(620.0, 0.5, np.pi + 0.05)), "the copy that decays, not the first one"


@pytest.mark.parametrize("bottom_first", [False, True])
@pytest.mark.parametrize("outside", ["top", "bottom", "up", "down"])
@pytest.mark.parametrize("direction", [(0.81, 0.0), (0.0, 0.81), (-0.6, -0.6)])
def test_the_top_and_each_of_its_quarks_must_lie_in_the_jet(outside, direction, bottom_first):
    assert matched_top(record(bottom_first=bottom_first, **{outside: direction}), JET, 0.8) is None
    assert matched_top(record(bottom_first=bottom_first, **{outside: direction}), JET, 0.9) is not None


def events_of_jets(*events):
    """Return Pythia's record of events, each given as (pt, eta, phi) of its jets, which have twelve pions each."""
    rows = []
    for jets in events:
        pions = [four_vector(np.full(12, pt / 12), eta + RING[0], phi + RING[1]) for pt, eta, phi in jets]
        rows.append(np.concatenate(pions))
    counts = [len(row) for row in rows]
    vectors = ak.zip(dict(zip(("px", "py", "pz", "e"), np.concatenate(rows).T, strict=True)))
    flat = ak.zip({"id": np.full(sum(counts), 211), "status": np.full(sum(counts), 91), "p": vectors}, depth_limit=1)
    return ak.unflatten(flat, counts)


RING = 0.05 * np.array([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)])


@pytest.mark.parametrize(
    ("jets", "chosen"),
    [
        ([(600, 0.0, 1.0)], 600),
        ([(555, 1.9, 3.1)], 555),
        ([(645, -1.9, 3.1)], 645),
        ([(545, 0.0, 1.0)], None),
        ([(655, 0.0, 1.0)], None),
        ([(600, 2.1, 1.0)], None),
        ([(600, -2.1, 1.0)], None),
        ([(580, 0.5, 0.0), (620, -0.5, 3.0)], 620),  # the harder one
        ([(580, 0.5, 0.0), (700, -0.5, 3.0)], 580),  # the hardest one in the window
        ([(400, 0.0, 0.0), (200, 0.0, 0.6)], 600),  # within the radius of 0.8
        ([(500, 0.0, 0.0), (100, 0.0, 1.0)], None),
    ],
)
def test_the_hardest_jet_within_the_article_s_window_is_selected(config, jets, chosen):
    """550 to 650 GeV, |eta| < 2, anti-kT with R = 0.8 (Sec. 2); each event gives one jet at most."""
    ideal = config.model_copy(update={"detector": perfect(config)})
    found = select(events_of_jets(jets, [(50, 0.0, 0.0)]), "qcd", ideal, np.random.default_rng(0))
    jet_pt = pt(found.constituents.astype(float).sum(axis=1))
    expected = [chosen] if chosen else []
    merged = len(jets) == 2 and chosen == 600  # two parts at an angle have less momentum together
    assert jet_pt.tolist() == pytest.approx(expected, abs=30 if merged else 1.5)
    assert found.truth.shape == (len(expected), 4) and not found.truth.any()


def test_an_event_without_a_top_is_not_matched():
    event = record()
    assert matched_top(event[[3, 5, 6]], JET, 0.8) is None


def test_the_hardest_200_constituents_are_stored_in_the_order_of_their_transverse_momentum():
    """Momenta transverse to the beam: forward constituents have more energy and do not come first."""
    random = np.random.default_rng(0)
    transverse = random.permutation(np.arange(1.0, 231.0))
    stored = padded(four_vector(transverse, 3 * (transverse < 60), random.uniform(-3, 3, 230)))
    assert pt(stored) == pytest.approx(np.arange(230.0, 30.0, -1), rel=1e-5)
    few = padded(four_vector(np.array([1.0, 3.0]), np.zeros(2), np.zeros(2)))
    assert few[:2, 0].tolist() == [3, 1] and not few[2:].any()


def test_generated_w_bosons_decay_to_quarks_and_collisions_have_no_second_interaction(config):
    """A jet with a W that decays to leptons would be called a top with three quarks."""
    collider = start_pythia(settings_of("top", config), seed=3)
    window = [collider.settings.parm(f"PhaseSpace:pTHat{end}") for end in ("Min", "Max")]
    assert window == list(config.pt_hat_gev) and window[0] < config.jet_pt_gev[0] < config.jet_pt_gev[1] < window[1]
    daughters = set()
    for _ in range(8):
        assert collider.next()
        event = collider.event
        assert all(event[i].statusAbs() not in range(31, 40) for i in range(event.size())), "of multiple interactions"
        assert collider.infoPython().eCM() == config.energy_gev
        bosons = [event[i] for i in range(event.size()) if event[i].idAbs() == 24]
        decays = [w for w in bosons if event[w.daughter1()].idAbs() != 24]
        assert len(decays) == 2
        daughters |= {event[k].idAbs() for w in decays for k in (w.daughter1(), w.daughter2())}
    assert daughters <= {1, 2, 3, 4, 5}


def test_each_toy_file_has_its_own_area_and_the_labels_of_the_test_jets(config, tmp_path):
    label = np.random.default_rng(0).integers(0, 2, 20_000).astype(np.int8)
    areas = dict(zip(files.SCORES, np.linspace(0.6, 0.95, len(files.SCORES)), strict=True))
    write_scores(label, tmp_path, config.model_copy(update={"toy_auc": areas}), np.random.default_rng(1))
    assert np.array_equal(read_labels(tmp_path / files.LABELS, n_jets=len(label)), label)
    for tagger, file in files.SCORES.items():
        value, error = auc_with_error(label, read_scores(tmp_path / file, n_jets=len(label)))
        assert value == pytest.approx(areas[tagger], abs=4 * error), tagger


class SeenError(Exception):
    """The detector was asked."""


def test_events_and_detector_have_other_random_numbers_for_each_seed(config, monkeypatch):
    """Equal noise in all shards would be noise that a network can learn."""
    found = []

    def stop(particles, _, generator):
        found.append((particles.p4[0, 0], generator.random()))
        raise SeenError

    monkeypatch.setattr(pythia, "detect", stop)
    monkeypatch.setattr(pythia, "BATCH", 1)
    for seed in (1, 2, 1):
        with pytest.raises(SeenError):
            generate("qcd", config, n_jets=1, seed=seed)
    (momentum, noise), (other_momentum, other_noise), again = found
    assert again == (momentum, noise) and momentum != other_momentum and noise != other_noise


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
