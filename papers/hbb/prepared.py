"""Prepared files as memory-mapped arrays, and random batches from several of them (for arXiv:1909.12285)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from common.errors import InputError

Array = np.ndarray


def map_dataset(path: Path, name: str) -> Array:
    """Return a dataset of an uncompressed HDF5 file as a read-only view of the file; nothing is read yet.

    Raises:
        InputError: If there is no such dataset.
    """
    with h5py.File(path) as file:
        if name not in file:
            raise InputError(f"{path}: no dataset '{name}', only {', '.join(file)}. Delete the file and call again.")
        dataset = file[name]
        offset, shape, dtype = dataset.id.get_offset(), dataset.shape, dataset.dtype
    if offset is None:  # no jets: nothing has been allocated
        return np.zeros(shape, dtype)
    return np.memmap(path, mode="r", offset=offset, shape=shape, dtype=dtype)


@dataclass(frozen=True)
class Jets:
    """The jets of one or more prepared files, in file order.

    Attributes:
        paths: The files.
        file: (jet,) index of the file of each chosen jet.
        row: (jet,) its place in that file.
    """

    paths: list[Path]
    file: Array
    row: Array
    _maps: dict[tuple[Path, str], Array] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, paths: list[Path], *, within_window: bool = False) -> "Jets":
        """Return all jets of the files, or those in the window."""
        files, rows = [], []
        for number, path in enumerate(paths):
            chosen = map_dataset(path, "in_window")
            index = np.flatnonzero(chosen) if within_window else np.arange(len(chosen))
            files.append(np.full(len(index), number))
            rows.append(index)
        return cls(paths, np.concatenate(files), np.concatenate(rows))

    def __len__(self) -> int:
        """Return the number of chosen jets."""
        return len(self.row)

    def _map(self, path: Path, name: str) -> Array:
        if (path, name) not in self._maps:
            self._maps[path, name] = map_dataset(path, name)
        return self._maps[path, name]

    def column(self, name: str) -> Array:
        """Return one small dataset (jet, …) of all chosen jets."""
        return self.gather([name], np.arange(len(self)))[name]

    def gather(self, names: list[str], chosen: Array) -> dict[str, Array]:
        """Return datasets (n, …) of the chosen jets (n,), read from the files now."""
        found: dict[str, Array] = {}
        for name in names:
            maps = [self._map(path, name) for path in self.paths]
            values = np.empty((len(chosen), *maps[0].shape[1:]), maps[0].dtype)
            for number, mapped in enumerate(maps):
                here = np.flatnonzero(self.file[chosen] == number)
                rows = self.row[chosen[here]]
                order = np.argsort(rows, kind="stable")  # rising addresses read faster
                values[here[order]] = mapped[rows[order]]
            found[name] = values
        return found

    def batches(self, names: list[str], *, size: int, order: Array) -> Iterator[dict[str, Array]]:
        """Yield batches of the datasets in the given order (jet,) of all jets."""
        for start in range(0, len(order), size):
            yield self.gather(names, order[start : start + size])
