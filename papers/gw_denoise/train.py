"""Fit one experiment of one task to its training split (arXiv:2005.06534).

prepared_<task>.h5 -> model.pt with everything that predicting needs, and history.csv.

A batch is a few stretches of the record, each a run of overlapping windows. The state is stored beside the output after
each validation, so that a killed training continues from there. The result is the weights with the lowest validation
loss; they are running averages over the last updates.
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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from common.atomic import atomic_output, write_text
from common.errors import InputError
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name

from .model import STRIDE, CompositeLoss, build, n_parameters
from .network import wiener
from .network.windows import Windows
from .prepared import fast_witness, read_attributes, read_split
from .settings import ExperimentConfig, TrainOne

Attributes = dict[str, Any]


@dataclass
class History:
    """What happened at each validation."""

    update: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, **entries: float) -> None:
        """Append one line."""
        for name, value in entries.items():
            getattr(self, name).append(value)


class Training:
    """A network in training; `state` is all that a killed training needs to continue."""

    def __init__(self, network: nn.Module, config: TrainOne, *, seed: int) -> None:
        experiment = config.experiment
        self.network, self.config = network, config
        self.optimiser = torch.optim.Adam(
            network.parameters(), lr=experiment.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            experiment.learning_rate,
            total_steps=experiment.updates + 1,
            pct_start=config.warmup_fraction,
        )
        decay = math.exp(-1 / config.ema_updates) if config.ema_updates else 0.0
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        self.generator = torch.Generator().manual_seed(seed)
        self.history = History()
        self.update, self.best, self.waited = 0, math.inf, 0
        self.best_state: dict[str, Tensor] = {}

    def state(self) -> dict[str, Any]:
        """Return all that is needed to continue."""
        names = ("network", "optimiser", "schedule", "average")
        plain = {name: getattr(self, name) for name in ("update", "best", "waited", "best_state")}
        parts = {name: getattr(self, name).state_dict() for name in names}
        return plain | parts | {"generator": self.generator.get_state(), "history": asdict(self.history)}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name in ("update", "best", "waited", "best_state"):
            setattr(self, name, state[name])
        for name in ("network", "optimiser", "schedule", "average"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.history = History(**state["history"])

    def step(self, windows: Windows, loss: CompositeLoss) -> float:
        """Make one update and return its loss."""
        n_stretches = self.config.batch // self.config.neighbours
        chosen = torch.randint(len(windows), (n_stretches,), generator=self.generator)
        self.network.train()
        value = windows.loss(self.network, chosen, loss)
        self.optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip)
        self.optimiser.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        self.update += 1
        return float(value.detach())

    def note(self, *, train_loss: float, valid_loss: float, seconds: float) -> None:
        """Record a validation, and keep the averaged weights if it is the best so far."""
        rate = self.schedule.get_last_lr()[0]
        self.history.add(
            update=self.update, train_loss=train_loss, valid_loss=valid_loss, learning_rate=rate, seconds=seconds
        )
        self.waited = 0 if valid_loss < self.best else self.waited + 1
        if valid_loss < self.best:
            self.best = valid_loss
            self.best_state = {name: value.clone() for name, value in self.average.module.state_dict().items()}
        logging.info("update %5d  train %.4f  valid %.4f  %4.0f s", self.update, train_loss, valid_loss, seconds)


@torch.no_grad()
def validate(network: nn.Module, windows: Windows, loss: CompositeLoss, *, batch: int) -> float:
    """Return the mean loss over all windows of the validation split."""
    network.eval()
    total = 0.0
    for chosen in torch.arange(len(windows)).split(batch):
        total += float(windows.loss(network, chosen, loss)) * len(chosen)
    return total / len(windows)


def fit_network(training: Training, splits: dict[str, Windows], loss: CompositeLoss, checkpoint: Path) -> None:
    """Update until all updates are done or the validation loss has stopped falling; resume from `checkpoint`."""
    config = training.config
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=False))
        logging.info("continued after update %d, from %s", training.update, checkpoint)
    before = training.history.seconds[-1] if training.history.seconds else 0.0
    started, losses = time.monotonic(), []
    while training.update < config.experiment.updates and training.waited < config.patience:
        losses.append(training.step(splits["train"], loss))
        if training.update % config.check_every and training.update < config.experiment.updates:
            continue
        valid = validate(training.average.module, splits["valid"], loss, batch=config.batch)
        seconds = before + time.monotonic() - started
        training.note(train_loss=float(np.mean(losses)), valid_loss=valid, seconds=seconds)
        losses = []
        with atomic_output(checkpoint) as path:
            torch.save(training.state(), path)


def mains_monitor(experiment: ExperimentConfig, attributes: Attributes) -> int | None:
    """Return the index of the mains monitor if the method treats it differently from the other witnesses."""
    if experiment.needs_mains_monitor:
        return fast_witness(attributes["witnesses"], used_by=experiment.kind)
    return None


def window_samples(config: TrainOne, rate_hz: int) -> tuple[int, int]:
    """Return length and stride of the windows.

    Raises:
        InputError: If the autoencoder cannot halve a window or a stretch four times.
    """
    length, stride = round(config.window_s * rate_hz), round(config.stride_s * rate_hz)
    if config.experiment.kind == "autoencoder" and (length % STRIDE or (config.neighbours - 1) * stride % STRIDE):
        raise InputError(
            f"train.window_s and train.stride_s are {length} and {stride} samples at {rate_hz} Hz; the autoencoder"
            f" needs multiples of {STRIDE}."
        )
    return length, stride


def train_network(prepared: Path, config: TrainOne, attributes: Attributes, checkpoint: Path, *, seed: int) -> Any:
    """Return the stored form of a trained network, and its history."""
    experiment, rate = config.experiment, attributes["rate_hz"]
    torch.manual_seed(seed)
    arguments = {
        "kind": experiment.kind,
        "n_witnesses": len(attributes["witnesses"]),
        "fast": mains_monitor(experiment, attributes),
        "rank": experiment.rank,
        "phases": experiment.phases,
    }
    network = build(**arguments)
    logging.info("%s: %d parameters", experiment.kind, n_parameters(network))
    length, stride = window_samples(config, rate)
    train = read_split(prepared, "train")
    splits = {
        "train": Windows(
            train, length=length, stride=stride, neighbours=config.neighbours, formulation=config.formulation
        ),
        "valid": Windows(read_split(prepared, "valid"), length=length, stride=length),
    }
    loss = CompositeLoss(
        rate_hz=rate,
        band_hz=tuple(attributes["band_hz"]),
        psd_s=config.psd_window_s,
        psd_weight=experiment.psd_weight,
        mse_weight=experiment.mse_weight,
    )
    if experiment.reference == "record":
        loss.set_reference(torch.from_numpy(train.target), torch.from_numpy(train.segments))
    training = Training(network, config, seed=seed)
    fit_network(training, splits, loss, checkpoint)
    if not training.best_state:
        raise InputError(
            "the validation loss was never a number. Lower the learning rate, or look for NaN in the data."
        )
    stored = {"arguments": arguments, "state": training.best_state, "n_parameters": n_parameters(network)}
    return stored, training.history


def train_wiener(prepared: Path, experiment: ExperimentConfig, attributes: Attributes) -> Any:
    """Return the stored form of a Wiener filter, and an empty history."""
    train = read_split(prepared, "train")
    arguments = {
        "kind": experiment.kind,
        "fast": mains_monitor(experiment, attributes),
        "taps": experiment.taps,
        "step": experiment.tap_step,
    }
    coefficients = wiener.fit(
        train.witnesses,
        train.target,
        train.segments,
        **arguments,
        rate_hz=attributes["rate_hz"],
        band_hz=attributes["band_hz"],
        order=attributes["filter_order"],
    )
    stored = {"arguments": arguments, "coefficients": coefficients, "n_parameters": len(coefficients)}
    return stored, History()


def main() -> None:
    """Fit, write the model and its history, remove the checkpoint."""
    arguments = parse(__doc__, config=TrainOne, paths=["prepared", "model", "history"], numbers=["seed", "threads"])
    torch.set_num_threads(arguments.threads)
    config, attributes = arguments.config, read_attributes(arguments.prepared)
    folder = arguments.model.parent.parent / "checkpoints"
    checkpoint = folder / checkpoint_name(config, [arguments.prepared], seed=arguments.seed, code=Path(__file__).parent)
    if config.experiment.is_network:
        stored, history = train_network(arguments.prepared, config, attributes, checkpoint, seed=arguments.seed)
    else:
        stored, history = train_wiener(arguments.prepared, config.experiment, attributes)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_text(arguments.history, as_csv(asdict(history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
