"""From strain and witnesses to the splits of one task (arXiv:2005.06534; preprocessing as in the authors' later code).

Receipts of the data -> prepared_<task>.h5, whose content prepared.py describes.

The splits follow each other in time with a gap. Every filter and resampling runs within one segment of one split, and
the ends of the segment are then dropped. The witnesses are not band-passed: the product of an unfiltered slow channel
with the mains falls into the band.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatch

from scipy.signal import sosfiltfilt

from common.download.receipts import Receipt, locate, origin_of, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive.channel import Channel
from .archive.locate import LIST_SUFFIX
from .archive.reader import read_located, read_recording
from .archive.recording import Recording, segments
from .archive.resample import on_one_grid, resample
from .generator.truth import TRUTH_FILE, read_truth
from .prepared import Segment, band_pass, write_prepared
from .settings import PrepareConfig, TaskConfig
from .signals.injections import as_table, draw_injections, signals


def choose_files(receipts: list[Receipt], patterns: list[str], *, task: str) -> list[Receipt]:
    """Return the receipts whose file matches one of the patterns.

    Raises:
        InputError: If there is none.
    """
    selected = [receipt for receipt in receipts if any(fnmatch(receipt.file, pattern) for pattern in patterns)]
    if not selected:
        known = ", ".join(receipt.file for receipt in receipts)
        raise InputError(f"task '{task}': no file of the run matches {patterns}. The run has: {known}.")
    return selected


def split_seconds(duration_s: int, task: TaskConfig) -> dict[str, tuple[int, int]]:
    """Return the seconds [first, stop) of each split; the splits follow each other with a gap.

    Raises:
        InputError: If too little is left for the test.
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
    """Return a gapless recording, resampled and filtered by itself, without its ends; truth by component."""
    strain, witnesses = on_one_grid(recording, task.rate_hz)
    sections = band_pass(task.band_hz, rate_hz=task.rate_hz, order=task.filter_order)
    edge = task.edge_s * task.rate_hz
    inner = slice(edge, len(strain) - edge)
    begin, end = recording.start_gps, recording.start_gps + len(recording.good)
    return Segment(
        start_gps=begin + task.edge_s,
        strain=strain[inner],
        target=sosfiltfilt(sections, strain)[inner],
        witnesses=witnesses[:, inner],
        truth={name: resample(c.crop(begin, end), task.rate_hz).samples[inner] for name, c in truth.items()},
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


def read(receipts: list[Receipt], task: TaskConfig) -> tuple[Recording, dict[str, Channel]]:
    """Return strain with witnesses, and the truth by component; only generated data have one."""
    paths = [locate(receipt) for receipt in receipts]
    if paths[0].name.endswith(LIST_SUFFIX):
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
    """Refuse a rate of the task that does not divide that of the strain."""
    rate_hz = round(recording.strain.rate_hz)
    if rate_hz % task.rate_hz:
        raise InputError(
            f"{recording.strain.name} has {rate_hz} Hz, no multiple of prepare.tasks.*.rate_hz, {task.rate_hz} Hz."
        )


def main() -> None:
    """Read, inject, split, resample, filter and write one task."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"], texts=["task"])
    name = arguments.task
    task = arguments.config.tasks[name]
    # Every task has its own list of frames, receipts/located/<task>.json; generated files are chosen by their names.
    paths = arguments.run.receipts(arguments.receipts)
    paths = [path for path in paths if path.parent.name != "located" or path.stem == name]
    receipts = choose_files([read_receipt(path) for path in paths], task.files, task=name)
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
        "seconds": {split: sum(len(s.strain) for s in parts) / task.rate_hz for split, parts in splits.items()},
    }
    write_prepared(arguments.prepared, splits, as_table(injections), attributes, origin=origin_of(receipts))


if __name__ == "__main__":
    run(main)
