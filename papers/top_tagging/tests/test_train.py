"""Training: resuming, seeds, the linear tagger's minimum, and that the taggers learn at all."""

import numpy as np
import pytest
import torch

from ..model import Standardised, build
from ..prepared.jets import JetSet
from ..settings import ExperimentConfig, TrainOne
from ..train import cross_entropy, fit_linear, fit_network, mean_loss
from .numpy_taggers import cross_entropy as numpy_cross_entropy
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


def test_early_stopping_looks_at_the_validation_jets(tmp_path):
    """Validation jets with other labels cannot be learned: the best epoch is then the first one."""
    train, opposite = learnable(200, 0), learnable(100, 1)
    opposite.label = 1 - opposite.label
    network = network_of("nsub")
    history = fit_network(network, train, opposite, config("nsub", epochs=9, patience=3), tmp_path / "a.state", seed=0)
    assert history["epoch"] == [1, 2, 3, 4], "three epochs without a better loss end it"
    assert history["train_loss"] == sorted(history["train_loss"], reverse=True)
    assert history["valid_loss"][0] == min(history["valid_loss"])
    assert mean_loss(network, opposite) == pytest.approx(history["valid_loss"][0], rel=1e-6)


def test_training_is_adam_with_a_rate_that_falls_as_a_cosine(tmp_path):
    """One batch of all jets: the losses are those of a loop of four lines, with the rate in closed form."""
    train, epochs, rate = learnable(60, 0), 6, 0.01
    one = TrainOne(batch=60, patience=9, experiment=ExperimentConfig(kind="nsub", epochs=epochs, learning_rate=rate))
    history = fit_network(network_of("nsub"), train, learnable(30, 1), one, tmp_path / "a.state", seed=0)
    rates = rate * (1 + np.cos(np.pi * np.arange(epochs) / epochs)) / 2
    assert history["learning_rate"] == pytest.approx(rates)
    network, batch, losses = network_of("nsub"), train.batch(torch.arange(60)), []
    optimiser = torch.optim.Adam(network.parameters())
    for now in rates:
        optimiser.param_groups[0]["lr"] = now
        loss = torch.nn.functional.cross_entropy(network(batch), batch.label)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        for parameter, gradient in zip(network.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()
    assert losses[0] - losses[-1] > 0.05
    assert history["train_loss"] == pytest.approx(losses, rel=1e-3)


def test_the_loss_of_a_split_is_the_mean_over_its_jets():
    """1,030 jets make a full batch and a small one, which must not count as much."""
    network, jets = network_of("nsub"), learnable(1030, 2)
    jets.nsub[1000:] *= 5  # another loss than that of the others
    everything = jets.batch(torch.arange(1030))
    with torch.no_grad():
        scores = network(everything).double().numpy()
    assert mean_loss(network, jets) == pytest.approx(numpy_cross_entropy(scores, everything.label.numpy()), rel=1e-5)


def test_an_epoch_has_every_jet_once_in_a_new_order():
    jets, generator = learnable(50, 3), torch.Generator().manual_seed(0)
    order = [torch.cat([batch.nsub[:, 0] for batch in jets.shuffled(8, generator)]) for _ in range(2)]
    assert all(torch.equal(values.sort().values, jets.nsub[:, 0].sort().values) for values in order)
    assert not torch.equal(order[0], order[1]) and not torch.equal(order[0], jets.nsub[:, 0])
    assert torch.equal(torch.cat([batch.nsub for batch in jets.in_order(8)]), jets.nsub)


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
