"""Small samples that can be drawn again and again: whether the errors of the metrics are as large as values scatter."""

import functools

import numpy as np

from papers.gw_denoise.metrics.sensitivity import FullRate, Recovery, measure_recovery, measure_sensitivity
from papers.gw_denoise.metrics.subtraction import TestData, measure_levels, measure_spectra
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.signals.injections import Injection

RATE, SECONDS = 160, 64
SEGMENTS = np.array([[0, 40 * RATE], [40 * RATE, SECONDS * RATE]])
CONFIG = EvaluateConfig(
    edge_s=1, fft_s=2, loss_fft_s=1, snr_fft_s=0.5, coherence_fft_s=2, line_hz=(59.4, 60.6),
    sidebands_hz=[(56.0, 59.0), (61.0, 64.0)], outside_hz=[(20.0, 70.0)], low_hz=20, n_bootstrap=25, block=2,
)  # fmt: skip
ATTRIBUTES = {"task": "lines", "rate_hz": RATE, "band_hz": [55, 65], "filter_order": 4}


def entries(metrics, *names):
    return {name: (metrics[name]["value"], metrics[name]["error"]) for name in names}


def subtraction(generator):
    """White strain, of whose power the sensors know 80 % and the method subtracts half of the amplitude."""
    known, rest = generator.standard_normal((2, SECONDS * RATE))
    raw = 2 * known + rest
    data = TestData(ATTRIBUTES, SEGMENTS, raw, {"method": known, "oracle": 2 * known})
    seed = int(generator.integers(1 << 30))
    names = ("psd_ratio", "asd_ratio", "sideband_ratio", "line_suppression", "eta", "eta_band")
    ratios = entries(measure_spectra(data, CONFIG, seed=seed), *(f"lines.method.{name}" for name in names))
    levels = measure_levels(data, CONFIG, seed=seed)
    return ratios | entries(levels, "lines.none.sideband_asd_4s", "lines.method.floor_asd_4s")


def recovery(generator):
    """Twelve signals that a subtraction does not touch; each matched filter has a noise of its own."""
    injected = np.linspace(8, 20, 12)
    clean, raw = (
        Recovery(factor * injected, factor * injected + generator.standard_normal(12), generator.normal(0, 0.1, 12))
        for factor in (1.2 * generator.normal(1, 0.05, 12), 1.0)
    )
    found = measure_recovery(clean, raw)
    return entries(found, *found)


@functools.cache
def range_settings():
    return CONFIG.model_copy(update={"edge_s": 0.5})


def sensitivity(generator):
    """Ranges in white strain of 64 s; the medians are those of many stretches."""
    known, rest = generator.standard_normal((2, SECONDS * RATE))
    data = FullRate(
        RATE, SEGMENTS, np.array([0.0, 1e6]), known + rest, {"method": known}, [Injection(20.0, 30.0, 1e-3)]
    )
    metrics = measure_sensitivity(data, range_settings(), task="lines", seed=int(generator.integers(1 << 30)))
    return entries(metrics, "lines.none.bns_range_mpc", "lines.method.range_gain_percent")


TOYS = {"subtraction": subtraction, "recovery": recovery, "sensitivity": sensitivity}
