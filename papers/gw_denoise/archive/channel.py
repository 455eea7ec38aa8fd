"""One channel of a gravitational-wave detector over an interval of time, for arXiv:2005.06534.

Archives cut their channels into files. The readers return a `Channel` for each stretch that a file holds, and `join`
puts the stretches on one time axis, with NaN where there are no data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import InputError

GRID_TOLERANCE = 0.01  # of a sample; GPS times in double precision are good to 0.004 samples at 16384 Hz

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Channel:
    """Evenly spaced samples.

    Attributes:
        name: As the archive writes it, "<detector>:<system>-<name>".
        start_gps: [s] GPS time of the first sample.
        rate_hz: [Hz] samples per second.
        samples: (time,) in the channel's own unit (strain has none), NaN where there are no data.
    """

    name: str
    start_gps: float
    rate_hz: float
    samples: Floats

    @property
    def stop_gps(self) -> float:
        """Return the GPS time [s] at which the next sample would be."""
        return self.start_gps + len(self.samples) / self.rate_hz

    def crop(self, start_gps: float, stop_gps: float) -> "Channel":
        """Return the samples with start_gps <= time < stop_gps; nothing is added outside of the channel."""
        last = len(self.samples)
        first, stop = (
            min(max(index_at_or_after(gps - self.start_gps, self.rate_hz), 0), last) for gps in (start_gps, stop_gps)
        )
        return Channel(self.name, self.start_gps + first / self.rate_hz, self.rate_hz, self.samples[first:stop])


def index_at_or_after(offset_s: float, rate_hz: float) -> int:
    """Return the index of the first sample that is not before `offset_s` seconds after sample 0."""
    return int(np.ceil(offset_s * rate_hz - GRID_TOLERANCE))


def join(pieces: Sequence[Channel], *, start_gps: int, stop_gps: int) -> Channel:
    """Return one channel over [start_gps, stop_gps) made of pieces of it; NaN between them.

    Args:
        pieces: At least one; parts outside of the interval are left out.
        start_gps: [s]
        stop_gps: [s]

    Raises:
        InputError: If the pieces have different rates or their samples do not fall on one grid that begins at a
            whole GPS second. Moving samples to the nearest grid point would turn the phase of a line.
    """
    name, rate_hz = pieces[0].name, pieces[0].rate_hz
    if not float(rate_hz).is_integer():
        raise InputError(f"{name}: expected a whole number of samples per second, found {rate_hz:g} Hz.")
    samples = np.full(int((stop_gps - start_gps) * rate_hz), np.nan)
    for piece in pieces:
        if piece.rate_hz != rate_hz:
            raise InputError(
                f"{name}: {rate_hz:g} Hz in one file and {piece.rate_hz:g} Hz from GPS {piece.start_gps:.0f} on. Read"
                " the two parts one by one."
            )
        position = (piece.start_gps - start_gps) * rate_hz
        if abs(position - round(position)) > GRID_TOLERANCE:
            raise InputError(
                f"{name}: expected samples at whole GPS seconds and every 1/{rate_hz:g} s, found the first sample of a"
                f" file at {piece.start_gps:.9f} s. Shift the channel to that grid before use."
            )
        first = max(round(position), 0)
        inside = piece.samples[max(-round(position), 0) :][: max(len(samples) - first, 0)]
        samples[first : first + len(inside)] = inside
    return Channel(name, float(start_gps), rate_hz, samples)


def finite_seconds(channel: Channel) -> NDArray[np.bool_]:
    """Return for each whole second of a channel (second,) whether all its samples are finite."""
    per_second = np.isfinite(channel.samples).reshape(-1, round(channel.rate_hz))
    return np.asarray(per_second.all(axis=1))
