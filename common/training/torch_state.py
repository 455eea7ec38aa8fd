"""The state of a training with PyTorch (see epochs.py)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from common.atomic import atomic_output


class Stateful(Protocol):
    """What PyTorch's networks, optimisers and schedules have in common."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Continue from what `state_dict` returned."""


class TorchState:
    """A network, what is updated with it, and the random numbers.

    Attributes:
        generator: For the order of the examples; the same seed gives the same order.
    """

    def __init__(
        self, network: nn.Module, parts: Mapping[str, Stateful], *, seed: int, result: nn.Module | None = None
    ) -> None:
        """Take a training before its first step.

        Args:
            network: What is trained.
            parts: What else has a state: optimiser, schedule, an adversary, an average of the weights.
            seed: Of the order of the examples.
            result: Whose weights are the result; the network's by default.
        """
        self.network = network
        self.generator = torch.Generator().manual_seed(seed)
        self._result = network if result is None else result
        self._parts = {"network": network, **parts}

    def start(self) -> None:
        """Switch dropout and batch normalisation to training."""
        self.network.train()

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of the result's weights."""
        return {name: value.clone() for name, value in self._result.state_dict().items()}

    def save(self, path: Path, progress: dict[str, Any]) -> None:
        """Write everything to one file, atomically."""
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        random = {"order": self.generator.get_state(), "dropout": torch.get_rng_state()}
        with atomic_output(path) as temporary:
            torch.save({"progress": progress, "parts": parts, "random": random}, temporary)

    def load(self, path: Path) -> dict[str, Any]:
        """Restore what `save` wrote, and return the progress."""
        content = torch.load(path, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(content["parts"][name])
        self.generator.set_state(content["random"]["order"])
        torch.set_rng_state(content["random"]["dropout"])
        progress: dict[str, Any] = content["progress"]
        return progress


def n_parameters(network: nn.Module) -> int:
    """Return the number of trained parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
