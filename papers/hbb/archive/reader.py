"""Read jets of record 12102, ROOT or HDF5, in chunks as padded arrays.

ROOT: tree `deepntuplizer/tree` in its highest cycle; jagged branches as std::vector<float> (the record) or float[]
(uproot). HDF5: one array per branch, already padded. Both give the same chunks. NaN and infinite values become 0, as in
CMS's producer, and are counted.
"""

import importlib.util
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import uproot

from common.errors import InputError, nearest

from . import branches

Array = np.ndarray
BROKEN = "The file is truncated or damaged: move it away, and call again to download it once more."


@dataclass(frozen=True)
class Collection:
    """Branches of a collection, and how many particles per jet are kept."""

    branches: Sequence[str]
    n_kept: int


COLLECTIONS = {
    "tracks": Collection(branches.TRACK_FEATURES, branches.MAX_TRACKS),
    "vertices": Collection(branches.VERTEX_FEATURES, branches.MAX_VERTICES),
    "particles": Collection(branches.PARTICLE_FEATURES, branches.MAX_PARTICLES),
}


@dataclass
class Chunk:
    """Some jets in file order.

    Attributes:
        flat: (jet,) by branch.
        padded: (jet, particle, feature) float32 by collection; unused places are 0.
        counts: (jet,) number of kept particles, by collection.
        n_not_finite: Values that were NaN or infinite.
    """

    flat: dict[str, Array]
    padded: dict[str, Array]
    counts: dict[str, Array]
    n_not_finite: int


def read_jets(path: Path, flat: Sequence[str], collections: Sequence[str], *, chunk_jets: int) -> Iterator[Chunk]:
    """Yield all jets of a file in chunks.

    Args:
        path: ROOT or HDF5 file; its first bytes tell the format.
        flat: Branches with one value per jet.
        collections: Keys of COLLECTIONS.
        chunk_jets: Jets per chunk; memory is proportional to it.

    Raises:
        InputError: If the file is damaged or a branch is missing; the nearest names are given.
    """
    wanted = {name: COLLECTIONS[name] for name in collections}
    with path.open("rb") as stream:
        magic = stream.read(8)
    if magic[:4] == b"root":
        yield from _read_root(path, flat, wanted, chunk_jets=chunk_jets)
    elif magic == b"\x89HDF\r\n\x1a\n":
        yield from _read_hdf5(path, flat, wanted, chunk_jets=chunk_jets)
    else:
        raise InputError(f"{path}: expected a ROOT or an HDF5 file, found one that begins with {magic!r}. {BROKEN}")


