"""The file prepared_<task>.h5 of one task: what it holds, its writer and its readers (arXiv:2005.06534).

`train`, `valid` and `test` each have
    strain             (time,) at the task's rate
    target             (time,) the strain band-passed and standardised, single precision
    witnesses          (witness, time) standardised but not filtered, single precision
    segments           (segment, 2) sample ranges without a gap
    start_gps          (segment,) time of the first sample
    truth/<component>  (time,) if the data are generated
and `test` has the strain at its own rate as well, `original` (time,). `injections` (injection, 3) is the table of the
signals. The attribute `origin` is "archive" or "generated". The attribute `json` holds task, rates, band, names of the
witnesses, and scales: means and standard deviations come from `train` alone.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from scipy.signal import butter

from common.atomic import atomic_output
from common.errors import InputError

Array = np.ndarray


@dataclass(frozen=True)
class Segment:
    """A gapless stretch of one split, to be written.

    Attributes:
        start_gps: [s] time of the first sample.
        strain: (time,) at the task's rate.
        target: (time,) band-passed strain.
        witnesses: (witness, time).
        truth: (time,) by component.
        original: (time,) strain at its own rate.
    """

    start_gps: int
    strain: Array
    target: Array
    witnesses: Array
    truth: dict[str, Array]
    original: Array


@dataclass(frozen=True)
class Split:
    """One split as it is read, standardised with the constants of the training split.

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


def path_of(run_folder: Path, task: str) -> Path:
    """Return the prepared file of a task."""
    return run_folder / f"prepared_{task}.h5"


def read_origin(prepared: Path) -> Literal["archive", "generated"]:
    """Return what the data are made from."""
    with h5py.File(prepared) as file:
        return file.attrs["origin"]


def read_split(prepared: Path, name: str) -> Split:
    """Return "train", "valid" or "test"."""
    with h5py.File(prepared) as file:
        group = file[name]
        return Split(group["witnesses"][:], group["target"][:], group["segments"][:])


def read_attributes(prepared: Path) -> dict[str, Any]:
    """Return the attributes of the task: rates, band, names of the witnesses, scales."""
    with h5py.File(prepared) as file:
        return json.loads(file.attrs["json"])


def band_pass(band_hz: tuple[float, float], *, rate_hz: float, order: int) -> Array:
    """Return the second-order sections of the task's Butterworth band-pass."""
    return butter(order, band_hz, btype="bandpass", fs=rate_hz, output="sos")


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


def scales(train: list[Segment]) -> dict[str, list[float]]:
    """Return mean and standard deviation of the target and of each witness over the training segments.

    Raises:
        InputError: If a witness is constant.
    """
    target = np.concatenate([segment.target for segment in train])
    witnesses = np.concatenate([segment.witnesses for segment in train], axis=1)
    constant = np.flatnonzero(np.ptp(witnesses, axis=1) == 0).tolist()
    if constant:
        raise InputError(
            f"witnesses that do not change during the training: number {constant} of the sorted list. Take them off"
            " prepare.tasks.*.witnesses, or choose another time."
        )
    return {
        "target_mean": [float(target.mean())],
        "target_scale": [float(target.std())],
        "witness_mean": witnesses.mean(axis=1).tolist(),
        "witness_scale": witnesses.std(axis=1).tolist(),
    }


def write_split(group: h5py.Group, segments: list[Segment], scale: dict[str, list[float]], *, is_test: bool) -> None:
    """Write the segments of one split behind each other."""
    ends = np.cumsum([len(segment.strain) for segment in segments])
    group["segments"] = np.column_stack([np.concatenate([[0], ends[:-1]]), ends])
    group["start_gps"] = [segment.start_gps for segment in segments]
    group["strain"] = np.concatenate([segment.strain for segment in segments])
    target = np.concatenate([segment.target for segment in segments])
    group["target"] = ((target - scale["target_mean"][0]) / scale["target_scale"][0]).astype(np.float32)
    witnesses = np.concatenate([segment.witnesses for segment in segments], axis=1)  # (witness, time)
    centred = witnesses - np.array(scale["witness_mean"])[:, None]
    group["witnesses"] = (centred / np.array(scale["witness_scale"])[:, None]).astype(np.float32)
    for name in segments[0].truth:
        group[f"truth/{name}"] = np.concatenate([segment.truth[name] for segment in segments])
    if is_test:
        group["original"] = np.concatenate([segment.original for segment in segments])


def write_prepared(
    path: Path,
    splits: dict[str, list[Segment]],
    injections: Array,
    attributes: dict[str, object],
    *,
    origin: str,
) -> None:
    """Write all splits, the table of the injections (injection, 3), and the attributes, with the scales."""
    scale = scales(splits["train"])
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["origin"] = origin
        file.attrs["json"] = json.dumps(attributes | {"scales": scale})
        file["injections"] = injections
        for split, segments in splits.items():
            write_split(file.create_group(split), segments, scale, is_test=split == "test")
