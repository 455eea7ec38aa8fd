"""Train one network with Keras and TensorFlow (arXiv:1604.01444, Sec. on the training).

Prepared events of the splits train and valid -> model.keras with the last weights, and history.csv. As in the article
there is no early stopping; the validation loss is only recorded. A killed training continues after its last epoch.
"""

import json
import logging
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from common.atomic import atomic_output, write_json, write_text
from common.errors import InputError
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name

from .network.build import build, n_trained
from .network.optimiser import CaffeSGD, learning_rate
from .network.runtime import set_up
from .prepared.batches import plain_batches, training_batches
from .prepared.file import Prepared
from .settings import TrainOne

log = logging.getLogger(__name__)

VALID_BATCH = 256


@dataclass
class History:
    """One entry for each epoch."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)  # mean over the epoch, with dropout and jitter
    valid_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)  # at the end of the epoch
    seconds: list[float] = field(default_factory=list)


def build_untrained(train: Prepared, config: TrainOne) -> keras.Model:
    """Return the untrained network for the shape of the training images."""
    return build(train.shape, config.experiment, formulation=config.formulation)


def compile_network(network: keras.Model, config: TrainOne, *, n_train: int) -> None:
    """Give a network the article's optimiser, with the schedule scaled to `n_train` events.

    `jit_compile=False` because XLA's convolutions on a CPU do not use oneDNN. On a machine without a GPU, Keras would
    decide the same by itself.
    """
    experiment = config.experiment
    n_iterations = experiment.epochs * math.ceil(n_train / experiment.batch)
    rate = learning_rate(experiment.learning_rate, config.schedule, n_train=n_train, n_iterations=n_iterations)
    optimiser = CaffeSGD(rate, decay=experiment.weight_decay, momentum=experiment.momentum)
    network.compile(optimiser, loss="sparse_categorical_crossentropy", jit_compile=False)


def train_epoch(network: keras.Model, train: Prepared, config: TrainOne, *, random: np.random.Generator) -> float:
    """Make one pass over the training events; return the mean loss.

    Raises:
        InputError: If the loss is not a number.
    """
    batches = training_batches(
        train, config.augment, batch=config.experiment.batch, shuffle_blocks=config.shuffle_blocks, random=random
    )
    loss = mean_loss((network.train_on_batch(images, label), len(label)) for images, label in batches)
    if not math.isfinite(loss):
        raise InputError("the training loss is no longer a number: try a smaller learning_rate in config.yaml")
    return loss


def validation_loss(network: keras.Model, valid: Prepared) -> float:
    """Return the mean loss over all validation events."""
    batches = plain_batches(valid, batch=VALID_BATCH)
    return mean_loss((network.test_on_batch(images, label), len(label)) for images, label in batches)


def mean_loss(batches: Iterable[tuple[float, int]]) -> float:
    """Return the mean loss per event; Keras reports each batch by itself, as (mean loss, number of events) here."""
    total = n_events = 0.0
    for loss, n in batches:
        total, n_events = total + n * float(loss), n_events + n
    return total / n_events


class Checkpoint:
    """The state of a training after its last finished epoch: a network, and the history as a note beside it."""

    def __init__(self, note: Path) -> None:
        """Take the path of the note; nothing is read yet."""
        self._note = note

    def _network(self, epoch: int) -> Path:
        return self._note.with_name(f"{self._note.stem}-{epoch}.keras")

    def load(self) -> tuple[keras.Model, History] | None:
        """Return network and history, or None if there are none."""
        if not self._note.exists():
            return None
        history = History(**json.loads(self._note.read_text(encoding="utf-8")))
        log.info("continued after epoch %d", len(history.epoch))
        return keras.saving.load_model(self._network(len(history.epoch))), history

    def save(self, network: keras.Model, history: History) -> None:
        """Write the network, then the note; a process killed in between leaves the previous state."""
        epoch = len(history.epoch)
        self._note.parent.mkdir(parents=True, exist_ok=True)
        with atomic_output(self._network(epoch)) as path:
            network.save(path)
        write_json(self._note, asdict(history))
        self._network(epoch - 1).unlink(missing_ok=True)

    def drop(self, history: History) -> None:
        """Remove both files."""
        self._note.unlink(missing_ok=True)
        self._network(len(history.epoch)).unlink(missing_ok=True)


def seed_dropout(network: keras.Model, *, seed: int, epoch: int) -> None:
    """Make the dropout of an epoch depend on seed and epoch alone, because Keras does not save its state."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([seed, epoch])


def fit(
    network: keras.Model, splits: tuple[Prepared, Prepared], config: TrainOne, *, seed: int, history: History
) -> Iterator[int]:
    """Train on the first split, from the last finished epoch on; yield each epoch after it was added to `history`."""
    train, valid = splits
    started = time.monotonic() - (history.seconds[-1] if history.seconds else 0.0)
    for epoch in range(len(history.epoch) + 1, config.experiment.epochs + 1):
        random = np.random.default_rng([seed, epoch])
        seed_dropout(network, seed=seed, epoch=epoch)
        history.train_loss.append(train_epoch(network, train, config, random=random))
        history.valid_loss.append(validation_loss(network, valid))
        history.epoch.append(epoch)
        history.lr.append(float(network.optimizer.learning_rate))
        history.seconds.append(time.monotonic() - started)
        log.info(
            "epoch %3d  train %.4f  valid %.4f  %5.0f s",
            *(epoch, history.train_loss[-1], history.valid_loss[-1], history.seconds[-1]),
        )
        yield epoch


def main() -> None:
    """Train, write the network and its history, remove the checkpoint."""
    arguments = parse(
        __doc__, config=TrainOne, paths=["train", "valid", "model", "history"], numbers=["seed", "threads"]
    )
    config: TrainOne = arguments.config
    set_up(threads=arguments.threads, seed=arguments.seed, precision=config.precision)
    splits = (Prepared(arguments.train), Prepared(arguments.valid))
    name = checkpoint_name(config, [arguments.train, arguments.valid], seed=arguments.seed, code=Path(__file__).parent)
    checkpoint = Checkpoint(arguments.model.parent.parent / "checkpoints" / Path(name).with_suffix(".json"))
    network, history = checkpoint.load() or (build_untrained(splits[0], config), History())
    if not history.epoch:
        compile_network(network, config, n_train=len(splits[0]))
    log.info("%d trained parameters, %d training events", n_trained(network), len(splits[0]))
    for _ in fit(network, splits, config, seed=arguments.seed, history=history):
        checkpoint.save(network, history)
    with atomic_output(arguments.model) as path:
        network.save(path)
    write_text(arguments.history, as_csv(asdict(history)))
    checkpoint.drop(history)


if __name__ == "__main__":
    run(main)
