"""Random processes for the stand-in of arXiv:2005.06534: coloured noise, slow wander, band-limited upsampling."""

from collections.abc import Callable

import lalsimulation
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, resample

Array = NDArray[np.float64]
GRID_POINTS = 4000  # of the smooth analytic PSD


def aligo_asd(frequency_hz: Array, *, scale: float, low_hz: float = 10.0) -> Array:
    """Return the amplitude spectral density of Advanced LIGO's design, "zero detuning, high power".

    Args:
        frequency_hz: (frequency,), 0 or above.
        scale: Factor on the amplitude.
        low_hz: Below, the wall is replaced by a slope of f^2, so that no number overflows.

    Returns:
        (frequency,) [1/sqrt(Hz)], one-sided.
    """
    grid = np.geomspace(low_hz, max(frequency_hz[-1], 2 * low_hz), GRID_POINTS)
    density = np.array([lalsimulation.SimNoisePSDaLIGOZeroDetHighPower(float(f)) for f in grid])
    inside = np.maximum(frequency_hz, low_hz)
    asd = np.exp(0.5 * np.interp(np.log(inside), np.log(grid), np.log(density)))
    return np.asarray(scale * asd * np.minimum(frequency_hz / low_hz, 1.0) ** 2)


def coloured_noise(
    n_samples: int, rate_hz: float, asd: Callable[[Array], Array], generator: np.random.Generator
) -> Array:
    """Return Gaussian noise (time,) with a one-sided amplitude spectral density `asd(frequency_hz)`."""
    frequency = np.fft.rfftfreq(n_samples, 1 / rate_hz)
    amplitude = asd(frequency) * np.sqrt(rate_hz * n_samples / 4)  # of the real and of the imaginary part
    spectrum = generator.standard_normal(len(frequency)) + 1j * generator.standard_normal(len(frequency))
    spectrum *= amplitude
    spectrum[0] = 0
    return np.fft.irfft(spectrum, n_samples)


def wander(
    n_samples: int, rate_hz: float, *, time_s: float, rms: float, generator: np.random.Generator, grid_hz: float = 4.0
) -> Array:
    """Return an Ornstein-Uhlenbeck process (time,), drawn on a grid of `grid_hz` and interpolated linearly."""
    n_grid = int(np.ceil(n_samples / rate_hz * grid_hz)) + 1
    decay = np.exp(-1 / (grid_hz * time_s))
    kicks = generator.standard_normal(n_grid) * rms * np.sqrt(1 - decay**2)
    kicks[0] = generator.standard_normal() * rms  # stationary from the start
    process = lfilter([1.0], [1.0, -decay], kicks)
    return np.interp(np.arange(n_samples) / rate_hz, np.arange(n_grid) / grid_hz, process)


def upsample(samples: Array, n_samples: int) -> Array:
    """Return a band-limited interpolation (..., time) with `n_samples`; the record is taken as periodic."""
    return np.asarray(resample(samples, n_samples, axis=-1))


def unit_rms(samples: Array) -> Array:
    """Return samples (..., time) with mean 0 and rms 1 along time."""
    centred = samples - samples.mean(axis=-1, keepdims=True)
    return np.asarray(centred / centred.std(axis=-1, keepdims=True))
