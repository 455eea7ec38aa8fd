"""The loop of a training: history, early stopping, best weights, and a state on disk from which a killed one continues.

A paper's stage writes the loop itself, so that forward pass, gradient and update are seen where they belong:

    epochs = Epochs(TorchState(network, {"optimiser": optimiser}, seed=seed), total=50, patience=5, checkpoint=path)
    for epoch in epochs:
        for batch in train.shuffled(epochs.state.generator):
            loss = cross_entropy(network(batch.inputs), batch.label)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            epoch.add(loss, len(batch))
        epoch.validated(mean_loss(network, valid))
    network.load_state_dict(epochs.best_weights)
"""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from common.errors import InputError

History = dict[str, list[float]]  # one entry per epoch in each column


class TrainingState(Protocol):
    """What a framework knows of a training; see torch_state.py and keras_state.py."""

    def start(self) -> None:
        """Prepare the network for training, e.g. switch dropout on."""

    def weights(self) -> Any:
        """Return a copy of the weights that would be the result now."""

    def save(self, path: Path, progress: dict[str, Any]) -> None:
        """Write the whole state with everything random, and the loop's progress, atomically."""

    def load(self, path: Path) -> dict[str, Any]:
        """Restore the state and return the progress."""


@dataclass
class Epoch:
    """One round between two validations.

    Attributes:
        number: Of the round, from 1 on.
        steps: Numbers of its updates, from 1 on, in a training that is counted in updates; else just its own number.
    """

    number: int
    steps: range
    total_loss: float = 0.0
    weight: float = 0.0
    outcome: dict[str, float] = field(default_factory=dict)

    def add(self, loss: Any, n: float = 1) -> None:
        """Count the loss of a batch, a number or a tensor of one, for the mean of the epoch; `n` is its weight."""
        self.total_loss += float(loss) * n
        self.weight += n

    def validated(self, valid_loss: float, **columns: float) -> None:
        """End the epoch with its validation loss; `columns` are kept in the history as well."""
        self.outcome = {"valid_loss": float(valid_loss), **columns}

    @property
    def train_loss(self) -> float:
        """Return the mean of the counted losses."""
        return self.total_loss / self.weight if self.weight else math.nan


class Epochs:
    """The epochs of a training, from the first one that is not done on.

    Attributes:
        state: Of the framework.
        history: Of all epochs so far.
        best_weights: Those with the lowest validation loss.
        done: Number of finished epochs, or updates.
    """

    def __init__(
        self,
        state: TrainingState,
        *,
        total: int,
        checkpoint: Path,
        patience: float = math.inf,
        first_counted: int = 0,
        every: int = 1,
        counted: str = "epoch",
    ) -> None:
        """Start before the first epoch, or after the last one that `checkpoint` knows.

        Args:
            state: Network, optimiser and all that is random.
            total: Epochs, or updates, at most.
            checkpoint: File of the state after each epoch; continued from if it exists.
            patience: Epochs without a better validation loss that end the training.
            first_counted: Epochs before this one (from 0) cannot be the best, whatever their validation loss.
            every: Updates between two validations, for a training that is counted in updates.
            counted: "epoch" or "update", the first column of the history.

        Raises:
            InputError: If no epoch counts.
        """
        if first_counted >= total:
            raise InputError(
                f"the first epoch that counts is number {first_counted + 1}, but there are {total}: raise `epochs` in"
                " config.yaml, or start earlier (`adversary_start` of a training with an adversary)."
            )
        self.state, self.checkpoint = state, checkpoint
        self.total, self.patience, self.first_counted = total, patience, first_counted
        self.every, self.counted = every, counted
        self.history: History = {}
        self.best, self.waited, self.done = math.inf, 0, 0
        self.best_weights: Any = None
        if checkpoint.exists():
            self._restore()

    def __iter__(self) -> Iterator[Epoch]:
        """Yield each epoch; what it was ended with is noted before the next one.

        Raises:
            InputError: If an epoch ends without a validation loss, or none of them was a number.
        """
        before = self.history["seconds"][-1] if self.done else 0.0
        started = time.monotonic()
        while self.done < self.total and self.waited < self.patience:
            last = min(self.done + self.every, self.total)
            epoch = Epoch(number=len(self.history.get("seconds", [])) + 1, steps=range(self.done + 1, last + 1))
            self.state.start()
            yield epoch
            if not epoch.outcome:
                raise ValueError("an epoch ended without epoch.validated(...)")
            self.done = last
            self._note(epoch, seconds=before + time.monotonic() - started)
            self.state.save(self.checkpoint, self._progress())
        if self.best_weights is None:
            raise InputError(
                "the validation loss was never a number. Lower the learning rate, or look for NaN in the data."
            )

    def _note(self, epoch: Epoch, *, seconds: float) -> None:
        """Record an epoch, and keep the weights if they are the best so far."""
        line = {self.counted: self.done, "train_loss": epoch.train_loss, **epoch.outcome, "seconds": seconds}
        for name, value in line.items():
            self.history.setdefault(name, []).append(value)
        valid_loss = epoch.outcome["valid_loss"]
        if epoch.number > self.first_counted:
            is_best = valid_loss < self.best
            self.waited = 0 if is_best else self.waited + 1
            if is_best:
                self.best, self.best_weights = valid_loss, self.state.weights()
        logging.info(
            "%s %5d  train %.4f  valid %.4f  %4.0f s", self.counted, self.done, epoch.train_loss, valid_loss, seconds
        )

    def _progress(self) -> dict[str, Any]:
        names = ("history", "best", "waited", "done", "best_weights")
        return {name: getattr(self, name) for name in names}

    def _restore(self) -> None:
        for name, value in self.state.load(self.checkpoint).items():
            setattr(self, name, value)
        logging.info("continued after %s %d, from %s", self.counted, self.done, self.checkpoint)
