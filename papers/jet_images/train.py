"""Fit one network to the training jets (arXiv:1511.05190, Sec. 4).

prepared.h5 -> model.pt with the weights of the best validation loss, and history.csv.

The loss is the binary cross entropy with the jets' weights. The state is stored beside the output after each epoch, so
a killed training continues where it stopped.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from common.atomic import atomic_output, write_text
from common.errors import InputError
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name
from common.training.epochs import Epochs, History

from .model import ConvNet, MaxOutNet, build, n_parameters
from .prepared import Jets, read_jets, read_split
from .settings import TrainOne

VALIDATION_BATCH = 500  # jets


@dataclass(frozen=True)
class Sample:
    """Inputs (jet, 25, 25), label (jet,), and weight (jet,) of mean one."""

    inputs: Tensor
    label: Tensor
    weight: Tensor

    @classmethod
    def of(cls, jets: Jets, *, normalised: bool) -> "Sample":
        """Return jets as a network reads them."""
        weight = torch.from_numpy(jets.weight / jets.weight.mean()).float()
        inputs = torch.from_numpy(jets.inputs(normalised=normalised)).float()
        return cls(inputs, torch.from_numpy(jets.label).float(), weight)

    def loss(self, network: nn.Module, index: Tensor) -> Tensor:
        """Return the mean weighted cross entropy of the jets with the indices `index` (jet,)."""
        return nn.functional.binary_cross_entropy_with_logits(
            network(self.inputs[index]), self.label[index], weight=self.weight[index]
        )


class Training:
    """A network, its optimiser and its epochs."""

    def __init__(self, network: MaxOutNet | ConvNet, config: TrainOne, *, seed: int) -> None:
        self.network, self.batch = network, config.experiment.batch
        self.optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
        parts = {"optimiser": self.optimiser}
        self.epochs = Epochs(network, parts, epochs=config.experiment.epochs, patience=config.patience, seed=seed)

    def run_epoch(self, sample: Sample) -> float:
        """Make one pass over the jets in random order and return the mean loss without the penalty."""
        total = 0.0
        order = torch.randperm(len(sample.label), generator=self.epochs.generator)
        for index in order.split(self.batch):
            loss = sample.loss(self.network, index)
            self.optimiser.zero_grad()
            (loss + self.network.penalty()).backward()
            self.optimiser.step()
            total += float(loss.detach()) * len(index)
        return total / len(order)


@torch.no_grad()
def validate(network: nn.Module, sample: Sample) -> float:
    """Return the mean weighted cross entropy of all jets."""
    parts = torch.arange(len(sample.label)).split(VALIDATION_BATCH)
    return sum(float(sample.loss(network, index)) * len(index) for index in parts) / len(sample.label)


def fit(training: Training, train: Sample, valid: Sample, checkpoint: Path) -> None:
    """Train until it is done; resume from `checkpoint` if it exists."""
    network = training.network
    training.epochs.run(lambda: training.run_epoch(train), lambda: validate(network, valid), checkpoint=checkpoint)


def training_jets(index: np.ndarray, n_train: int | None) -> np.ndarray:
    """Return the first `n_train` indices of the training jets (jet,), which are in random order; None: all.

    Raises:
        InputError: If there are fewer.
    """
    if n_train is not None and n_train > len(index):
        raise InputError(
            f"train.learning_curve asks for {n_train} training jets, the sample has {len(index)}."
            " Generate more (simulate.n_jets), or lower the number."
        )
    return index[:n_train]


def train_one(prepared: Path, config: TrainOne, checkpoint: Path, *, seed: int) -> tuple[dict[str, Any], History]:
    """Return the stored form of a trained network, and its history."""
    torch.manual_seed(seed)
    jets, experiment = read_jets(prepared), config.experiment
    split = read_split(prepared, seed=seed)
    for_training = training_jets(split["train"], experiment.n_train)
    train, valid = (
        Sample.of(jets[index], normalised=experiment.normalised) for index in (for_training, split["valid"])
    )
    network = build(experiment.kind)
    logging.info("%s: %d parameters, %d jets", experiment.kind, n_parameters(network), len(for_training))
    training = Training(network, config, seed=seed)
    fit(training, train, valid, checkpoint)
    stored = {
        "kind": experiment.kind,
        "normalised": experiment.normalised,
        "n_train": len(for_training),
        "state": training.epochs.best_state,
    }
    return stored, training.epochs.history


def main() -> None:
    """Fit, write the model and its history, delete the checkpoint."""
    arguments = parse(__doc__, config=TrainOne, paths=["prepared", "model", "history"], numbers=["seed", "threads"])
    torch.set_num_threads(arguments.threads)
    name = checkpoint_name(arguments.config, [arguments.prepared], seed=arguments.seed, code=Path(__file__).parent)
    checkpoint = arguments.model.parent.parent / "checkpoints" / name
    stored, history = train_one(arguments.prepared, arguments.config, checkpoint, seed=arguments.seed)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_text(arguments.history, as_csv(asdict(history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
