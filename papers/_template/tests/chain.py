"""The chain for the guards of tests/guards: made events of two classes, from prepared.h5 to metrics.json.

The seed of a training draws the test events, so that the splits are those of seed 0.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pytest

from common.atomic import atomic_output
from tests.guards.chain import Array, Arrays, Chain, Toy, call
from tests.run_settings import write_settings

from ..evaluate import bootstrap_auc
from ..settings import SimulateConfig
from ..simulate import draw_events
from ..train import choose_test

N_EVENTS, TEST_FRACTION = 400, 0.5  # of both classes together
STAGES = ".".join(Path(__file__).resolve().parts[-4:-2])  # the package of the paper


def made_events(n: int, seed: int) -> Array:
    """Return events (n, label and feature) whose classes overlap."""
    return draw_events(SimulateConfig(n_events=n // 2, separation=1.0, seed=seed))


class PaperChain(Chain):
    """The logistic regression."""

    paper = Path(__file__).resolve().parents[1].name
    methods: ClassVar = ["regression"]
    chance: ClassVar = {"auc": 0.5}
    splits = ("train", "test")

    def make(self) -> None:
        write_settings(
            self.folder / "settings.yaml",
            train={"test_fraction": TEST_FRACTION, "regularisation": 1.0},
            evaluate={"n_bootstrap": 50},
        )
        self.write(made_events(N_EVENTS, 1))

    def write(self, events: Array) -> None:
        """Write prepared.h5 with events (event, label and feature)."""
        with atomic_output(self.folder / "prepared.h5") as path, h5py.File(path, "w") as file:
            file.attrs["origin"] = "generated"
            file["label"], file["feature"] = events.T

    def read(self) -> Array:
        """Return the events (event, label and feature) of prepared.h5."""
        with h5py.File(self.folder / "prepared.h5") as file:
            return np.column_stack([file["label"][:], file["feature"][:]])

    def of(self, split: str) -> Array:
        """Return the mask (event,) of a split."""
        is_test = choose_test(N_EVENTS, fraction=TEST_FRACTION, seed=0)
        return is_test if split == "test" else ~is_test

    def call(self, stage: str, *files: str, **options: object) -> None:
        """Call a stage with files of the folder."""
        paths = {Path(file).stem: self.folder / file for file in files}
        call(f"{STAGES}.{stage}", **paths, **options)

    def train(self, *, seed: int = 0) -> None:
        self.call("train", "settings.yaml", "prepared.h5", "model.npz", seed=seed)

    def predict(self) -> None:
        self.call("predict", "prepared.h5", "model.npz", "predictions.h5")

    def measure(self) -> None:
        self.call("evaluate", "settings.yaml", "predictions.h5", "metrics.json", seed=0)

    def weights(self) -> dict[str, Arrays]:
        return {"regression": {"parameters": np.load(self.folder / "model.npz")["parameters"]}}

    def decided(self) -> Arrays:
        return {}  # nothing but the weights

    def scores(self) -> Arrays:
        with h5py.File(self.folder / "predictions.h5") as file:
            return {"regression": file["score"][:]}

    def metrics(self) -> dict[str, float]:
        return {name: entry["value"] for name, entry in json.loads((self.folder / "metrics.json").read_text()).items()}

    def history_file(self, method: str) -> Path:
        return self.folder / "history.csv"  # there is none

    def stored_loss(self, method: str) -> None:
        return None  # not trained in epochs

    def learning_rate(self, method: str) -> None:
        return None

    def change(self, split: str, new: Callable[[Array], Array]) -> None:
        """Put new(events) in the place of the events (event, label and feature) of a split."""
        events, chosen = self.read(), self.of(split)
        events[chosen] = new(events[chosen])
        self.write(events)

    def replace(self, split: str) -> None:
        self.change(split, lambda events: made_events(len(events), 2))

    def relabel(self, split: str, new: Callable[[Array], Array]) -> None:
        self.change(split, lambda events: np.column_stack([new(events[:, 0]), events[:, 1]]))

    def reorder(self, order: Array) -> None:
        self.change("test", lambda events: events[order])

    def n_test(self) -> int:
        return int(self.of("test").sum())

    def equal_views(self) -> dict[str, Callable[[], None]]:
        return {}  # a single number has no other view

    def unequal_views(self) -> dict[str, Callable[[], None]]:
        return {"mirrored": lambda: self.change("test", lambda events: events * [1, -1])}

    def other_batches(self) -> None:
        pytest.skip("the model has no batches")

    def toys(self) -> dict[str, Toy]:
        def toy(generator: np.random.Generator) -> dict[str, tuple[float, float]]:
            label, feature = made_events(200, int(generator.integers(1 << 40))).T
            return {"auc": bootstrap_auc(label, feature, n_bootstrap=20, seed=1)}

        return {"area": toy}

    def generated_files(self, folder: Path) -> dict[str, set[bytes]]:
        return {"events.csv": {event.tobytes() for event in made_events(20, 1)}}
