"""Networks from the settings of an experiment, or from a file."""

from pathlib import Path

import keras

from ..model import CVN, LocalResponseNormalization, Pool, ceil_pool
from ..settings import ExperimentConfig, Formulation
from .comparison import modern, plain
from .fast import LocalResponse, fast_pool

LAYERS: dict[Formulation, tuple[type[keras.layers.Layer], Pool]] = {
    "article": (LocalResponseNormalization, ceil_pool),
    "fast": (LocalResponse, fast_pool),
}
COMPARISON = {network.__name__: network for network in (modern, plain)}


def build(shape: tuple[int, ...], config: ExperimentConfig, *, formulation: Formulation) -> keras.Model:
    """Return the untrained network of one experiment for images (view, plane, cell).

    Both formulations of the CVN have the same weights, and the same outputs within the rounding of float32.
    """
    if config.kind == "cvn":
        normalise, pool = LAYERS[formulation]
        return CVN(config, normalise=normalise, pool=pool).network(shape)
    return COMPARISON[config.kind](shape, config)


def load(path: Path) -> keras.Model:
    """Return a trained network without its optimiser; all layers that it may have are imported here."""
    return keras.saving.load_model(path, compile=False)
