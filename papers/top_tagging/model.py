"""Taggers of arXiv:1902.09914, Sec. 3, in PyTorch. Every one maps a batch of jets to two numbers per jet, QCD and top.

| tagger        | input                            | layers                                              | parameters |
|---------------|----------------------------------|-----------------------------------------------------|------------|
| PFN           | constituents (z, y, phi)         | Phi 100, 100, 256; sum; F 100, 100, 100             |     82,458 |
| EFN           | constituents (y, phi), weight z  | the same, the sum is weighted with z                |     82,358 |
| NSub          | 3 M - 4 N-subjettinesses, pT, m  | 200, 200, 50, 50                                    |     57,502 |
| EFP           | energy flow polynomials          | linear, after standardisation                       |         72 |
| graph network | constituents, nearest neighbours | two edge convolutions 2 x 32, 2 x 64; mean, max; 64 |     18,050 |

Jets differ in their number of constituents; an array padded to 200 would be mostly zeros. Here the constituents of all
jets of a batch are the rows of one matrix. Each row passes the network once, and the sum over a jet is a segment sum:
the result is that of the padded network, the work only that of the real constituents.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from .labels import CLASSES
from .prepared.jets import Batch
from .settings import Kind

N_CLASSES = len(CLASSES)


def dense(*sizes: int) -> nn.Sequential:
    """Return fully connected layers, each followed by ReLU."""
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(sizes):
        layers += [nn.Linear(size_in, size_out), nn.ReLU()]
    return nn.Sequential(*layers)


def sum_over_jets(values: Tensor, counts: Tensor) -> Tensor:
    """Return the sum (jet, feature) over the constituents of each jet of values (constituent, feature).

    On a CPU this takes a third of the time of torch.segment_reduce, whose gradient is slow.
    """
    jet = torch.repeat_interleave(torch.arange(len(counts)), counts)  # (constituent,): to which jet it belongs
    return values.new_zeros(len(counts), values.shape[1]).index_add(0, jet, values)  # (jet, feature)


class Scale(nn.Module):
    """Bring inputs to order one, without parameters: a constituent has a share of about 1/50 and a distance of 0.2."""

    def __init__(self, *factors: float) -> None:
        super().__init__()
        self.register_buffer("factors", torch.tensor(factors), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return values (..., input), scaled."""
        return values * self.factors


class ParticleFlow(nn.Module):
    """Particle flow network: F(sum over constituents of Phi(z, y, phi)), P. Komiske et al., arXiv:1810.05165."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Sequential(Scale(50.0, 5.0, 5.0), dense(3, 100, 100, 256))
        self.head = nn.Sequential(dense(256, 100, 100, 100), nn.Linear(100, N_CLASSES))

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores (jet, 2) before the softmax."""
        features = self.phi(batch.constituents)  # (constituent, 256)
        return self.head(sum_over_jets(features, batch.counts))


class EnergyFlow(nn.Module):
    """Energy flow network: F(sum over constituents of z Phi(y, phi)), infrared and collinear safe, arXiv:1810.05165."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Sequential(Scale(5.0, 5.0), dense(2, 100, 100, 256))
        self.head = nn.Sequential(dense(256, 100, 100, 100), nn.Linear(100, N_CLASSES))

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores (jet, 2) before the softmax."""
        share, position = batch.constituents[:, :1], batch.constituents[:, 1:]  # (constituent, 1), (constituent, 2)
        features = share * self.phi(position)  # (constituent, 256)
        return self.head(sum_over_jets(features, batch.counts))