def reason(error: Exception) -> str:
    """Return kind and text of an error in one line of moderate length."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def clean(values: Array) -> int:
    """Replace NaN and infinity by 0 in place and return how many there were."""
    finite = np.isfinite(values)
    if finite.all():
        return 0
    values[~finite] = 0
    return int(finite.size - finite.sum())


def check_names(path: Path, wanted: Sequence[str], present: Sequence[str], *, where: str) -> None:
    """Raise an InputError that names the first missing branch and those nearest to it."""
    known = set(present)
    for name in wanted:
        if name not in known:
            raise InputError(f"{path}: no branch '{name}' {where}.{nearest(name, known)}")


# ---- ROOT ----


def _open_tree(path: Path) -> tuple[Any, Any]:
    """Return the open file and its tree in the highest cycle."""
    try:
        file = uproot.open(path, array_cache=None)  # a cache would keep 100 MB of old arrays
    except Exception as error:  # a broken header can raise any kind of error in uproot
        raise InputError(f"{path}: not a readable ROOT file ({reason(error)}). {BROKEN}") from None
    try:
        return file, file[branches.TREE]
    except uproot.KeyInFileError:
        known = file.keys(cycle=False)
        file.close()
        raise InputError(f"{path}: no tree '{branches.TREE}'.{nearest(branches.TREE, known)}") from None
    except Exception as error:
        file.close()
        raise InputError(f"{path}: its tree cannot be read ({reason(error)}). {BROKEN}") from None


def _read_root(path: Path, flat: Sequence[str], wanted: dict[str, Collection], *, chunk_jets: int) -> Iterator[Chunk]:
    names = [*flat, *(name for collection in wanted.values() for name in collection.branches)]
    file, tree = _open_tree(path)
    with file:
        check_names(path, names, tree.keys(), where=f"in {branches.TREE}")
        for start in range(0, tree.num_entries, chunk_jets):
            stop = min(start + chunk_jets, tree.num_entries)
            try:
                arrays = tree.arrays(names, entry_start=start, entry_stop=stop, library="ak", how=dict)
            except Exception as error:  # zlib, struct, index or key error, depending on the damage
                raise InputError(
                    f"{path}: jets {start} to {stop} cannot be decoded ({reason(error)}). {BROKEN}"
                ) from None
            yield _chunk(path, arrays, flat, wanted)


def _chunk(path: Path, arrays: dict[str, ak.Array], flat: Sequence[str], wanted: dict[str, Collection]) -> Chunk:
    columns = {name: np.array(ak.to_numpy(arrays[name])) for name in flat}
    n_bad = sum(clean(values) for values in columns.values() if values.dtype.kind == "f")
    padded, counts = {}, {}
    for name, collection in wanted.items():
        padded[name], counts[name], bad = pad(path, arrays, collection)
        n_bad += bad
    return Chunk(columns, padded, counts, n_bad)


def _offsets_and_values(values: ak.Array) -> tuple[Array, Array]:
    """Return the index of the first value of each jet (jet + 1,), from 0, and the values of all jets."""
    layout = values.layout.to_ListOffsetArray64(True)  # a view where offsets begin at 0 already
    return np.asarray(layout.offsets), np.asarray(layout.content.data)


def pad(path: Path, arrays: dict[str, ak.Array], collection: Collection) -> tuple[Array, Array, int]:
    """Return a collection as (jet, n_kept, feature) float32, the counts (jet,), and how many values were not finite.

    All features use the same index of particles, because they have the same lengths.

    Raises:
        InputError: If the lengths of two features differ.
    """
    offsets, _ = _offsets_and_values(arrays[collection.branches[0]])
    lengths = np.diff(offsets)
    counts = np.minimum(lengths, collection.n_kept)
    row = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    target, source = row * collection.n_kept + column, offsets[row] + column
    columns = np.empty((len(collection.branches), len(target)), np.float32)  # (feature, particle)
    for feature, name in enumerate(collection.branches):
        own_offsets, values = _offsets_and_values(arrays[name])
        if not np.array_equal(own_offsets, offsets):
            raise InputError(
                f"{path}: branch '{name}' has other lengths than '{collection.branches[0]}', though both describe the"
                f" same particles. {BROKEN}"
            )
        np.take(values, source, out=columns[feature], mode="clip")  # within bounds; "raise" would make a copy
    n_bad = clean(columns)
    block = np.zeros((len(counts) * collection.n_kept, len(collection.branches)), np.float32)
    block[target] = columns.T  # whole particles at a time: the block is larger than the processor's cache
    return block.reshape(len(counts), collection.n_kept, -1), counts, n_bad


# ---- HDF5 ----


def _read_hdf5(path: Path, flat: Sequence[str], wanted: dict[str, Collection], *, chunk_jets: int) -> Iterator[Chunk]:
    if importlib.util.find_spec("hdf5plugin"):
        importlib.import_module("hdf5plugin")  # registers blosc, the compression of the record's files
    names = [*flat, *(name for collection in wanted.values() for name in collection.branches)]
    try:
        file = h5py.File(path)
    except OSError as error:
        raise InputError(f"{path}: not a readable HDF5 file ({error}). {BROKEN}") from None
    with file:
        check_names(path, names, list(file), where="among its arrays")
        n_jets = len(file[names[0]])
        for name in names:
            if len(file[name]) != n_jets:
                raise InputError(
                    f"{path}: array '{name}' has {len(file[name])} jets, '{names[0]}' has {n_jets}. {BROKEN}"
                )
        for start in range(0, n_jets, chunk_jets):
            part = slice(start, min(start + chunk_jets, n_jets))
            try:
                columns = {name: file[name][part] for name in flat}
                blocks = {name: _stack(file, collection, part) for name, collection in wanted.items()}
            except OSError as error:
                raise InputError(
                    f"{path}: jets {part.start} to {part.stop} cannot be decoded ({error}). If it says that a filter is"
                    f" missing: pip install hdf5plugin. Otherwise: {BROKEN}"
                ) from None
            n_bad = sum(clean(values) for values in [*columns.values(), *blocks.values()] if values.dtype.kind == "f")
            # Not all files have counts of each collection; the momentum of a real track is never 0.
            counts = {name: (block != 0).any(axis=2).sum(axis=1) for name, block in blocks.items()}
            yield Chunk(columns, blocks, counts, n_bad)


def _stack(file: h5py.File, collection: Collection, part: slice) -> Array:
    columns = [file[name][part, : collection.n_kept] for name in collection.branches]
    return np.stack(columns, axis=2, dtype=np.float32, casting="same_kind")


def log_not_finite(path: Path, n_not_finite: int) -> None:
    """Log how many values were replaced, if any."""
    if n_not_finite:
        logging.warning("%s: %d values were NaN or infinite and are now 0", path, n_not_finite)
