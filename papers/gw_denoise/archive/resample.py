"""Channels of different rates on one time axis, band-limited and aligned to the sample, for arXiv:2005.06534.

Slow channels (16 Hz) are interpolated with a filter: repeating each sample would put copies of their spectrum around
every multiple of 16 Hz. The filter is symmetric and delays nothing: a time stamp that is off by one sample at 512 Hz
would turn the phase at 60 Hz by 42 degrees.
"""

from math import gcd

import numpy as np
from scipy.signal import firwin, kaiser_beta, kaiserord, resample_poly

from common.errors import InputError

from .channel import Channel, Floats
from .recording import Recording

STOPBAND_DB = 80.0  # images and aliases are weaker by this much
TRANSITION = 0.1  # width of the filter's edge over the lower Nyquist frequency, where its stopband begins


def resample(channel: Channel, rate_hz: int) -> Channel:
    """Return a channel at another rate; sample 0 keeps its time.

    Frequencies below 0.9 of the lower Nyquist frequency are kept to 1e-4, those above it removed. The first and last
    `edge_s` seconds see the filter's end: there the channel is continued by the straight line through its first and
    last sample, and the result is only approximate.

    Args:
        channel: (time,) without NaN: cut it at its gaps first (`recording.segments`).
        rate_hz: [Hz] whole number, as the channel's own rate must be.

    Raises:
        InputError: If a rate is not a whole number or a sample is NaN.
    """
    if not float(channel.rate_hz).is_integer():
        raise InputError(f"{channel.name}: expected a whole number of samples per second, found {channel.rate_hz:g}.")
    if not np.isfinite(channel.samples).all():
        raise InputError(f"{channel.name}: expected samples without a gap, found NaN. Cut it into its segments first.")
    up, down = _factors(channel.rate_hz, rate_hz)
    if up == down:
        return channel
    samples = resample_poly(channel.samples, up, down, window=_low_pass(max(up, down)), padtype="line")
    return Channel(channel.name, channel.start_gps, float(rate_hz), np.asarray(samples, dtype=np.float64))


def edge_s(from_hz: float, to_hz: float) -> float:
    """Return how many seconds at each end of a resampled channel depend on what lies outside of it."""
    up, down = _factors(from_hz, to_hz)
    return 0.0 if up == down else _half_length(max(up, down)) / (from_hz * up)


def on_one_grid(recording: Recording, rate_hz: int) -> tuple[Floats, Floats]:
    """Return strain (time,) and witnesses (witness, time), in the order of the recording, at one rate.

    Args:
        recording: Without NaN: one of its segments.
        rate_hz: [Hz] a whole number.
    """
    strain = resample(recording.strain, rate_hz).samples
    witnesses = [resample(channel, rate_hz).samples for channel in recording.witnesses.values()]
    return strain, np.array(witnesses).reshape(len(witnesses), len(strain))


def _factors(from_hz: float, to_hz: float) -> tuple[int, int]:
    """Return the factors (up, down) by which the rate is first raised and then lowered."""
    common = gcd(round(from_hz), round(to_hz))
    return round(to_hz) // common, round(from_hz) // common


def _half_length(factor: int) -> int:
    n_taps, _ = kaiserord(STOPBAND_DB, TRANSITION / factor)
    return int(np.ceil((n_taps - 1) / 2))


def _low_pass(factor: int) -> Floats:
    """Return a symmetric filter for the raised rate, whose Nyquist frequency is `factor` times the lower one."""
    taps: Floats = firwin(
        2 * _half_length(factor) + 1, (1 - TRANSITION / 2) / factor, window=("kaiser", kaiser_beta(STOPBAND_DB))
    )
    return taps
