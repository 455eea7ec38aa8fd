"""The loop of a training: best weights, patience, epochs that do not count, updates, and resuming bit for bit."""

import math

import numpy as np
import pytest

from common.errors import InputError
from common.training.epochs import Epochs
from common.training.history import read_history, write_history


class Counter:
    """A state without a framework: the weights are the number of started epochs."""

    def __init__(self):
        self.started = 0

    def start(self):
        self.started += 1

    def weights(self):
        return self.started

    def save(self, path, progress):
        path.write_text("saved")

    def load(self, path):
        raise AssertionError("nothing was saved")


def walk(losses, folder, **settings):
    """Run a training with validation losses given in advance."""
    epochs = Epochs(Counter(), total=len(losses), checkpoint=folder / "state", **settings)
    for epoch in epochs:
        epoch.add(2.0, 3)
        epoch.add(5.0)
        epoch.validated(losses[epoch.number - 1])
    return epochs


def test_weights_of_the_best_epoch_are_kept_and_patience_ends_the_training(tmp_path):
    epochs = walk([3.0, 1.0, 2.0, 1.0, 2.0, 0.0], tmp_path, patience=3)
    assert epochs.history["epoch"] == [1, 2, 3, 4, 5], "the same loss again is not better"
    assert epochs.history["valid_loss"] == [3.0, 1.0, 2.0, 1.0, 2.0]
    assert epochs.history["train_loss"] == [2.75] * 5, "(3 x 2 + 5) / 4"
    assert epochs.best == 1.0 and epochs.waited == 3 and epochs.best_weights == 2


def test_epochs_before_the_first_counted_one_are_neither_best_nor_waited_for(tmp_path):
    epochs = walk([0.1, 0.2, 0.3, 2.0, 3.0], tmp_path, patience=2, first_counted=3)
    assert epochs.best == 2.0 and epochs.best_weights == 4 and epochs.done == 5


def test_a_training_without_an_epoch_that_counts_is_an_error(tmp_path):
    with pytest.raises(InputError, match="epoch that counts is number 4, but there are 3"):
        walk([1.0, 1.0, 1.0], tmp_path, first_counted=3)


def test_a_loss_that_is_never_a_number_is_an_error(tmp_path):
    with pytest.raises(InputError, match="never a number"):
        walk([math.nan] * 3, tmp_path, patience=2)


def test_an_epoch_without_a_validation_is_a_mistake_of_the_stage(tmp_path):
    with pytest.raises(ValueError, match=r"without epoch\.validated"):
        for epoch in Epochs(Counter(), total=2, checkpoint=tmp_path / "state"):
            epoch.add(1.0)


def test_updates_are_counted_up_to_the_last_one(tmp_path):
    epochs = Epochs(Counter(), total=25, every=10, counted="update", checkpoint=tmp_path / "state")
    steps = []
    for epoch in epochs:
        steps += epoch.steps
        epoch.validated(1.0, learning_rate=0.1)
    assert steps == list(range(1, 26))
    assert epochs.history["update"] == [10, 20, 25] and epochs.history["learning_rate"] == [0.1] * 3
    assert list(epochs.history) == ["update", "train_loss", "valid_loss", "learning_rate", "seconds"]


def test_a_history_is_read_as_it_was_written(tmp_path):
    history = {"epoch": [1, 2], "train_loss": [0.5, 0.25], "valid_loss": [1.0, 0.125]}
    write_history(tmp_path / "history.csv", history)
    read = read_history(tmp_path / "history.csv")
    assert {name: values.tolist() for name, values in read.items()} == history
    write_history(tmp_path / "empty.csv", {"epoch": []})
    assert read_history(tmp_path / "empty.csv")["epoch"].shape == (0,)


# ---- a killed training ends as an undisturbed one ----

LOSSES = (2.0, 1.0, 3.0, 4.0)  # in place of the measured ones: the second epoch is the best, neither first nor last


