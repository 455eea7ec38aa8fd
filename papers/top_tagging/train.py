"""Fit one tagger to the training jets (arXiv:1902.09914, Sec. 3).

prepared.h5 -> model.pt with the weights of the best validation loss, and history.csv.

The training jets come in a new random order in each epoch. The state is stored beside the output after each epoch, so a
killed training continues where it stopped. The linear tagger has no epochs: its loss is convex and is minimised fully.
"""

import logging
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from common.atomic import atomic_output
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs, History
from common.training.history import write_history
from common.training.torch_state import TorchState, n_parameters

from .model import Standardised, build
from .prepared.jets import Batch, JetSet, read_jets
from .settings import TrainConfig, TrainOne

VALIDATION_BATCH = 1000  # jets
LINEAR_ITERATIONS = 500  # upper limit for L-BFGS, which needs far fewer


def fit_network(
    network: nn.Module, train: JetSet, valid: JetSet, config: TrainOne, checkpoint: Path, *, seed: int
) -> History:
    """Train until all epochs are over or patience is lost, and leave the best weights in the network.

    The learning rate falls to zero as a cosine over all epochs; the history has that of each epoch. If `checkpoint`
    exists, the training continues from it.
    """
    n_epochs = config.experiment.epochs
    optimiser = torch.optim.Adam(network.parameters(), lr=config.experiment.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_epochs)
    state = TorchState(network, {"optimiser": optimiser, "schedule": schedule}, seed=seed)
    epochs = Epochs(state, total=n_epochs, patience=config.patience, checkpoint=checkpoint)
    for epoch in epochs:
        rate = optimiser.param_groups[0]["lr"]
        for batch in train.shuffled(config.batch, state.generator):
            loss = cross_entropy(network, batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            epoch.add(loss.item(), len(batch))
        schedule.step()
        epoch.validated(mean_loss(network, valid), learning_rate=rate)
    network.load_state_dict(epochs.best_weights)
    return epochs.history


def fit_linear(network: nn.Module, train: JetSet, valid: JetSet) -> History:
    """Minimise the convex loss of a linear tagger over all training jets at once."""
    everything = train.batch(torch.arange(len(train)))
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=LINEAR_ITERATIONS, line_search_fn="strong_wolfe")
    started = time.monotonic()

    def loss_and_gradient() -> Tensor:
        optimiser.zero_grad()
        loss = cross_entropy(network, everything)
        loss.backward()
        return loss

    optimiser.step(loss_and_gradient)
    train_loss, valid_loss = cross_entropy(network, everything).item(), mean_loss(network, valid)
    seconds = time.monotonic() - started
    logging.info("minimised: train %.4f  valid %.4f  %4.0f s", train_loss, valid_loss, seconds)
    return {"epoch": [1], "train_loss": [train_loss], "valid_loss": [valid_loss], "seconds": [seconds]}


def cross_entropy(network: nn.Module, batch: Batch) -> Tensor:
    """Return the mean cross entropy of some jets."""
    return nn.functional.cross_entropy(network(batch), batch.label)


@torch.no_grad()
def mean_loss(network: nn.Module, jets: JetSet) -> float:
    """Return the mean cross entropy of all jets."""
    network.eval()
    batches = jets.in_order(VALIDATION_BATCH)
    return sum(cross_entropy(network, batch).item() * len(batch) for batch in batches) / len(jets)


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
    if config.experiment.kind == "efp":
        history = fit_linear(network, train, valid)
    else:
        history = fit_network(network, train, valid, config, checkpoint, seed=seed)
    stored = {"arguments": arguments, "state": network.state_dict(), "n_parameters": n_parameters(network)}
    return stored, history


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
    config, seed = arguments.config.one(arguments.method), arguments.seed
    checkpoint = checkpoint_path(
        arguments.model, config, [arguments.prepared], seed=seed, stage="papers.top_tagging.train"
    )
    stored, history = train_tagger(arguments.prepared, config, checkpoint, seed=seed)
    with atomic_output(arguments.model) as path:
        torch.save(stored, path)
    write_history(arguments.history, history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
