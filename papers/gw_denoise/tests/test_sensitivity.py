"""Signal-to-noise ratios and ranges against closed forms; injected signals come out as they went in."""

import numpy as np
import pytest
from scipy.signal import welch

from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.archive.recording import Recording
from papers.gw_denoise.generator.noise import aligo_asd, coloured_noise
from papers.gw_denoise.metrics.sensitivity import (
    FullRate,
    Recovery,
    measure_recovery,
    median_bias,
    overlap,
    recover,
    templates,
    weighted_mean,
)
from papers.gw_denoise.metrics.spectra import bootstrap, draw_blocks, periodograms, segment_starts
from papers.gw_denoise.settings import EvaluateConfig, InjectionConfig
from papers.gw_denoise.signals.injections import TEMPLATE_S, Injection, draw_injections, first_sample, signals
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


def chirp_snr(psd, mass_msun, *, low_hz):
    """SNR at 1 Mpc in white noise, in closed form: a Newtonian chirp of two equal masses, face-on and overhead."""
    sun_s, mpc_s = 4.925491e-6, 1.0292713e14  # G M / c^3 of the sun, and a megaparsec over c
    chirp_s, highest = mass_msun * 2**-0.2 * sun_s, 1 / (6**1.5 * np.pi * 2 * mass_msun * sun_s)
    integral = 3 / 4 * (low_hz ** (-4 / 3) - highest ** (-4 / 3)) / psd
    return 2 * np.sqrt(5 / 24 * integral) * np.pi ** (-2 / 3) * chirp_s ** (5 / 6) / mpc_s


def test_injections_have_the_snr_that_is_asked_for():
    """In white noise; IMRPhenomD of 10 + 10 solar masses has the amplitude of a Newtonian chirp to a few percent."""
    psd, seconds = 1e-46, 256
    noise = np.sqrt(psd * RATE / 2) * np.random.default_rng(0).standard_normal(seconds * RATE)
    good = np.ones(seconds, dtype=bool)
    good[100:110], noise[100 * RATE : 110 * RATE] = False, np.nan
    record = Recording(Channel("H1:X", 1000.0, RATE, noise), {}, good)
    settings = InjectionConfig(interval_s=16, masses_msun=[10], snr=(8, 20), low_hz=20, seed=3)
    injections = draw_injections(record, settings)
    found = np.array([injection.amplitude for injection in injections]) * chirp_snr(psd, 10, low_hz=20)
    assert len(found) == 16 and 7.5 < found.min() < 11 and 17 < found.max() < 21
    times = np.array([injection.gps for injection in injections]) - 1000
    assert np.abs(times - np.arange(8, 256, 16)).max() <= 0.25 and len(set(times % 16)) == 16
    exact = draw_injections(record, settings.model_copy(update={"snr": (12, 12)}))
    added = np.nan_to_num(signals(record, exact, settings))
    energy = np.sum(added[: 98 * RATE] ** 2) / RATE  # of the six signals before the gap
    assert np.sqrt(2 * energy / psd / 6) == pytest.approx(12, rel=0.03)
    assert exact[0].amplitude == pytest.approx(12 / chirp_snr(psd, 10, low_hz=20), rel=0.05)
    assert len({injection.amplitude for injection in exact}) == 1


def test_range_in_white_noise_is_the_closed_form():
    """The range of an average binary is the horizon over 2.2648 (Finn & Chernoff), at a ratio of 8."""
    frequency = np.arange(0, 2048, 0.25)
    found = inspiral_range(np.full(len(frequency), 1e-46), frequency, mass_msun=1.4, low_hz=20)
    assert found == pytest.approx(chirp_snr(1e-46, 1.4, low_hz=20) / 8 / 2.2648, rel=0.02)


def test_recovery_by_hand():
    """Two signals; an amplitude is known to 1 / snr, and the loud one counts more."""
    raw = Recovery(np.array([10.0, 20.0]), np.array([11.0, 19.0]), np.zeros(2))
    clean = Recovery(np.array([12.0, 22.0]), np.array([12.0, 23.1]), np.array([0.1, 0.2]))
    found = measure_recovery(clean, raw)
    weights = np.array([144.0, 484.0])
    change = np.array([1 - 1.1, 1.05 - 0.95])
    assert found["recovered_amplitude"]["value"] == pytest.approx((144 * 1 + 484 * 1.05) / 628)
    assert found["recovered_amplitude"]["error"] == pytest.approx(1 / np.sqrt(628))
    assert found["amplitude_change"]["value"] == pytest.approx(change @ weights / 628)
    assert found["leaked_signal"]["value"] == pytest.approx((0.1 * 144 + 0.2 * 484) / 628)
    assert found["injected_snr_gain_percent"]["value"] == pytest.approx((20 + 10) / 2)
    assert found["injected_snr_gain_percent"]["error"] == pytest.approx(10 / 2)  # half of the difference of two values
    assert found["snr_pull"]["value"] == pytest.approx((0 + 1.1) / 2)
    assert found["snr_pull"]["error"] == pytest.approx(1 / np.sqrt(2))


def test_errors_of_weighted_means_are_as_large_as_they_scatter():
    generator, weights = np.random.default_rng(0), np.linspace(1, 4, 12)
    found = np.array([weighted_mean(generator.standard_normal(12), weights) for _ in range(1000)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.08)