def torch_training(checkpoint, *, killed_in=None, losses=None, seen=None):
    """Train a small network with dropout and a schedule; return its weights, its epochs and which of them ran.

    The weights of the result after each epoch are added to `seen`.
    """
    torch = pytest.importorskip("torch", reason="needs the extra torch")
    from common.training.torch_state import TorchState

    torch.manual_seed(1 if killed_in is None else 7)  # a resumed training starts from other numbers
    network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
    generator = torch.Generator().manual_seed(3)
    for parameter in network.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
    torch.manual_seed(2)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.9)
    average = torch.optim.swa_utils.AveragedModel(network)
    parts = {"optimiser": optimiser, "schedule": schedule, "average": average}
    state = TorchState(network, parts, seed=0, result=average.module)
    data = torch.randn(40, 3, generator=torch.Generator().manual_seed(4))
    epochs, run = Epochs(state, total=4, checkpoint=checkpoint), []
    for epoch in epochs:
        run.append(epoch.number)
        assert network.training
        for number, chosen in enumerate(torch.randperm(40, generator=state.generator).split(10)):
            if killed_in == epoch.number and number == 2:
                raise KeyboardInterrupt
            loss = (network(data[chosen]) - data[chosen].sum(1, keepdim=True)).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            average.update_parameters(network)
            epoch.add(loss.detach())
        schedule.step()
        network.eval()
        if seen is not None:
            seen.append([value.numpy().copy() for value in average.module.state_dict().values()])
        with torch.no_grad():
            loss = (network(data) - data.sum(1, keepdim=True)).square().mean()
        epoch.validated(losses[epoch.number - 1] if losses else loss)
    weights = [value.numpy() for value in epochs.best_weights.values()]
    return weights, epochs, run


def keras_training(checkpoint, *, killed_in=None, losses=None, seen=None):
    """The same with Keras."""
    keras = pytest.importorskip("keras", reason="needs the extra tensorflow")
    from common.training.keras_state import KerasState

    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(8), keras.layers.Dropout(0.5, seed=5), keras.layers.Dense(1)]
    )
    network.compile(keras.optimizers.Adam(0.1), loss="mse")
    data = np.random.default_rng(4).normal(size=(40, 3)).astype("float32")
    epochs, run = Epochs(KerasState(network), total=4, checkpoint=checkpoint), []
    for epoch in epochs:
        run.append(epoch.number)
        order = np.random.default_rng([0, epoch.number]).permutation(40)
        for number, chosen in enumerate(np.split(order, 4)):
            if killed_in == epoch.number and number == 2:
                raise KeyboardInterrupt
            epoch.add(network.train_on_batch(data[chosen], data[chosen].sum(1, keepdims=True)))
        if seen is not None:
            seen.append([keras.ops.convert_to_numpy(value).copy() for value in network.weights])
        loss = network.test_on_batch(data, data.sum(1, keepdims=True))
        epoch.validated(losses[epoch.number - 1] if losses else loss)
    return epochs.best_weights, epochs, run


@pytest.mark.parametrize("training", [torch_training, keras_training])
def test_a_killed_training_ends_bit_for_bit_as_an_undisturbed_one(training, tmp_path):
    weights, whole, _ = training(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        training(tmp_path / "killed", killed_in=3)
    resumed_weights, resumed, run = training(tmp_path / "killed")
    assert run == [3, 4], "the epochs before are not repeated"
    for name in ("epoch", "train_loss", "valid_loss"):
        assert resumed.history[name] == whole.history[name]
    assert resumed.history["seconds"] == sorted(resumed.history["seconds"])
    assert len(weights) == len(resumed_weights)
    for one, other in zip(weights, resumed_weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("training", [torch_training, keras_training])
@pytest.mark.parametrize("killed_in", [None, 3])
def test_the_best_weights_stay_those_of_their_epoch(training, killed_in, tmp_path):
    seen = []
    if killed_in:
        with pytest.raises(KeyboardInterrupt):
            training(tmp_path / "state", killed_in=killed_in, losses=LOSSES, seen=seen)
    weights, epochs, run = training(tmp_path / "state", losses=LOSSES, seen=seen)
    assert run == ([3, 4] if killed_in else [1, 2, 3, 4]) and len(seen) == 4
    assert epochs.best == 1.0 and epochs.waited == 2
    for found, *after_each in zip(weights, *seen, strict=True):
        equal = [np.array_equal(found, value) for value in after_each]
        assert equal == [False, True, False, False], "those of the second epoch, and no view of what is trained on"


def test_only_trained_parameters_are_counted_with_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra torch")
    from common.training.torch_state import n_parameters

    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    assert n_parameters(network) == (3 * 4 + 4) + 2 * 4 + (4 * 2 + 2)
    network[0].weight.requires_grad_(False)
    assert n_parameters(network) == 4 + 2 * 4 + (4 * 2 + 2)


def test_only_trained_parameters_are_counted_with_keras():
    keras = pytest.importorskip("keras", reason="needs the extra tensorflow")
    from common.training.keras_state import n_trained

    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    )
    assert n_trained(network) == (3 * 4 + 4) + 2 * 4 + (4 * 2 + 2), "not the means and variances of the batches"
