"""The file of the prepared events of one split, its writer and its reader: only the hits are stored.

There are a hundred times fewer hits than pixels. `<split>.h5` has the columns `pixel` (hit,), flat index into
(view, plane, cell); `value` (hit,) uint8; `offset` (event + 1,), where the hits of each event start; for each event
`interaction`, `energy_gev`, `lepton_gev` and `moments`; and the attributes `shape` (view, plane, cell), `moments`
(their names), `skipped` (files that could not be used, as JSON: name -> reason) and `origin` (archive or generated).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from .moments import MOMENTS, image_moments
from .pixel_map import MAX_VALUE, Events

PER_EVENT = {"interaction": "i1", "energy_gev": "f4", "lepton_gev": "f4"}


@dataclass(frozen=True)
class Hits:
    """Hits of a block of events, event after event."""

    event: np.ndarray  # (hit,) number of the event in the block
    pixel: np.ndarray  # (hit,) flat index into (view, plane, cell)
    value: np.ndarray  # (hit,) between 0 and 1
    n_events: int

    def images(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return images (event, view, plane, cell) float32, zero where there is no hit."""
        filled = np.zeros((self.n_events, int(np.prod(shape))), np.float32)
        filled[self.event, self.pixel] = self.value
        return filled.reshape(self.n_events, *shape)


class Writer:
    """Appends blocks of events to an open file."""

    def __init__(self, file: h5py.File, *, shape: tuple[int, ...]) -> None:
        """Create the empty columns of a file for events of one shape (view, plane, cell)."""
        self._file, self.shape = file, shape
        file.attrs["shape"] = shape
        file.attrs["moments"] = list(MOMENTS)
        columns = {"pixel": "u2", "value": "u1", **PER_EVENT}
        for name, kind in columns.items():
            file.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(1 << 16,), compression="lzf")
        file.create_dataset("offset", data=[0], dtype="i8", maxshape=(None,), chunks=(1 << 12,))
        file.create_dataset("moments", (0, len(MOMENTS)), "f4", maxshape=(None, len(MOMENTS)), chunks=(1 << 12, 1))

    def append(self, events: Events) -> None:
        """Add a block."""
        event, *index = np.nonzero(events.views)
        pixel = np.ravel_multi_index(index, self.shape)
        self._extend("pixel", pixel)
        self._extend("value", events.views[event, *index])
        n_hits = np.bincount(event, minlength=len(events))
        self._extend("offset", self._file["offset"][-1] + np.cumsum(n_hits))
        for name in PER_EVENT:
            self._extend(name, getattr(events, name))
        self._extend("moments", image_moments(events.views))

    def _extend(self, name: str, values: np.ndarray) -> None:
        column = self._file[name]
        old = len(column)
        column.resize(old + len(values), axis=0)
        column[old:] = values


class Prepared:
    """Reads a prepared file; the hits stay on disk until they are asked for."""

    def __init__(self, path: Path) -> None:
        """Open the file; its small columns are read now."""
        self._file = h5py.File(path)
        self.shape = tuple(int(n) for n in self._file.attrs["shape"])
        self.offset = self._file["offset"][:]
        self.interaction = self._file["interaction"][:].astype(np.int64)
        self.energy_gev = self._file["energy_gev"][:]
        self.moments = self._file["moments"][:]

    def __len__(self) -> int:
        return len(self.interaction)

    @property
    def origin(self) -> Literal["archive", "generated"]:
        """Return what the events are made from."""
        return self._file.attrs["origin"]

    def hits(self, start: int, stop: int) -> Hits:
        """Return the hits of the events `start` to `stop - 1`."""
        offset = self.offset[start : stop + 1]
        part = slice(int(offset[0]), int(offset[-1]))
        event = np.repeat(np.arange(stop - start), np.diff(offset))
        value = self._file["value"][part].astype(np.float32) / MAX_VALUE
        return Hits(event, self._file["pixel"][part].astype(np.int64), value, stop - start)

    def blocks(self, size: int) -> Iterator[tuple[slice, Hits]]:
        """Yield all events in order, `size` at a time."""
        for start in range(0, len(self), size):
            part = slice(start, min(start + size, len(self)))
            yield part, self.hits(part.start, part.stop)
