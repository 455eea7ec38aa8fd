"""The state of a training with Keras (see epochs.py)."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from common.atomic import atomic_output

Weights = list[np.ndarray[Any, Any]]


class KerasState:
    """A compiled network with its optimiser; the seeds of its dropout are among its variables."""

    def __init__(self, network: keras.Model) -> None:
        """Take a training before its first step; `network` is compiled."""
        network.optimizer.build(network.trainable_variables)
        self.network = network

    def start(self) -> None:
        """Do nothing: Keras is told with each call whether it trains."""

    def weights(self) -> Weights:
        """Return a copy of the network's weights."""
        return [keras.ops.convert_to_numpy(value).copy() for value in self.network.weights]

    def _variables(self) -> list[Any]:
        return [*self.network.variables, *self.network.optimizer.variables]

    def save(self, path: Path, progress: dict[str, Any]) -> None:
        """Write everything to one npz file, atomically."""
        best = progress["best_weights"]
        note = {name: value for name, value in progress.items() if name != "best_weights"} | {"has_best": bool(best)}
        arrays = {f"variable{k}": keras.ops.convert_to_numpy(value) for k, value in enumerate(self._variables())}
        arrays |= {f"best{k}": value for k, value in enumerate(best or [])}
        with atomic_output(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, note=np.array(json.dumps(note)), **arrays)

    def load(self, path: Path) -> dict[str, Any]:
        """Restore what `save` wrote, and return the progress."""
        with np.load(path) as file:
            progress: dict[str, Any] = json.loads(str(file["note"]))
            for k, variable in enumerate(self._variables()):
                variable.assign(file[f"variable{k}"])
            best = [file[f"best{k}"] for k in range(sum(name.startswith("best") for name in file.files))]
        progress["best_weights"] = best if progress.pop("has_best") else None
        return progress


def n_trained(network: keras.Model) -> int:
    """Return the number of trained parameters."""
    return int(sum(np.prod(weight.shape) for weight in network.trainable_weights))
