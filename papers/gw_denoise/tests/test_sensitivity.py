"""Signal-to-noise ratios and ranges against closed forms; injected signals come out as they went in."""

import numpy as np
import pytest
from scipy.signal import welch

from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.archive.recording import Recording
from papers.gw_denoise.generator.noise import aligo_asd, coloured_noise
from papers.gw_denoise.metrics.sensitivity import FullRate, measure_recovery, median_bias, overlap, recover, templates
from papers.gw_denoise.metrics.spectra import bootstrap, draw_blocks, periodograms, segment_starts
from papers.gw_denoise.settings import EvaluateConfig, InjectionConfig
from papers.gw_denoise.signals.injections import TEMPLATE_S, Injection, first_sample, signals
from papers.gw_denoise.signals.waveforms import MERGER_SHARE, inspiral_range, optimal_snr, template

RATE = 1024
CONFIG = EvaluateConfig(
    edge_s=4, fft_s=16, loss_fft_s=2, snr_fft_s=4, coherence_fft_s=8, line_hz=(59.9, 60.1), sidebands_hz=[(57.0, 59.7)],
    outside_hz=[(20.0, 400.0)], low_hz=20, n_bootstrap=20, block=4,
)  # fmt: skip


def test_range_of_the_design_is_the_well_known_one():
    """About 200 Mpc for 1.4 + 1.4 solar masses, the number that goes with "zero detuning, high power"."""
    frequency = np.arange(0, 2048, 0.25)
    psd = aligo_asd(frequency, scale=1.0) ** 2
    found = inspiral_range(psd, frequency, mass_msun=1.4, low_hz=10)
    assert found == pytest.approx(198, rel=0.04)
    assert inspiral_range(4 * psd, frequency, mass_msun=1.4, low_hz=10) == pytest.approx(found / 2)


def test_a_template_peaks_at_its_merger_and_is_silent_after_it():
    shape = template(30, rate_hz=RATE, duration_s=TEMPLATE_S, low_hz=20)
    peak = np.argmax(np.abs(shape)) / RATE
    assert peak == pytest.approx(MERGER_SHARE * TEMPLATE_S, abs=0.05)
    assert np.abs(shape[int((peak + 0.5) * RATE) :]).max() < 0.02 * np.abs(shape).max()


def test_optimal_snr_of_white_noise_is_the_energy():
    shape = template(20, rate_hz=RATE, duration_s=TEMPLATE_S, low_hz=20)
    psd = np.full(len(shape) // 2 + 1, 3e-46)
    expected = np.sqrt(2 * np.sum(shape**2) / RATE / 3e-46)
    assert optimal_snr(np.fft.rfft(shape) / RATE, psd, 1 / TEMPLATE_S) == pytest.approx(expected, rel=1e-6)
    assert np.sqrt(overlap(shape, shape, psd[::16], RATE, low_hz=0)) == pytest.approx(expected, rel=0.01)


def test_a_line_at_another_frequency_does_not_leak_into_the_filter():
    """Without a taper the ends of 16 s of the mains line would be found as signal."""
    shape = template(30, rate_hz=RATE, duration_s=TEMPLATE_S, low_hz=20)
    psd = np.full(len(shape) // 2 + 1, 1e-46)
    time = np.arange(len(shape)) / RATE
    psd[(np.arange(len(psd)) / TEMPLATE_S > 59) & (np.arange(len(psd)) / TEMPLATE_S < 61)] = 1e-38
    line = 1e-20 * np.sin(2 * np.pi * 60.03 * time + 0.5)
    norm = np.sqrt(overlap(shape, shape, psd, RATE, low_hz=20))
    assert abs(overlap(line, shape, psd, RATE, low_hz=20)) / norm < 0.5


def strain_with_signals(seed=0, seconds=512):
    noise = coloured_noise(seconds * RATE, RATE, lambda f: aligo_asd(f, scale=1.0), np.random.default_rng(seed))
    injections = [Injection(1000.0 + t, 30.0, 1 / 1500) for t in range(20, seconds - 20, 24)]
    record = Recording(Channel("H1:X", 1000.0, RATE, noise), {}, np.ones(seconds, dtype=bool))
    settings = InjectionConfig(interval_s=24, masses_msun=[30], snr=(8, 20), low_hz=20, seed=0)
    return noise + signals(record, injections, settings), injections


@pytest.fixture(scope="module")
def filtered():
    strain, injections = strain_with_signals()
    shapes = None
    found = {}
    for name, removed in (("none", 0.0), ("thief", 0.3)):
        noise = {"thief": removed * (strain - strain_with_signals()[0] + strain)} if removed else {}
        data = FullRate(RATE, np.array([[0, len(strain)]]), np.array([1000.0]), strain, noise, injections)
        shapes = shapes or templates(data, CONFIG)
        found[name] = recover(data, name, shapes, CONFIG)
    return found


def test_a_matched_filter_returns_the_injected_snr_with_unit_scatter(filtered):
    pulls = filtered["none"].recovered - filtered["none"].injected
    assert len(pulls) >= 18 and filtered["none"].injected.mean() > 10
    assert abs(pulls.mean()) < 3 / np.sqrt(len(pulls)) and 0.6 < pulls.std() < 1.5
    entry = measure_recovery(filtered["none"], filtered["none"])["recovered_amplitude"]
    assert abs(entry["value"] - 1) < 3 * entry["error"]


def test_a_subtraction_that_steals_signal_is_noticed(filtered):
    leaked = measure_recovery(filtered["thief"], filtered["none"])["leaked_signal"]
    assert leaked["value"] == pytest.approx(0.3, abs=0.05) and leaked["value"] > 5 * leaked["error"]


def test_first_sample_puts_the_merger_at_its_time():
    first = first_sample(Injection(1100.0, 30, 1.0), start_gps=1000.0, rate_hz=RATE)
    assert first == (100 - MERGER_SHARE * TEMPLATE_S) * RATE


def test_periodograms_agree_with_scipy():
    series = np.random.default_rng(0).standard_normal(64 * RATE)
    starts = segment_starts(np.array([[0, len(series)]]), n_fft=2 * RATE, edge=0)
    found = periodograms(series, starts, n_fft=2 * RATE, rate_hz=RATE).mean(axis=0)
    assert found == pytest.approx(welch(series, RATE, nperseg=2 * RATE)[1], rel=1e-9)


def test_median_bias_is_that_of_exponential_powers():
    powers = np.random.default_rng(0).exponential(size=(20_000, 15))
    assert median_bias(15) == pytest.approx(np.median(powers, axis=1).mean(), rel=0.01)
    assert median_bias(100_001) == pytest.approx(np.log(2), rel=1e-3)


def test_bootstrap_error_is_that_of_a_mean():
    powers = {"clean": np.random.default_rng(0).standard_normal((400, 1))}
    draws = draw_blocks(400, block=1, n_bootstrap=500, seed=0)
    found = bootstrap(lambda clean: float(clean[0]), powers, draws, average=np.mean)
    assert found["error"] == pytest.approx(1 / np.sqrt(400), rel=0.15) and found["n"] == 400
