"""The prepared files: what they hold, and random batches of jets from several of them as memory-mapped arrays.

Datasets of `<file>.h5`, which stage prepare writes, all uncompressed and by jet:
    tracks (jet, 60, 30), vertices (jet, 5, 14)     float32, unused places are 0
    particles (jet, 100, 10)                        float32, only with the setting prepare.particles
    n_tracks, n_vertices, n_particles (jet,)        used places
    variables (jet, 27), spectators (jet, 11)       float32
    label (jet,)                                    1: H to bb, 0: QCD
    in_window (jet,)                                whether the jet is within the article's window
The attribute `origin` says whether the jets are generated or from the archive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from common.errors import InputError
from common.settings import RunFacts

Array = np.ndarray


def files_of(folder: Path, split: str, run: RunFacts) -> list[Path]:
    """Return the prepared files of a split; `folder` is results/hbb/<run>/prepared."""
    splits: dict[str, list[str]] = run.splits
    return [folder / f"{file}.h5" for file in splits[split]]


def origin(path: Path) -> str:
    """Return what a prepared file is made from: "archive" or "generated"."""
    with h5py.File(path) as file:
        return str(file.attrs["origin"])


def map_dataset(path: Path, name: str) -> Array:
    """Return a dataset of an uncompressed HDF5 file as a read-only view of the file, without reading it.

    Raises:
        InputError: If there is no such dataset.
    """
    with h5py.File(path) as file:
        if name not in file:
            raise InputError(f"{path}: no dataset '{name}', only {', '.join(file)}. Delete the file and call again.")
        dataset = file[name]
        offset, shape, dtype = dataset.id.get_offset(), dataset.shape, dataset.dtype
    if offset is None:  # a dataset without jets has no place in the file
        return np.zeros(shape, dtype)
    return np.memmap(path, mode="r", offset=offset, shape=shape, dtype=dtype)


@dataclass(frozen=True)
class Jets:
    """The jets of one or more prepared files, in file order.

    Attributes:
        paths: The files.
        file: (jet,) index of the file of each selected jet.
        row: (jet,) index of the jet in that file.
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
            in_window = map_dataset(path, "in_window")
            index = np.flatnonzero(in_window) if within_window else np.arange(len(in_window))
            files.append(np.full(len(index), number))
            rows.append(index)
        return cls(paths, np.concatenate(files), np.concatenate(rows))

    def __len__(self) -> int:
        return len(self.row)

    def _map(self, path: Path, name: str) -> Array:
        if (path, name) not in self._maps:
            self._maps[path, name] = map_dataset(path, name)
        return self._maps[path, name]

    def column(self, name: str) -> Array:
        """Return one small dataset (jet, …) of all selected jets."""
        return self.gather([name], np.arange(len(self)))[name]

    def gather(self, names: list[str], index: Array) -> dict[str, Array]:
        """Return datasets (n, …) of the jets with the given indices (n,), read from the files."""
        arrays: dict[str, Array] = {}
        for name in names:
            maps = [self._map(path, name) for path in self.paths]
            values = np.empty((len(index), *maps[0].shape[1:]), maps[0].dtype)
            for number, mapped in enumerate(maps):
                here = np.flatnonzero(self.file[index] == number)
                rows = self.row[index[here]]
                order = np.argsort(rows, kind="stable")  # rising addresses are read faster
                values[here[order]] = mapped[rows[order]]
            arrays[name] = values
        return arrays

    def batches(self, names: list[str], *, size: int, order: Array) -> Iterator[dict[str, Array]]:
        """Yield batches of the datasets in the given order (jet,) of all jets."""
        for start in range(0, len(order), size):
            yield self.gather(names, order[start : start + size])
