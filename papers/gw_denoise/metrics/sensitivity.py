"""What a subtraction is worth: signal-to-noise ratios, recovered signals, inspiral range (arXiv:2005.06534).

The predicted noise is resampled to the rate of the strain and subtracted there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import h5py
import numpy as np
from scipy.signal.windows import tukey

from common.errors import InputError
from common.metrics import Metrics, entry

from ..archive.channel import Channel
from ..archive.resample import resample
from ..settings import EvaluateConfig
from ..signals.injections import TEMPLATE_S, Injection, first_sample, from_table
from ..signals.waveforms import inspiral_range, optimal_snr, template
from .spectra import Array, bootstrap, draw_blocks, frequencies, periodograms, segment_starts
from .subtraction import TestData

NEUTRON_STAR_MSUN = 1.4
TAPER = 0.125  # of the length, both ends together
MEDIAN_OF = 15  # half-overlapping FFTs of a stretch
MIN_STRETCHES = 4  # the bootstrap needs several to draw from


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
        rate_hz=rate,
        segments=data.segments * factor,
        start_gps=group["start_gps"][:],
        raw=group["original"][:],
        noise=noise,
        injections=from_table(file["injections"][:]),
    )


def stretch_spectra(series: Array, strain: FullRate, config: EvaluateConfig) -> Array:
    """Return the PSD (stretch, frequency) of stretches of MEDIAN_OF FFTs: the median of each, corrected for its bias.

    A signal or a glitch does not move a median. The bootstrap draws stretches.
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
    """Return the statistics of the spectra "clean" and "raw", by name."""
    frequency = frequencies(round(config.snr_fft_s * strain.rate_hz), strain.rate_hz)
    used, step = frequency >= config.low_hz, 1 / config.snr_fft_s
    if not strain.injections:
        raise InputError("no signal was injected: lower prepare.injections.interval_s, or use a longer record.")
    heavy = max(injection.mass_msun for injection in strain.injections)
    whole = template(heavy, rate_hz=strain.rate_hz, duration_s=TEMPLATE_S, low_hz=config.low_hz)
    stride = round(TEMPLATE_S / config.snr_fft_s)  # the template's frequency grid is this much finer than the spectra's
    signal = (np.fft.rfft(whole) / strain.rate_hz)[::stride]

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
class Recovery:
    """Matched filters at the known times of the injections, each (injection,).

    Attributes:
        injected: Optimal signal-to-noise ratio for the spectrum of the cleaned strain.
        recovered: Signal-to-noise ratio that the filter returns: `injected` plus noise of variance 1.
        leaked: Amplitude of the signal within the subtracted noise, relative to the signal: 0 if none is removed.
    """

    injected: Array
    recovered: Array
    leaked: Array

    @property
    def amplitude(self) -> Array:
        """Return the recovered amplitude, relative to the injected one."""
        return self.recovered / self.injected


def recover(strain: FullRate, method: str, shapes: Mapping[float, Array], config: EvaluateConfig) -> Recovery:
    """Filter the strain after a subtraction with the injected waveforms (by mass) at their times."""
    length, edge = round(TEMPLATE_S * strain.rate_hz), round(config.edge_s * strain.rate_hz)
    clean = strain.clean(method)
    psd, psd_raw = (stretch_spectra(series, strain, config).mean(axis=0) for series in (clean, strain.raw))
    rows = []
    for injection, first in inside_segments(strain, length, edge=edge):
        signal = injection.amplitude * shapes[injection.mass_msun]
        samples = slice(first, first + length)
        norm = np.sqrt(overlap(signal, signal, psd, strain.rate_hz, low_hz=config.low_hz))
        recovered = overlap(clean[samples], signal, psd, strain.rate_hz, low_hz=config.low_hz) / norm
        against_raw = [
            overlap(series, signal, psd_raw, strain.rate_hz, low_hz=config.low_hz)
            for series in ((strain.raw - clean)[samples], signal)
        ]
        rows.append((norm, recovered, against_raw[0] / against_raw[1]))
    return Recovery(*np.array(rows).reshape(-1, 3).T)


def overlap(series: Array, signal: Array, psd: Array, rate_hz: int, *, low_hz: float) -> float:
    """Return the noise-weighted product 4 Re sum conj(h) d / S df of two series (time,) of equal length.

    Args:
        series: d, tapered here: at its ends a line or low-frequency noise would leak into all bins.
        signal: h
        psd: One-sided, (frequency,) from 0 to half the rate, of any resolution.
        rate_hz: Of the series.
        low_hz: Lower frequencies do not count, nor do those in the edge of the resampling filter below half the rate.
    """
    frequency = np.fft.rfftfreq(len(signal), 1 / rate_hz)
    used = (frequency >= low_hz) & (frequency < 0.9 * rate_hz / 2)
    density = np.interp(frequency[used], np.linspace(0, rate_hz / 2, len(psd)), psd)
    product = np.conj(np.fft.rfft(signal)[used]) * np.fft.rfft(series * tukey(len(series), TAPER))[used]
    return float(4 * np.sum(product.real / density) / rate_hz / len(signal))


def inside_segments(strain: FullRate, length: int, *, edge: int) -> list[tuple[Injection, int]]:
    """Return the injections whose template lies within a segment, each with the first sample of its template."""
    selected = []
    for (begin, end), start_gps in zip(strain.segments.tolist(), strain.start_gps.tolist(), strict=True):
        for injection in strain.injections:
            first = begin + first_sample(injection, start_gps=start_gps, rate_hz=strain.rate_hz)
            if first >= begin + edge and first + length <= end - edge:
                selected.append((injection, first))
    return selected


def weighted_mean(values: Array, weights: Array) -> tuple[float, float]:
    """Return the mean of at least two values and its error from their scatter."""
    mean = float(np.average(values, weights=weights))
    variance = len(values) / (len(values) - 1) * np.sum((weights * (values - mean)) ** 2) / np.sum(weights) ** 2
    return mean, float(np.sqrt(variance))


def measure_recovery(clean: Recovery, raw: Recovery) -> Metrics:
    """Return metrics of what a subtraction does to the injected signals.

    A subtraction that removes signals has a recovered amplitude below that of the raw strain, and leaks. The noise of a
    matched filter has variance 1, from which the errors follow.
    """
    n, weight = len(clean.recovered), clean.injected**2  # an amplitude is known to 1 / snr
    if n < 2:  # a scatter needs two
        return {}
    gain = 100 * (clean.injected / raw.injected - 1)
    values = {
        "recovered_amplitude": (np.average(clean.amplitude, weights=weight), 1 / np.sqrt(np.sum(weight))),
        "amplitude_change": weighted_mean(clean.amplitude - raw.amplitude, weight),
        "leaked_signal": weighted_mean(clean.leaked, weight),
        "injected_snr_gain_percent": weighted_mean(gain, np.ones(n)),
        "snr_pull": (np.mean(clean.recovered - clean.injected), 1 / np.sqrt(n)),
    }
    return {name: entry(value, error, n) for name, (value, error) in values.items()}
