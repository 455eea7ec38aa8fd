"""Training in epochs: the best weights, patience, epochs that do not count, and resuming."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from common.errors import InputError  # noqa: E402
from common.training.epochs import Epochs  # noqa: E402


class Walk:
    """A "network" of one weight that counts its epochs, with validation losses given in advance."""

    def __init__(self, losses, **settings):
        self.losses, self.seen = losses, []
        self.network = torch.nn.Linear(1, 1, bias=False)
        self.network.weight.data.zero_()
        defaults = {"epochs": len(losses), "patience": 10, "seed": 0}
        self.epochs = Epochs(self.network, {}, **(defaults | settings))

    def train(self):
        assert self.network.training
        self.network.weight.data += 1
        self.seen.append((torch.randperm(50, generator=self.epochs.generator).tolist(), float(torch.rand(1))))
        return 0.0

    def validate(self):
        assert not self.network.training and not torch.is_grad_enabled()
        loss = self.losses[self.epochs.done]
        if loss is None:
            raise KeyboardInterrupt
        return loss

    def run(self, checkpoint):
        self.epochs.run(self.train, self.validate, checkpoint=checkpoint)
        return self


def test_weights_of_the_best_epoch_are_kept_and_patience_ends_the_training(tmp_path):
    walk = Walk([3.0, 1.0, 2.0, 1.0, 2.0, 0.0], patience=3).run(tmp_path / "a.pt")
    assert walk.epochs.history.epoch == [1, 2, 3, 4, 5], "the same loss again is not better"
    assert walk.epochs.history.valid_loss == [3.0, 1.0, 2.0, 1.0, 2.0]
    assert walk.epochs.best == 1.0 and walk.epochs.waited == 3
    assert walk.epochs.best_state["weight"].item() == 2


def test_epochs_before_the_first_counted_one_are_neither_best_nor_waited_for(tmp_path):
    walk = Walk([0.1, 0.2, 0.3, 2.0, 3.0], patience=2, first_counted=3).run(tmp_path / "a.pt")
    assert walk.epochs.best == 2.0 and walk.epochs.best_state["weight"].item() == 4
    assert walk.epochs.done == 5


def test_a_training_without_an_epoch_that_counts_is_an_error():
    with pytest.raises(InputError, match="epoch that counts is number 4, but there are 3"):
        Walk([1.0, 1.0, 1.0], first_counted=3)


def test_a_killed_training_goes_on_with_the_same_order_and_dropout(tmp_path):
    torch.manual_seed(1)
    whole = Walk([3.0, 2.0, 2.5, 1.0]).run(tmp_path / "whole.pt")
    torch.manual_seed(1)
    killed = Walk([3.0, 2.0, None, 1.0])
    with pytest.raises(KeyboardInterrupt):
        killed.run(tmp_path / "a.pt")
    torch.manual_seed(2)
    resumed = Walk([3.0, 2.0, 2.5, 1.0], seed=5).run(tmp_path / "a.pt")
    assert resumed.seen == whole.seen[2:]
    assert resumed.epochs.history.valid_loss == whole.epochs.history.valid_loss
    assert resumed.epochs.best_state["weight"].item() == 4
    assert resumed.epochs.history.seconds == sorted(resumed.epochs.history.seconds)


def test_optimisers_go_on_as_well(tmp_path):
    def walk():
        made = Walk([3.0, 2.0, 1.0])
        made.optimiser = torch.optim.Adam(made.network.parameters(), lr=0.1)
        made.epochs = Epochs(made.network, {"optimiser": made.optimiser}, epochs=3, patience=5, seed=0)

        def train():
            made.optimiser.zero_grad()
            made.network(torch.ones(1, 1)).sum().backward()
            made.optimiser.step()
            return 0.0

        made.train = train
        return made

    whole, killed, resumed = walk().run(tmp_path / "whole.pt"), walk(), walk()
    killed.losses = [3.0, 2.0, None]
    with pytest.raises(KeyboardInterrupt):
        killed.run(tmp_path / "a.pt")
    resumed.run(tmp_path / "a.pt")
    assert torch.equal(resumed.network.weight, whole.network.weight)


def test_a_loss_that_is_never_a_number_is_an_error(tmp_path):
    with pytest.raises(InputError, match="never a number"):
        Walk([math.nan] * 3, patience=2).run(tmp_path / "a.pt")
