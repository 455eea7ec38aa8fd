"""Fit one network to the training jets (arXiv:1511.05190, Sec. 4).

prepared.h5 -> model.pt with the weights of the best validation loss, and history.csv.

The loss is the binary cross entropy with the jets' weights. The state is kept beside the output after each epoch, so a
killed training goes on where it stopped.
"""

import logging
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from common.atomic import atomic_output, write_text
from common.checkpoints import checkpoint_name
from common.plotting import as_csv
from common.stage import parse, run
from common.yamlio import InputError
from papers.jet_images.model import ConvNet, MaxOutNet, build, n_parameters
from papers.jet_images.settings import TrainOne
from papers.jet_images.splits import Jets, read_jets, split

VALIDATION_BATCH = 500  # jets


@dataclass
class History:
    """What happened in each epoch."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


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

    def loss(self, network: nn.Module, chosen: Tensor) -> Tensor:
        """Return the mean weighted cross entropy of the chosen jets."""
        return nn.functional.binary_cross_entropy_with_logits(
            network(self.inputs[chosen]), self.label[chosen], weight=self.weight[chosen]
        )


class Training:
    """A network on its way; everything that has to survive an interruption is in `state`."""

    def __init__(self, network: MaxOutNet | ConvNet, config: TrainOne, *, seed: int) -> None:
        """Set up the optimiser."""
        self.network, self.config = network, config
        self.optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
        self.generator = torch.Generator().manual_seed(seed)
        self.history = History()
        self.best, self.waited = math.inf, 0
        self.best_state: dict[str, Tensor] = {}

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on."""
        plain = {name: getattr(self, name) for name in ("best", "waited", "best_state")}
        parts = {name: getattr(self, name).state_dict() for name in ("network", "optimiser")}
        random = {"generator": self.generator.get_state(), "dropout": torch.get_rng_state()}
        return plain | parts | random | {"history": asdict(self.history)}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name in ("best", "waited", "best_state"):
            setattr(self, name, state[name])
        for name in ("network", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["dropout"])
        self.history = History(**state["history"])

    def is_done(self) -> bool:
        """Tell whether all epochs are over or the validation loss has stopped falling."""
        return len(self.history.epoch) >= self.config.tagger.epochs or self.waited >= self.config.patience

    def run_epoch(self, sample: Sample) -> float:
        """Make one pass over the jets in random order and return the mean loss without the penalty."""
        self.network.train()
        total = 0.0
        order = torch.randperm(len(sample.label), generator=self.generator)
        for chosen in order.split(self.config.tagger.batch):
            loss = sample.loss(self.network, chosen)
            self.optimiser.zero_grad()
            (loss + self.network.penalty()).backward()
            self.optimiser.step()
            total += float(loss.detach()) * len(chosen)
        return total / len(order)

    def note(self, *, train_loss: float, valid_loss: float, seconds: float) -> None:
        """Record an epoch, and keep the weights if they are the best so far."""
        entry = {"train_loss": train_loss, "valid_loss": valid_loss, "seconds": seconds}
        self.history.epoch.append(len(self.history.epoch) + 1)
        for name, value in entry.items():
            getattr(self.history, name).append(value)
        self.waited = 0 if valid_loss < self.best else self.waited + 1
        if valid_loss < self.best:
            self.best = valid_loss
            self.best_state = {name: value.clone() for name, value in self.network.state_dict().items()}
        logging.info("epoch %3d  train %.4f  valid %.4f  %4.0f s", self.history.epoch[-1], *entry.values())


@torch.no_grad()
def validate(network: nn.Module, sample: Sample) -> float:
    """Return the mean weighted cross entropy of all jets."""
    network.eval()
    parts = torch.arange(len(sample.label)).split(VALIDATION_BATCH)
    return sum(float(sample.loss(network, chosen)) * len(chosen) for chosen in parts) / len(sample.label)


def fit(training: Training, train: Sample, valid: Sample, checkpoint: Path) -> None:
    """Train until it is done; resume from `checkpoint` if it exists."""
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=True))
        logging.info("continued after epoch %d, from %s", len(training.history.epoch), checkpoint)
    before = training.history.seconds[-1] if training.history.seconds else 0.0
    started = time.monotonic()
    while not training.is_done():
        train_loss = training.run_epoch(train)
        valid_loss = validate(training.network, valid)
        training.note(train_loss=train_loss, valid_loss=valid_loss, seconds=before + time.monotonic() - started)
        with atomic_output(checkpoint) as path:
            torch.save(training.state(), path)


def training_jets(numbers: np.ndarray, n_train: int | None) -> np.ndarray:
    """Return the first `n_train` of the training jets (jet,), which are in random order; None: all.

    Raises:
        InputError: If there are fewer.
    """
    if n_train is not None and n_train > len(numbers):
        raise InputError(
            f"train.learning_curve asks for {n_train} training jets, the sample has {len(numbers)}."
            " Generate more (simulate.n_jets), or lower the number."
        )
    return numbers[:n_train]


def train_tagger(prepared: Path, config: TrainOne, checkpoint: Path, *, seed: int) -> tuple[dict[str, Any], History]:
    """Return the stored form of a trained network, and its history."""
    torch.manual_seed(seed)
    jets, tagger = read_jets(prepared), config.tagger
    parts = split(jets.label, config, seed=seed)
    chosen = training_jets(parts["train"], tagger.n_train)
    train, valid = (Sample.of(jets[part], normalised=tagger.normalised) for part in (chosen, parts["valid"]))
    network = build(tagger.kind)
    logging.info("%s: %d parameters, %d jets", tagger.kind, n_parameters(network), len(chosen))
    training = Training(network, config, seed=seed)
    fit(training, train, valid, checkpoint)
    if not training.best_state:
        raise InputError(
            "the validation loss was never a number. Lower train.learning_rate, or look for NaN in the data."
        )
    stored = {
        "kind": tagger.kind,
        "normalised": tagger.normalised,
        "n_train": len(chosen),
        "state": training.best_state,
    }
    return stored, training.history


def main() -> None:
    """Fit, write the model and its history, drop the checkpoint."""
    arguments = parse(__doc__, config=TrainOne, paths=["prepared", "model", "history"], numbers=["seed", "threads"])
    torch.set_num_threads(arguments.threads)
    name = checkpoint_name(arguments.config, [arguments.prepared], seed=arguments.seed, code=Path(__file__).parent)
    checkpoint = arguments.model.parent.parent / "checkpoints" / name
    stored, history = train_tagger(arguments.prepared, arguments.config, checkpoint, seed=arguments.seed)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_text(arguments.history, as_csv(asdict(history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
