"""Weights and rows in the stages train, predict and evaluate, on made jets (arXiv:1511.05190, Sec. 4 and 5)."""

import json
import shutil

import h5py
import numpy as np
import pytest
import torch

from common.errors import InputError
from common.report.published import load_published
from common.workflow.closure import ROOT
from papers.jet_images import evaluate
from papers.jet_images.evaluate import ORDERINGS
from papers.jet_images.metrics.likelihood import CrossedRatio
from papers.jet_images.prepared import Jets, read_jets, read_split, split, write_prepared
from papers.jet_images.tests.chain import FRACTIONS, NETWORKS, PaperChain
from papers.jet_images.train import Sample, mean_loss

METHODS = (*NETWORKS, "fisher")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    chain = PaperChain(tmp_path_factory.mktemp("chain"))
    chain.make()
    chain.run()
    return chain


def copy(chain, folder):
    shutil.copytree(chain.folder, folder / "copy")
    return PaperChain(folder / "copy")


# Below an efficiency of one background jet the sample shows nothing, and that limit counts jets, not weights.
OWN = tuple(f"roc.{name}.rejection_{point}" for name in METHODS for point in (50, 80))


def metrics_of(chain, keys, *, fits=False):
    """Return metrics whose keys begin with one of `keys`; without fits, a ratio is its first variable (cheap)."""
    with pytest.MonkeyPatch.context() as patch:
        if not fits:
            first = lambda values, *_, **__: CrossedRatio(np.zeros(1), 1.0, np.zeros(1), values[:, 0])  # noqa: E731
            patch.setattr(evaluate, "cross", first)
        chain.measure()
    content = json.loads((chain.folder / "seed/metrics.json").read_text())
    return {key: entry["value"] for key, entry in content.items() if key.startswith(keys)}


def rewrite(chain, change):
    """Put change(array) (jet, ...) in the place of each array of predictions.h5 that has one row for each test jet."""
    with h5py.File(chain.predictions, "r+") as file:
        n = len(file["index"])
        names = [name for group in ("scores", "variables") for name in (f"{group}/{key}" for key in file[group])]
        for name in ("index", "label", "weight", *names):
            array, attributes = file[name][:], dict(file[name].attrs)
            assert len(array) == n
            del file[name]
            file[name] = change(array)
            file[name].attrs.update(attributes)


def test_predictions_have_labels_weights_and_variables_of_their_jets(chain):
    jets = read_jets(chain.prepared)
    with h5py.File(chain.predictions) as file:
        own = jets[file["index"][:]]
        assert np.array_equal(file["label"][:], own.label)
        assert np.array_equal(file["weight"][:], own.weight)
        for name, values in own.variables.items():
            assert np.array_equal(file[f"variables/{name}"][:], values), name
        assert set(file["index"][:]) == set(read_split(chain.prepared, seed=0)["test"])


def test_a_jet_of_weight_two_counts_twice_in_every_curve(chain, tmp_path):
    twice = copy(chain, tmp_path)
    doubled = np.arange(chain.n_test()) % 3 == 0

    def weights(array):
        with h5py.File(chain.predictions) as file:
            same = array.shape == file["weight"].shape and np.array_equal(array, file["weight"][:])
        return np.where(doubled, 2 * array, array) if same else array

    rewrite(twice, weights)
    by_weight = metrics_of(twice, OWN)
    copied = copy(chain, tmp_path / "copies")
    rewrite(copied, lambda array: np.repeat(array, 1 + doubled, axis=0))
    assert by_weight == pytest.approx(metrics_of(copied, OWN))


def test_a_jet_without_weight_is_not_there_and_weights_matter(chain, tmp_path):
    """Jets of weight 0 with the wrong label and the best scores."""
    before = metrics_of(chain, OWN)
    more = copy(chain, tmp_path)

    def add(array):
        with h5py.File(chain.predictions) as file:
            weight = file["weight"][:]
        is_weight = array.shape == weight.shape and np.array_equal(array, weight)
        return np.concatenate([array, np.zeros_like(array[:40]) if is_weight else array[-40:]])

    rewrite(more, add)
    after = metrics_of(more, OWN)
    assert after == pytest.approx(before)
    ones = copy(chain, tmp_path / "ones")
    with h5py.File(ones.predictions, "r+") as file:
        file["weight"][:] = 1.0
    plain = metrics_of(ones, OWN)
    assert all(plain[name] != pytest.approx(before[name], rel=1e-3) for name in OWN)


def test_rows_of_the_predictions_may_be_in_any_order(chain, tmp_path):
    other = copy(chain, tmp_path)
    order = np.random.default_rng(7).permutation(chain.n_test())
    rewrite(other, lambda array: array[order])
    assert metrics_of(other, OWN) == pytest.approx(metrics_of(chain, OWN))


def test_a_network_with_a_useless_variable_stays_what_it_is(chain, tmp_path):
    """Beside a constant, the likelihood ratio of a network is the network; with another jet's score it is noise."""
    same = copy(chain, tmp_path)
    with h5py.File(same.predictions, "r+") as file:
        file["variables/mass"][:] = 80.0
        label = file["label"][:]
        file["scores/maxout"][:] = 1 / (1 + np.exp(-np.random.default_rng(1).normal(1.5 * label)))
    found = metrics_of(same, ("roc.maxout.", "roc.mass+maxout."), fits=True)
    assert found["roc.mass+maxout.rejection_50"] == pytest.approx(found["roc.maxout.rejection_50"], rel=0.35)
    assert found["roc.mass+maxout.rejection_80"] > 1.5


