"""Training: resuming, stopping, the linear tagger's minimum, and that the taggers learn at all."""

import pytest
import torch

from ..model import Standardised, build
from ..prepared.jets import JetSet
from ..settings import ExperimentConfig, TrainOne
from ..train import Training, fit_linear, fit_network, loss_of, validate
from .padded import random_jets

ARGUMENTS = {"n_nsub": 22, "n_efp": 35, "neighbours": 4}


def config(kind="pfn", *, epochs=3, patience=10, learning_rate=0.001):
    experiment = ExperimentConfig(kind=kind, epochs=epochs, neighbours=4, learning_rate=learning_rate)
    return TrainOne(batch=32, patience=patience, experiment=experiment)


def training(kind="pfn", seed=0, **changes):
    torch.manual_seed(seed)
    return Training(build(kind, **ARGUMENTS), config(kind, **changes), seed=seed)


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


def test_a_killed_training_ends_where_an_uninterrupted_one_does(tmp_path, monkeypatch):
    train, valid = learnable(200, 0), learnable(100, 1)
    whole = training()
    fit_network(whole, train, valid, tmp_path / "whole.pt")
    killed, run_epoch = training(), Training.run_epoch

    def run_once(self, jets):
        if self.epochs.done:
            raise KilledError
        return run_epoch(self, jets)

    monkeypatch.setattr(Training, "run_epoch", run_once)
    with pytest.raises(KilledError):
        fit_network(killed, train, valid, tmp_path / "killed.pt")
    monkeypatch.undo()
    resumed = training(seed=99)
    fit_network(resumed, train, valid, tmp_path / "killed.pt")
    assert resumed.epochs.history.epoch == [1, 2, 3]
    assert resumed.epochs.history.train_loss == whole.epochs.history.train_loss
    for name, value in whole.epochs.best_state.items():
        assert torch.equal(value, resumed.epochs.best_state[name])


def test_the_same_seed_gives_the_same_weights(tmp_path):
    train, valid = learnable(100, 0), learnable(50, 1)
    first, second, other = training(seed=3), training(seed=3), training(seed=4)
    for number, one in enumerate((first, second, other)):
        fit_network(one, train, valid, tmp_path / f"{number}.pt")
    losses = [one.epochs.history.train_loss for one in (first, second, other)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("kind", ["pfn", "efn", "nsub", "graph"])
def test_taggers_learn(tmp_path, kind):
    one = training(kind, epochs=8, learning_rate=0.005)
    fit_network(one, learnable(400, 0), learnable(200, 1), tmp_path / "a.pt")
    assert one.epochs.best < 0.6, "0.69 is guessing"


def test_the_linear_tagger_reaches_its_minimum():
    train, valid = learnable(400, 0), learnable(200, 1)
    one = training("efp")
    assert isinstance(one.network, Standardised)
    one.network.fit_scale(train.efp)
    fit_linear(one, train, valid)
    one.network.zero_grad()
    loss_of(one.network, train, torch.arange(len(train))).backward()
    assert max(float(p.grad.abs().max()) for p in one.network.parameters()) < 1e-3
    assert one.epochs.best == pytest.approx(validate(one.network, valid))
