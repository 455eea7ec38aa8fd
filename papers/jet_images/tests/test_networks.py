"""Shapes and parameter counts of the networks, and a training that is killed (arXiv:1511.05190, Sec. 4)."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from common.errors import InputError  # noqa: E402
from common.training.torch_state import n_parameters  # noqa: E402
from papers.jet_images import train as train_stage  # noqa: E402
from papers.jet_images.model import Maxout, build  # noqa: E402
from papers.jet_images.prepared import Jets  # noqa: E402
from papers.jet_images.settings import ExperimentConfig, TrainOne  # noqa: E402
from papers.jet_images.train import Sample, fit, training_jets  # noqa: E402


@pytest.mark.parametrize(("kind", "expected"), [("maxout", 975_667), ("convnet", 30_721)])
def test_networks_have_the_articles_size(kind, expected):
    network = build(kind)
    assert n_parameters(network) == expected
    assert network(torch.zeros(3, 25, 25)).shape == (3,)


def test_maxout_is_the_largest_of_its_pieces():
    layer = Maxout(2, 1, pieces=2)
    layer.linear.weight.data = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    layer.linear.bias.data.zero_()
    assert layer(torch.tensor([[3.0, 5.0], [2.0, -1.0]])).flatten().tolist() == [5, 2]


def test_full_padding_sees_the_corner_in_every_pixel_of_the_first_map():
    """An 11 x 11 kernel of ones turns one pixel in the corner into a full block: nothing is lost at the edge."""
    network = build("convnet")
    first = network.convolutions[0]
    first.weight.data.fill_(1.0)
    image = torch.zeros(1, 1, 25, 25)
    image[0, 0, 0, 0] = 1
    assert first(image).shape == (1, 32, 35, 35)
    assert float(first(image)[0, 0].detach().sum()) == pytest.approx(121)


def jets(n=300):
    generator = np.random.default_rng(1)
    label = np.arange(n) % 2
    image = generator.random((n, 25, 25)).astype(np.float32)
    image[label == 1, 12, 12] += 30
    return Jets(image, label, np.ones(n), {"mass": generator.random(n)})


def settings(epochs):
    experiment = ExperimentConfig(kind="maxout", normalised=True, batch=32, epochs=epochs)
    return TrainOne(learning_rate=0.001, patience=10, experiment=experiment)


def train(epochs, checkpoint, *, kind="maxout", ends_at=None):
    """Train on the jets above; `ends_at` is the call of the network at which the training is killed."""
    torch.manual_seed(3)
    network = build(kind)
    if ends_at is not None:
        calls = itertools.count(1)

        def kill(*_):
            if next(calls) == ends_at:
                raise KeyboardInterrupt

        network.register_forward_pre_hook(kill)
    sample = Sample.of(jets(), normalised=True)
    return fit(network, sample, sample, settings(epochs), seed=3, checkpoint=checkpoint)


@pytest.mark.parametrize("kind", ["maxout", "convnet"])
def test_a_killed_training_ends_with_the_same_weights_and_losses(kind, tmp_path):
    """It is killed in the middle of its third epoch: ten batches for training and one for validation make an epoch."""
    whole = train(4, tmp_path / "whole.state", kind=kind)
    with pytest.raises(KeyboardInterrupt):
        train(4, tmp_path / "parts.state", kind=kind, ends_at=2 * 11 + 5)
    parts = train(4, tmp_path / "parts.state", kind=kind)
    for column in ("epoch", "train_loss", "valid_loss"):
        assert parts.history[column] == whole.history[column]
    assert set(parts.best_weights) == set(whole.best_weights)
    for name, value in whole.best_weights.items():
        assert torch.equal(parts.best_weights[name], value), name
    for name, value in whole.state.network.state_dict().items():
        assert torch.equal(parts.state.network.state_dict()[name], value), name


def test_a_bright_pixel_is_learned(tmp_path):
    history = train(6, tmp_path / "x.state").history
    assert history["valid_loss"][-1] < 0.3 < history["train_loss"][0]


def test_too_few_training_jets_for_the_learning_curve():
    with pytest.raises(InputError, match="asks for 20 training jets, the sample has 10"):
        training_jets(np.arange(10), 20)


def test_what_is_stored_is_the_best_for_the_jets_of_the_split_valid(tmp_path, monkeypatch):
    """The second of three epochs is the best one."""
    sample, seen, losses = jets(), [], iter([0.5, 0.1, 0.9])
    split = {"train": np.arange(200), "valid": np.arange(200, 260)}
    monkeypatch.setattr(train_stage, "read_jets", lambda _: sample)
    monkeypatch.setattr(train_stage, "read_split", lambda *_, **__: split)

    def mean_loss(network, valid):
        assert torch.equal(valid.inputs, Sample.of(sample[split["valid"]], normalised=True).inputs)
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(losses)

    monkeypatch.setattr(train_stage, "mean_loss", mean_loss)
    stored, history = train_stage.train_one(tmp_path / "prepared.h5", settings(3), tmp_path / "x.state", seed=3)
    assert history["valid_loss"] == [0.5, 0.1, 0.9]
    assert all(torch.equal(value, stored["state"][name]) for name, value in seen[1].items())
    assert any(not torch.equal(value, stored["state"][name]) for name, value in seen[2].items())
