"""Coherence of the witnesses with the strain, alone and in products, and their ranking (arXiv:2005.06534).

The sidebands are coherent with no witness. They are coherent with the product of the mains monitor and a slow channel,
which is why a linear filter fails on them.
"""

from pathlib import Path

import h5py
import numpy as np
from scipy.signal import coherence

from common.metrics import Metrics, entry

from ..prepared import fast_witness
from ..settings import EvaluateConfig
from .spectra import Array, bootstrap, draw_blocks, frequencies, periodograms, segment_starts
from .subtraction import TestData, inside


def longest_segment(segments: Array) -> slice:
    """Return the longest of the segments (segment, 2)."""
    begin, end = max(segments.tolist(), key=lambda pair: pair[1] - pair[0])
    return slice(begin, end)


def band_coherence(first: Array, second: Array, *, rate_hz: int, config: EvaluateConfig) -> tuple[Array, Array]:
    """Return frequency and magnitude-squared coherence (frequency,) of two series (time,)."""
    return coherence(first, second, fs=rate_hz, nperseg=round(config.coherence_fft_s * rate_hz))


def coherence_spectra(
    data: TestData, witnesses: Array, method: str, config: EvaluateConfig
) -> dict[str, tuple[Array, Array]]:
    """Return frequency and coherence with the strain, both (frequency,), after one subtraction.

    "mains" is the coherence with the mains monitor. "products" is the mean, over the slow channels, of the coherence
    with the product of monitor and channel; it is missing if there are no slow channels.

    Args:
        data: The test split.
        witnesses: (witness, time) of its longest segment.
        method: "none" for the raw strain.
        config: Resolution.
    """
    rate, names = data.attributes["rate_hz"], data.attributes["witnesses"]
    segment, fast = longest_segment(data.segments), fast_witness(names, used_by="the coherence of the lines")
    strain = data.raw[segment] if method == "none" else (data.raw - data.noise[method])[segment]
    carrier = witnesses[fast]
    frequency, alone = band_coherence(strain, carrier, rate_hz=rate, config=config)
    products = [
        band_coherence(strain, carrier * slow, rate_hz=rate, config=config)[1]
        for slow in np.delete(witnesses, fast, axis=0)
    ]
    with_products = {"products": (frequency, np.mean(products, axis=0))} if products else {}
    return {"mains": (frequency, alone)} | with_products


def measure_coherence(prepared: Path, data: TestData, config: EvaluateConfig) -> Metrics:
    """Return the coherence with the mains at the line, and with the products in the sidebands, for every method.

    Unrelated noise has a coherence of 1 / n for n FFTs; this is the error given here.
    """
    segment = longest_segment(data.segments)
    with h5py.File(prepared) as file:
        witnesses = file["test/witnesses"][:, segment].astype(float)
    n = int(2 * (segment.stop - segment.start) / data.attributes["rate_hz"] / config.coherence_fft_s) - 1
    metrics: Metrics = {}
    for method in ("none", *data.noise):
        for name, (frequency, values) in coherence_spectra(data, witnesses, method, config).items():
            used = inside(frequency, [config.line_hz] if name == "mains" else config.sidebands_hz)
            metrics[f"lines.{method}.coherence_{name}"] = entry(np.mean(values[used]), 1 / n, n)
    return metrics


def measure_ranking(predictions: Path, data: TestData, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return, for each experiment with ablations, by how much the sidebands' power rises without a witness [%]."""
    rate, task = data.attributes["rate_hz"], data.attributes["task"]
    n_fft = round(config.fft_s * rate)
    metrics: Metrics = {}
    with h5py.File(predictions) as file:
        for method, group in file[task].items():
            for witness, noise in group.get("ablation", {}).items():
                end = len(noise)
                starts = segment_starts(np.array([[0, end]]), n_fft=n_fft, edge=round(config.edge_s * rate))
                draws = draw_blocks(len(starts), block=config.block, n_bootstrap=config.n_bootstrap, seed=seed)
                used = inside(frequencies(n_fft, rate), config.sidebands_hz)
                series = {"without": data.raw[:end] - noise[:], "full": data.raw[:end] - data.noise[method][:end]}
                powers = {n: periodograms(s, starts, n_fft=n_fft, rate_hz=rate)[:, used] for n, s in series.items()}
                rise = bootstrap(
                    lambda without, full: 100 * (without.sum() / full.sum() - 1), powers, draws, average=np.mean
                )
                metrics[f"ablation.{task}.{method}.{witness.partition(':')[2]}"] = rise
    return metrics
