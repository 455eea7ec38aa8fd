"""Reader and writer of the reference data set's HDF5 layout (Zenodo 2603256, arXiv:1902.09914).

`/table/table` has one row per jet, compressed with blosc: `index`; `values_block_0` (804,) float32 with
E, px, py, pz [GeV] of 200 constituents, hardest first, zeros behind the last, and the four-momentum of the top (zeros
for QCD); `values_block_1` (2,) with `ttv` (0 train, 1 test, 2 validation) and `is_signal_new` (1 top, 0 QCD). h5py
reads it without PyTables, whose attributes are pickles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

from common.atomic import atomic_output
from common.errors import InputError

DATASET = "table/table"
N_STORED = 200  # constituents per jet
LAYOUT = np.dtype([("index", "<i8"), ("values_block_0", "<f4", (4 * N_STORED + 4,)), ("values_block_1", "<i8", (2,))])
ENERGY_FIRST, ENERGY_LAST = [3, 0, 1, 2], [1, 2, 3, 0]  # from our order of components to the archive's, and back
TTV = {"train": 0, "test": 1, "valid": 2}  # split -> value of the column


@contextmanager
def open_table(path: Path) -> Iterator[h5py.Dataset]:
    """Yield the table of a file.

    Raises:
        InputError: If the file is not HDF5 or its table has another layout.
    """
    try:
        file = h5py.File(path)
    except OSError as error:
        raise InputError(f"{path}: expected an HDF5 file, found something else ({error}). Fetch it again.") from None
    with file:
        table = file.get(DATASET)
        layout = table.dtype if isinstance(table, h5py.Dataset) else f"only {list(file)}"
        if layout != LAYOUT:
            raise InputError(f"{path}: expected a table '{DATASET}' of the type {LAYOUT}, found {layout}.")
        yield table


def count_jets(path: Path) -> int:
    """Return the number of jets of a file."""
    with open_table(path) as table:
        return int(table.shape[0])


def read_chunk(path: Path, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the jets `start` to `stop` of a file.

    Returns:
        px, py, pz, E [GeV] (jet, 200, 4) in double precision, because the mass is a small difference of large numbers.
        Labels (jet,), 1 for top.

    Raises:
        InputError: If a label is neither 0 nor 1 or a momentum is not finite.
    """
    with open_table(path) as table:
        rows = table[start:stop]
    components = rows["values_block_0"][:, : 4 * N_STORED].astype(np.float64)  # (jet, 800)
    momenta = components.reshape(-1, N_STORED, 4)[..., ENERGY_LAST]  # (jet, constituent, component)
    label = rows["values_block_1"][:, 1]
    if not np.isfinite(momenta).all() or not np.isin(label, (0, 1)).all():
        raise InputError(f"{path}: jets {start} to {stop} have momenta that are not finite, or labels other than 0, 1.")
    return momenta, label.astype(np.int8)


def write_jets(path: Path, constituents: np.ndarray, truth: np.ndarray, label: np.ndarray, *, split: str) -> None:
    """Write jets in the archive's layout.

    Args:
        path: The file.
        constituents: (jet, 200, 4) px, py, pz, E [GeV], sorted and padded
        truth: (jet, 4) of the top; zeros for QCD
        label: (jet,), 1 for top
        split: "train", "valid" or "test", for the column `ttv`.
    """
    rows = np.zeros(len(label), LAYOUT)
    rows["index"] = np.arange(len(label))
    momenta = np.concatenate([constituents, truth[:, None]], axis=1)[..., ENERGY_FIRST]  # (jet, 201, component)
    rows["values_block_0"] = momenta.reshape(len(label), -1)  # (jet, 804)
    rows["values_block_1"] = np.column_stack([np.full(len(label), TTV[split]), label])
    chunks = (min(1000, max(len(label), 1)),)
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset(DATASET, data=rows, chunks=chunks, **hdf5plugin.Blosc(cname="blosclz", clevel=9))
