"""Fit one tagger to the training jets (arXiv:1902.09914, Sec. 3).

prepared.h5 -> model.pt with the weights of the best validation loss, and history.csv.

Jets are drawn in a new random order in each epoch. The state is kept beside the output after each epoch, so a killed
training goes on where it stopped. The linear tagger has no epochs: its loss is convex and is minimised to the end.
"""

import logging
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from common.atomic import atomic_output, write_text
from common.checkpoints import checkpoint_name
from common.plotting import as_csv
from common.stage import parse, run
from common.yamlio import InputError
from papers.top_tagging.jets import JetSet, read_jets
from papers.top_tagging.model import Standardised, build, n_parameters
from papers.top_tagging.settings import TrainOne

VALIDATION_BATCH = 1000  # jets
LINEAR_ITERATIONS = 500  # of L-BFGS, far more than it needs


@dataclass
class History:
    """What happened in each epoch."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Training:
    """A network on its way; everything that has to survive an interruption is in `state`."""

    def __init__(self, network: nn.Module, config: TrainOne, *, seed: int) -> None:
        """Set up the optimiser; its rate falls to zero as a cosine over all epochs."""
        self.network, self.config = network, config
        self.optimiser = torch.optim.Adam(network.parameters(), lr=config.tagger.learning_rate)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, config.tagger.epochs)
        self.generator = torch.Generator().manual_seed(seed)
        self.history = History()
        self.best, self.waited = math.inf, 0
        self.best_state: dict[str, Tensor] = {}

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on."""
        plain = {name: getattr(self, name) for name in ("best", "waited", "best_state")}
        parts = {name: getattr(self, name).state_dict() for name in ("network", "optimiser", "schedule")}
        return plain | parts | {"generator": self.generator.get_state(), "history": asdict(self.history)}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name in ("best", "waited", "best_state"):
            setattr(self, name, state[name])
        for name in ("network", "optimiser", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.history = History(**state["history"])

    def is_done(self) -> bool:
        """Tell whether all epochs are over or the validation loss has stopped falling."""
        return len(self.history.epoch) >= self.config.tagger.epochs or self.waited >= self.config.patience

    def run_epoch(self, jets: JetSet) -> float:
        """Make one pass over the jets in random order and return the mean loss."""
        self.network.train()
        total = 0.0
        for chosen in torch.randperm(len(jets), generator=self.generator).split(self.config.batch):
            loss = loss_of(self.network, jets, chosen)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            total += float(loss.detach()) * len(chosen)
        self.schedule.step()
        return total / len(jets)

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


def loss_of(network: nn.Module, jets: JetSet, chosen: Tensor) -> Tensor:
    """Return the mean cross entropy of the chosen jets."""
    batch = jets.batch(chosen)
    return nn.functional.cross_entropy(network(batch), batch.label)


@torch.no_grad()
def validate(network: nn.Module, jets: JetSet) -> float:
    """Return the mean cross entropy of all jets."""
    network.eval()
    parts = torch.arange(len(jets)).split(VALIDATION_BATCH)
    return sum(float(loss_of(network, jets, chosen)) * len(chosen) for chosen in parts) / len(jets)


def fit_network(training: Training, train: JetSet, valid: JetSet, checkpoint: Path) -> None:
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
    training.note(train_loss=train_loss, valid_loss=valid_loss, seconds=time.monotonic() - started)


def train_tagger(prepared: Path, config: TrainOne, checkpoint: Path, *, seed: int) -> tuple[dict[str, Any], History]:
    """Return the stored form of a trained tagger, and its history."""
    torch.manual_seed(seed)
    train, valid = read_jets(prepared, "train"), read_jets(prepared, "val")
    arguments = {
        "kind": config.tagger.kind,
        "n_nsub": train.nsub.shape[1],
        "n_efp": train.efp.shape[1],
        "neighbours": config.tagger.neighbours,
    }
    network = build(**arguments)
    logging.info("%s: %d parameters, %d jets", config.tagger.kind, n_parameters(network), len(train))
    if isinstance(network, Standardised):
        network.fit_scale(getattr(train, network.name))
    training = Training(network, config, seed=seed)
    if config.tagger.kind == "efp":
        fit_linear(training, train, valid)
    else:
        fit_network(training, train, valid, checkpoint)
    if not training.best_state:
        raise InputError("the validation loss was never a number. Lower the learning rate, or look for NaN in the data")
    stored = {"arguments": arguments, "state": training.best_state, "n_parameters": n_parameters(network)}
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
