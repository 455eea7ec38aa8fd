"""Fit one experiment of one task to its training split (arXiv:2005.06534).

prepared_<task>.h5 -> model.pt with everything that predicting needs, and history.csv.

A batch is a few stretches of the record, each a run of overlapping windows. The state is stored beside the output after
each validation, so that a killed training continues from there. The result is the weights with the lowest validation
loss; they are running averages over the last updates.
"""

import logging
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from common.atomic import atomic_output
from common.errors import InputError
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs, History
from common.training.history import write_history
from common.training.torch_state import TorchState, n_parameters

from .model import STRIDE, CompositeLoss, build
from .network import wiener
from .network.windows import Windows
from .prepared import Split, fast_witness, read_attributes, read_split
from .settings import ExperimentConfig, TrainConfig, TrainOne

Attributes = dict[str, Any]
Fitted = tuple[dict[str, Any], History]  # what model.pt and history.csv hold


@torch.no_grad()
def validate(network: nn.Module, windows: Windows, loss: CompositeLoss, *, batch: int) -> float:
    """Return the mean loss over all windows of the validation split."""
    network.eval()
    total = 0.0
    for chosen in torch.arange(len(windows)).split(batch):
        total += float(loss(*windows.predict(network, chosen))) * len(chosen)
    return total / len(windows)


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


def make_loss(config: TrainOne, attributes: Attributes, train: Split) -> CompositeLoss:
    """Return the loss of an experiment; the split is needed if the loss is divided by the PSD of the whole record."""
    experiment = config.experiment
    loss = CompositeLoss(
        rate_hz=attributes["rate_hz"],
        band_hz=tuple(attributes["band_hz"]),
        psd_s=config.psd_window_s,
        psd_weight=experiment.psd_weight,
        mse_weight=experiment.mse_weight,
    )
    if experiment.reference == "record":
        loss.set_reference(torch.from_numpy(train.target), torch.from_numpy(train.segments))
    return loss


def average_of(network: nn.Module, ema_updates: float) -> AveragedModel:
    """Return a running average of the weights over about `ema_updates` updates; 0: the weights themselves."""
    decay = math.exp(-1 / ema_updates) if ema_updates else 0.0
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def fit_network(
    network: nn.Module,
    windows: dict[str, Windows],
    loss: CompositeLoss,
    config: TrainOne,
    *,
    seed: int,
    checkpoint: Path,
) -> Epochs:
    """Train a network on the windows "train" until its loss on "valid" no longer falls; return the training."""
    rate, updates = config.experiment.learning_rate, config.experiment.updates
    optimiser = torch.optim.Adam(network.parameters(), lr=rate, weight_decay=config.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=updates + 1, pct_start=config.warmup_fraction
    )
    average = average_of(network, config.ema_updates)
    parts = {"optimiser": optimiser, "schedule": schedule, "average": average}
    state = TorchState(network, parts, seed=seed, result=average.module)
    counting = {"total": updates, "every": config.check_every, "counted": "update"}
    epochs = Epochs(state, **counting, patience=config.patience, checkpoint=checkpoint)
    n_stretches = config.batch // config.neighbours
    for epoch in epochs:
        for _ in epoch.steps:
            stretches = torch.randint(len(windows["train"]), (n_stretches,), generator=state.generator)
            predicted, target = windows["train"].predict(network, stretches)
            value = loss(predicted, target)
            optimiser.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clip)
            optimiser.step()
            schedule.step()
            average.update_parameters(network)
            epoch.add(value.detach())
        valid_loss = validate(average.module, windows["valid"], loss, batch=config.batch)
        epoch.validated(valid_loss, learning_rate=schedule.get_last_lr()[0])
    return epochs


def train_network(prepared: Path, config: TrainOne, attributes: Attributes, checkpoint: Path, *, seed: int) -> Fitted:
    """Return the stored form of a trained network, and its history."""
    experiment = config.experiment
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
    length, stride = window_samples(config, attributes["rate_hz"])
    train = read_split(prepared, "train")
    shared = {"length": length, "formulation": config.formulation}
    windows = {
        "train": Windows(train, stride=stride, neighbours=config.neighbours, **shared),
        "valid": Windows(read_split(prepared, "valid"), stride=length, **shared),
    }
    loss = make_loss(config, attributes, train)
    epochs = fit_network(network, windows, loss, config, seed=seed, checkpoint=checkpoint)
    stored = {"arguments": arguments, "state": epochs.best_weights, "n_parameters": n_parameters(network)}
    return stored, epochs.history


def train_wiener(prepared: Path, experiment: ExperimentConfig, attributes: Attributes) -> Fitted:
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
    return stored, {"update": [], "train_loss": [], "valid_loss": [], "learning_rate": [], "seconds": []}


def main() -> None:
    """Fit, write the model and its history, remove the checkpoint."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        texts=["task", "method"],
        numbers=["seed", "threads"],
        paths=["prepared", "model", "history"],
    )
    torch.set_num_threads(arguments.threads)
    config = arguments.config.one(arguments.task, arguments.method)
    attributes = read_attributes(arguments.prepared)
    inputs, stage = [arguments.prepared], "papers.gw_denoise.train"
    checkpoint = checkpoint_path(arguments.model, config, inputs, seed=arguments.seed, stage=stage)
    if config.experiment.is_network:
        stored, history = train_network(arguments.prepared, config, attributes, checkpoint, seed=arguments.seed)
    else:
        stored, history = train_wiener(arguments.prepared, config.experiment, attributes)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_history(arguments.history, history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
