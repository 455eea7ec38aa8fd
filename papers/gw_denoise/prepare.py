"""From strain and witnesses to the splits of one task (arXiv:2005.06534; preprocessing as in the authors' later code).

Receipts of the data -> prepared_<task>.h5 with, for `train`, `valid` and `test`:
`strain` (time,) at the task's rate; `target` (time,), band-passed and standardised; `witnesses` (witness, time),
standardised but not filtered, because the product of an unfiltered slow channel with the mains falls into the band;
`segments` (segment, 2), sample ranges without a gap; `truth/<component>` (time,) if the data are generated; and for
`test` the strain at its own rate and the injected signals.

The splits follow each other in time with a gap. Every filter and resampling runs within one segment of one split, whose
ends are then dropped. Means and scales come from `train` alone.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import h5py
import numpy as np
from scipy.signal import butter, sosfiltfilt

from common.atomic import atomic_output
from common.download.receipts import Receipt, locate, read_receipt
from common.errors import InputError
from common.stage import parse, run
from papers.gw_denoise.channel import Channel
from papers.gw_denoise.injections import Injection, draw_injections, signals, write_injections
from papers.gw_denoise.recording import Recording, read_located, read_recording, segments
from papers.gw_denoise.resample import on_one_grid, resample
from papers.gw_denoise.settings import PrepareConfig, TaskConfig
from papers.gw_denoise.truth import TRUTH_FILE, read_truth

LOCATED = ".located.json"  # the list of frames that stage fetch writes
SPLITS = ("train", "valid", "test")
Array = np.ndarray


@dataclass(frozen=True)
class Segment:
    """A gapless stretch of one split.

    Attributes:
        start_gps: Of the first sample that is kept.
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


def choose_files(receipts: list[Receipt], patterns: list[str], *, task: str) -> list[Receipt]:
    """Return the receipts whose file matches one of the patterns.

    Raises:
        InputError: If there is none.
    """
    chosen = [receipt for receipt in receipts if any(fnmatch(receipt.file, pattern) for pattern in patterns)]
    if not chosen:
        known = ", ".join(receipt.file for receipt in receipts)
        raise InputError(f"task '{task}': no file of the run matches {patterns}. The run has: {known}.")
    return chosen


def split_seconds(duration_s: int, task: TaskConfig) -> dict[str, tuple[int, int]]:
    """Return the first second of each split and the one after its last, one split after the other with a gap between.

    Raises:
        InputError: If nothing is left for the test.
    """
    valid_from = task.train_s + task.gap_s
    test_from = valid_from + task.valid_s + task.gap_s
    if test_from + task.min_segment_s > duration_s:
        raise InputError(
            f"the record has {duration_s} s, but train, valid and two gaps take {test_from} s, which leaves less than"
            f" {task.min_segment_s} s for the test. Lower prepare.tasks.*.train_s or valid_s, or add files."
        )
    return {
        "train": (0, task.train_s),
        "valid": (valid_from, valid_from + task.valid_s),
        "test": (test_from, duration_s),
    }


def cut_segment(recording: Recording, truth: Mapping[str, Channel], task: TaskConfig) -> Segment:
    """Return one gapless stretch, resampled and filtered for itself, without its ends; truth by component."""
    strain, witnesses = on_one_grid(recording, task.rate_hz)
    sections = butter(task.filter_order, task.band_hz, btype="bandpass", fs=task.rate_hz, output="sos")
    edge = task.edge_s * task.rate_hz
    kept = slice(edge, len(strain) - edge)
    begin, end = recording.start_gps, recording.start_gps + len(recording.good)
    return Segment(
        start_gps=begin + task.edge_s,
        strain=strain[kept],
        target=sosfiltfilt(sections, strain)[kept],
        witnesses=witnesses[:, kept],
        truth={name: resample(c.crop(begin, end), task.rate_hz).samples[kept] for name, c in truth.items()},
        original=recording.strain.crop(begin + task.edge_s, end - task.edge_s).samples,
    )


