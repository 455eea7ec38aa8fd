"""Every network against a transcription in NumPy, and what a training does to a batch (arXiv:1909.12285, model)."""

import numpy as np
import pytest
import torch

from papers.hbb import train
from papers.hbb.model import taggers
from papers.hbb.model.dense import Adversary
from papers.hbb.model.scaling import Scaling
from papers.hbb.settings import ExperimentConfig, TrainOne
from papers.hbb.tests import transcriptions
from papers.hbb.tests.prepared_jets import make_jets, spectator

SIZES = {"tracks": (4, 30), "vertices": (3, 14), "particles": (5, 10)}


def experiment(**changes):
    values = {"kind": "interaction", "learning_rate": 0.01, "batch": 16, "epochs": 1, "patience": 1}
    return ExperimentConfig(**values | changes)


def randomised(network, seed=0):
    """Give all weights and moving averages random values and return them as NumPy arrays by name."""
    random = np.random.default_rng(seed)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            drawn = random.normal(0, 1.5 / np.sqrt(value.shape[-1]), value.shape)
            value.copy_(torch.tensor(drawn**2 + 0.3 if "var" in name else drawn))
    network.double().eval()
    return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("formulation", ["fast", "article"])
@pytest.mark.parametrize("changes", [{}, {"vertices": False}, {"particles": True, "hidden": (60, 60)}])
def test_the_interaction_network_is_that_of_the_article(formulation, changes):
    settings = experiment(**changes)
    network, random = taggers.build(settings, formulation), np.random.default_rng(1)
    weights, senders = randomised(network), settings.collections()
    jets, counts = {}, {}
    for name in senders:
        n_places, n_features = SIZES[name]
        counts[f"n_{name}"] = torch.tensor([0, n_places - 1, n_places])
        used = np.arange(n_places) < counts[f"n_{name}"].numpy()[:, None]
        jets[name] = random.normal(size=(3, n_places, n_features)) * used[..., None]
    batch = {name: torch.tensor(values) for name, values in jets.items()} | counts
    expected = transcriptions.interaction_scores(weights, jets, senders)
    assert np.ptp(expected, axis=0).min() > 1e-3
    with torch.no_grad():
        assert np.allclose(network(batch).numpy(), expected, rtol=1e-9, atol=1e-9)


def test_the_27_variable_network_is_that_of_the_example_notebook():
    network = taggers.build(experiment(kind="variables"), "fast")
    weights, variables = randomised(network), np.random.default_rng(2).normal(size=(50, 27))
    with torch.no_grad():
        found = network({"variables": torch.tensor(variables)}).numpy()
    assert np.allclose(found, transcriptions.variables_scores(weights, variables), rtol=1e-9, atol=1e-9)


def test_the_adversary_is_that_of_the_authors():
    network = Adversary(24, 40)
    weights, summary = randomised(network), np.random.default_rng(3).normal(size=(50, 24))
    with torch.no_grad():
        found = network(torch.tensor(summary)).numpy()
    assert np.allclose(found, transcriptions.adversary_scores(weights, summary), rtol=1e-9, atol=1e-9)


def test_the_double_b_network_has_the_layers_of_its_reference():
    pytest.importorskip("tensorflow", reason="needs the extra tensorflow")
    from keras import layers

    from papers.hbb.model.deep_double_b import build
    from papers.hbb.tests.stored_models import PLACES, keras_quickly

    random = np.random.default_rng(4)
    with keras_quickly():
        network = build()
        network.set_weights([drawn(weight.shape, random) for weight in network.weights])
        shapes = {"variables": (27,), "tracks": (PLACES["tracks"], 8), "vertices": (PLACES["vertices"], 2)}
        inputs = {name: random.normal(size=(20, *shape)).astype(np.float32) for name, shape in shapes.items()}
        found = np.asarray(network(inputs, training=False))
    of = {kind: [layer for layer in network.layers if type(layer) is kind] for kind in kinds(layers)}
    assert [layer.rate for layer in of[layers.SpatialDropout1D]] == [0.1] * 4
    assert [layer.rate for layer in of[layers.Dropout]] == [0.1] * 3
    by_features = {27: "variables", 8: "tracks", 2: "vertices"}
    normalisation = [layer.get_weights() for layer in of[layers.BatchNormalization]]
    convolutions = [layer.get_weights() for layer in of[layers.Conv1D]]
    recurrent = [layer.get_weights() for layer in of[layers.GRU]]
    names = ordered(network, layers, by_features)
    found_layers = {
        "inputs": [by_features[len(weights[0])] for weights in normalisation],
        "normalisation": normalisation,
        "convolution": {name: [convolutions[k] for k in names["convolution"][name]] for name in ("tracks", "vertices")},
        "gru": {name: recurrent[names["gru"][name]] for name in ("tracks", "vertices")},
        "dense": [layer.get_weights() for layer in of[layers.Dense]],
    }
    expected = transcriptions.double_b_probabilities(found_layers, inputs)
    assert np.ptp(expected[:, 1]) > 0.05
    assert np.allclose(found, expected, atol=1e-5)


