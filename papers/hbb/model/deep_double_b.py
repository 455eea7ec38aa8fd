"""The DeepDoubleB-like baseline of arXiv:1909.12285 in Keras: convolutions, recurrent layers, and 27 variables.

    variables (27)    -> batch normalisation                                                                  -> 27
    tracks (60, 8)    -> batch normalisation, two 1x1 convolutions of 32, dropout, GRU of 50 backwards, dropout -> 50
    vertices (5, 2)   -> the same                                                                             -> 50
    all 127           -> dense 100, dropout, softmax of QCD and H

40,344 trained parameters. This module is imported by the Keras stages only: TensorFlow takes seconds to start.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from papers.hbb import branches
from papers.hbb.cache import Jets

TRACK_FEATURES = slice(22, 30)  # the trackBTag_* ones
VERTEX_FEATURES = slice(11, 13)  # flight distance in space, in centimetres and over its error
N_FEATURES = {"tracks": 8, "vertices": 2}
N_PLACES = {"tracks": branches.MAX_TRACKS, "vertices": branches.MAX_VERTICES}
FILTERS, MEMORY, WIDTH, DROPOUT = 32, 50, 100, 0.1


def set_up(*, threads: int, seed: int) -> None:
    """Make runs repeatable, on a number of threads."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def summarise(particles: keras.KerasTensor) -> keras.KerasTensor:
    """Return (jet, MEMORY) from (jet, place, feature), the most displaced particle read last."""
    values = layers.BatchNormalization()(particles)
    for _ in range(2):
        values = layers.Conv1D(FILTERS, 1, activation="relu", use_bias=False, kernel_initializer="he_normal")(values)
        values = layers.SpatialDropout1D(DROPOUT)(values)
    values = layers.GRU(MEMORY, go_backwards=True, reset_after=False)(values)
    return layers.Dropout(DROPOUT)(values)


def build() -> keras.Model:
    """Return the untrained network."""
    inputs = {"variables": keras.Input((len(branches.DOUBLE_B),), name="variables")}
    inputs |= {name: keras.Input((N_PLACES[name], N_FEATURES[name]), name=name) for name in N_FEATURES}
    parts = [layers.BatchNormalization()(inputs["variables"]), *(summarise(inputs[name]) for name in N_FEATURES)]
    values = layers.Dense(WIDTH, activation="relu", kernel_initializer="he_normal")(layers.concatenate(parts))
    values = layers.Dropout(DROPOUT)(values)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(values))


def n_trained(network: keras.Model) -> int:
    """Return the number of trained parameters."""
    return int(sum(np.prod(weight.shape) for weight in network.trainable_weights))


class Batches(keras.utils.PyDataset):
    """Batches of jets as Keras asks for them, read from the prepared files."""

    def __init__(self, jets: Jets, *, size: int, seed: int | None) -> None:
        """Remember the jets; with a seed they come in a new random order in each epoch, else as they are."""
        super().__init__()
        self.jets, self.size = jets, size
        self.random = None if seed is None else np.random.default_rng(seed)
        self.order = np.arange(len(jets))
        self.on_epoch_end()

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-len(self.order) // self.size)

    def __getitem__(self, number: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return inputs and labels of one batch."""
        chosen = self.order[number * self.size : (number + 1) * self.size]
        found = self.jets.gather(["variables", "tracks", "vertices", "label"], chosen)
        inputs = {
            "variables": found["variables"],
            "tracks": found["tracks"][:, :, TRACK_FEATURES],
            "vertices": found["vertices"][:, :, VERTEX_FEATURES],
        }
        return inputs, found["label"].astype(np.int32)

    def on_epoch_end(self) -> None:
        """Draw a new order."""
        if self.random is not None:
            self.order = self.random.permutation(len(self.jets))
