"""The flow networks as public codes write them: each jet padded to 200 constituents, and the padding masked."""

import torch
from torch import Tensor, nn

from ..prepared.jets import Batch, JetSet

N_PADDED = 200


class PaddedFlow(nn.Module):
    """PFN or EFN on padded arrays, with the layers of one of our networks."""

    def __init__(self, network, *, weighted):
        super().__init__()
        self.phi, self.head, self.weighted = network.phi, network.head, weighted

    def forward(self, constituents: Tensor) -> Tensor:
        """Map (jet, 200, 3) to (jet, 2)."""
        share = constituents[..., :1]
        inputs, weight = (constituents[..., 1:], share) if self.weighted else (constituents, (share > 0).float())
        return self.head((weight * self.phi(inputs)).sum(dim=1))


def pad(batch: Batch) -> Tensor:
    """Return the constituents (jet, 200, 3) of a batch, zero where there is none."""
    padded = torch.zeros(len(batch), N_PADDED, 3)
    padded[torch.arange(N_PADDED) < batch.counts[:, None]] = batch.constituents
    return padded


def random_jets(n_jets, *, mean=49.0, seed=0):
    """Return jets whose numbers of constituents scatter like those of real ones."""
    generator = torch.Generator().manual_seed(seed)
    counts = (mean + 14 * torch.randn(n_jets, generator=generator)).round().clamp(8, N_PADDED).long()
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), counts.cumsum(0)])
    share = torch.rand(int(offsets[-1]), 1, generator=generator) ** 4 + 1e-4
    jet = torch.repeat_interleave(torch.arange(n_jets), counts)
    share = share / torch.zeros(n_jets, 1).index_add(0, jet, share)[jet]
    constituents = torch.cat([share, 0.3 * torch.randn(len(share), 2, generator=generator)], dim=1)
    label = torch.randint(2, (n_jets,), generator=generator)
    nsub, efp = torch.rand(n_jets, 22, generator=generator), torch.rand(n_jets, 35, generator=generator)
    return JetSet(label, constituents, offsets, nsub, efp)
