"""The jets of one split in memory, without padding, as the taggers of arXiv:1902.09914 read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Some jets: the constituents of all of them follow each other."""

    label: Tensor  # (jet,)
    constituents: Tensor  # (constituent of any jet, 3)
    counts: Tensor  # (jet,) constituents of each
    nsub: Tensor  # (jet, observable)
    efp: Tensor  # (jet, polynomial)

    def __len__(self) -> int:
        return len(self.label)


class JetSet:
    """All jets of a split."""

    def __init__(self, label: Tensor, constituents: Tensor, offsets: Tensor, nsub: Tensor, efp: Tensor) -> None:
        """Keep the arrays; the constituents of jet k are offsets[k] to offsets[k + 1]."""
        self.label, self.nsub, self.efp = label, nsub, efp
        self._constituents, self._offsets = constituents, offsets

    def __len__(self) -> int:
        return len(self.label)

    def batch(self, index: Tensor) -> Batch:
        """Return the jets of an index (jet,), in its order."""
        starts = self._offsets[index]
        counts = self._offsets[index + 1] - starts
        ends = counts.cumsum(0)  # of each jet's constituents in the batch
        rows = torch.arange(int(ends[-1])) + torch.repeat_interleave(starts - ends + counts, counts)  # (constituent,)
        return Batch(self.label[index], self._constituents[rows], counts, self.nsub[index], self.efp[index])

    def shuffled(self, size: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield all jets in batches of `size`, in a new random order."""
        return map(self.batch, torch.randperm(len(self), generator=generator).split(size))

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield all jets in batches of `size`, in their order."""
        return map(self.batch, torch.arange(len(self)).split(size))


def read_jets(prepared: Path, split: str) -> JetSet:
    """Return the jets of "train", "valid" or "test" of a prepared file."""
    with h5py.File(prepared) as file:
        group = file[f"jets/{split}"]
        return JetSet(
            label=torch.from_numpy(group["label"][:].astype(np.int64)),
            constituents=torch.from_numpy(group["constituents"][:]),
            offsets=torch.from_numpy(group["offsets"][:]),
            nsub=torch.from_numpy(group["nsub"][:]),
            efp=torch.from_numpy(group["efp"][:]),
        )