class Standardised(nn.Module):
    """Layers after a scaling of the inputs to mean 0 and variance 1, as measured on the training jets."""

    def __init__(self, name: str, layers: nn.Module, *, n_inputs: int) -> None:
        """Take the field `name` of a batch as the input of the layers."""
        super().__init__()
        self.name, self.layers = name, layers
        self.register_buffer("mean", torch.zeros(n_inputs))
        self.register_buffer("spread", torch.ones(n_inputs))

    def fit_scale(self, values: Tensor) -> None:
        """Set mean and spread to those of values (jet, input)."""
        self.mean.copy_(values.mean(dim=0))
        self.spread.copy_(values.std(dim=0).clamp(min=1e-12))

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores (jet, 2) before the softmax."""
        return self.layers((getattr(batch, self.name) - self.mean) / self.spread)


class GraphNetwork(nn.Module):
    """Two edge convolutions on graphs of nearest neighbours, after ParticleNet (H. Qu, L. Gouskos, arXiv:1902.08570).

    As in the original, the first graph joins neighbours in (y, phi), the second one neighbours in the learned features.
    The original is much larger: it has 498,000 parameters.
    """

    def __init__(self, *, neighbours: int) -> None:
        from torch_geometric.nn import EdgeConv  # costs seconds, and only this tagger needs it

        super().__init__()
        self.neighbours = neighbours
        self.first = EdgeConv(dense(2 * 4, 32, 32), aggr="mean")
        self.second = EdgeConv(dense(2 * 32, 64, 64), aggr="mean")
        self.head = nn.Sequential(dense(2 * 64, 64), nn.Linear(64, N_CLASSES))

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores (jet, 2) before the softmax."""
        share, position = batch.constituents[:, :1], batch.constituents[:, 1:]  # (constituent, 1), (constituent, 2)
        features = torch.cat([share, torch.log(share.clamp(min=1e-6)), position], dim=1)  # (constituent, 4)
        edges = nearest(position, batch.counts, neighbours=self.neighbours)  # (2, edge)
        features = self.first(features, edges)  # (constituent, 32)
        edges = nearest(features.detach(), batch.counts, neighbours=self.neighbours)
        features = self.second(features, edges)  # (constituent, 64)
        mean = sum_over_jets(features, batch.counts) / batch.counts[:, None]  # (jet, 64)
        largest = torch.segment_reduce(features, "max", lengths=batch.counts, axis=0, unsafe=True)  # (jet, 64)
        return self.head(torch.cat([mean, largest], dim=1))


def nearest(positions: Tensor, counts: Tensor, *, neighbours: int) -> Tensor:
    """Return edges (2, edge) from the nearest constituents of the same jet to each constituent.

    Args:
        positions: (constituent, dimension)
        counts: (jet,)
        neighbours: Number of edges per constituent; a jet with too few constituents has fewer.
    """
    n_jets, longest = len(counts), int(counts.max())
    starts = counts.cumsum(0) - counts  # (jet,)
    slot = torch.arange(longest)
    real = slot < counts[:, None]  # (jet, slot)
    rows = (starts[:, None] + slot).clamp(max=len(positions) - 1)  # (jet, slot)
    padded = positions[rows]  # (jet, slot, dimension)
    distance = torch.cdist(padded, padded)  # (jet, slot, slot)
    distance = distance.masked_fill(~real[:, None, :], torch.inf)
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    shortest, slots = distance.topk(min(neighbours, longest - 1), dim=2, largest=False)  # (jet, slot, neighbour)
    source = rows[torch.arange(n_jets)[:, None, None], slots]  # (jet, slot, neighbour)
    target = rows[:, :, None].expand_as(source)
    used = real[:, :, None] & shortest.isfinite()  # (jet, slot, neighbour)
    return torch.stack([source[used], target[used]])  # (2, edge)


def build(kind: Kind, *, n_nsub: int, n_efp: int, neighbours: int) -> nn.Module:
    """Return a tagger with random weights."""
    if kind == "pfn":
        return ParticleFlow()
    if kind == "efn":
        return EnergyFlow()
    if kind == "nsub":
        layers = nn.Sequential(dense(n_nsub, 200, 200, 50, 50), nn.Linear(50, N_CLASSES))
        return Standardised("nsub", layers, n_inputs=n_nsub)
    if kind == "efp":
        return Standardised("efp", nn.Linear(n_efp, N_CLASSES), n_inputs=n_efp)
    return GraphNetwork(neighbours=neighbours)


def load(stored: dict[str, Any]) -> nn.Module:
    """Return the tagger that stage train stored."""
    network = build(**stored["arguments"])
    network.load_state_dict(stored["state"])
    return network


def probability(scores: Tensor) -> Tensor:
    """Return the probability of a top (jet,) from scores (jet, 2)."""
    return scores.softmax(dim=1)[:, 1]
