"""What a task is made from: strain, witnesses, and for generated data the truth, each at its own rate.

A file is recognised by its content: GWOSC's HDF5 schema is strain, an attribute `truth` marks the truth of generated
data, anything else is witnesses.
"""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from scipy.signal import resample_poly

from common.yamlio import InputError

Array = np.ndarray
GOOD_BIT = 1  # DATA, the first bit of GWOSC's mask


@dataclass
class Samples:
    """A channel: first sample's GPS time, rate [Hz], samples (time,)."""

    start_gps: float
    rate_hz: int
    samples: Array

    def cut(self, seconds: slice) -> Array:
        """Return the samples (time,) between two whole seconds after the start, in double precision."""
        return self.samples[seconds.start * self.rate_hz : seconds.stop * self.rate_hz].astype(np.float64)


@dataclass
class Record:
    """Strain, witnesses by full name, truth by component, and which seconds are good (second,)."""

    strain: Samples
    good: Array
    witnesses: dict[str, Samples] = field(default_factory=dict)
    truth: dict[str, Samples] = field(default_factory=dict)


def read_records(paths: list[Path]) -> Record:
    """Read all files of a task, cut to the time that they share.

    Raises:
        InputError: If there is not exactly one strain, or the files share no time.
    """
    strain, good, witnesses, truth = [], None, {}, {}
    for path in paths:
        with h5py.File(path) as file:
            if "strain/Strain" in file:
                strain.append(read_strain(file))
                good = is_good(file, strain[-1])
            elif file.attrs.get("truth"):
                truth |= read_truth(file)
            else:
                witnesses |= {name: read_channel(file[name]) for name in file}
    if len(strain) != 1 or good is None:
        raise InputError(f"expected one strain file, found {len(strain)} in {', '.join(map(str, paths))}.")
    return Record(strain[0], good, witnesses, truth)


def read_strain(file: h5py.File) -> Samples:
    """Read strain from GWOSC's schema."""
    dataset = file["strain/Strain"]
    return Samples(float(dataset.attrs["Xstart"]), round(1 / float(dataset.attrs["Xspacing"])), dataset[:])


def is_good(file: h5py.File, strain: Samples) -> Array:
    """Return which seconds (second,) have data: the quality bit is set and no sample is NaN."""
    mask = file["quality/simple/DQmask"][:] & GOOD_BIT
    finite = np.isfinite(strain.samples[: len(mask) * strain.rate_hz].reshape(len(mask), -1)).all(axis=1)
    return (mask > 0) & finite


def read_channel(dataset: h5py.Dataset) -> Samples:
    """Read one channel in GWpy's layout."""
    return Samples(float(dataset.attrs["x0"]), round(1 / float(dataset.attrs["dx"])), dataset[:])


def read_truth(file: h5py.File) -> dict[str, Samples]:
    """Read the components of generated strain."""
    start, rate_hz = float(file.attrs["x0"]), round(1 / float(file.attrs["dx"]))
    return {name: Samples(start, rate_hz, file[name][:] * file.attrs["scale"]) for name in file}


def resampled(samples: Array, from_hz: int, to_hz: int) -> Array:
    """Return samples (time,) at another rate with a linear-phase filter; both rates are whole numbers."""
    if from_hz == to_hz:
        return samples
    return np.asarray(resample_poly(samples, to_hz, from_hz, padtype="line"))
