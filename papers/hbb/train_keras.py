"""Train the DeepDoubleB-like baseline with Keras and TensorFlow (arXiv:1909.12285, baseline).

Prepared files of the splits train and valid -> model.keras with the best weights, and history.csv.
"""

import logging
import time
from typing import Any

import keras

from common.atomic import atomic_output, write_text
from common.stage import parse, run
from common.tables import as_csv

from .model.deep_double_b import Batches, build, n_parameters, set_up
from .prepared import Jets
from .settings import TrainOne


class Clock(keras.callbacks.Callback):
    """Records when each epoch ends, and logs its losses."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.seconds = time.monotonic(), []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the time and log the losses."""
        self.seconds.append(time.monotonic() - self.started)
        losses = logs or {}
        logging.info(
            "epoch %3d  train %.4f  valid %.4f  %5.0f s",
            epoch + 1,
            losses.get("loss", float("nan")),
            losses.get("val_loss", float("nan")),
            self.seconds[-1],
        )


def main() -> None:
    """Train, write the best weights and the history."""
    arguments = parse(
        __doc__,
        config=TrainOne,
        path_lists=["train", "valid"],
        paths=["model", "history"],
        numbers=["seed", "threads"],
    )
    config, experiment = arguments.config, arguments.config.experiment
    set_up(threads=arguments.threads, seed=arguments.seed)
    jets = {
        split: Jets.open(getattr(arguments, split), within_window=config.within_window) for split in ("train", "valid")
    }
    network = build()
    logging.info("%d trained parameters, %d training jets", n_parameters(network), len(jets["train"]))
    network.compile(keras.optimizers.Adam(experiment.learning_rate), loss="sparse_categorical_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=experiment.patience, restore_best_weights=True)
    clock = Clock()
    fitted = network.fit(
        Batches(jets["train"], size=experiment.batch, seed=arguments.seed),
        validation_data=Batches(jets["valid"], size=experiment.batch, seed=None),
        epochs=experiment.epochs,
        callbacks=[stop, clock],
        verbose=0,
        shuffle=False,
    )
    with atomic_output(arguments.model) as path:
        network.save(path)
    losses = {"train_loss": fitted.history["loss"], "valid_loss": fitted.history["val_loss"]}
    epochs = list(range(1, len(clock.seconds) + 1))
    write_text(arguments.history, as_csv({"epoch": epochs, **losses, "seconds": clock.seconds}))


if __name__ == "__main__":
    run(main)
