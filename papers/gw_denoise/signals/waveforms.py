"""Signals of merging binaries for injections and for ranges (arXiv:2005.06534, signal recovery).

A binary black hole is IMRPhenomD of lalsimulation, face-on and overhead; the inspiral range uses Newtonian chirps.
"""

import lal
import lalsimulation
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DISTANCE_MPC = 1.0
MERGER_SHARE = 0.75  # of a template's length, where its merger lies
RANGE_SNR = 8.0
HORIZON_OVER_RANGE = 2.2648  # average over sky and orientation, Finn & Chernoff (1993)


def fourier_signal(mass_msun: float, frequency_hz: Array, *, low_hz: float) -> NDArray[np.complex128]:
    """Return the spectrum (frequency,) [1/Hz] of two equal black holes at 1 Mpc, merging at time 0.

    Args:
        mass_msun: Of each black hole.
        frequency_hz: (frequency,), equally spaced from 0.
        low_hz: Where the signal begins.
    """
    step, highest = frequency_hz[1] - frequency_hz[0], float(frequency_hz[-1])
    mass_kg, distance_m = mass_msun * lal.MSUN_SI, DISTANCE_MPC * 1e6 * lal.PC_SI
    spins, orientation = [0.0] * 6, [0.0] * 5
    plus, _ = lalsimulation.SimInspiralChooseFDWaveform(
        *(mass_kg, mass_kg, *spins, distance_m, *orientation, step, low_hz, highest, low_hz),
        None,
        lalsimulation.IMRPhenomD,
    )
    spectrum = np.zeros(len(frequency_hz), dtype=complex)
    values = plus.data.data[: len(spectrum)]
    spectrum[: len(values)] = values
    return spectrum


def template(mass_msun: float, *, rate_hz: int, duration_s: float, low_hz: float) -> Array:
    """Return the strain (time,) of two equal black holes at 1 Mpc; the merger is at MERGER_SHARE of the duration."""
    n_samples = round(duration_s * rate_hz)
    frequency = np.fft.rfftfreq(n_samples, 1 / rate_hz)
    spectrum = fourier_signal(mass_msun, frequency, low_hz=low_hz)
    delayed = spectrum * np.exp(-2j * np.pi * frequency * MERGER_SHARE * duration_s)
    return np.fft.irfft(delayed * rate_hz, n_samples)


def optimal_snr(spectrum: NDArray[np.complex128], psd: Array, step_hz: float) -> float:
    """Return sqrt(4 sum |h|^2 / S df); spectrum and one-sided psd (frequency,); bins with psd 0 do not count."""
    used = psd > 0
    return float(np.sqrt(4 * step_hz * np.sum(np.abs(spectrum[used]) ** 2 / psd[used])))


def inspiral_range(psd: Array, frequency_hz: Array, *, mass_msun: float, low_hz: float) -> float:
    """Return the distance [Mpc] at which an average binary of equal masses has a signal-to-noise ratio of 8.

    Newtonian chirp up to the innermost stable orbit, as Finn & Chernoff (1993); psd and frequency (frequency,).
    """
    total_s = 2 * mass_msun * lal.MTSUN_SI
    chirp_s = total_s * 0.25**0.6
    highest_hz = 1 / (6**1.5 * np.pi * total_s)
    used = (frequency_hz >= low_hz) & (frequency_hz <= highest_hz) & (psd > 0)
    integral = np.sum(frequency_hz[used] ** (-7 / 3) / psd[used]) * (frequency_hz[1] - frequency_hz[0])
    amplitude_m = lal.C_SI * np.sqrt(5 / 24) * np.pi ** (-2 / 3) * chirp_s ** (5 / 6)
    horizon_m = amplitude_m * 2 * np.sqrt(integral) / RANGE_SNR
    return float(horizon_m / HORIZON_OVER_RANGE / (1e6 * lal.PC_SI))
