"""What a subtraction is worth: signal-to-noise ratios, recovered signals, inspiral range (arXiv:2005.06534).

All of it is computed at the strain's own rate, from which the predicted noise, raised to that rate, is subtracted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import h5py
import numpy as np
from scipy.signal.windows import tukey

from common.errors import InputError
from papers.gw_denoise.channel import Channel
from papers.gw_denoise.injections import TEMPLATE_S, Injection, first_sample, read_injections
from papers.gw_denoise.resample import resample
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.spectra import bootstrap, draw_blocks, frequencies, periodograms, segment_starts
from papers.gw_denoise.subtraction import Metrics, TestData
from papers.gw_denoise.waveforms import inspiral_range, optimal_snr, template

Array = np.ndarray
NEUTRON_STAR_MSUN = 1.4
TAPER = 0.125  # of the length, both ends together
MEDIAN_OF = 15  # half-overlapping FFTs
MIN_STRETCHES = 4  # that the bootstrap can draw from


@dataclass(frozen=True)
class FullRate:
    """The test split at the strain's own rate.

    Attributes:
        rate_hz: Of the strain.
        segments: (segment, 2) sample ranges without a gap.
        start_gps: (segment,)
        raw: (time,)
        noise: Predicted noise (time,) by method.
        injections: Signals in the strain.
    """

    rate_hz: int
    segments: Array
    start_gps: Array
    raw: Array
    noise: dict[str, Array]
    injections: list[Injection]

    def clean(self, method: str) -> Array:
        """Return the strain (time,) after the subtraction of a method; "none" is the raw strain."""
        return self.raw if method == "none" else self.raw - self.noise[method]


def at_full_rate(file: h5py.File, data: TestData, methods: list[str]) -> FullRate:
    """Return the test split at the strain's rate; `file` is prepared_<task>.h5."""
    rate, task_rate = data.attributes["strain_rate_hz"], data.attributes["rate_hz"]
    factor = rate // task_rate
    noise = {}
    for method in methods:
        pieces = [Channel(method, 0.0, task_rate, data.noise[method][a:b]) for a, b in data.segments.tolist()]
        noise[method] = np.concatenate([resample(piece, rate).samples for piece in pieces])
    group = file["test"]
    return FullRate(
        rate, data.segments * factor, group["start_gps"][:], group["original"][:], noise, read_injections(file)
    )


