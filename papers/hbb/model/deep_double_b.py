"""The DeepDoubleB-like baseline in Keras: convolutions, recurrent layers, and 27 variables.

    variables (27)    -> batch normalisation                                                                   -> 27
    tracks (60, 8)    -> batch normalisation, two 1x1 convolutions of 32, dropout, GRU of 50 backwards, dropout -> 50
    vertices (5, 2)   -> the same                                                                              -> 50
    all 127           -> dense 100, dropout, softmax of QCD and H

40,344 trained parameters. Import this module only where it is needed: TensorFlow takes seconds to start.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from common.training.keras_state import n_trained

from ..archive import branches
from ..prepared import Array, Jets

# Flight distance of vertices: in space, in centimetres and over its error.
FEATURES = {
    "tracks": [name for name in branches.TRACK_FEATURES if name.startswith("trackBTag_")],  # (8)
    "vertices": ["sv_d3d", "sv_d3dsig"],
}
COLUMNS = {
    "tracks": [branches.TRACK_FEATURES.index(name) for name in FEATURES["tracks"]],
    "vertices": [branches.VERTEX_FEATURES.index(name) for name in FEATURES["vertices"]],
}
N_PLACES = {"tracks": branches.MAX_TRACKS, "vertices": branches.MAX_VERTICES}
FILTERS, MEMORY, WIDTH, DROPOUT = 32, 50, 100, 0.1
SCORING_BATCH = 1024


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
        values = layers.SpatialDropout1D(DROPOUT)(values)  # (jet, place, FILTERS)
    values = layers.GRU(MEMORY, go_backwards=True, reset_after=False)(values)  # (jet, MEMORY)
    return layers.Dropout(DROPOUT)(values)


def build() -> keras.Model:
    """Return the untrained network."""
    inputs = {"variables": keras.Input((len(branches.DOUBLE_B),), name="variables")}
    inputs |= {name: keras.Input((N_PLACES[name], len(FEATURES[name])), name=name) for name in FEATURES}
    parts = [layers.BatchNormalization()(inputs["variables"]), *(summarise(inputs[name]) for name in FEATURES)]
    values = layers.Dense(WIDTH, activation="relu", kernel_initializer="he_normal")(layers.concatenate(parts))
    values = layers.Dropout(DROPOUT)(values)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(values))


class Batches(keras.utils.PyDataset):
    """Batches of jets as Keras asks for them, read from the prepared files."""

    def __init__(self, jets: Jets, *, size: int, order: Array | None = None) -> None:
        """Take the jets in the given order (jet,); that of the files by default."""
        super().__init__()
        self.jets, self.size = jets, size
        self.order = np.arange(len(jets)) if order is None else order

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-len(self.order) // self.size)

    def __getitem__(self, number: int) -> tuple[dict[str, Array], Array]:
        """Return inputs and labels of one batch."""
        index = self.order[number * self.size : (number + 1) * self.size]
        batch = self.jets.gather(["variables", *COLUMNS, "label"], index)
        inputs = {name: batch[name][:, :, columns] for name, columns in COLUMNS.items()}  # (jet, place, feature)
        return {"variables": batch["variables"], **inputs}, batch["label"].astype(np.int32)


@dataclass(frozen=True)
class Tagger:
    """A trained network."""

    network: keras.Model

    @property
    def n_parameters(self) -> int:
        """Return the number of trained parameters."""
        return n_trained(self.network)

    def score(self, jets: Jets) -> Array:
        """Return the probability (jet,) of H to bb."""
        return self.network.predict(Batches(jets, size=SCORING_BATCH), verbose=0)[:, 1]


def load(path: Path, *, threads: int) -> Tagger:
    """Return the tagger that stage train_keras has written; it works on a number of threads."""
    set_up(threads=threads, seed=0)
    return Tagger(keras.saving.load_model(path))
