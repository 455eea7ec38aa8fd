"""Train the DeepDoubleB-like baseline with Keras and TensorFlow (arXiv:1909.12285, baseline).

Prepared files of the splits train and valid -> model.keras with the best weights, and history.csv.
"""

import logging
from pathlib import Path

import keras
import numpy as np

from common.atomic import atomic_output
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs
from common.training.history import write_history
from common.training.keras_state import KerasState, n_trained

from .model.deep_double_b import Batches, build, set_up
from .prepared import Jets, files_of
from .settings import ExperimentConfig, TrainConfig


def fit(
    network: keras.Model, jets: dict[str, Jets], config: ExperimentConfig, *, seed: int, checkpoint: Path
) -> Epochs:
    """Train until all epochs are done or patience is lost; continue from `checkpoint` if it exists."""
    network.compile(keras.optimizers.Adam(config.learning_rate), loss="sparse_categorical_crossentropy")
    epochs = Epochs(KerasState(network), total=config.epochs, patience=config.patience, checkpoint=checkpoint)
    valid = Batches(jets["valid"], size=config.batch)
    orders, n_jets = np.random.default_rng(seed), len(jets["train"])
    for _ in range(epochs.done + 1):  # the first epoch of the recorded results had the second order
        orders.permutation(n_jets)
    for epoch in epochs:
        train = Batches(jets["train"], size=config.batch, order=orders.permutation(n_jets))
        losses = network.fit(train, validation_data=valid, epochs=1, shuffle=False, verbose=0).history
        epoch.add(losses["loss"][0])
        rate = float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))
        epoch.validated(losses["val_loss"][0], learning_rate=rate)
    return epochs


def main() -> None:
    """Train, write the best weights and the history, delete the checkpoint."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        paths=["prepared", "model", "history"],
        numbers=["seed", "threads"],
        texts=["method"],
    )
    set_up(threads=arguments.threads, seed=arguments.seed)
    config = arguments.config.one(arguments.method)
    files = {split: files_of(arguments.prepared, split, arguments.run) for split in ("train", "valid")}
    jets = {split: Jets.open(paths, within_window=config.within_window) for split, paths in files.items()}
    network = build()
    logging.info("%d trained parameters, %d training jets", n_trained(network), len(jets["train"]))
    inputs = [*files["train"], *files["valid"]]
    checkpoint = checkpoint_path(arguments.model, config, inputs, seed=arguments.seed, stage="papers.hbb.train_keras")
    epochs = fit(network, jets, config.experiment, seed=arguments.seed, checkpoint=checkpoint)
    network.set_weights(epochs.best_weights)
    with atomic_output(arguments.model) as path:
        network.save(path)
    write_history(arguments.history, epochs.history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
