"""Fit one network to the training jets (arXiv:1511.05190, Sec. 4).

prepared.h5 -> model.pt with the weights of the best validation loss and the division of the jets, and history.csv.

The loss is the binary cross entropy with the jets' weights. The state is stored beside the output after each epoch, so
a killed training continues where it stopped.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from common.atomic import atomic_output
from common.errors import InputError
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs, History
from common.training.history import write_history
from common.training.torch_state import TorchState, n_parameters

from .model import ConvNet, MaxOutNet, build
from .prepared import Jets, read_jets, read_split
from .settings import TrainConfig, TrainOne

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


@torch.no_grad()
def mean_loss(network: nn.Module, sample: Sample) -> float:
    """Return the mean weighted cross entropy of all jets."""
    network.eval()
    parts = torch.arange(len(sample.label)).split(VALIDATION_BATCH)
    return sum(float(sample.loss(network, index)) * len(index) for index in parts) / len(sample.label)


def fit(
    network: MaxOutNet | ConvNet, train: Sample, valid: Sample, config: TrainOne, *, seed: int, checkpoint: Path
) -> Epochs:
    """Train until patience is lost; continue from `checkpoint` if it exists.

    The training loss in the history does not contain the penalty.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    state = TorchState(network, {"optimiser": optimiser}, seed=seed)
    epochs = Epochs(state, total=config.experiment.epochs, patience=config.patience, checkpoint=checkpoint)
    for epoch in epochs:
        order = torch.randperm(len(train.label), generator=state.generator)
        for index in order.split(config.experiment.batch):
            loss = train.loss(network, index)
            optimiser.zero_grad()
            (loss + network.penalty()).backward()
            optimiser.step()
            epoch.add(loss.detach(), len(index))
        epoch.validated(mean_loss(network, valid), learning_rate=optimiser.param_groups[0]["lr"])
    return epochs


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
    epochs = fit(network, train, valid, config, seed=seed, checkpoint=checkpoint)
    stored = {
        "kind": experiment.kind,
        "normalised": experiment.normalised,
        "n_train": len(for_training),
        "seed": seed,
        "split": {name: torch.from_numpy(index) for name, index in split.items()},
        "state": epochs.best_weights,
    }
    return stored, epochs.history


def main() -> None:
    """Fit, write the model and its history, delete the checkpoint."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        paths=["prepared", "model", "history"],
        numbers=["seed", "threads"],
        texts=["method"],
    )
    torch.set_num_threads(arguments.threads)
    config = arguments.config.one(arguments.method)
    checkpoint = checkpoint_path(
        arguments.model, config, [arguments.prepared], seed=arguments.seed, stage="papers.jet_images.train"
    )
    stored, history = train_one(arguments.prepared, config, checkpoint, seed=arguments.seed)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_history(arguments.history, history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
