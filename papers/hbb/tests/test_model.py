"""The article's network, the fast one and one-hot matrices give the same numbers (arXiv:1909.12285)."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch

from common.training.torch_state import n_parameters
from papers.hbb.archive import branches
from papers.hbb.archive.reader import read_jets
from papers.hbb.model import fast
from papers.hbb.model.dense import Adversary
from papers.hbb.model.interaction_network import InteractionNetwork
from papers.hbb.model.released import from_authors
from papers.hbb.model.scaling import Scaling
from papers.hbb.model.taggers import build
from papers.hbb.settings import ExperimentConfig
from papers.hbb.tests.made_jets import REAL, VECTORS
from papers.hbb.tests.reference import dense_scores

SIZES = {"tracks": (30, 60), "vertices": (14, 5), "particles": (10, 100)}  # features, places
COUNTS = [0, 1, 2, 3, 25, 40, 58, 59, 60]  # the reader keeps 60 of 80


def experiment(**changes):
    return ExperimentConfig(
        **{"kind": "interaction", "learning_rate": 1, "batch": 1, "epochs": 1, "patience": 1} | changes
    )


def make_batch(counts=COUNTS, *, seed=0, names=("tracks", "vertices", "particles"), spread=1.0):
    """Random jets with the given numbers of tracks, and of everything else from none to all places."""
    random, batch = np.random.default_rng(seed), {}
    for name in names:
        n_features, n_places = SIZES[name]
        n_used = np.array(counts) if name == "tracks" else np.arange(len(counts)) % (n_places + 1)
        values = random.normal(0, spread, (len(counts), n_places, n_features))
        values *= (np.arange(n_places) < n_used[:, None])[..., None]
        batch[name] = torch.tensor(values, dtype=torch.float32)
        batch[f"n_{name}"] = torch.tensor(n_used)
    return batch


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 18_144),  # counted in the authors' released weights
        ({"hidden": (60, 60)}, 25_554),  # what their code builds since June 2020
        ({"particles": True}, 24_254),
    ],
)
def test_numbers_of_parameters(changes, expected):
    assert n_parameters(build(experiment(**changes), "fast")) == expected


def test_the_adversary_has_the_size_of_the_authors():
    assert n_parameters(Adversary(24, 40)) == 12_520


def in_fast_formulation(network):
    """Return the fast network with the weights of the article's."""
    sizes = {name: function[0].in_features - 30 for name, function in network.interact.items()}
    hidden = tuple(network.output[k].out_features for k in (0, 2))
    quick = fast.FastInteractionNetwork(sizes, effect=20, output=24, hidden=hidden)
    quick.load_state_dict(network.state_dict())
    return quick.to(next(network.parameters()).dtype)


def gradients(network, scores):
    network.zero_grad()
    (scores * torch.tensor([1.0, -0.5])).sum().backward()
    return {name: value.grad.clone() for name, value in network.named_parameters()}


@pytest.mark.parametrize("changes", [{}, {"hidden": (60, 60)}, {"vertices": False}, {"particles": True}])
def test_three_formulations_agree_with_their_gradients(changes):
    torch.manual_seed(1)
    network = build(experiment(**changes), "article").double()
    batch = {name: v.double() if v.is_floating_point() else v for name, v in make_batch().items()}
    scores = network(batch)
    expected = gradients(network, scores)
    quick = in_fast_formulation(network)
    for other, other_scores in ((network, dense_scores(network, batch)), (quick, quick(batch))):
        assert torch.allclose(scores, other_scores, rtol=1e-10, atol=1e-10)
        for name, value in gradients(other, other_scores).items():
            assert torch.allclose(value, expected[name], rtol=1e-9, atol=1e-9), name


def test_the_formulations_start_from_the_same_weights():
    """So the setting `formulation` decides on speed only, and a stored model can be read in both."""
    weights = []
    for formulation in ("article", "fast"):
        torch.manual_seed(5)
        weights.append(build(experiment(), formulation).state_dict())
    assert list(weights[0]) == list(weights[1])
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize("count", range(0, 61, 4))
def test_one_jet_alone_has_the_score_that_it_has_among_others(count):
    """The number of places that a batch needs depends on its largest jet; a jet's score must not."""
    torch.manual_seed(2)
    network = build(experiment(), "fast")
    batch = make_batch([count, 60, 7])
    alone = {name: values[:1] for name, values in batch.items()}
    assert torch.allclose(network(alone)[0], network(batch)[0], atol=1e-5)


def test_a_padded_track_is_not_masked():
    """The article's network sums over empty places; leaving them out is another model."""
    torch.manual_seed(3)
    network, batch = build(experiment(), "fast"), make_batch([10])
    shorter = {"tracks": batch["tracks"][:, :10], "n_tracks": batch["n_tracks"], "vertices": batch["vertices"]}
    assert not torch.allclose(dense_scores(network, batch), dense_scores(network, shorter), atol=1e-3)


