"""Measure every subtraction on the test split (arXiv:2005.06534).

prepared_<task>.h5 and predictions.h5 -> metrics.json. For each "task.method" ("none": raw strain, "oracle": the truth):
    psd_ratio, asd_ratio                        mean over the band of the ratio after / before
    line_suppression                            amplitude before / after within 0.1 Hz of the line
    sideband_ratio                              as asd_ratio, in the sidebands
    eta, eta_band                               subtraction efficiency in the sidebands, in the whole band
    outside_ratio                               as asd_ratio, outside of the band: 1 if nothing is changed there
    snr_gain_percent                            gain in optimal signal-to-noise ratio
    bns_range_mpc, range_gain_percent           range for binary neutron stars, and its gain
    recovered_amplitude, amplitude_change       amplitude of the injected signals, and its change
    leaked_signal                               share of the injected signals that was subtracted with the noise
    injected_snr_gain_percent, snr_pull         gain and pull of their signal-to-noise ratios
    peak_asd_4s, sideband_asd_4s, floor_asd_4s  ASD at 60 Hz, at 59 and 61 Hz, beside the sidebands
    coherence_mains, coherence_products         with the mains at the line, with products in the sidebands
and `ablation.<task>.<method>.<witness>` [%]: by how much the sidebands' power rises without that witness. Errors are
bootstrap errors over time, or the scatter of the injections.
"""

from pathlib import Path

import h5py

from common.atomic import write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .metrics.coherence import measure_coherence, measure_ranking
from .metrics.sensitivity import at_full_rate, measure_recovery, measure_sensitivity, recover, templates
from .metrics.subtraction import TestData, measure_levels, measure_spectra, read_test
from .prepared import path_of
from .settings import EvaluateConfig, tasks_of


def measure_signals(prepared: Path, data: TestData, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the gains in sensitivity of one task, and what its subtractions do to the injected signals."""
    task = data.attributes["task"]
    with h5py.File(prepared) as file:
        strain = at_full_rate(file, data, list(data.noise))
    metrics = measure_sensitivity(strain, config, task=task, seed=seed)
    shapes = templates(strain, config)
    raw = recover(strain, "none", shapes, config)
    for method in strain.noise:
        recovery = measure_recovery(recover(strain, method, shapes, config), raw)
        metrics |= {f"{task}.{method}.{name}": value for name, value in recovery.items()}
    return metrics


def measure_task(prepared: Path, predictions: Path, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return all metrics of one task."""
    data = read_test(prepared, predictions)
    metrics = measure_spectra(data, config, seed=seed) | measure_signals(prepared, data, config, seed=seed)
    if data.attributes["task"] == "lines":
        metrics |= measure_levels(data, config, seed=seed)
        metrics |= measure_coherence(prepared, data, config)
        metrics |= measure_ranking(predictions, data, config, seed=seed)
    with h5py.File(predictions) as file:
        for method, group in file[data.attributes["task"]].items():
            metrics[f"{data.attributes['task']}.{method}.n_parameters"] = entry(group.attrs["n_parameters"], 0, 1)
    return metrics


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["prepared", "predictions", "metrics"],
        numbers=["seed"],
    )
    metrics: Metrics = {}
    for task in tasks_of(arguments.run.methods):
        prepared = path_of(arguments.prepared, task)
        metrics |= measure_task(prepared, arguments.predictions, arguments.config, seed=arguments.seed)
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
