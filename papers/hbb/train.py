"""Train one tagger with PyTorch: interaction network, its variants, or the 27-variable network (arXiv:1909.12285).

Prepared files of the splits train and valid -> model.pt with weights and inputs' scaling, and history.csv.

Cross-entropy, Adam, early stopping on the validation loss; the weights with the best one are kept. With an adversary,
the tagger also unlearns what tells the soft-drop mass of QCD jets. The state is kept beside the output after each
epoch, so a killed training goes on where it stopped.
"""

import logging
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from common.atomic import atomic_output, write_text
from common.checkpoints import checkpoint_name
from common.plotting import as_csv
from common.stage import parse, run
from common.yamlio import InputError
from papers.hbb import branches
from papers.hbb.cache import Jets
from papers.hbb.inputs import Scaling, build, dataset_names
from papers.hbb.model import Adversary, n_parameters
from papers.hbb.settings import TrainOne

MASS_BINS = np.linspace(40, 200, 41)  # [GeV] of the adversary; code
ADVERSARY_SPEED = 10  # its learning rate over that of the tagger; code
VALIDATION_BATCH = 64
SOFTDROP = branches.SPECTATORS.index("fj_sdmass")


@dataclass
class History:
    """What happened in each epoch."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Training:
    """A tagger on its way; everything that has to survive an interruption is in `state`."""

    def __init__(self, config: TrainOne, *, seed: int) -> None:
        """Build the network and its optimisers."""
        torch.manual_seed(seed)
        self.config, self.experiment = config, config.experiment
        self.network = build(config.experiment)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.experiment.learning_rate)
        self.adversary = Adversary(config.experiment.output, len(MASS_BINS) - 1)
        rate = ADVERSARY_SPEED * config.experiment.learning_rate
        self.adversary_optimiser = torch.optim.Adam(self.adversary.parameters(), lr=rate)
        self.random = np.random.default_rng(seed)
        self.history = History()
        self.best, self.best_state = math.inf, self.network.state_dict()

    @property
    def epoch(self) -> int:
        """Return the number of finished epochs."""
        return len(self.history.epoch)

    @property
    def waited(self) -> int:
        """Return how many epochs have passed since the best one."""
        return self.epoch - 1 - int(np.argmin(self.history.valid_loss)) if self.epoch else 0

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on."""
        names = ("network", "optimiser", "adversary", "adversary_optimiser")
        parts = {name: getattr(self, name).state_dict() for name in names}
        plain = {"best": self.best, "best_state": self.best_state, "history": asdict(self.history)}
        return parts | plain | {"random": self.random.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name in ("network", "optimiser", "adversary", "adversary_optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.best, self.best_state, self.history = state["best"], state["best_state"], History(**state["history"])
        self.random.bit_generator.state = state["random"]

    def step(self, batch: dict[str, Tensor], label: Tensor, mass_bin: Tensor) -> float:
        """Make one update from a batch; return its loss."""
        self.network.train()
        self.optimiser.zero_grad()
        if self.experiment.adversary_weight:
            loss = self._against_adversary(batch, label, mass_bin)
        else:
            loss = functional.cross_entropy(self.network(batch), label)
        loss.backward()
        self.optimiser.step()
        if self.experiment.adversary_weight:
            self.adversary_optimiser.step()
            self.adversary_optimiser.zero_grad()
        return float(loss.detach())

    def _against_adversary(self, batch: dict[str, Tensor], label: Tensor, mass_bin: Tensor) -> Tensor:
        """Return the loss of the tagger; the adversary gets its own gradient, of the opposite sign, on the way.

        The adversary sees QCD jets only. For the first epochs it learns without the tagger's noticing.
        """
        summary, qcd, n_jets = self.network.summary(batch), label == 0, len(label)
        loss = functional.cross_entropy(self.network.classify(summary), label)
        if not qcd.any():
            return loss
        own = functional.cross_entropy(self.adversary(summary[qcd].detach()), mass_bin[qcd], reduction="sum")
        (own / n_jets).backward()
        if self.epoch < self.experiment.adversary_start:
            return loss
        frozen = {name: value.detach() for name, value in self.adversary.named_parameters()}
        told = functional.cross_entropy(
            torch.func.functional_call(self.adversary, frozen, (summary[qcd],)), mass_bin[qcd], reduction="sum"
        )
        return loss - self.experiment.adversary_weight * told / n_jets


def mass_bins(spectators: np.ndarray) -> Tensor:
    """Return the adversary's bin (jet,) of the soft-drop mass; masses outside count to the nearest bin."""
    index = np.searchsorted(MASS_BINS, spectators[:, SOFTDROP]) - 1
    return torch.as_tensor(np.clip(index, 0, len(MASS_BINS) - 2))


@torch.no_grad()
def validation_loss(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Return the mean cross-entropy over all validation jets, plus what the adversary's part amounts to."""
    training.network.eval()
    total, experiment = 0.0, training.experiment
    names = [*dataset_names(experiment), "label", "spectators"]
    order = np.argsort(jets.column("n_tracks"), kind="stable")
    for found in jets.batches(names, size=VALIDATION_BATCH, order=order):
        label, bins = torch.as_tensor(found.pop("label")).long(), mass_bins(found.pop("spectators"))
        batch = scaling.apply(found)
        total += float(functional.cross_entropy(training.network(batch), label, reduction="sum"))
        if experiment.adversary_weight and (label == 0).any():
            told = training.adversary(training.network.summary(batch)[label == 0])
            total -= experiment.adversary_weight * float(
                functional.cross_entropy(told, bins[label == 0], reduction="sum")
            )
    return total / len(jets)


def train_epoch(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Pass once over the training jets in random order; return the mean loss."""
    experiment = training.experiment
    names = [*dataset_names(experiment), "label", "spectators"]
    order = training.random.permutation(len(jets))
    order = order[: max(len(order) // experiment.batch, 1) * experiment.batch]  # a small last batch would be noise
    losses = []
    for found in jets.batches(names, size=experiment.batch, order=order):
        label, bins = torch.as_tensor(found.pop("label")).long(), mass_bins(found.pop("spectators"))
        losses.append(training.step(scaling.apply(found), label, bins))
    return float(np.mean(losses))


def fit(training: Training, jets: dict[str, Jets], scaling: Scaling, checkpoint: Path) -> None:
    """Train until all epochs are done or patience is lost; resume from `checkpoint`."""
    experiment = training.experiment
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=False))
        logging.info("continued after epoch %d, from %s", training.epoch, checkpoint)
    before = training.history.seconds[-1] if training.epoch else 0.0
    started = time.monotonic()
    while training.epoch < experiment.epochs and training.waited < experiment.patience:
        train_loss = train_epoch(training, jets["train"], scaling)
        valid_loss = validation_loss(training, jets["valid"], scaling)
        is_counted = training.epoch >= experiment.adversary_start
        if valid_loss < training.best and is_counted:
            training.best = valid_loss
            training.best_state = {name: value.clone() for name, value in training.network.state_dict().items()}
        history, seconds = training.history, before + time.monotonic() - started
        history.epoch.append(training.epoch + 1)
        history.train_loss.append(train_loss)
        history.valid_loss.append(valid_loss if is_counted else math.inf)
        history.seconds.append(seconds)
        logging.info("epoch %3d  train %.4f  valid %.4f  %5.0f s", training.epoch, train_loss, valid_loss, seconds)
        with atomic_output(checkpoint) as path:
            torch.save(training.state(), path)


def main() -> None:
    """Train, write the model and its history, drop the checkpoint."""
    arguments = parse(
        __doc__,
        config=TrainOne,
        path_lists=["train", "valid"],
        paths=["model", "history"],
        numbers=["seed", "threads"],
    )
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # gradients of jets that are surely right are denormal numbers: many times slower
    config = arguments.config
    jets = {
        split: Jets.open(getattr(arguments, split), within_window=config.within_window) for split in ("train", "valid")
    }
    scaling = Scaling.of(jets["train"], config.experiment, seed=arguments.seed)
    training = Training(config, seed=arguments.seed)
    logging.info("%d parameters, %d training jets", n_parameters(training.network), len(jets["train"]))
    inputs = [*arguments.train, *arguments.valid]
    name = checkpoint_name(config, inputs, seed=arguments.seed, code=Path(__file__).parent)
    checkpoint = arguments.model.parent.parent / "checkpoints" / name
    fit(training, jets, scaling, checkpoint)
    if training.best == math.inf:
        raise InputError("the validation loss was never a number. Lower the learning rate, or look for NaN in the data")
    stored = {"experiment": config.experiment.model_dump(mode="json"), "weights": training.best_state}
    with atomic_output(arguments.model) as path:
        torch.save(stored | {"scaling": asdict(scaling), "n_parameters": n_parameters(training.network)}, path)
    write_text(arguments.history, as_csv(asdict(training.history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
