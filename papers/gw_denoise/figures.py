"""Draw the figures of arXiv:2005.06534, and ours beside them, from stored predictions and metrics.

prepared_<task>.h5, predictions.h5 and history.csv of each seed, metrics.json -> figures/fig*.{pdf,png,csv}. Spectra and
filters are of the first seed; nothing is trained or predicted here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from matplotlib.figure import Figure

from common.download.receipts import origin_of, read_receipt
from common.plotting import save_figure
from common.stage import parse, run
from papers.gw_denoise import drawing
from papers.gw_denoise.sensitivity import FullRate, Recovered, at_full_rate, recover, templates
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.spectra import frequencies, periodograms, segment_starts
from papers.gw_denoise.subtraction import TestData, read_test
from papers.gw_denoise.waveforms import inspiral_range
from papers.gw_denoise.witnesses import coherence_spectra, longest_segment

Array = np.ndarray
Drawn = dict[str, Any]
Origin = Literal["archive", "generated"]
ZOOM_HZ = (54.0, 66.0)
HEADLINE = "autoencoder"
RANGE_STEP_S = 16.0  # of the range against time
NEUTRON_STAR_MSUN = 1.4


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from; `data` and `prepared` by task."""

    config: EvaluateConfig
    prepared: dict[str, Path]
    data: dict[str, TestData]
    histories: list[Path]
    metrics: dict[str, dict[str, Any]]


def spectra(data: TestData, fft_s: float, edge_s: float, band: tuple[float, float]) -> dict[str, Array]:
    """Return frequency and the ASD (frequency,) within the band by method; "none" is the raw strain."""
    rate = data.attributes["rate_hz"]
    n_fft = round(fft_s * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(edge_s * rate))
    frequency = frequencies(n_fft, rate)
    used = (frequency >= band[0]) & (frequency <= band[1])
    found = {"frequency_hz": frequency[used]}
    for method, noise in {"none": np.zeros(1), **data.noise}.items():
        power = periodograms(data.raw - noise, starts, n_fft=n_fft, rate_hz=rate).mean(axis=0)
        found[method] = np.sqrt(power[used])
    return found


