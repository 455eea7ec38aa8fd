"""Fit one tagger to the training jets (arXiv:1902.09914, Sec. 3).

prepared.h5 -> model.pt with the weights of the best validation loss, and history.csv.

The training jets come in a new random order in each epoch. The state is stored beside the output after each epoch, so a
killed training continues where it stopped. The linear tagger has no epochs: its loss is convex and is minimised fully.
"""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from common.atomic import atomic_output, write_text
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name
from common.training.epochs import Epochs, History

from .model import Standardised, build, n_parameters
from .prepared.jets import JetSet, read_jets
from .settings import TrainOne

VALIDATION_BATCH = 1000  # jets
LINEAR_ITERATIONS = 500  # upper limit for L-BFGS, which needs far fewer


class Training:
    """A tagger, its optimiser and its epochs."""

    def __init__(self, network: nn.Module, config: TrainOne, *, seed: int) -> None:
        """Set up the optimiser; its rate falls to zero as a cosine over all epochs."""
        experiment = config.experiment
        self.network, self.batch = network, config.batch
        self.optimiser = torch.optim.Adam(network.parameters(), lr=experiment.learning_rate)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, experiment.epochs)
        parts = {"optimiser": self.optimiser, "schedule": self.schedule}
        self.epochs = Epochs(network, parts, epochs=experiment.epochs, patience=config.patience, seed=seed)

    def run_epoch(self, jets: JetSet) -> float:
        """Make one pass over the jets in random order and return the mean loss."""
        total = 0.0
        for index in torch.randperm(len(jets), generator=self.epochs.generator).split(self.batch):
            loss = loss_of(self.network, jets, index)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += float(loss.detach()) * len(index)
        self.schedule.step()
        return total / len(jets)


def loss_of(network: nn.Module, jets: JetSet, index: Tensor) -> Tensor:
    """Return the mean cross entropy of the jets of an index (jet,)."""
    batch = jets.batch(index)
    return nn.functional.cross_entropy(network(batch), batch.label)


@torch.no_grad()
def validate(network: nn.Module, jets: JetSet) -> float:
    """Return the mean cross entropy of all jets."""
    parts = torch.arange(len(jets)).split(VALIDATION_BATCH)
    return sum(float(loss_of(network, jets, index)) * len(index) for index in parts) / len(jets)


def fit_network(training: Training, train: JetSet, valid: JetSet, checkpoint: Path) -> None:
    """Train for all epochs or until patience is lost; resume from `checkpoint` if it exists."""
    network = training.network
    training.epochs.run(lambda: training.run_epoch(train), lambda: validate(network, valid), checkpoint=checkpoint)


def fit_linear(training: Training, train: JetSet, valid: JetSet) -> None:
    """Minimise the convex loss of a linear tagger over all training jets at once."""
    network, everything = training.network, torch.arange(len(train))
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=LINEAR_ITERATIONS, line_search_fn="strong_wolfe")
    started = time.monotonic()

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = loss_of(network, train, everything)
        loss.backward()
        return loss

    optimiser.step(closure)
    train_loss, valid_loss = float(loss_of(network, train, everything).detach()), validate(network, valid)
    seconds = time.monotonic() - started
    training.epochs.note(train_loss=train_loss, valid_loss=valid_loss, seconds=seconds)


def train_tagger(prepared: Path, config: TrainOne, checkpoint: Path, *, seed: int) -> tuple[dict[str, Any], History]:
    """Return the stored form of a trained tagger, and its history."""
    torch.manual_seed(seed)
    train, valid = read_jets(prepared, "train"), read_jets(prepared, "valid")
    arguments = {
        "kind": config.experiment.kind,
        "n_nsub": train.nsub.shape[1],
        "n_efp": train.efp.shape[1],
        "neighbours": config.experiment.neighbours,
    }
    network = build(**arguments)
    logging.info("%s: %d parameters, %d jets", config.experiment.kind, n_parameters(network), len(train))
    if isinstance(network, Standardised):
        network.fit_scale(getattr(train, network.name))
    training = Training(network, config, seed=seed)
    if config.experiment.kind == "efp":
        fit_linear(training, train, valid)
    else:
        fit_network(training, train, valid, checkpoint)
    stored = {"arguments": arguments, "state": training.epochs.best_state, "n_parameters": n_parameters(network)}
    return stored, training.epochs.history


def main() -> None:
    """Fit, write the model and its history, delete the checkpoint."""
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
