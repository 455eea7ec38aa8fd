"""history.csv: the learning curve that a training stage writes and the figures read."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common.atomic import write_text
from common.tables import as_csv


def write_history(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Write one line per epoch, atomically."""
    write_text(path, as_csv(history))


def read_history(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the columns (epoch,) of a history.csv by name; empty ones for a method that is not trained in epochs."""
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    return {name: np.array([float(row[name]) for row in rows]) for name in reader.fieldnames or []}
