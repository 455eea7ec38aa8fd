"""Splits that do not touch, filters that find known couplings, and an oracle that nobody beats."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import sosfiltfilt

from common.errors import InputError
from common.settings import load_settings, merge
from common.workflow.closure import ROOT
from papers.gw_denoise.archive.locate import times_of
from papers.gw_denoise.archive.reader import read_recording
from papers.gw_denoise.generator.truth import read_truth
from papers.gw_denoise.metrics.subtraction import TestData as Data
from papers.gw_denoise.metrics.subtraction import measure_spectra, within_band
from papers.gw_denoise.network import wiener
from papers.gw_denoise.prepare import make_splits, split_seconds
from papers.gw_denoise.prepared import band_pass, fast_witness, scales
from papers.gw_denoise.settings import EvaluateConfig, Settings, SimulateConfig, TaskConfig
from papers.gw_denoise.simulate import simulate_task

SETTINGS = load_settings(ROOT / "papers/gw_denoise", "smoke", Settings)
TASK = TaskConfig(**SETTINGS.prepare.tasks["lines"].model_dump() | {"train_s": 160, "valid_s": 40})
ATTRIBUTES = {"task": "lines", "rate_hz": 256, "band_hz": [55, 65], "filter_order": 8}
BAND = {"rate_hz": 256, "band_hz": (55, 65), "order": 8}


def simulated(folder, **changes):
    small = {"rate_hz": 512, "duration_s": {"lines": 416}, "mains": {"monitor_rate_hz": 512}}
    config = SimulateConfig(**merge(merge(SETTINGS.simulate.model_dump(), small), changes))
    paths = simulate_task("lines", config, folder)
    return read_recording(paths[:2], witnesses=TASK.witnesses), read_truth(paths[2:])


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    recording, truth = simulated(tmp_path_factory.mktemp("lines"))
    return make_splits(recording, truth, TASK), list(recording.witnesses), recording, truth


def test_splits_follow_each_other_with_a_gap():
    found = split_seconds(416, TASK)
    (_, train_end), (valid, valid_end), (test, end) = found["train"], found["valid"], found["test"]
    assert valid - train_end == test - valid_end == TASK.gap_s == 16 and end == 416
    with pytest.raises(InputError, match="leaves less than 32 s for the test"):
        split_seconds(240, TASK)


@pytest.mark.parametrize("run", ["small", "full"])
@pytest.mark.parametrize("task", ["lines", "broadband"])
def test_the_seconds_of_the_archive_runs_are_twice_1024(run, task):
    settings = load_settings(ROOT / "papers/gw_denoise", run, Settings)
    found = split_seconds(times_of(settings.fetch.one(task)).duration_s, settings.prepare.tasks[task])
    assert found["test"] == (1024, 2048) and found["valid"][1] + settings.prepare.tasks[task].gap_s == 1024


def test_no_filter_crosses_a_split(splits):
    """Anything may happen to the test data and to the gaps: train and validation stay the same to the last bit."""
    before, _, recording, truth = splits
    samples = recording.strain.samples.copy()
    rate = round(recording.strain.rate_hz)
    samples[160 * rate : 176 * rate] *= 1e3
    samples[216 * rate :] = 1.0
    witnesses = {
        name: replace(channel, samples=channel.samples.copy()) for name, channel in recording.witnesses.items()
    }
    for channel in witnesses.values():
        channel.samples[round(160 * channel.rate_hz) : round(176 * channel.rate_hz)] *= 1e3
        channel.samples[round(216 * channel.rate_hz) :] += 5.0
    changed = replace(recording, strain=replace(recording.strain, samples=samples), witnesses=witnesses)
    after = make_splits(changed, truth, TASK)
    for name in ("train", "valid"):
        assert np.array_equal(after[name][0].target, before[name][0].target)
        assert np.array_equal(after[name][0].witnesses, before[name][0].witnesses)
    assert scales(after["train"]) == scales(before["train"])
    assert not np.array_equal(after["test"][0].target, before["test"][0].target)
    assert not np.array_equal(after["test"][0].witnesses, before["test"][0].witnesses)


def test_a_witness_that_stands_still_is_refused(splits):
    segment = splits[0]["train"][0]
    witnesses = segment.witnesses.copy()
    witnesses[3] = 1.5
    with pytest.raises(InputError, match=r"do not change during the training: number \[3\]"):
        scales([replace(segment, witnesses=witnesses)])


def test_gaps_cut_a_split_into_segments(splits):
    _, _, recording, truth = splits
    good = recording.good.copy()
    good[80] = False
    cut = recording.__class__(recording.strain, recording.witnesses, good)
    found = make_splits(cut, truth, TASK)["train"]
    lengths = [len(segment.strain) / TASK.rate_hz for segment in found]
    assert lengths == [80 - 2 * TASK.edge_s, 79 - 2 * TASK.edge_s]
    assert found[1].start_gps == recording.start_gps + 81 + TASK.edge_s


def test_witnesses_are_not_filtered_and_the_target_is(splits):
    segment = splits[0]["train"][0]
    spectrum = np.abs(np.fft.rfft(segment.witnesses[0])) ** 2  # a slow channel: all of its power is below 8 Hz
    frequency = np.fft.rfftfreq(len(segment.strain), 1 / TASK.rate_hz)
    assert spectrum[frequency < 8].sum() > 0.99 * spectrum.sum() and segment.witnesses[0].std() > 0.5
    target = np.abs(np.fft.rfft(segment.target)) ** 2
    assert target[(frequency > 53) & (frequency < 67)].sum() > 0.999 * target.sum()


def fit_and_predict(splits, kind, taps=3):
    train, test = splits[0]["train"][0], splits[0]["test"][0]
    shared = {"kind": kind, "fast": fast_witness(splits[1], used_by=kind), "taps": taps, "step": 1}
    scale = 1e21
    everything = np.array([[0, len(train.target)]])
    coefficients = wiener.fit(train.witnesses, scale * train.target, everything, **shared, **BAND)
    return wiener.predict(test.witnesses, coefficients, **shared) / scale


@pytest.fixture(scope="module")
def metrics(splits):
    test = splits[0]["test"][0]
    segments = np.array([[0, len(test.strain)]])
    oracle = sum(test.truth[name] for name in ("line", "bilinear", "trilinear"))
    noise = {kind: fit_and_predict(splits, kind) for kind in ("wiener", "bilinear")}
    noise |= {"half": oracle / 2, "oracle": oracle}
    noise["cheat"] = oracle + (test.strain - oracle) * 0.5  # what only a method that has seen the test could do
    noise = {name: within_band(series, segments, ATTRIBUTES) for name, series in noise.items()}
    config = EvaluateConfig(**SETTINGS.evaluate.model_dump() | {"n_bootstrap": 50})
    return measure_spectra(Data(ATTRIBUTES, segments, test.strain, noise), config, seed=0)


def beats_oracle(entry):
    return entry["value"] > 1 + 3 * entry["error"] + 1e-9


def test_a_linear_filter_removes_the_line_but_not_the_sidebands(metrics):
    assert metrics["lines.wiener.line_suppression"]["value"] > 30
    assert metrics["lines.wiener.sideband_ratio"]["value"] > 0.97
    assert abs(metrics["lines.wiener.eta"]["value"]) < 0.05


def test_order_of_the_baselines_and_nobody_beats_the_oracle(metrics):
    eta = {method: metrics[f"lines.{method}.eta"]["value"] for method in ("none", "wiener", "bilinear", "oracle")}
    assert eta["none"] == 0 and eta["oracle"] == 1
    assert eta["wiener"] + 0.5 < eta["bilinear"] < 1
    assert not any(beats_oracle(metrics[f"lines.{method}.eta"]) for method in ("wiener", "bilinear", "oracle", "half"))


def test_a_cheat_would_be_noticed(metrics):
    assert beats_oracle(metrics["lines.cheat.eta"])


def test_half_of_the_oracle_removes_three_quarters_of_the_power(metrics):
    assert metrics["lines.half.eta"]["value"] == pytest.approx(0.75, abs=0.05)


def test_nothing_changes_outside_of_the_band(metrics):
    for method in ("wiener", "bilinear", "oracle"):
        assert metrics[f"lines.{method}.outside_ratio"]["value"] == pytest.approx(1, abs=1e-3)


def test_wiener_finds_a_known_filter():
    generator = np.random.default_rng(0)
    witnesses = generator.standard_normal((2, 40_000))
    target = np.roll(witnesses[0], 1) - 0.5 * np.roll(witnesses[1], -1)
    target = sosfiltfilt(band_pass(**BAND), target)
    found = wiener.fit(witnesses, target, np.array([[0, 40_000]]), kind="wiener", fast=0, taps=3, step=1, **BAND)
    prediction = wiener.predict(witnesses, found, kind="wiener", fast=0, taps=3, step=1)
    error = sosfiltfilt(band_pass(**BAND), prediction) - target
    assert error[1000:-1000].std() < 1e-3 * target.std()
