"""What a paper declares so that the guards of this folder can work on its stages.

`papers/<paper>/tests/chain.py` has a class `PaperChain(Chain)`: how to make prepared files of a few events, how to call
the paper's stages on them, and where the answers lie. The guards themselves know no paper.
"""

import importlib
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from common.training.history import read_history

Array = NDArray[np.generic]
Arrays = dict[str, Array]
Toy = Callable[[np.random.Generator], Mapping[str, tuple[float, float]]]


def call(stage: str, **options: object) -> None:
    """Call the `main` of a stage, such as "papers.photoz.train", in this process.

    Args:
        stage: The module.
        options: Its command line: `prepared=path` is given as `--prepared path`, a list as several words.
    """
    words = [stage]
    for name, value in options.items():
        words += [f"--{name}", *map(str, value if isinstance(value, list | tuple) else [value])]
    before, sys.argv = sys.argv, words
    try:
        importlib.import_module(stage).main()
    finally:
        sys.argv = before
        if "torch" in sys.modules:  # a stage may have set it for its process, and other tests need small numbers
            sys.modules["torch"].set_flush_denormal(False)


class Chain(ABC):
    """The stages of one paper from prepared files to metrics, in a folder of its own.

    The events must have unequal contents, weights that are not 1 where there are weights, unequal splits (a training
    split and a validation split of the same events hide mistakes), and a signal that the methods can learn a little of.
    Each call of `train`, `predict` or `measure` replaces what the last call wrote. The guards copy the folder and make
    another object for the copy, so everything that `make` decides lies in files, and no file names the folder.
    What a paper has no use for may call `pytest.skip` with the reason.
    """

    paper: ClassVar[str]
    methods: ClassVar[list[str]]  # all that are trained, the baselines included
    chance: ClassVar[dict[str, float]]  # metrics that labels shuffled in all splits turn into these values

    # What only some papers must say; the guards' messages tell when.
    splits: ClassVar[tuple[str, ...]] = ("train", "valid", "test")  # that `relabel` knows
    resampled: ClassVar[frozenset[str]] = frozenset()  # metrics that random draws of events enter: by row, not by event
    seedless: ClassVar[frozenset[str]] = frozenset()  # methods whose training has nothing random
    blind: ClassVar[dict[str, frozenset[str]]] = {}  # methods that an unequal view cannot change, by the view

    def __init__(self, folder: Path) -> None:
        """Work in `folder`, which exists."""
        self.folder = folder

    @abstractmethod
    def make(self) -> None:
        """Write settings.yaml and the prepared files of all splits, from fixed seeds."""

    @abstractmethod
    def train(self, *, seed: int = 0) -> None:
        """Call all stages that decide something before the test events are seen: every training, every tuning."""

    @abstractmethod
    def predict(self) -> None:
        """Call the stages that compute predictions of the test events (and of others that the paper needs)."""

    @abstractmethod
    def measure(self) -> None:
        """Call the stage that writes metrics.json."""

    def run(self, *, seed: int = 0) -> None:
        """Call all stages."""
        self.train(seed=seed)
        self.predict()
        self.measure()

    # What the stages wrote -------------------------------------------------------------------------------------------

    @abstractmethod
    def weights(self) -> dict[str, Arrays]:
        """Return the trained weights by method and name, without what never changes (counters, empty buffers)."""

    @abstractmethod
    def decided(self) -> Arrays:
        """Return everything that was fixed without the test split: weights, scaling, cuts, working points, choices."""

    @abstractmethod
    def scores(self) -> Arrays:
        """Return the predictions of the test events by method (event, ...), in the order of the prepared file."""

    @abstractmethod
    def metrics(self) -> dict[str, float]:
        """Return the values of metrics.json by key."""

    def errors(self) -> dict[str, float]:
        """Return the errors of metrics.json by key."""
        files = list(self.folder.rglob("metrics.json"))
        if len(files) != 1:
            raise NotImplementedError(f"{self.paper}: several metrics.json: its chain must say which `errors` returns")
        entries = json.loads(files[0].read_text())
        return {name: float(entry["error"]) for name, entry in entries.items()}

    def from_train_only(self) -> Arrays:
        """Return the part of `decided` that the split valid has no part in, such as scalings."""
        return {}

    def history(self, method: str) -> Arrays:
        """Return the columns of history.csv of a method."""
        return read_history(self.history_file(method))

    @abstractmethod
    def history_file(self, method: str) -> Path:
        """Return where the history of a method lies."""

    @abstractmethod
    def stored_loss(self, method: str) -> float | None:
        """Return the loss of the stored model on the split valid, computed here and without the training's code.

        None for a method that is not trained in epochs. Only the model's forward pass may be the paper's own.
        """

    @abstractmethod
    def learning_rate(self, method: str) -> Array | None:
        """Return the rate that each row of the history must show, from the settings in closed form; None as above."""

    # What the guards change ------------------------------------------------------------------------------------------

    @abstractmethod
    def replace(self, split: str) -> None:
        """Put other events, and as many, in the prepared file in place of those of `split`."""

    @abstractmethod
    def relabel(self, split: str, new: Callable[[Array], Array]) -> None:
        """Put new(labels) in the place of the labels of `split`: classes, redshifts, or the recorded target."""

    @abstractmethod
    def reorder(self, order: Array) -> None:
        """Put the test events in another order, with all that belongs to them."""

    @abstractmethod
    def n_test(self) -> int:
        """Return the number of test events."""

    # What the models claim -------------------------------------------------------------------------------------------

    @abstractmethod
    def equal_views(self) -> dict[str, Callable[[], None]]:
        """Return changes of the test events that must not change any score, by what they are ("order of particles")."""

    @abstractmethod
    def unequal_views(self) -> dict[str, Callable[[], None]]:
        """Return changes that must change the scores ("mirrored"): what is not in the training's augmentation."""

    @abstractmethod
    def other_batches(self) -> None:
        """Change the settings so that prediction works in batches of another size."""

    # What can be drawn again and again -------------------------------------------------------------------------------

    @abstractmethod
    def toys(self) -> dict[str, Toy]:
        """Return functions that draw a small sample and return value and error of metrics, by a name.

        Each is called about 100 times with the same distribution: errors must be as large as values scatter.
        """

    @abstractmethod
    def generated_files(self, folder: Path) -> dict[str, set[bytes]]:
        """Call `simulate` for a few events of each file of a run, and return a hash of each event, by file."""
