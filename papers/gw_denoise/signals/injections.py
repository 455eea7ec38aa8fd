"""Signals of known amplitude in the strain: the test that subtraction leaves gravitational waves alone.

They are added first of all, so that the network sees them while it learns (arXiv:2005.06534, signal recovery).
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import welch

from ..archive.recording import Recording
from ..settings import InjectionConfig
from .waveforms import MERGER_SHARE, Array, optimal_snr, template

TEMPLATE_S = 16.0  # long enough for 10 + 10 solar masses from 20 Hz
PSD_S = 4.0


@dataclass(frozen=True)
class Injection:
    """A merger at `gps`, of two black holes of `mass_msun`, scaled by `amplitude` from 1 Mpc."""

    gps: float
    mass_msun: float
    amplitude: float


def draw_injections(recording: Recording, config: InjectionConfig) -> list[Injection]:
    """Return a signal every `interval_s`; its signal-to-noise ratio in the raw strain is drawn from `snr`."""
    generator = np.random.default_rng(config.seed)
    rate = round(recording.strain.rate_hz)
    psd = median_psd(recording)
    snr_at_1_mpc = {mass: template_snr(mass, psd, rate_hz=rate, low_hz=config.low_hz) for mass in config.masses_msun}
    injections = []
    for time in np.arange(config.interval_s / 2, len(recording.good), config.interval_s):
        mass = float(generator.choice(config.masses_msun))
        snr = generator.uniform(*config.snr)
        shift = generator.uniform(-0.25, 0.25)
        injections.append(Injection(recording.strain.start_gps + time + shift, mass, snr / snr_at_1_mpc[mass]))
    return injections


def median_psd(recording: Recording) -> Array:
    """Return the one-sided PSD (frequency,) of the good strain, at the frequencies of an FFT of TEMPLATE_S."""
    rate = round(recording.strain.rate_hz)
    samples = recording.strain.samples[np.repeat(recording.good, rate)]
    frequency, psd = welch(samples, rate, nperseg=round(PSD_S * rate), average="median")
    return np.interp(np.fft.rfftfreq(round(TEMPLATE_S * rate), 1 / rate), frequency, psd)


def template_snr(mass_msun: float, psd: Array, *, rate_hz: int, low_hz: float) -> float:
    """Return the optimal signal-to-noise ratio at 1 Mpc; psd (frequency,) for FFTs of TEMPLATE_S."""
    signal = template(mass_msun, rate_hz=rate_hz, duration_s=TEMPLATE_S, low_hz=low_hz)
    return optimal_snr(np.fft.rfft(signal) / rate_hz, psd, 1 / TEMPLATE_S)


def signals(recording: Recording, injections: list[Injection], config: InjectionConfig) -> Array:
    """Return the sum of all signals (time,) at the times of the recording's strain."""
    strain, rate = recording.strain, round(recording.strain.rate_hz)
    total = np.zeros(len(strain.samples))
    shapes = {
        mass: template(mass, rate_hz=rate, duration_s=TEMPLATE_S, low_hz=config.low_hz) for mass in config.masses_msun
    }
    for injection in injections:
        shape = shapes[injection.mass_msun]
        first = first_sample(injection, start_gps=strain.start_gps, rate_hz=rate)
        begin, end = max(first, 0), min(first + len(shape), len(total))
        total[begin:end] += injection.amplitude * shape[begin - first : end - first]
    return total


def first_sample(injection: Injection, *, start_gps: float, rate_hz: int) -> int:
    """Return the index of a template's first sample in a record that begins at `start_gps`."""
    return round((injection.gps - start_gps - MERGER_SHARE * TEMPLATE_S) * rate_hz)


def as_table(injections: list[Injection]) -> Array:
    """Return the table (injection, 3) of the prepared file: GPS time of the merger, mass, amplitude."""
    return np.array([(i.gps, i.mass_msun, i.amplitude) for i in injections]).reshape(-1, 3)


def from_table(table: Array) -> list[Injection]:
    """Return the injections of a table (injection, 3)."""
    return [Injection(*row) for row in table.tolist()]
