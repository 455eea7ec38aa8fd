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
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import h5py
import numpy as np
from scipy.signal import butter, sosfiltfilt

from common.atomic import atomic_output
from common.receipts import Receipt, locate, read_receipt
from common.stage import parse, run
from common.yamlio import InputError
from papers.gw_denoise.injections import Injection, add_signals, draw_injections, write_injections
from papers.gw_denoise.records import Record, read_records, resampled
from papers.gw_denoise.settings import PrepareConfig, TaskConfig

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

    start_gps: float
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


def split_times(start: float, end: float, task: TaskConfig) -> dict[str, tuple[float, float]]:
    """Return begin and end [GPS s] of each split, one after the other with a gap between.

    Raises:
        InputError: If nothing is left for the test.
    """
    valid_from = start + task.train_s + task.gap_s
    test_from = valid_from + task.valid_s + task.gap_s
    if test_from + task.min_segment_s > end:
        raise InputError(
            f"the record has {end - start:.0f} s, but train, valid and two gaps take {test_from - start:.0f} s, which"
            f" leaves less than {task.min_segment_s:.0f} s for the test. Lower prepare.tasks.*.train_s or valid_s."
        )
    return {
        "train": (start, start + task.train_s),
        "valid": (valid_from, valid_from + task.valid_s),
        "test": (test_from, end),
    }


def good_stretches(good: Array, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of each run of true seconds of `good` (second,) between begin and end."""
    inside = np.concatenate([[False], good[begin:end], [False]]).astype(int)
    edges = np.flatnonzero(np.diff(inside))
    for first, last in edges.reshape(-1, 2).tolist():
        yield begin + first, begin + last


def cut_segment(record: Record, task: TaskConfig, names: list[str], begin: int, end: int) -> Segment:
    """Return the seconds [begin, end) of the record, resampled and filtered for itself, without its ends."""
    seconds = slice(begin, end)
    rate, edge = task.rate_hz, round(task.edge_s * task.rate_hz)
    kept = slice(edge, (end - begin) * rate - edge)
    strain = resampled(record.strain.cut(seconds), record.strain.rate_hz, rate)
    sections = butter(task.filter_order, task.band_hz, btype="bandpass", fs=rate, output="sos")
    witnesses = [resampled(record.witnesses[n].cut(seconds), record.witnesses[n].rate_hz, rate)[kept] for n in names]
    truth = {n: resampled(c.cut(seconds), c.rate_hz, rate)[kept] for n, c in record.truth.items()}
    original = record.strain.cut(seconds)
    edge_original = round(task.edge_s * record.strain.rate_hz)
    return Segment(
        start_gps=record.strain.start_gps + begin + task.edge_s,
        strain=strain[kept],
        target=sosfiltfilt(sections, strain)[kept],
        witnesses=np.stack(witnesses),
        truth=truth,
        original=original[edge_original : len(original) - edge_original],
    )


def choose_witnesses(record: Record, patterns: list[str]) -> list[str]:
    """Return the sorted names of the channels that match a pattern, without regard to the detector's prefix.

    Raises:
        InputError: If there is none.
    """
    names = sorted(n for n in record.witnesses if any(fnmatch(n.partition(":")[2], p) for p in patterns))
    if not names:
        raise InputError(f"no witness matches {patterns}; the files have {', '.join(sorted(record.witnesses))}.")
    return names


def make_splits(record: Record, task: TaskConfig, names: list[str]) -> dict[str, list[Segment]]:
    """Return the segments of each split.

    Raises:
        InputError: If a split has no good data.
    """
    start = int(record.strain.start_gps)
    splits = {}
    for split, (begin, end) in split_times(start, start + len(record.good), task).items():
        stretches = good_stretches(record.good, round(begin) - start, round(end) - start)
        long_enough = [(a, b) for a, b in stretches if b - a >= task.min_segment_s]
        splits[split] = [cut_segment(record, task, names, a, b) for a, b in long_enough]
        if not splits[split]:
            raise InputError(f"the split '{split}' ({begin:.0f} to {end:.0f}) has no good stretch that is long enough.")
        logging.info("%-5s %d segments, %.0f s", split, len(long_enough), sum(b - a for a, b in long_enough))
    return splits


def scales(train: list[Segment]) -> dict[str, list[float]]:
    """Return mean and standard deviation of the target and of each witness, from the training segments."""
    target = np.concatenate([segment.target for segment in train])
    witnesses = np.concatenate([segment.witnesses for segment in train], axis=1)
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


def main() -> None:
    """Read, inject, split, resample, filter, write; for the task that the output's name ends with."""
    arguments = parse(__doc__, config=PrepareConfig, path_lists=["receipts"], paths=["prepared"])
    name = arguments.prepared.stem.removeprefix("prepared_")
    task = arguments.config.tasks[name]
    receipts = choose_files([read_receipt(path) for path in arguments.receipts], task.files, task=name)
    record = read_records([locate(receipt) for receipt in receipts])
    witnesses = choose_witnesses(record, task.witnesses)
    logging.info("%s: witnesses %s", name, ", ".join(witnesses))
    injections = draw_injections(record, arguments.config.injections)
    add_signals(record, injections, arguments.config.injections)
    splits = make_splits(record, task, witnesses)
    attributes = {
        "task": name,
        "rate_hz": task.rate_hz,
        "strain_rate_hz": record.strain.rate_hz,
        "band_hz": task.band_hz,
        "filter_order": task.filter_order,
        "witnesses": witnesses,
        "injections": arguments.config.injections.model_dump(mode="json"),
        "seconds": {split: sum(len(s.strain) for s in segments) / task.rate_hz for split, segments in splits.items()},
        "raw_sha256": [receipt.sha256 for receipt in receipts],
    }
    write_prepared(arguments.prepared, splits, injections, attributes)


if __name__ == "__main__":
    run(main)
