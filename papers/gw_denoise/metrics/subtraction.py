"""How much of the disturbance a subtraction removes: ratios of spectra, and the efficiency eta (arXiv:2005.06534).

eta = 1 - sum (P_clean - P_oracle) / sum (P_raw - P_oracle), over bins of the sidebands (or of the whole band):
0 if nothing is subtracted, 1 for the oracle, which subtracts exactly what the sensors could know. It is defined for
generated data only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.signal import sosfiltfilt

from common.metrics import Metrics

from ..prepared import band_pass, read_attributes
from ..settings import EvaluateConfig
from .spectra import Array, bootstrap, draw_blocks, frequencies, periodograms, segment_starts

LEVELS_FFT_S = 4.0  # [s] as in the published spectra of real strain
LEVELS_HZ = {"peak": [(59.9, 60.1)], "sideband": [(58.9, 59.1), (60.9, 61.1)], "floor": [(55.0, 56.0), (64.0, 65.0)]}
HIDDEN = "unwitnessed"  # the component of the truth that no sensor sees


@dataclass(frozen=True)
class TestData:
    """The test split of one task with all predictions.

    Attributes:
        attributes: Of the task.
        segments: (segment, 2) sample ranges without a gap.
        raw: (time,) strain at the task's rate.
        noise: Predicted noise (time,) by method; "oracle" if the truth is known.
    """

    attributes: dict[str, Any]
    segments: Array
    raw: Array
    noise: dict[str, Array]


def read_test(prepared: Path, predictions: Path) -> TestData:
    """Read one task's test split and what was predicted for it."""
    attributes = read_attributes(prepared)
    with h5py.File(prepared) as file:
        group = file["test"]
        raw, segments = group["strain"][:], group["segments"][:]
        truth = [component[:] for name, component in group.get("truth", {}).items() if name != HIDDEN]
    with h5py.File(predictions) as file:
        noise = {method: group["noise"][:] for method, group in file[attributes["task"]].items()}
    if truth:
        noise["oracle"] = within_band(np.sum(truth, axis=0), segments, attributes)
    return TestData(attributes, segments, raw, noise)


def within_band(series: Array, segments: Array, attributes: dict[str, Any]) -> Array:
    """Return series (time,) after the task's band-pass, segment by segment: no method acts outside of the band."""
    sections = band_pass(attributes["band_hz"], rate_hz=attributes["rate_hz"], order=attributes["filter_order"])
    return np.concatenate([sosfiltfilt(sections, series[begin:end]) for begin, end in segments.tolist()])


def inside(frequency: Array, ranges: list[tuple[float, float]]) -> Array:
    """Return which frequencies (frequency,) lie in one of the ranges, ends included."""
    return np.any([(frequency >= low) & (frequency <= high) for low, high in ranges], axis=0)


def asd_ratio(used: Array) -> Any:
    """Return a statistic: the mean over bins of sqrt(P_clean / P_raw)."""
    return lambda clean, raw: np.mean(np.sqrt(clean[used] / raw[used]))


def psd_ratio(used: Array) -> Any:
    """Return a statistic: the mean over bins of P_clean / P_raw, as the training's loss."""
    return lambda clean, raw: np.mean(clean[used] / raw[used])


def suppression(used: Array) -> Any:
    """Return a statistic: the amplitude in all bins together, before over after."""
    return lambda clean, raw: np.sqrt(np.sum(raw[used]) / np.sum(clean[used]))


def efficiency(used: Array) -> Any:
    """Return a statistic: eta over the bins."""
    return lambda clean, raw, oracle: 1 - np.sum((clean - oracle)[used]) / np.sum((raw - oracle)[used])


def statistics_of(frequency: Array, band: tuple[float, float], config: EvaluateConfig, *, task: str) -> dict[str, Any]:
    """Return the statistics for spectra with the resolution of `fft_s`, by name."""
    names = {"asd_ratio": asd_ratio(inside(frequency, [band])), "eta_band": efficiency(inside(frequency, [band]))}
    outside = inside(frequency, config.outside_hz) & ~inside(frequency, [(band[0] - 3, band[1] + 3)])
    names["outside_ratio"] = asd_ratio(outside)
    if task == "lines":
        sidebands, line = inside(frequency, config.sidebands_hz), inside(frequency, [config.line_hz])
        names |= {
            "line_suppression": suppression(line),
            "sideband_ratio": asd_ratio(sidebands),
            "eta": efficiency(sidebands),
        }
    return names


def measure_spectra(data: TestData, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return ratios and efficiencies of every method of a task; "none" is the raw strain."""
    rate, task, band = data.attributes["rate_hz"], data.attributes["task"], tuple(data.attributes["band_hz"])
    metrics: Metrics = {}
    for fft_s in (config.fft_s, config.loss_fft_s):
        n_fft = round(fft_s * rate)
        starts = segment_starts(data.segments, n_fft=n_fft, edge=round(config.edge_s * rate))
        frequency = frequencies(n_fft, rate)
        series = {"none": data.raw} | {method: data.raw - noise for method, noise in data.noise.items()}
        powers = {name: periodograms(s, starts, n_fft=n_fft, rate_hz=rate) for name, s in series.items()}
        statistics = {"psd_ratio": psd_ratio((frequency > band[0]) & (frequency < band[1]))}
        if fft_s == config.fft_s:
            statistics = statistics_of(frequency, band, config, task=task)
        draws = draw_blocks(len(starts), block=config.block, n_bootstrap=config.n_bootstrap, seed=seed)
        for method in powers:
            metrics |= {
                f"{task}.{method}.{name}": entry for name, entry in apply(statistics, powers, method, draws).items()
            }
    return metrics


def measure_levels(data: TestData, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the ASD [1/sqrt(Hz)] at the line (its peak), in the sidebands and at the floor, of every method."""
    rate = data.attributes["rate_hz"]
    n_fft = round(LEVELS_FFT_S * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    draws = draw_blocks(len(starts), block=config.block, n_bootstrap=config.n_bootstrap, seed=seed)
    metrics: Metrics = {}
    for method, noise in {"none": np.zeros(1), **data.noise}.items():
        power = periodograms(data.raw - noise, starts, n_fft=n_fft, rate_hz=rate)
        for name, ranges in LEVELS_HZ.items():
            used = inside(frequency, ranges)
            summary = np.max if name == "peak" else np.median
            level = bootstrap(
                lambda clean, used=used, summary=summary: np.sqrt(summary(clean[used])),
                {"clean": power},
                draws,
                average=np.mean,
            )
            metrics[f"{data.attributes['task']}.{method}.{name}_asd_4s"] = level
    return metrics


def apply(statistics: Mapping[str, Any], powers: Mapping[str, Array], method: str, draws: Array) -> Metrics:
    """Return each statistic of one method; without an oracle, those that need it are left out."""
    entries = {}
    for name, statistic in statistics.items():
        spectra = {"clean": powers[method], "raw": powers["none"]}
        if name.startswith("eta"):
            if "oracle" not in powers:
                continue
            spectra["oracle"] = powers["oracle"]
        entries[name] = bootstrap(statistic, spectra, draws, average=np.mean)
    return entries
