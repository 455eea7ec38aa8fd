"""Frame files (.gwf), the detectors' own format (LIGO-T970130), read and written through GWpy, for arXiv:2005.06534.

GWpy takes its backend from the package lalsuite. A frame file holds frames, and each frame one vector per channel. The
backend unpacks whole vectors, so that the memory needed is that of the longest frame of one channel.
"""

import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.atomic import atomic_output
from common.errors import InputError

from .channel import Channel

MAGIC = b"IGWD"
VERSION_BYTE, CHECKED_VERSION = 5, 8  # version 8 of the format (2009) is what the archive holds
END_BYTES = 46  # size of the last structure of a file, FrEndOfFile; it begins with this number
END_OFFSET = 18  # where FrEndOfFile holds the size of the file


def check_complete(path: Path) -> None:
    """Make sure that a frame file has its end.

    Raises:
        InputError: If not. The backend would end the whole process with a segmentation fault.
    """
    size = path.stat().st_size
    with open(path, "rb") as stream:
        version = stream.read(VERSION_BYTE + 1)[VERSION_BYTE:]
        stream.seek(max(size - END_BYTES, 0))
        end = stream.read().ljust(END_BYTES, b"\0")
    if version and version[0] != CHECKED_VERSION:
        return
    if (struct.unpack_from("<Q", end)[0], struct.unpack_from("<Q", end, END_OFFSET)[0]) != (END_BYTES, size):
        raise InputError(
            f"{path}: the frame file is cut short or damaged: its {size} bytes do not end as a frame file does. Move it"
            " away and call the same command again to download it once more."
        )


def channel_names(path: Path) -> list[str]:
    """Return the channels in a file."""
    from gwpy.io import gwf

    check_complete(path)
    names: list[str] = gwf.get_channel_names(str(path))
    return names


def span(path: Path, name: str) -> tuple[float, float]:
    """Return the GPS times [s] at which a channel begins and ends in a file; there may be gaps between."""
    stretches = _stretches(path, name)
    return stretches[0][0], stretches[-1][1]


def read_pieces(path: Path, name: str, *, start_gps: float, stop_gps: float) -> list[Channel]:
    """Return what a file has of a channel within [start_gps, stop_gps): a piece for each stretch without a gap.

    Frames follow each other with gaps where the detector was not ready.
    """
    from gwpy.timeseries import TimeSeries

    pieces = []
    for first, last in _stretches(path, name):
        start, stop = max(first, start_gps), min(last, stop_gps)
        if start < stop:
            series = TimeSeries.read(str(path), name, start=start, end=stop, format="gwf")
            rate_hz, samples = float(series.sample_rate.value), np.asarray(series.value, dtype=np.float64)
            pieces.append(Channel(name, float(series.t0.value), rate_hz, samples))
    return pieces


def _stretches(path: Path, name: str) -> list[tuple[float, float]]:
    """Return begin and end [GPS s] of each run of frames that have the channel, in order."""
    from gwpy.io import gwf

    check_complete(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a frame without this channel is a gap
        return sorted((float(start), float(stop)) for start, stop in gwf.data_segments([str(path)], name))


def write_gwf(path: Path, channels: Sequence[Channel]) -> None:
    """Write channels, each at its own rate, as one frame.

    Args:
        path: Where; the archive's names are "<site>-<frame type>-<GPS start>-<duration>.gwf".
        channels: All over the same time.

    Raises:
        InputError: If they are not.
    """
    from gwpy.timeseries import TimeSeries, TimeSeriesDict

    spans = {(channel.start_gps, channel.stop_gps) for channel in channels}
    if len(spans) != 1:
        raise InputError(f"{path}: the channels of a frame must cover the same time, found {sorted(spans)}.")
    series = TimeSeriesDict()
    for channel in channels:
        series[channel.name] = TimeSeries(
            channel.samples,
            t0=channel.start_gps,
            sample_rate=channel.rate_hz,
            name=channel.name,
            channel=channel.name,
        )
    with atomic_output(path) as temporary:
        series.write(str(temporary), format="gwf", overwrite=True)
