"""The networks of arXiv:1511.05190, Sec. 4, in PyTorch: images (jet, 25, 25) to one number per jet, the logit.

MaxOut, 975,667 parameters: 625 -> maxout 256 x 5 -> maxout 128 x 5 -> 64 -> 25 -> 1.
ConvNet, 30,721 parameters: 3 x [32 kernels of 11 x 11, 3 x 3, 3 x 3, full padding; pooling 2, 3, 3] -> local response
normalisation -> 64 -> 1.
"""

from typing import Any

import torch
from torch import Tensor, nn

from .image import N_PIXELS

KERNELS, POOLS, N_MAPS = (11, 3, 3), (2, 3, 3), 32
N_POOLED = 2  # rows and columns of a map after the last pooling
L2_PENALTY = 0.01  # strength of the penalty on the convolutions' weights; authors' code
LRN_SIZE, LRN_ALPHA, LRN_BETA, LRN_K = 5, 1e-4, 0.75, 2.0  # local response normalisation; authors' code


class Maxout(nn.Module):
    """The largest of several linear maps, for each output (I. Goodfellow et al., arXiv:1302.4389)."""

    def __init__(self, n_in: int, n_out: int, *, pieces: int) -> None:
        """Draw the weights uniformly after He et al. for `n_in` inputs: the article says that it matters."""
        super().__init__()
        self.n_out, self.pieces = n_out, pieces
        self.linear = nn.Linear(n_in, n_out * pieces)

    def forward(self, values: Tensor) -> Tensor:
        """Return (jet, n_out) for values (jet, n_in)."""
        pieces = self.linear(values).unflatten(1, (self.n_out, self.pieces))  # (jet, n_out, piece)
        return pieces.amax(dim=2)


class MaxOutNet(nn.Module):
    """Fully connected network on the pixels; `last` ends at the 25 nodes before the output."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Sequential(
            nn.Flatten(),  # (jet, 625)
            *(Maxout(N_PIXELS**2, 256, pieces=5), nn.Dropout(0.3)),
            *(Maxout(256, 128, pieces=5), nn.Dropout(0.2)),
            *(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(64, 25), nn.ReLU()),  # (jet, 25)
        )
        self.output = nn.Sequential(nn.Dropout(0.3), nn.Linear(25, 1))
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logit (jet,) for images (jet, 25, 25)."""
        return self.output(self.last(images)).squeeze(1)  # (jet,)

    def penalty(self) -> Tensor:
        """Return zero: MaxOut has no penalty."""
        return torch.zeros(())


class ConvNet(nn.Module):
    """Three convolutions; "full" padding lets a kernel hang over the edge by all but one pixel."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 1
        for kernel, pool in zip(KERNELS, POOLS, strict=True):
            # ReLU and the maximum commute: after pooling there are fewer numbers.
            layers += [nn.Conv2d(n_in, N_MAPS, kernel, padding=kernel - 1), nn.MaxPool2d(pool), nn.ReLU()]
            n_in = N_MAPS
        # With the maps of a pixel side by side in memory, the first layer is four times as fast.
        self.convolutions = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # (jet, 32, 2, 2)
        self.head = nn.Sequential(
            nn.LocalResponseNorm(LRN_SIZE, alpha=LRN_ALPHA * LRN_SIZE, beta=LRN_BETA, k=LRN_K),
            nn.Flatten(),  # (jet, 128)
            *(nn.Dropout(0.2), nn.Linear(N_MAPS * N_POOLED**2, 64), nn.ReLU()),
            *(nn.Dropout(0.1), nn.Linear(64, 1)),
        )
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logit (jet,) for images (jet, 25, 25)."""
        maps = images[:, None].to(memory_format=torch.channels_last)  # (jet, 1, row, column)
        return self.head(self.convolutions(maps)).squeeze(1)  # (jet,)

    def filters(self) -> Tensor:
        """Return the first layer's kernels (map, row, column)."""
        return self.convolutions[0].weight[:, 0]

    def penalty(self) -> Tensor:
        """Return the penalty on the convolutions' weights."""
        weights = (layer.weight for layer in self.convolutions if isinstance(layer, nn.Conv2d))
        return L2_PENALTY * torch.stack([torch.sum(weight**2) for weight in weights]).sum()


def initialise(network: nn.Module) -> None:
    """Draw weights from the uniform distribution of He et al. for ReLU, and set biases to zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)


def build(kind: str) -> MaxOutNet | ConvNet:
    """Return a network with random weights, "maxout" or "convnet"."""
    return MaxOutNet() if kind == "maxout" else ConvNet()


def load(stored: dict[str, Any]) -> MaxOutNet | ConvNet:
    """Return the network that stage train stored."""
    network = build(stored["kind"])
    network.load_state_dict(stored["state"])
    return network.eval()