def make_splits(recording: Recording, truth: Mapping[str, Channel], task: TaskConfig) -> dict[str, list[Segment]]:
    """Return the segments of each split.

    Raises:
        InputError: If a split has no good data.
    """
    splits = {}
    for split, (begin, end) in split_seconds(len(recording.good), task).items():
        stretches = segments(recording.good[begin:end], task.min_segment_s)
        parts = [recording.crop(begin + first, begin + stop) for first, stop in stretches]
        splits[split] = [cut_segment(part, truth, task) for part in parts]
        if not parts:
            raise InputError(
                f"the split '{split}', seconds {begin} to {end} of the record, has no good stretch of"
                f" {task.min_segment_s} s. Choose another time, or lower prepare.tasks.*.min_segment_s."
            )
        logging.info("%-5s %d segments, %d s", split, len(parts), sum(len(part.good) for part in parts))
    return splits


def scales(train: list[Segment]) -> dict[str, list[float]]:
    """Return mean and standard deviation of the target and of each witness, from the training segments."""
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
    """Write the segments of one split behind each other, standardised, in single precision where that is enough."""
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
    path: Path, splits: dict[str, list[Segment]], injections: list[Injection], attributes: dict[str, object]
) -> None:
    """Write all splits, the injections, and `attributes` as JSON."""
    scale = scales(splits["train"])
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["json"] = json.dumps(attributes | {"scales": scale})
        write_injections(file, injections)
        for split, segments in splits.items():
            write_split(file.create_group(split), segments, scale, is_test=split == "test")


def read(receipts: list[Receipt], task: TaskConfig) -> tuple[Recording, dict[str, Channel]]:
    """Return strain with witnesses, and the truth by component, which only generated data have."""
    paths = [locate(receipt) for receipt in receipts]
    if paths[0].name.endswith(LOCATED):
        return read_located(paths[0], missing_witnesses=task.missing_witnesses, witnesses=task.witnesses), {}
    files = [path for path in paths if not fnmatch(path.name, TRUTH_FILE)]
    recording = read_recording(
        files,
        witnesses=task.witnesses,
        strain=task.strain,
        interval_gps=task.interval_gps,
        missing_witnesses=task.missing_witnesses,
    )
    return recording, read_truth([path for path in paths if fnmatch(path.name, TRUTH_FILE)])


def check_rate(recording: Recording, task: TaskConfig) -> None:
    """Refuse a rate from which the prediction cannot be raised to that of the strain by a whole factor."""
    rate_hz = round(recording.strain.rate_hz)
    if rate_hz % task.rate_hz:
        raise InputError(
            f"{recording.strain.name} has {rate_hz} Hz, no multiple of prepare.tasks.*.rate_hz, {task.rate_hz} Hz."
        )


def main() -> None:
    """Read, inject, split, resample, filter, write; for the task that the output's name ends with."""
    arguments = parse(__doc__, config=PrepareConfig, path_lists=["receipts"], paths=["prepared"])
    name = arguments.prepared.stem.removeprefix("prepared_")
    task = arguments.config.tasks[name]
    found = [read_receipt(path) for path in arguments.receipts if path.parent.name != "located" or path.stem == name]
    receipts = choose_files(found, task.files, task=name)
    recording, truth = read(receipts, task)
    check_rate(recording, task)
    injections = draw_injections(recording, arguments.config.injections)
    with_signals = recording.strain.samples + signals(recording, injections, arguments.config.injections)
    recording = replace(recording, strain=replace(recording.strain, samples=with_signals))
    splits = make_splits(recording, truth, task)
    attributes = {
        "task": name,
        "rate_hz": task.rate_hz,
        "strain_channel": recording.strain.name,
        "strain_rate_hz": round(recording.strain.rate_hz),
        "band_hz": task.band_hz,
        "filter_order": task.filter_order,
        "witnesses": list(recording.witnesses),
        "injections": arguments.config.injections.model_dump(mode="json"),
        "seconds": {split: sum(len(s.strain) for s in found) / task.rate_hz for split, found in splits.items()},
        "raw_sha256": [receipt.sha256 for receipt in receipts],
    }
    write_prepared(arguments.prepared, splits, injections, attributes)


if __name__ == "__main__":
    run(main)