def drawn(shape, random):
    """Return random weights; vectors, among them variances, are positive."""
    return random.normal(0, 0.4, shape) if len(shape) > 1 else random.uniform(0.1, 1, shape)


def kinds(layers):
    return (
        *(layers.BatchNormalization, layers.Conv1D, layers.GRU, layers.Dense),
        *(layers.Dropout, layers.SpatialDropout1D),
    )


def ordered(network, layers, by_features):
    """Return the numbers of the convolutions and recurrent layers of tracks and vertices, by following their inputs."""

    def source(layer):
        while not isinstance(layer, layers.InputLayer):
            layer = layer.input._keras_history.operation
        return layer.name

    convolutions = [source(layer) for layer in network.layers if isinstance(layer, layers.Conv1D)]
    recurrent = [source(layer) for layer in network.layers if isinstance(layer, layers.GRU)]
    names = ("tracks", "vertices")
    found = {name: [k for k, of in enumerate(convolutions) if of == name] for name in names}
    assert set(by_features.values()) == {"variables", *names} and all(len(found[name]) == 2 for name in names)
    return {"convolution": found, "gru": {name: recurrent.index(name) for name in names}}


# ---- what a training does ----


def make_training(jets, **changes):
    one = TrainOne(
        experiment=experiment(**changes), formulation="fast", within_window=True, mass_range_gev=(40.0, 200.0)
    )
    scaling = Scaling({}, {})
    return train.Training(one, scaling, seed=1)


def batch_of(training, jets, weight=None):
    names = [*training.experiment.datasets(), "label", "spectators"]
    label = torch.as_tensor(jets["label"]).long()
    inputs = {name: torch.as_tensor(jets[name]) for name in names[:-2]}
    return train.Batch(inputs, label, train.mass_bins(jets["spectators"], (40, 200)))


def entropy(scores, target):
    """Return the cross-entropy (jet,) of scores (jet, class), written out."""
    scores = scores.double().detach().numpy()
    largest = scores.max(axis=1, keepdims=True)
    logs = scores - largest - np.log(np.exp(scores - largest).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(target)), target]


def test_the_tagger_gains_what_the_adversary_loses_on_the_mass_of_qcd_jets_alone():
    jets = make_jets(40, np.random.default_rng(5), n_places={"tracks": 4, "vertices": 3})
    training = make_training(jets, adversary_weight=2.5)
    batch, qcd = batch_of(training, jets), jets["label"] == 0
    mass = spectator(jets, "fj_sdmass")
    bins = np.clip((mass - 40) // 4, 0, 39).astype(int)  # 40 bins of 4 GeV from 40 to 200 GeV; the authors' code
    with torch.no_grad():
        summary = training.network.summary(batch.inputs)
        guess = entropy(training.adversary(summary), bins)[qcd].sum() / len(qcd)
        plain = entropy(training.network.classify(summary), jets["label"]).mean()
    loss, adversary_loss = training.losses(batch, reacts=True)
    assert float(adversary_loss.detach()) == pytest.approx(guess, rel=1e-5)
    assert float(loss.detach()) == pytest.approx(plain - 2.5 * guess, rel=1e-5)
    assert float(training.losses(batch, reacts=False)[0].detach()) == pytest.approx(plain, rel=1e-5)


def test_the_adversary_learns_ten_times_faster():
    training = make_training(None, learning_rate=0.003)
    rates = [optimiser.param_groups[0]["lr"] for optimiser in (training.optimiser, training.adversary_optimiser)]
    assert rates == pytest.approx([0.003, 0.03])
    tuned = [
        set(map(id, optimiser.param_groups[0]["params"]))
        for optimiser in (training.optimiser, training.adversary_optimiser)
    ]
    assert tuned == [set(map(id, part.parameters())) for part in (training.network, training.adversary)]


class Numbered:
    """Jets that only have a number."""

    def __len__(self):
        return 70

    def batches(self, names, *, size, order):
        for start in range(0, len(order), size):
            part = order[start : start + size]
            yield {name: part[:, None].astype(np.float32) for name in names if name not in ("label", "spectators")} | {
                "label": part % 2,
                "spectators": np.zeros((len(part), 11)),
            }


def test_each_epoch_has_every_jet_at_most_once_in_an_order_of_its_own():
    training = make_training(None, kind="variables", batch=16)
    epochs = [
        [batch.inputs["variables"][:, 0].int().tolist() for batch in training.random_batches(Numbered())]
        for _ in range(2)
    ]
    for batches in epochs:
        numbers = [number for batch in batches for number in batch]
        assert [len(batch) for batch in batches] == [16] * 4 and len(set(numbers)) == 64
        assert numbers != sorted(numbers) and max(numbers) > 64
    assert epochs[0] != epochs[1]
