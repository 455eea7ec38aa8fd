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
from papers.hbb.cache import Jets
from papers.hbb.double_b_network import Batches, build, n_trained, set_up
from papers.hbb.settings import TrainOne


class Seconds(keras.callbacks.Callback):
    """Notes when each epoch has ended, and logs its losses."""

    def __init__(self) -> None:
        """Start the clock."""
        super().__init__()
        self.started, self.seconds = time.monotonic(), []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note and log."""
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
    """Train, keep the best weights, write."""
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
    logging.info("%d trained parameters, %d training jets", n_trained(network), len(jets["train"]))
    network.compile(keras.optimizers.Adam(experiment.learning_rate), loss="sparse_categorical_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=experiment.patience, restore_best_weights=True)
    clock = Seconds()
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