def figure_lines(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Strain around 60 Hz before and after, with baselines and ratio."""
    config = inputs.config
    return drawing.draw_asd(spectra(inputs.data["lines"], config.fft_s, config.edge_s, ZOOM_HZ), log_frequency=False)


def figure_broadband(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Broadband strain before and after, with the linear filter and ratio."""
    data = inputs.data["broadband"]
    band = (inputs.config.low_hz, 0.45 * data.attributes["rate_hz"])
    return drawing.draw_asd(spectra(data, inputs.config.snr_fft_s, inputs.config.edge_s, band), log_frequency=True)


def figure_sidebands(inputs: Inputs) -> tuple[Figure, Drawn]:
    """The sidebands in linear scale, where what is left over the limit can be seen."""
    low, high = inputs.config.sidebands_hz[0][0], inputs.config.sidebands_hz[-1][1]
    return drawing.draw_sidebands(
        spectra(inputs.data["lines"], inputs.config.fft_s, inputs.config.edge_s, (low, high)),
        line_hz=inputs.config.line_hz,
    )


def figure_losses(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Loss of training and validation of every network and seed."""
    curves: dict[str, list[dict[str, Array]]] = {}
    for path in inputs.histories:
        table = np.genfromtxt(path, delimiter=",", names=True)
        if table.size > 1:
            name = f"{path.parent.parent.name}/{path.parent.name}"
            curves.setdefault(name, []).append({column: table[column] for column in table.dtype.names})
    return drawing.draw_losses(curves)


def recover_all(inputs: Inputs, task: str, methods: list[str]) -> dict[str, Recovered]:
    """Return the matched filters of one task before ("none") and after the methods that it has."""
    data = inputs.data[task]
    methods = [method for method in methods if method in data.noise]
    strain = full_rate(inputs, task, methods)
    shapes = templates(strain, inputs.config)
    return {method: recover(strain, method, shapes, inputs.config) for method in ("none", *methods)}


def full_rate(inputs: Inputs, task: str, methods: list[str]) -> FullRate:
    """Return the test split of a task at the strain's own rate."""
    with h5py.File(inputs.prepared[task]) as file:
        return at_full_rate(file, inputs.data[task], methods)


def figure_signals(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Injected and recovered signal-to-noise ratios, before and after, in the broadband task."""
    return drawing.draw_signals(recover_all(inputs, "broadband", [HEADLINE, "wiener"]))


def figure_range(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Binary-neutron-star range against time, before and after, in the broadband task."""
    config = inputs.config
    methods = [method for method in (HEADLINE, "wiener", "oracle") if method in inputs.data["broadband"].noise]
    strain = full_rate(inputs, "broadband", methods)
    rate, n_fft = strain.rate_hz, round(config.snr_fft_s * strain.rate_hz)
    starts = segment_starts(strain.segments, n_fft=n_fft, edge=round(config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    per_point = max(1, round(2 * RANGE_STEP_S / config.snr_fft_s))
    n_points = max(1, len(starts) // per_point)
    ranges: dict[str, Array] = {"time_s": np.array([s.mean() for s in np.array_split(starts / rate, n_points)])}
    for method in ("none", *methods):
        powers = periodograms(strain.clean(method), starts, n_fft=n_fft, rate_hz=rate)
        ranges[method] = np.array(
            [
                inspiral_range(p.mean(axis=0), frequency, mass_msun=NEUTRON_STAR_MSUN, low_hz=config.low_hz)
                for p in np.array_split(powers, n_points)
            ]
        )
    return drawing.draw_range(ranges)


def figure_coherence(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Coherence of the strain with the mains, and with its products with slow channels, before and after."""
    data = inputs.data["lines"]
    with h5py.File(inputs.prepared["lines"]) as file:
        witnesses = file["test/witnesses"][:, longest_segment(data.segments)].astype(float)
    found = {
        method: coherence_spectra(data, witnesses, method, inputs.config)
        for method in ("none", "wiener", HEADLINE)
        if method == "none" or method in data.noise
    }
    return drawing.draw_coherence(found, limits=ZOOM_HZ)


def figure_spectrogram(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Strain against time and frequency before and after."""
    data = inputs.data["lines"]
    rate = data.attributes["rate_hz"]
    n_fft = round(inputs.config.snr_fft_s * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(inputs.config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    used = (frequency >= ZOOM_HZ[0]) & (frequency <= ZOOM_HZ[1])
    series = {"none": data.raw, HEADLINE: data.raw - data.noise[HEADLINE]}
    maps = {n: np.sqrt(periodograms(s, starts, n_fft=n_fft, rate_hz=rate)[:, used]) for n, s in series.items()}
    return drawing.draw_spectrograms(maps, time_s=starts / rate, frequency_hz=frequency[used])


def figure_ranking(inputs: Inputs) -> tuple[Figure, Drawn]:
    """By how much the sidebands rise when a witness is silenced."""
    prefix = f"ablation.lines.{HEADLINE}."
    found = {key.removeprefix(prefix): entry for key, entry in inputs.metrics.items() if key.startswith(prefix)}
    return drawing.draw_ranking(found)


def figure_efficiency(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Subtraction efficiency, or without a known truth the ratio of the spectra, of every method."""
    name = "eta" if any(key.endswith(".eta") for key in inputs.metrics) else "sideband_ratio"
    found = {
        key.split(".")[1]: entry
        for key, entry in inputs.metrics.items()
        if key.startswith("lines.") and key.endswith(f".{name}")
    }
    return drawing.draw_efficiency(found, name=name)


FIGURES: dict[str, Callable[[Inputs], tuple[Figure, Drawn]]] = {
    "fig1_asd_lines": figure_lines,
    "fig2_asd_broadband": figure_broadband,
    "fig3_sidebands": figure_sidebands,
    "fig4_loss": figure_losses,
    "fig5_signals": figure_signals,
    "fig6_range": figure_range,
    "fig7_coherence": figure_coherence,
    "fig8_spectrogram": figure_spectrogram,
    "fig9_ranking": figure_ranking,
    "fig10_efficiency": figure_efficiency,
}


def main() -> None:
    """Read everything once, draw every figure."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        path_lists=["receipts", "prepared", "predictions", "histories", "figures"],
        paths=["metrics"],
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    data = [read_test(prepared, arguments.predictions[0]) for prepared in arguments.prepared]
    tasks = [entry.attributes["task"] for entry in data]
    inputs = Inputs(
        config=arguments.config,
        prepared=dict(zip(tasks, arguments.prepared, strict=True)),
        data=dict(zip(tasks, data, strict=True)),
        histories=arguments.histories,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
    )
    for name, make in FIGURES.items():
        figure, drawn = make(inputs)
        save_figure(figure, arguments.figures[0].parent / name, drawn, origin=origin)


if __name__ == "__main__":
    run(main)
