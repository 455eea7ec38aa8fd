"""Train one network with Keras and TensorFlow (arXiv:1604.01444, Sec. on the training).

Prepared events of the splits train and valid -> model.keras with the last weights, and history.csv. As in the article
there is no early stopping; the validation loss is only recorded. A killed training continues after its last epoch.
"""

import logging
import math

import keras
import numpy as np

from common.atomic import atomic_output
from common.errors import InputError
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs
from common.training.history import write_history
from common.training.keras_state import KerasState, n_trained

from .network.build import build
from .network.optimiser import compile_network
from .network.runtime import set_up
from .prepared.batches import plain_batches, training_batches
from .prepared.file import Prepared
from .settings import TrainConfig, TrainOne

VALID_BATCH = 256


def build_compiled(train: Prepared, config: TrainOne) -> keras.Model:
    """Return the untrained network for the images of the training events, with its optimiser."""
    network = build(train.shape, config.experiment, formulation=config.formulation)
    compile_network(network, config, n_train=len(train))
    return network


def fit(
    network: keras.Model, splits: tuple[Prepared, Prepared], config: TrainOne, epochs: Epochs, *, seed: int
) -> None:
    """Train a network on the first split, and record its loss on both.

    Raises:
        InputError: If the loss is not a number.
    """
    train, valid = splits
    for epoch in epochs:
        random = np.random.default_rng([seed, epoch.number])
        seed_dropout(network, seed=seed, epoch=epoch.number)
        batches = training_batches(
            train, config.augment, batch=config.experiment.batch, shuffle_blocks=config.shuffle_blocks, random=random
        )
        for images, label in batches:  # (event, view, plane, cell), (event,)
            loss = network.train_on_batch(images, label)  # forward pass, gradient and update
            epoch.add(loss, len(label))
        if not math.isfinite(epoch.train_loss):
            raise InputError("the training loss is no longer a number: try a smaller learning_rate in config.yaml")
        epoch.validated(validation_loss(network, valid), learning_rate=float(network.optimizer.learning_rate))


def validation_loss(network: keras.Model, valid: Prepared) -> float:
    """Return the mean loss per event over all validation events; Keras reports the mean of each batch."""
    total = 0.0
    for images, label in plain_batches(valid, batch=VALID_BATCH):
        total += len(label) * float(network.test_on_batch(images, label))
    return total / len(valid)


def seed_dropout(network: keras.Model, *, seed: int, epoch: int) -> None:
    """Make the dropout of an epoch depend on seed and epoch alone."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            layer.seed_generator.state.assign([seed, epoch])


def main() -> None:
    """Train, write the network and its history, remove the checkpoint."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        paths=["train", "valid", "model", "history"],
        texts=["method"],
        numbers=["seed", "threads"],
    )
    config: TrainOne = arguments.config.one(arguments.method)
    set_up(threads=arguments.threads, seed=arguments.seed, precision=config.precision)
    inputs, stage = [arguments.train, arguments.valid], f"{__package__}.train"
    splits = (Prepared(arguments.train), Prepared(arguments.valid))
    network = build_compiled(splits[0], config)
    logging.info("%d trained parameters, %d training events", n_trained(network), len(splits[0]))
    checkpoint = checkpoint_path(arguments.model, config, inputs, seed=arguments.seed, stage=stage)
    epochs = Epochs(KerasState(network), total=config.experiment.epochs, checkpoint=checkpoint)
    fit(network, splits, config, epochs, seed=arguments.seed)
    with atomic_output(arguments.model) as path:
        network.save(path)
    write_history(arguments.history, epochs.history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