def test_groups_hold_every_jet_once_and_do_not_change_the_gradient(monkeypatch):
    torch.manual_seed(4)
    network, batch = build(experiment(), "fast"), make_batch([60, 3, 0, *range(0, 61, 3)])
    whole = gradients(network, network(batch))
    for most in (1, 4000, 10**9):
        monkeypatch.setattr(fast, "PAIRS_AT_ONCE", most)
        groups = fast.groups_of(batch["n_tracks"])
        sizes = [batch["n_tracks"][group] for group in groups]
        assert sorted(torch.cat(groups).tolist()) == list(range(24))
        assert all(len(size) * (int(size.max()) + 1) ** 2 <= most for size in sizes if len(size) > 1)
        assert all(a.max() <= b.min() for a, b in pairwise(sizes))
        for name, value in gradients(network, network(batch)).items():
            assert torch.allclose(value, whole[name], rtol=1e-3, atol=1e-4), name
    assert len(groups) == 1


def test_standardised_inputs_leave_empty_places_empty():
    batch = make_batch(names=("tracks",))
    arrays = {name: values.numpy() for name, values in batch.items()}
    scaled = Scaling({"tracks": np.full(30, 3.0)}, {"tracks": np.full(30, 2.0)}).apply(arrays)
    used = torch.arange(60) < batch["n_tracks"][:, None]
    assert (scaled["tracks"][~used] == 0).all()
    expected = ((batch["tracks"][used] - 3) / 2).clip(-5, 5)
    assert torch.allclose(scaled["tracks"][used], expected)


# ---- the authors' released weights ----


@pytest.fixture
def released():
    if not (REAL / "IN.pth").is_file():
        pytest.skip(
            f"{REAL} needs IN.pth from github.com/eric-moreno/IN (trained_models/), gnn_baseline_best.pth from"
            " github.com/FAIR4HEP/hbb_interaction_network (models/trained_models/), and jet_0.npz, jet_1.npz, saved by"
            " NumPy from data_0.pt, data_1.pt of github.com/DSC-Capstone/projects-2020-2021 (projects/project_65/test)"
        )

    def load(name, hidden):
        network = InteractionNetwork({"tracks": 30, "vertices": 14}, effect=20, output=24, hidden=hidden)
        network.load_state_dict(from_authors(torch.load(REAL / name, map_location="cpu", weights_only=True)))
        return network

    return load


def real_jet(number):
    with np.load(REAL / f"jet_{number}.npz") as file:
        names, values = list(file["features"]), file["x"]
    tracks = np.zeros((1, 60, 30), np.float32)
    kept = values[:60][:, [names.index(name) for name in branches.TRACK_FEATURES]]
    tracks[0, : len(kept)] = kept
    batch = {"tracks": torch.tensor(tracks), "n_tracks": torch.tensor([len(kept)])}
    return batch | {"vertices": torch.zeros(1, 5, 14), "n_vertices": torch.tensor([0])}


def generated_jets():
    """Jets of our generator with their raw features, from 1e-8 to 1e4, and COUNTS tracks: cut, or repeated."""
    found = next(read_jets(VECTORS, ["fj_pt"], ["tracks", "vertices"], chunk_jets=len(COUNTS)))
    own, counts = found.padded["tracks"], found.counts["tracks"]
    tracks = np.zeros((len(COUNTS), 60, 30), np.float32)
    for jet, n in enumerate(COUNTS):
        tracks[jet, :n] = own[jet, np.arange(n) % counts[jet]]
    assert counts.min() > 0 and np.ptp(tracks) > 100
    batch = {"tracks": torch.tensor(tracks), "n_tracks": torch.tensor(COUNTS)}
    return batch | {
        "vertices": torch.tensor(found.padded["vertices"]),
        "n_vertices": torch.tensor(found.counts["vertices"]),
    }


@pytest.mark.parametrize("number", [0, 1])
def test_real_qcd_jets_look_like_qcd_to_the_released_network(released, number):
    network, batch = released("IN.pth", (60, 30)), real_jet(number)
    for scores in (network(batch), dense_scores(network, batch), in_fast_formulation(network)(batch)):
        assert float(scores.softmax(dim=1)[0, 1]) <= 0.02


@pytest.mark.parametrize(("name", "hidden"), [("IN.pth", (60, 30)), ("gnn_baseline_best.pth", (60, 60))])
@pytest.mark.parametrize("jets", ["random", "generated", "real 0", "real 1"])
def test_released_weights_give_the_same_in_all_formulations(released, name, hidden, jets):
    network = released(name, hidden)
    made = {"random": lambda: make_batch(names=("tracks", "vertices"), spread=0.3), "generated": generated_jets}
    batch = made[jets]() if jets in made else real_jet(int(jets[-1]))
    probability = network(batch).softmax(dim=1)
    for other in (dense_scores(network, batch), in_fast_formulation(network)(batch)):
        assert torch.allclose(other.softmax(dim=1), probability, atol=1e-5)
    exact = copy.deepcopy(network).double()
    wide = {key: value.double() if value.is_floating_point() else value for key, value in batch.items()}
    expected = gradients(exact, exact(wide))
    quick = in_fast_formulation(exact)
    for other, scores in ((exact, dense_scores(exact, wide)), (quick, quick(wide))):
        for key, value in gradients(other, scores).items():
            assert torch.allclose(value, expected[key], rtol=1e-5, atol=1e-5 * float(expected[key].abs().max())), key
