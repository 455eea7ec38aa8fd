"""Spectral lines in strain: where they are and how far they stand out, for arXiv:2005.06534.

Definition. With the amplitude spectral density from Welch's method (Hann window, half overlapping, mean of the power),
the peak-to-floor amplitude ratio of a line is
    max(ASD within PEAK_HZ of the line) / median(ASD from FLOOR_HZ[0] to FLOOR_HZ[1] away from it, on both sides).
A line much narrower than 1/fft_s grows with sqrt(fft_s), so a ratio belongs to its `fft_s`; 8 s is used throughout.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, welch

from common.errors import InputError
from papers.gw_denoise.archive.channel import Channel

FFT_S = 8.0  # [s]
PEAK_HZ = 0.5  # [Hz]
FLOOR_HZ = (2.0, 10.0)  # [Hz] beyond the sidebands of the mains line

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        frequency_hz: [Hz] of the highest point.
        peak: [1/sqrt(Hz)] for strain.
        floor: In the same unit.
    """

    frequency_hz: float
    peak: float
    floor: float

    @property
    def ratio(self) -> float:
        """Return the peak-to-floor amplitude ratio."""
        return self.peak / self.floor


def amplitude_spectral_density(channel: Channel, *, fft_s: float = FFT_S) -> tuple[Floats, Floats]:
    """Return frequencies [Hz] and the amplitude spectral density [unit of the channel / sqrt(Hz)], both (frequency,).

    Raises:
        InputError: If the channel is shorter than one FFT, or has gaps.
    """
    n_fft = round(fft_s * channel.rate_hz)
    if len(channel.samples) < n_fft or not np.isfinite(channel.samples).all():
        duration_s = len(channel.samples) / channel.rate_hz
        raise InputError(
            f"{channel.name}: expected at least {fft_s:g} s without a gap, found {duration_s:g} s with"
            f" {np.isnan(channel.samples).sum()} missing samples. Choose a good segment."
        )
    frequencies, power = welch(channel.samples, fs=channel.rate_hz, window="hann", nperseg=n_fft, detrend="constant")
    return frequencies, np.sqrt(power)


def measure_line(frequencies: Floats, density: Floats, frequency_hz: float) -> Line:
    """Return the line at a known frequency by the definition above.

    Args:
        frequencies: (frequency,) [Hz]
        density: (frequency,) amplitude spectral density.
        frequency_hz: [Hz] expected position, to within PEAK_HZ.

    Raises:
        InputError: If the spectrum does not reach that far.
    """
    distance = np.abs(frequencies - frequency_hz)
    near = np.flatnonzero(distance <= PEAK_HZ)
    around = (distance >= FLOOR_HZ[0]) & (distance <= FLOOR_HZ[1])
    if near.size == 0 or not around.any():
        raise InputError(
            f"no line can be measured at {frequency_hz:g} Hz: the spectrum goes from {frequencies[0]:g} to"
            f" {frequencies[-1]:g} Hz in steps of {frequencies[1] - frequencies[0]:g} Hz."
        )
    highest = near[np.argmax(density[near])]
    return Line(float(frequencies[highest]), float(density[highest]), float(np.median(density[around])))


def find_lines(
    frequencies: Floats, density: Floats, *, band_hz: tuple[float, float], min_ratio: float = 5.0
) -> list[Line]:
    """Return all lines in a band whose peak-to-floor ratio is at least `min_ratio`, the highest ratio first.

    A peak within PEAK_HZ of a higher one belongs to that one.
    """
    peaks = frequencies[find_peaks(density)[0]]
    candidates = [float(f) for f in peaks if band_hz[0] <= f <= band_hz[1]]
    lines = [line for f in candidates if (line := measure_line(frequencies, density, f)).frequency_hz == f]
    return sorted((line for line in lines if line.ratio >= min_ratio), key=lambda line: -line.ratio)
