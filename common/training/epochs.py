"""Training in passes over the data: early stopping, and a state on disk that lets a killed training go on.

A paper says what one pass and one validation are; here is what all of them share. The state holds every source of
randomness, so an interrupted training ends with the weights of an undisturbed one.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from common.atomic import atomic_output
from common.errors import InputError


class Stateful(Protocol):
    """What PyTorch's networks, optimisers and schedules have in common."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Continue from what `state_dict` returned."""


@dataclass
class History:
    """What happened in each epoch: its number from 1 on, the mean losses, and the seconds since the start."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Epochs:
    """A network on its way.

    Attributes:
        network: What is trained.
        generator: For the order of the examples; the same seed gives the same order.
        history: Of all epochs so far.
        best: The lowest validation loss.
        best_state: The network's weights with it.
        waited: Epochs since then.
    """

    def __init__(
        self,
        network: nn.Module,
        parts: Mapping[str, Stateful],
        *,
        epochs: int,
        patience: int,
        seed: int,
        first_counted: int = 0,
    ) -> None:
        """Start before the first epoch.

        Args:
            network: What is trained.
            parts: What else has a state: optimiser, schedule, an adversary.
            epochs: At most so many.
            patience: Epochs without a better validation loss that end the training.
            seed: Of the order of the examples.
            first_counted: Epochs before this one (from 0) cannot be the best, whatever their validation loss.

        Raises:
            InputError: If no epoch counts.
        """
        if first_counted >= epochs:
            raise InputError(
                f"the first epoch that counts is number {first_counted + 1}, but there are {epochs}: raise `epochs` in"
                " config.yaml, or start earlier (`adversary_start` of a training with an adversary)."
            )
        self.network = network
        self.epochs, self.patience, self.first_counted = epochs, patience, first_counted
        self.generator = torch.Generator().manual_seed(seed)
        self.history = History()
        self.best, self.waited = math.inf, 0
        self.best_state: dict[str, Tensor] = {}
        self._parts = {"network": network, **parts}

    @property
    def done(self) -> int:
        """Return the number of finished epochs."""
        return len(self.history.epoch)

    def run(self, train: Callable[[], float], validate: Callable[[], float], *, checkpoint: Path) -> None:
        """Train until all epochs are over or patience is lost.

        Args:
            train: Makes one pass over the training examples and returns their mean loss.
            validate: Returns the mean loss of the validation examples.
            checkpoint: The state after each epoch; continued from if it exists.

        Raises:
            InputError: If no validation loss was a number.
        """
        if checkpoint.exists():
            self._restore(torch.load(checkpoint, weights_only=True))
            logging.info("continued after epoch %d, from %s", self.done, checkpoint)
        before = self.history.seconds[-1] if self.done else 0.0
        started = time.monotonic()
        while self.done < self.epochs and self.waited < self.patience:
            self.network.train()
            train_loss = train()
            self.network.eval()
            with torch.no_grad():
                valid_loss = validate()
            self.note(train_loss=train_loss, valid_loss=valid_loss, seconds=before + time.monotonic() - started)
            with atomic_output(checkpoint) as path:
                torch.save(self._state(), path)
        if not self.best_state:
            raise InputError(
                "the validation loss was never a number. Lower the learning rate, or look for NaN in the data."
            )

    def note(self, *, train_loss: float, valid_loss: float, seconds: float) -> None:
        """Record an epoch, and keep the weights if they are the best so far."""
        entry = {"train_loss": train_loss, "valid_loss": valid_loss, "seconds": seconds}
        counts = self.done >= self.first_counted
        self.history.epoch.append(self.done + 1)
        for name, value in entry.items():
            getattr(self.history, name).append(value)
        if counts and valid_loss < self.best:
            self.best, self.waited = valid_loss, 0
            self.best_state = {name: value.clone() for name, value in self.network.state_dict().items()}
        elif counts:
            self.waited += 1
        logging.info("epoch %3d  train %.4f  valid %.4f  %4.0f s", self.done, *entry.values())

    def _state(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("best", "waited", "best_state")}
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        random = {"order": self.generator.get_state(), "dropout": torch.get_rng_state()}
        return {"plain": plain, "parts": parts, "random": random, "history": asdict(self.history)}

    def _restore(self, state: dict[str, Any]) -> None:
        for name, value in state["plain"].items():
            setattr(self, name, value)
        for name, part in self._parts.items():
            part.load_state_dict(state["parts"][name])
        self.generator.set_state(state["random"]["order"])
        torch.set_rng_state(state["random"]["dropout"])
        self.history = History(**state["history"])