def stretch_spectra(series: Array, strain: FullRate, config: EvaluateConfig) -> Array:
    """Return the PSD (stretch, frequency) of stretches of MEDIAN_OF FFTs, each the median, without its bias.

    A median is not moved by a signal or a glitch; the stretches are what the bootstrap draws.
    """
    n_fft = round(config.snr_fft_s * strain.rate_hz)
    starts = segment_starts(strain.segments, n_fft=n_fft, edge=round(config.edge_s * strain.rate_hz))
    powers = periodograms(series, starts, n_fft=n_fft, rate_hz=strain.rate_hz)
    n_stretches = max(MIN_STRETCHES, len(powers) // MEDIAN_OF)
    medians = [np.median(part, axis=0) / median_bias(len(part)) for part in np.array_split(powers, n_stretches)]
    return np.array(medians)


def median_bias(n: int) -> float:
    """Return the expected median of `n` exponentially distributed powers of mean 1 (arXiv:gr-qc/0509116, App. B)."""
    odd = n - 1 + n % 2
    return float(np.sum((-1.0) ** np.arange(odd) / np.arange(1, odd + 1)))


def templates(strain: FullRate, config: EvaluateConfig) -> dict[float, Array]:
    """Return the waveform (time,) at 1 Mpc for each mass of the injections."""
    masses = sorted({injection.mass_msun for injection in strain.injections})
    options = {"rate_hz": strain.rate_hz, "duration_s": TEMPLATE_S, "low_hz": config.low_hz}
    return {mass: template(mass, **options) for mass in masses}


def measure_sensitivity(strain: FullRate, config: EvaluateConfig, *, task: str, seed: int) -> Metrics:
    """Return gains in optimal signal-to-noise ratio and inspiral ranges of every method, with bootstrap errors."""
    statistics = sensitivity_statistics(strain, config)
    raw = stretch_spectra(strain.raw, strain, config)
    draws = draw_blocks(len(raw), block=1, n_bootstrap=config.n_bootstrap, seed=seed)
    metrics: Metrics = {}
    for method in ("none", *strain.noise):
        both = {"clean": stretch_spectra(strain.clean(method), strain, config), "raw": raw}
        for name, statistic in statistics.items():
            metrics[f"{task}.{method}.{name}"] = bootstrap(statistic, both, draws, average=np.mean)
    return metrics


def sensitivity_statistics(strain: FullRate, config: EvaluateConfig) -> dict[str, Callable[..., float]]:
    """Return what is computed from the spectra before and after, by name."""
    frequency = frequencies(round(config.snr_fft_s * strain.rate_hz), strain.rate_hz)
    used, step = frequency >= config.low_hz, 1 / config.snr_fft_s
    if not strain.injections:
        raise InputError("no signal was injected: lower prepare.injections.interval_s, or use a longer record.")
    heavy = max(injection.mass_msun for injection in strain.injections)
    whole = template(heavy, rate_hz=strain.rate_hz, duration_s=TEMPLATE_S, low_hz=config.low_hz)
    every = round(TEMPLATE_S / config.snr_fft_s)  # of the template's frequencies is one of the spectra's
    signal = (np.fft.rfft(whole) / strain.rate_hz)[::every]

    def snr(psd: Array) -> float:
        return optimal_snr(signal, psd * used, step)

    def reach(psd: Array) -> float:
        return inspiral_range(psd, frequency, mass_msun=NEUTRON_STAR_MSUN, low_hz=config.low_hz)

    return {
        "snr_gain_percent": lambda clean, raw: 100 * (snr(clean) / snr(raw) - 1),
        "bns_range_mpc": lambda clean, raw: reach(clean),
        "range_gain_percent": lambda clean, raw: 100 * (reach(clean) / reach(raw) - 1),
    }


@dataclass(frozen=True)
class Recovered:
    """Matched filters at the known times of the injections, each (injection,).

    Attributes:
        injected: Optimal signal-to-noise ratio, from the method's own spectrum.
        found: Signal-to-noise ratio that the filter returns: `injected` plus noise of variance 1.
        leaked: Amplitude of the signal within the subtracted noise, relative to the signal: 0 if none is removed.
    """

    injected: Array
    found: Array
    leaked: Array

    @property
    def amplitude(self) -> Array:
        """Return the amplitude that is found, relative to the injected one."""
        return self.found / self.injected


def recover(strain: FullRate, method: str, shapes: Mapping[float, Array], config: EvaluateConfig) -> Recovered:
    """Filter the strain after a subtraction with the injected waveforms (by mass) at their times."""
    length, edge = round(TEMPLATE_S * strain.rate_hz), round(config.edge_s * strain.rate_hz)
    clean = strain.clean(method)
    psd, psd_raw = (stretch_spectra(series, strain, config).mean(axis=0) for series in (clean, strain.raw))
    rows = []
    for injection, first in inside_segments(strain, length, edge=edge):
        signal = injection.amplitude * shapes[injection.mass_msun]
        here = slice(first, first + length)
        norm = np.sqrt(overlap(signal, signal, psd, strain.rate_hz, low_hz=config.low_hz))
        found = overlap(clean[here], signal, psd, strain.rate_hz, low_hz=config.low_hz) / norm
        against_raw = [
            overlap(series, signal, psd_raw, strain.rate_hz, low_hz=config.low_hz)
            for series in ((strain.raw - clean)[here], signal)
        ]
        rows.append((norm, found, against_raw[0] / against_raw[1]))
    return Recovered(*np.array(rows).reshape(-1, 3).T)


def overlap(series: Array, signal: Array, psd: Array, rate_hz: int, *, low_hz: float) -> float:
    """Return the noise-weighted product 4 Re sum conj(h) d / S df of two series (time,) of equal length.

    Args:
        series: d, tapered here: at its ends a line or low-frequency noise would leak into all bins.
        signal: h
        psd: One-sided, (frequency,) from 0 to half the rate, of any resolution.
        rate_hz: Of the series.
        low_hz: Frequencies below are left out, and those in the filter's edge below half the rate.
    """
    frequency = np.fft.rfftfreq(len(signal), 1 / rate_hz)
    used = (frequency >= low_hz) & (frequency < 0.9 * rate_hz / 2)
    density = np.interp(frequency[used], np.linspace(0, rate_hz / 2, len(psd)), psd)
    product = np.conj(np.fft.rfft(signal)[used]) * np.fft.rfft(series * tukey(len(series), TAPER))[used]
    return float(4 * np.sum(product.real / density) / rate_hz / len(signal))


def inside_segments(strain: FullRate, length: int, *, edge: int) -> list[tuple[Injection, int]]:
    """Return the injections whose template lies within a segment, with its first sample there."""
    found = []
    for (begin, end), start_gps in zip(strain.segments.tolist(), strain.start_gps.tolist(), strict=True):
        for injection in strain.injections:
            first = begin + first_sample(injection, start_gps=start_gps, rate_hz=strain.rate_hz)
            if first >= begin + edge and first + length <= end - edge:
                found.append((injection, first))
    return found


def weighted_mean(values: Array, weights: Array) -> tuple[float, float]:
    """Return the mean of at least two values and its error from their scatter."""
    mean = float(np.average(values, weights=weights))
    variance = len(values) / (len(values) - 1) * np.sum((weights * (values - mean)) ** 2) / np.sum(weights) ** 2
    return mean, float(np.sqrt(variance))


def measure_recovery(recovered: Recovered, raw: Recovered) -> Metrics:
    """Return what a subtraction does to the injected signals; a matched filter has unit variance, hence the errors.

    A subtraction that removes signals has a recovered amplitude below that of the raw strain, and leaks.
    """
    n, weight = len(recovered.found), recovered.injected**2  # an amplitude is known to 1 / snr
    if n < 2:  # a scatter needs two
        return {}
    gain = 100 * (recovered.injected / raw.injected - 1)
    values = {
        "recovered_amplitude": (np.average(recovered.amplitude, weights=weight), 1 / np.sqrt(np.sum(weight))),
        "amplitude_change": weighted_mean(recovered.amplitude - raw.amplitude, weight),
        "leaked_signal": weighted_mean(recovered.leaked, weight),
        "injected_snr_gain_percent": weighted_mean(gain, np.ones(n)),
        "snr_pull": (np.mean(recovered.found - recovered.injected), 1 / np.sqrt(n)),
    }
    return {name: {"value": float(value), "error": float(error), "n": n} for name, (value, error) in values.items()}
