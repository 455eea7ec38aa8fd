"""Read prepared_<task>.h5: arrays of one split in the layout that fitting and predicting need (arXiv:2005.06534)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from common.errors import InputError

Array = np.ndarray


@dataclass(frozen=True)
class Split:
    """One split, standardised with the constants of the training split.

    Attributes:
        witnesses: (witness, time), single precision.
        target: (time,) band-passed strain, single precision.
        segments: (segment, 2) sample ranges without a gap.
    """

    witnesses: Array
    target: Array
    segments: Array

    def window_starts(self, length: int, stride: int) -> Array:
        """Return the first samples (window,) of all windows that lie within one segment."""
        starts = [np.arange(begin, end - length + 1, stride) for begin, end in self.segments.tolist()]
        return np.concatenate(starts)


def read_split(prepared: Path, name: str) -> Split:
    """Return "train", "valid" or "test"."""
    with h5py.File(prepared) as file:
        group = file[name]
        return Split(group["witnesses"][:], group["target"][:], group["segments"][:])


def read_attributes(prepared: Path) -> dict[str, Any]:
    """Return what prepare says of the task: rates, band, names of the witnesses, scales."""
    with h5py.File(prepared) as file:
        return json.loads(file.attrs["json"])


def fast_witness(names: list[str], *, used_by: str) -> int:
    """Return the index of the mains monitor, the first one if there are several.

    Raises:
        InputError: If there is none.
    """
    for index, name in enumerate(names):
        if "MAINSMON" in name:
            return index
    raise InputError(
        f"{used_by} needs a mains monitor (MAINSMON) among the witnesses. There are: {', '.join(names)}. Take it off"
        " the experiments, or choose a source or files that have one."
    )