def test_the_weight_of_a_training_jet_is_its_number_of_copies():
    """Mean loss and its gradient: weight 2 is two jets, weight 0 none."""
    torch.manual_seed(1)
    generator = np.random.default_rng(3)
    label, weight = np.arange(40) % 2, generator.integers(0, 3, 40).astype(float)
    jets = Jets(generator.random((40, 25, 25)).astype(np.float32), label, weight, {})
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(625, 1), torch.nn.Flatten(0))
    gradients = []
    for own in (jets, Jets(*(np.repeat(a, weight.astype(int), axis=0) for a in (jets.image, label)), np.ones(0), {})):
        own = own if len(own.weight) else Jets(own.image, own.label, np.ones(len(own.label)), {})
        sample = Sample.of(own, normalised=True)
        network.zero_grad()
        loss = sample.loss(network, torch.arange(len(own.label)))
        loss.backward()
        assert mean_loss(network, sample) == pytest.approx(float(loss.detach()), rel=1e-5)
        gradients.append(np.r_[float(loss.detach()), network[1].weight.grad.numpy().ravel()])
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-4, abs=1e-6)


def test_labels_of_a_batch_are_those_of_its_images():
    """With the identity as a network, the loss of a jet depends on its own pixel, label and weight."""
    image = np.zeros((6, 25, 25), np.float32)
    image[:, 0, 0] = [-3, -2, -1, 1, 2, 3]
    jets = Jets(image, np.array([0, 0, 1, 0, 1, 1]), np.array([1.0, 2, 3, 4, 5, 6]), {})
    sample, index = Sample.of(jets, normalised=False), torch.tensor([4, 0, 3])
    found = sample.loss(lambda images: images[:, 0, 0], index)
    expected = [5 * np.log1p(np.exp(-2)), 1 * np.log1p(np.exp(-3)), 4 * np.log1p(np.exp(1))]
    assert float(found) == pytest.approx(np.mean(expected) / 3.5)


def test_a_network_of_another_seed_or_another_division_is_refused(chain, tmp_path):
    other = copy(chain, tmp_path)
    path = other.folder / "seed/convnet/model.pt"
    stored = torch.load(path, weights_only=True)
    torch.save(stored | {"seed": 1}, path)
    with pytest.raises(InputError, match="convnet was trained with seed 1, not 0"):
        other.predict()
    parts = dict(stored["split"])
    parts["train"], parts["test"] = parts["train"].flip(0), parts["test"]
    torch.save(stored | {"split": parts}, path)
    with pytest.raises(InputError, match="convnet was trained with another division of the jets than maxout"):
        other.predict()
    for method in NETWORKS:
        own = torch.load(other.folder / f"seed/{method}/model.pt", weights_only=True)
        own["split"] = stored["split"] | {"train": torch.cat([stored["split"]["train"], stored["split"]["test"][:1]])}
        torch.save(own, other.folder / f"seed/{method}/model.pt")
    with pytest.raises(InputError, match="test jets are among the jets of the training"):
        other.predict()


def test_networks_store_the_division_of_their_seed(chain):
    label = read_jets(chain.prepared).label
    expected = split(label, **FRACTIONS, seed=0)
    for method in NETWORKS:
        stored = chain.stored(method)["split"]
        assert all(np.array_equal(stored[name].numpy(), index) for name, index in expected.items()), method


def test_the_same_seed_divides_in_the_same_way(tmp_path):
    label = np.arange(90) % 2
    first, second = (split(label, **FRACTIONS, seed=4) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_gaps_are_those_of_the_article_s_orderings():
    claims = load_published(ROOT / "papers/jet_images/published.yaml").claims
    stated = [(claim.smaller, claim.larger) for claim in claims if claim.kind == "ordering"]
    assert sorted(stated) == sorted((f"roc.{low}.area", f"roc.{high}.area") for low, high in ORDERINGS)


def test_steps_are_measured_with_their_own_labels_and_weights(chain, tmp_path):
    """A made mass separates after one step only, and only with the weights."""
    generator, own = np.random.default_rng(2), copy(chain, tmp_path)
    label = np.arange(2000) % 2
    good = generator.normal(80 + 8 * label, 8)
    # A background jet like a signal jet counts nothing: with the weights both classes are far apart.
    weight = np.where((label == 0) & (good > 78), 0.01, 1.0)
    steps = {"particles": good, "pixelation": generator.normal(80, 8, 2000), "signal": label, "weight": weight}
    jets = read_jets(own.prepared)
    attributes = {"origin": "generated", **FRACTIONS}
    write_prepared(own.prepared, jets, np.ones(len(jets)), steps, attributes=attributes)
    found = metrics_of(own, ("roc.step_", "gap.step_"))
    assert found["roc.step_particles.rejection_50"] > 20
    assert found["roc.step_pixelation.rejection_50"] == pytest.approx(2, abs=0.3)
    areas = found["roc.step_particles.area"] - found["roc.step_pixelation.area"]
    assert found["gap.step_pixelation.step_particles"] == pytest.approx(areas)
