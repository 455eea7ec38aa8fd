"""Reader of NOvA's public pixel-map files (HDF5), block by block.

`cvnmap` (event, 16000) uint8 and the group `neutrino` with `interaction`, `nuenergy` and `lepenergy` (GeV).
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from common.errors import InputError, nearest

from ..prepared.labels import INTERACTIONS, N_LABELS
from ..prepared.pixel_map import Events
from .axis_order import N_PIXELS, AxisOrder, as_views, infer_axis_order

MAPS, GROUP = "cvnmap", "neutrino"
TRUTH = ("interaction", "nuenergy", "lepenergy")
N_FOR_AXIS_ORDER = 1000  # events from which the order of the axes is decided


def read_nova(path: Path, *, block_events: int, min_order_ratio: float) -> Iterator[Events]:
    """Yield the events of one file in the order of the file.

    Args:
        path: The file.
        block_events: Events that are read at a time.
        min_order_ratio: See `infer_axis_order`.

    Raises:
        InputError: If the file is no HDF5 file or incomplete, lacks a data set, has another shape or type, an unknown
            interaction type, or axes whose order cannot be recognised.
    """
    with _opened(path) as file:
        try:
            n_events = _check(file, path)
            order = infer_axis_order(file[MAPS][:N_FOR_AXIS_ORDER], min_ratio=min_order_ratio, where=str(path))
            for start in range(0, n_events, block_events):
                yield _block(file, slice(start, min(start + block_events, n_events)), order=order, where=path)
        except OSError as error:
            raise InputError(f"{path}: the file is damaged or incomplete ({error}). Fetch it again.") from None


def _opened(path: Path) -> h5py.File:
    with open(path, "rb") as stream:
        start = stream.read(512)
    if not start.startswith(b"\x89HDF\r\n\x1a\n"):
        what = "an HTML page" if b"<html" in start.lower() or b"<!doctype" in start.lower() else "something else"
        raise InputError(
            f"{path}: expected an HDF5 file, found {what}. The server may have moved: move the file away, and look at"
            " the address in datasets.yaml with a browser."
        )
    try:
        return h5py.File(path)
    except OSError as error:
        raise InputError(f"{path}: the file is damaged or incomplete ({error}). Fetch it again.") from None


def _check(file: h5py.File, path: Path) -> int:
    """Return the number of events, after checking the data sets, their shapes and types."""
    names = [MAPS, *(f"{GROUP}/{name}" for name in TRUTH)]
    for name in names:
        if not isinstance(file.get(name), h5py.Dataset):
            group = file.get(GROUP) if "/" in name else file
            known = list(group) if isinstance(group, h5py.Group) else list(file)
            raise InputError(f"{path}: no data set '{name}'.{nearest(name.rpartition('/')[2], known)}")
    maps = file[MAPS]
    if maps.ndim != 2 or maps.shape[1] != N_PIXELS:
        raise InputError(f"{path}: expected '{MAPS}' with the shape (event, {N_PIXELS}), found {maps.shape}.")
    if maps.dtype != np.uint8:
        raise InputError(
            f"{path}: expected '{MAPS}' as uint8, i.e. energies in 256 steps, found {maps.dtype}. Has it been scaled?"
        )
    for name in names[1:]:
        if file[name].shape != (len(maps),):
            raise InputError(f"{path}: expected '{name}' with the shape ({len(maps)},), found {file[name].shape}.")
    if not len(maps):
        raise InputError(f"{path}: the file holds no events.")
    return len(maps)


def _block(file: h5py.File, part: slice, *, order: AxisOrder, where: Path) -> Events:
    interaction, energy, lepton = (file[GROUP][name][part] for name in TRUTH)
    bad = ~np.isin(interaction, np.arange(N_LABELS))
    if bad.any():
        raise InputError(
            f"{where}: expected interaction types 0 to {N_LABELS - 1} ({INTERACTIONS[0]} to {INTERACTIONS[-1]}), found"
            f" {interaction[bad][0]} at event {part.start + int(np.argmax(bad))}."
        )
    if not np.isfinite(energy).all():
        first = part.start + int(np.argmin(np.isfinite(energy)))
        raise InputError(f"{where}: expected finite energies in '{GROUP}/nuenergy', found another at event {first}.")
    lepton = np.where(np.isfinite(lepton), lepton, 0.0)
    return Events(as_views(file[MAPS][part], order), interaction.astype(np.int64), energy, lepton)
