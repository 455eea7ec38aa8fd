"""Read strain and witnesses of one interval of time from any mixture of the archive's files, for arXiv:2005.06534.

Files (frame files, the archive's strain files in HDF5, HDF5 files with a dataset per channel) -> `Recording`.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from common.errors import InputError, nearest

from . import frame_files, hdf5_files
from .channel import Channel, finite_seconds, join
from .hdf5_files import O2_START_GPS
from .locate import load_frame_list
from .recording import Recording
from .sources import StateVector, check_safe, find_source, uncleaned_at

log = logging.getLogger(__name__)

CLEANED = re.compile("CLEAN|SUB60HZ")  # in the names of strain that a collaboration has subtracted noise from
QUALITY_FLAGS = ("DATA", "CBC_CAT1")  # strain exists; no known severe problem
Index = dict[Path, list[str]]  # the channels of each file


def read_recording(
    paths: Sequence[Path],
    *,
    witnesses: Sequence[str],
    strain: str | None = None,
    interval_gps: tuple[int, int] | None = None,
    state: StateVector | None = None,
    missing_witnesses: Literal["stop", "go_on"] = "stop",
) -> Recording:
    """Read strain and witnesses.

    Args:
        paths: All files, in any order.
        witnesses: Names, or patterns such as "ASC-*_INMON", with or without the detector's prefix.
        strain: Channel name; None if one of the files is a strain file of the archive.
        interval_gps: [s] first second and the one after the last; None for what the strain's files hold.
        state: Data quality in frame files. That of the archive's strain files is always used.
        missing_witnesses: "go_on" reads what there is and reports the rest; "stop" makes any missing one an error.

    Raises:
        InputError: If strain or witnesses are not in the files, or the strain has been cleaned already.
    """
    index = _index(paths)
    strain = strain or _only_strain(index)
    start, stop = interval_gps or _span(index, strain)
    target = read_channel(paths, strain, start_gps=start, stop_gps=stop, index=index)
    _check_uncleaned(strain, start_gps=start, where=_holders(index, strain)[0])
    detector = strain.split(":")[0]
    selected, missing = _match(witnesses, index, detector=detector, strain=strain)
    channels = {}
    for name in selected:
        channel = read_channel(paths, name, start_gps=start, stop_gps=stop, index=index)
        if _is_alive(channel):
            channels[name] = channel
        else:
            missing.append(f"{name} (no data, or constant)")
    _report_missing(missing, channels, index, policy=missing_witnesses)
    good = finite_seconds(target) & _quality(index, strain, (start, stop), state=state, detector=detector)
    log.info("%s: %d of %d s are good", strain, good.sum(), len(good))
    for name, channel in channels.items():
        lost = good & ~finite_seconds(channel)
        if lost.any():
            log.warning("%s: no data in %d s, which are left out", name, lost.sum())
        good = good & ~lost
    return Recording(strain=target, witnesses=channels, good=good)


def read_located(
    path: Path, *, missing_witnesses: Literal["stop", "go_on"], witnesses: Sequence[str] = ()
) -> Recording:
    """Read the interval of a list of frames.

    Args:
        path: The list; its files have been fetched.
        witnesses: Names or patterns as in `read_recording`; empty: those of the source.
        missing_witnesses: As in `read_recording`.

    Raises:
        InputError: If a file is missing, or strain or witnesses are not in the files.
    """
    frames = load_frame_list(path)
    source = find_source(frames.source)
    return read_recording(
        frames.paths(),
        strain=f"{frames.detector}:{source.strain}",
        witnesses=witnesses or source.witnesses[frames.detector],
        interval_gps=(frames.start_gps, frames.stop_gps),
        state=source.state,
        missing_witnesses=missing_witnesses,
    )


def read_channel(
    paths: Sequence[Path], name: str, *, start_gps: int, stop_gps: int, index: Index | None = None
) -> Channel:
    """Return a channel over [start_gps, stop_gps) from all files that have parts of it; NaN in between.

    Args:
        paths: Files, in any order.
        name: With the detector's prefix.
        start_gps: [s]
        stop_gps: [s]
        index: What `paths` hold, if it is known already.

    Raises:
        InputError: If no file has the channel, or none of these seconds.
    """
    index = index or _index(paths)
    holders = _holders(index, name)
    if not holders:
        raise _no_channel(index, name)
    pieces = [
        piece for path in holders for piece in _read_pieces(path, name, start_gps, stop_gps) if len(piece.samples)
    ]
    if not pieces:
        raise InputError(f"{_listed(holders)}: channel '{name}' has no data in GPS {start_gps} to {stop_gps}.")
    return join(pieces, start_gps=start_gps, stop_gps=stop_gps)


def open_strain(path: Path, *, interval_gps: tuple[int, int] | None = None) -> Channel:
    """Return the strain of one of the archive's HDF5 files, whatever has been done to it.

    Args:
        path: 4 kHz or 16 kHz, of any age.
        interval_gps: [s] None for all of it.

    Raises:
        InputError: If it is no such file.
    """
    index = _index([path])
    strain = _only_strain(index)
    start, stop = interval_gps or _span(index, strain)
    return read_channel([path], strain, start_gps=start, stop_gps=stop, index=index)


def _index(paths: Sequence[Path]) -> Index:
    if not paths:
        raise InputError("no files to read strain and witnesses from.")
    index = {}
    for path in paths:
        try:
            index[path] = _format_of(path).channel_names(path)
        except (OSError, KeyError) as error:
            raise InputError(
                f"{path}: cannot be read ({error}). The file has {path.stat().st_size} bytes and may be cut short: move"
                " it away and call the same command again to download it once more."
            ) from None
    return index


def _format_of(path: Path) -> ModuleType:
    if not path.exists():
        raise InputError(f"{path}: the file is missing. Call the same snakemake command again: it fetches the file.")
    with open(path, "rb") as stream:
        beginning = stream.read(len(hdf5_files.MAGIC))
    for module in (hdf5_files, frame_files):
        if beginning.startswith(module.MAGIC):
            return module
    raise InputError(f"{path}: expected an HDF5 or a frame file, found one that begins with {beginning!r}.")


def _read_pieces(path: Path, name: str, start_gps: float, stop_gps: float) -> list[Channel]:
    if _format_of(path) is frame_files:
        return frame_files.read_pieces(path, name, start_gps=start_gps, stop_gps=stop_gps)
    return [hdf5_files.read_piece(path, name, start_gps=start_gps, stop_gps=stop_gps)]


def _holders(index: Index, name: str) -> list[Path]:
    return [path for path, names in index.items() if name in names]


def _no_channel(index: Index, name: str) -> InputError:
    known = {other for names in index.values() for other in names}
    return InputError(f"{_listed(index)}: no channel '{name}'.{nearest(name, known)}")


def _only_strain(index: Index) -> str:
    """Return the channel of the archive's strain files among the files."""
    hdf5 = [path for path in index if _format_of(path) is hdf5_files]
    names = sorted({name for path in hdf5 if (name := hdf5_files.strain_name(path))})
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise InputError(f"{_listed(index)}: expected strain files of one channel, found {found}. Name the channel.")
    return names[0]


