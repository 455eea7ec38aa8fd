"""Training: resuming, seeds, the linear tagger's minimum, and that the taggers learn at all."""

import pytest
import torch

from ..model import Standardised, build
from ..prepared.jets import JetSet
from ..settings import ExperimentConfig, TrainOne
from ..train import cross_entropy, fit_linear, fit_network, mean_loss
from .padded import random_jets

ARGUMENTS = {"n_nsub": 22, "n_efp": 35, "neighbours": 4}


def config(kind="pfn", *, epochs=3, patience=10, learning_rate=0.001):
    experiment = ExperimentConfig(kind=kind, epochs=epochs, neighbours=4, learning_rate=learning_rate)
    return TrainOne(batch=32, patience=patience, experiment=experiment)


def network_of(kind="pfn", seed=0):
    torch.manual_seed(seed)
    return build(kind, **ARGUMENTS)


def learnable(n_jets, seed):
    """Return jets that a tagger can tell apart: those of class 1 are wider, and so are their observables."""
    jets = random_jets(n_jets, mean=15, seed=seed)
    batch = jets.batch(torch.arange(n_jets))
    wide = 1 + 0.8 * torch.repeat_interleave(batch.label, batch.counts)[:, None]
    constituents = torch.cat([batch.constituents[:, :1], batch.constituents[:, 1:] * wide], dim=1)
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), batch.counts.cumsum(0)])
    shift = 0.3 * batch.label[:, None]
    return JetSet(batch.label, constituents, offsets, batch.nsub + shift, batch.efp + shift)


class KilledError(Exception):
    """The machine went down."""


class KillsInEpoch(JetSet):
    """Jets whose batches end with an error in the middle of an epoch, counted from 1."""

    def __init__(self, jets, *, epoch):
        vars(self).update(vars(jets))
        self.epochs_left = epoch

    def shuffled(self, size, generator):
        self.epochs_left -= 1
        for number, batch in enumerate(super().shuffled(size, generator)):
            if self.epochs_left == 0 and number == 3:
                raise KilledError
            yield batch


def test_a_killed_training_ends_where_an_uninterrupted_one_does(tmp_path):
    train, valid = learnable(200, 0), learnable(100, 1)
    whole, killed = network_of(), network_of()
    expected = fit_network(whole, train, valid, config(), tmp_path / "whole.state", seed=0)
    with pytest.raises(KilledError):
        fit_network(killed, KillsInEpoch(train, epoch=3), valid, config(), tmp_path / "killed.state", seed=0)
    resumed = network_of(seed=99)
    history = fit_network(resumed, train, valid, config(), tmp_path / "killed.state", seed=99)
    for name in ("epoch", "train_loss", "valid_loss"):
        assert history[name] == expected[name] and len(history[name]) == 3, name
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_result_has_the_best_validation_loss(tmp_path):
    """The rate is so large that the last epoch is not the best one."""
    network, valid = network_of("nsub"), learnable(100, 1)
    large = config("nsub", epochs=8, learning_rate=0.1)
    history = fit_network(network, learnable(200, 0), valid, large, tmp_path / "a.state", seed=0)
    assert history["valid_loss"][-1] > min(history["valid_loss"])
    assert mean_loss(network, valid) == pytest.approx(min(history["valid_loss"]), rel=1e-6)


def test_the_same_seed_gives_the_same_losses(tmp_path):
    train, valid = learnable(100, 0), learnable(50, 1)
    first, second, other = (
        fit_network(network_of(seed=seed), train, valid, config(), tmp_path / f"{number}.state", seed=seed)
        for number, seed in enumerate((3, 3, 4))
    )
    assert first["train_loss"] == second["train_loss"] != other["train_loss"]


@pytest.mark.parametrize("kind", ["pfn", "efn", "nsub", "graph"])
def test_taggers_learn(tmp_path, kind):
    network, eight = network_of(kind), config(kind, epochs=8, learning_rate=0.005)
    history = fit_network(network, learnable(400, 0), learnable(200, 1), eight, tmp_path / "a.state", seed=0)
    assert min(history["valid_loss"]) < 0.6, "0.69 is guessing"


def test_the_linear_tagger_reaches_its_minimum():
    train, valid = learnable(400, 0), learnable(200, 1)
    network = network_of("efp")
    assert isinstance(network, Standardised)
    network.fit_scale(train.efp)
    history = fit_linear(network, train, valid)
    network.zero_grad()
    cross_entropy(network, train.batch(torch.arange(len(train)))).backward()
    assert max(float(p.grad.abs().max()) for p in network.parameters()) < 1e-3
    assert history["valid_loss"] == [pytest.approx(mean_loss(network, valid))]
