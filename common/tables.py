"""Tables of numbers as comma-separated text: learning curves, and what a figure shows."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def as_csv(columns: Mapping[str, Any]) -> str:
    """Return comma-separated text with six significant digits and a header line.

    Args:
        columns: Name to values; shorter columns are padded with empty cells.
    """
    arrays = {name: np.atleast_1d(np.asarray(values)) for name, values in columns.items()}
    n_rows = max((len(values) for values in arrays.values()), default=0)
    rows = [",".join(arrays)]
    rows += [",".join(_cell(values, row) for values in arrays.values()) for row in range(n_rows)]
    return "\n".join(rows) + "\n"


def _cell(values: np.ndarray[Any, Any], row: int) -> str:
    if row >= len(values):
        return ""
    value = values[row]
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
