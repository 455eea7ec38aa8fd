"""Read the events and drop broken ones (arXiv:0000.00000, Sec. 3).

Receipts of the data -> prepared.h5 with `feature` and `label`, each (event,), and the counts after each cut.
"""

import csv
import logging
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import locate, origin_of, read_receipt
from common.errors import InputError, nearest
from common.stage import parse, run

from .settings import PrepareConfig

COLUMNS = ("label", "feature")


def read_events(path: Path) -> np.ndarray:
    """Return events (event, 2) with the columns label and feature.

    Raises:
        InputError: If a column is missing from the header.
    """
    with open(path, encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
        for column in COLUMNS:
            if column not in header:
                raise InputError(f"{path}: no column '{column}' in the first line.{nearest(column, header)}")
        table = np.loadtxt(stream, delimiter=",", ndmin=2)
    return table[:, [header.index(column) for column in COLUMNS]]


def select(events: np.ndarray, feature_range: tuple[float, float]) -> np.ndarray:
    """Return the events (event, 2) whose feature lies within the range; NaN never does."""
    low, high = feature_range
    return events[(events[:, 1] >= low) & (events[:, 1] <= high)]


def main() -> None:
    """Read, select, write."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"])
    receipts = [read_receipt(path) for path in arguments.run.receipts(arguments.receipts)]
    events = np.concatenate([read_events(locate(receipt)) for receipt in receipts])
    selected = select(events, arguments.config.feature_range)
    logging.info("read: %d events, within the range: %d", len(events), len(selected))
    with atomic_output(arguments.prepared) as path, h5py.File(path, "w") as file:
        file.attrs["origin"] = origin_of(receipts)
        file.attrs["n_read"], file.attrs["n_selected"] = len(events), len(selected)
        file["label"], file["feature"] = selected.T


if __name__ == "__main__":
    run(main)
