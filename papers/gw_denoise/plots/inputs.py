"""What the figures of arXiv:2005.06534 are drawn from, and what several of them compute from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..metrics.sensitivity import FullRate, at_full_rate
from ..metrics.spectra import Array, frequencies, periodograms, segment_starts
from ..metrics.subtraction import TestData
from ..settings import EvaluateConfig

ZOOM_HZ = (54.0, 66.0)
HEADLINE = "autoencoder"


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from; the spectra are those of the first seed.

    Attributes:
        config: The resolutions of the metrics.
        prepared: prepared_<task>.h5 by task.
        data: The test split by task.
        histories: history.csv of each seed by "task/method".
        metrics: Of all seeds together, by name.
    """

    config: EvaluateConfig
    prepared: dict[str, Path]
    data: dict[str, TestData]
    histories: dict[str, list[Path]]
    metrics: dict[str, dict[str, Any]]


def densities(data: TestData, fft_s: float, edge_s: float, band: tuple[float, float]) -> tuple[Array, dict[str, Array]]:
    """Return frequencies and ASD within a band, both (frequency,), the latter by method; "none" is the raw strain."""
    rate = data.attributes["rate_hz"]
    n_fft = round(fft_s * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(edge_s * rate))
    frequency = frequencies(n_fft, rate)
    used = (frequency >= band[0]) & (frequency <= band[1])
    asd = {}
    for method, noise in {"none": np.zeros(1), **data.noise}.items():
        power = periodograms(data.raw - noise, starts, n_fft=n_fft, rate_hz=rate).mean(axis=0)
        asd[method] = np.sqrt(power[used])
    return frequency[used], asd


def full_rate(inputs: Inputs, task: str, methods: list[str]) -> FullRate:
    """Return the test split of a task at the strain's own rate, with those of the methods that the task has."""
    data = inputs.data[task]
    with h5py.File(inputs.prepared[task]) as file:
        return at_full_rate(file, data, [method for method in methods if method in data.noise])