def _span(index: Index, name: str) -> tuple[int, int]:
    """Return the whole seconds between the first and the last sample of a channel."""
    spans = [_format_of(path).span(path, name) for path in _holders(index, name)]
    if not spans:
        raise _no_channel(index, name)
    return int(np.ceil(min(start for start, _ in spans))), int(np.floor(max(stop for _, stop in spans) + 1e-6))


def _check_uncleaned(name: str, *, start_gps: float, where: Path) -> None:
    """Raise an error if the noise that the article subtracts has already been removed from the strain."""
    is_bulk = ":GWOSC-" in name and start_gps >= O2_START_GPS
    if CLEANED.search(name) or is_bulk:
        reason = "a cleaned channel" if CLEANED.search(name) else "the archive's bulk strain, cleaned since O2"
        raise InputError(
            f"{where}: the strain is {name}, {reason}: the 60 Hz line is gone from it, and nothing is left to"
            f" subtract. The uncleaned channel is {uncleaned_at(name.split(':')[0], start_gps)}."
        )


def _match(patterns: Sequence[str], index: Index, *, detector: str, strain: str) -> tuple[list[str], list[str]]:
    """Return the channels that the patterns name, sorted, and the patterns that name none."""
    known = {name for names in index.values() for name in names} - {strain}
    full = [pattern if ":" in pattern else f"{detector}:{pattern}" for pattern in patterns]
    selected: set[str] = set()
    missing = []
    for pattern in full:
        matches = {name for name in known if fnmatchcase(name, pattern)}
        selected |= matches
        missing += [] if matches else [pattern]
    for name in selected:
        check_safe(name)
    return sorted(selected), missing


def _is_alive(channel: Channel) -> bool:
    finite = channel.samples[np.isfinite(channel.samples)]
    return finite.size > 0 and bool(np.ptp(finite) > 0)


def _report_missing(missing: list[str], channels: dict[str, Channel], index: Index, *, policy: str) -> None:
    if not channels:
        wanted = f"\nWanted, but not there: {', '.join(missing)}." if missing else ""
        raise InputError(
            f"{_listed(index)}: there is no witness, and cleaning needs at least one: a channel that senses the noise"
            f" and not the gravitational wave. Strain alone cannot be cleaned.{wanted}\nAdd files with auxiliary"
            " channels, or use a source that has them, such as 'o4a'; without any network: --config run=generated"
        )
    if missing and policy == "stop":
        known = ", ".join(channels)
        raise InputError(
            f"{_listed(index)}: witnesses missing: {', '.join(missing)}. There are: {known}.\nTo continue with these,"
            " set missing_witnesses to go_on."
        )
    for name in missing:
        log.warning("witness missing: %s", name)


def _quality(
    index: Index, strain: str, interval: tuple[int, int], *, state: StateVector | None, detector: str
) -> NDArray[np.bool_]:
    """Return (second,) what masks and state vectors say; without either every second counts as good."""
    start, stop = interval
    good = np.ones(stop - start, dtype=bool)
    hdf5 = [path for path in _holders(index, strain) if _format_of(path) is hdf5_files]
    masks = [hdf5_files.read_quality(path, QUALITY_FLAGS, start_gps=start, stop_gps=stop) for path in hdf5]
    known = [mask for mask in masks if mask is not None]
    if known:
        good &= join(known, start_gps=start, stop_gps=stop).samples == 1
    if state is not None:
        good &= _state_seconds(index, f"{detector}:{state.channel}", interval, bits=state.bits)
    return good


def _state_seconds(index: Index, name: str, interval: tuple[int, int], *, bits: int) -> NDArray[np.bool_]:
    if not _holders(index, name):
        log.warning("%s: not in the files, so data quality is only where there are data", name)
        return np.ones(interval[1] - interval[0], dtype=bool)
    channel = read_channel(list(index), name, start_gps=interval[0], stop_gps=interval[1], index=index)
    values = np.nan_to_num(channel.samples, nan=0.0).astype(np.int64)
    good: NDArray[np.bool_] = (values & bits == bits).reshape(-1, round(channel.rate_hz)).all(axis=1)
    return good


def _listed(paths: Iterable[Path]) -> str:
    names = [str(path) for path in paths]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")
