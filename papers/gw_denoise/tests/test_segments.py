"""No filter, spectrum or resampling looks from one segment into the next one, where everything has moved by 1e6."""

import h5py
import numpy as np
import pytest
from scipy.signal import sosfiltfilt, welch

from papers.gw_denoise.metrics.sensitivity import FullRate, at_full_rate, inside_segments
from papers.gw_denoise.metrics.spectra import periodograms, segment_starts
from papers.gw_denoise.metrics.subtraction import TestData as Data
from papers.gw_denoise.metrics.subtraction import within_band
from papers.gw_denoise.network import wiener
from papers.gw_denoise.network.windows import Windows
from papers.gw_denoise.predict import ablate, stream
from papers.gw_denoise.prepared import Split, band_pass
from papers.gw_denoise.settings import PredictConfig
from papers.gw_denoise.signals.injections import TEMPLATE_S, Injection
from papers.gw_denoise.tests.chain import PREDICT

RATE, BAND, ORDER, STEP = 128, (20.0, 40.0), 4, 1e6
JOIN, END = 30 * RATE + 5, 70 * RATE
SEGMENTS = np.array([[0, JOIN], [JOIN, END]])
ATTRIBUTES = {"rate_hz": RATE, "strain_rate_hz": 4 * RATE, "band_hz": BAND, "filter_order": ORDER}


def series(n=None, seed=0):
    """White noise (n, time), and the same with a step of 1e6 at the join."""
    samples = np.random.default_rng(seed).standard_normal((n, END) if n else END)
    moved = samples.copy()
    moved[..., JOIN:] += STEP
    return samples, moved


@pytest.fixture
def group(tmp_path):
    with h5py.File(tmp_path / "split.h5", "w") as file:
        for name, witnesses in zip(("still", "moved"), series(2), strict=True):
            file[f"{name}/witnesses"], file[f"{name}/segments"] = witnesses, SEGMENTS
        file["start_gps"], file["original"] = [1000, 5000], np.zeros(4 * END)
        file["injections"] = np.zeros((0, 3))
        yield file


SECTIONS = band_pass(BAND, rate_hz=RATE, order=ORDER)


@pytest.mark.parametrize("size_s", [8, 1000])
def test_no_prediction_looks_across_a_join(group, size_s):
    """The first segment has the same noise to the last bit, the second one up to the rounding of 1e6."""
    noise = {}
    for name in ("still", "moved"):
        pieces = list(stream(group[name], lambda w: w.sum(axis=0), SECTIONS, size=size_s * RATE, margin=8 * RATE))
        assert all(where.stop <= JOIN or where.start >= JOIN for where, _ in pieces)
        noise[name] = np.concatenate([piece for _, piece in pieces])
    assert len(noise["still"]) == END and np.array_equal(noise["still"][:JOIN], noise["moved"][:JOIN])
    late = slice(JOIN + 8 * RATE, END - 8 * RATE)
    assert noise["moved"][late] == pytest.approx(noise["still"][late], abs=1e-3)
    alone = sosfiltfilt(SECTIONS, group["still/witnesses"][:, JOIN:].sum(axis=0))
    assert noise["still"][JOIN:] == pytest.approx(alone, abs=1e-3)


def test_no_ablation_looks_across_a_join(group, tmp_path):
    config = PredictConfig(**PREDICT | {"ablation_s": 60})
    attributes = ATTRIBUTES | {"scales": {"target_scale": [2.0]}, "witnesses": ["a", "b"]}
    with h5py.File(tmp_path / "output.h5", "w") as output:
        ablate(group["moved"], lambda w: w[0] + 3 * w[1], SECTIONS, output, config, attributes)
        first, second = group["still/witnesses"][:, :JOIN]
        assert output["ablation/a"][:] == pytest.approx(6 * sosfiltfilt(SECTIONS, second))
        assert output["ablation/b"][:] == pytest.approx(2 * sosfiltfilt(SECTIONS, first))


def test_no_fit_looks_across_a_join():
    still, moved = series(2)
    target = np.concatenate([sosfiltfilt(SECTIONS, (still[0] - 0.5 * np.roll(still[1], 1))[a:b]) for a, b in SEGMENTS])
    settings = {"kind": "wiener", "fast": None, "taps": 3, "step": 1, "rate_hz": RATE, "band_hz": BAND, "order": ORDER}
    expected = [0, 0, 1, 0, 0, -0.5]  # delays of -1, 0 and 1 sample, both witnesses for each
    for witnesses in (still, moved):
        assert wiener.fit(witnesses, target, SEGMENTS, **settings) == pytest.approx(expected, abs=0.02)


def test_no_band_pass_of_the_truth_looks_across_a_join():
    still, moved = (within_band(samples, SEGMENTS, ATTRIBUTES) for samples in series())
    assert np.array_equal(still[:JOIN], moved[:JOIN])
    assert still[:JOIN] == pytest.approx(sosfiltfilt(SECTIONS, series()[0][:JOIN]))


def test_no_resampled_noise_looks_across_a_join(group):
    strain = {
        name: at_full_rate(file, Data(ATTRIBUTES, SEGMENTS, noise, {"method": noise}), ["method"])
        for name, noise, file in zip(("still", "moved"), series(), (file_like(group), file_like(group)), strict=True)
    }
    assert np.array_equal(strain["still"].segments, 4 * SEGMENTS)
    still, moved = strain["still"].noise["method"], strain["moved"].noise["method"]
    assert len(still) == 4 * END and np.array_equal(still[: 4 * JOIN], moved[: 4 * JOIN])


def file_like(group):
    """What at_full_rate reads of a prepared file."""
    return {"test": {"start_gps": group["start_gps"], "original": group["original"]}, "injections": group["injections"]}


@pytest.mark.parametrize("edge", [0, RATE])
def test_no_fft_looks_across_a_join(edge):
    """Welch's method on each segment without its ends; the mean of all FFTs."""
    n_fft, samples = 2 * RATE, series()[1]
    starts = segment_starts(SEGMENTS, n_fft=n_fft, edge=edge)
    found = periodograms(samples, starts, n_fft=n_fft, rate_hz=RATE)
    parts = [samples[a + edge : b - edge] for a, b in SEGMENTS]
    n = [(len(part) - n_fft) // (n_fft // 2) + 1 for part in parts]
    expected = np.average([welch(part, RATE, nperseg=n_fft)[1] for part in parts], axis=0, weights=n)
    assert len(found) == sum(n) and found.mean(axis=0) == pytest.approx(expected, rel=1e-6)


def test_no_window_looks_across_a_join():
    witnesses, target = series(2)[1].astype(np.float32), series()[1].astype(np.float32)
    windows = Windows(Split(witnesses, target, SEGMENTS), length=RATE, stride=RATE // 4, formulation="fast")
    spreads = np.ptp(windows.batch(np.arange(len(windows)))[1].numpy(), axis=1)
    assert spreads.max() < STEP / 2 and (windows.starts.numpy() >= JOIN).sum() == (END - JOIN - RATE) // (RATE // 4) + 1


def test_signals_are_found_at_their_time_in_each_segment():
    rate, length = 4 * RATE, round(TEMPLATE_S * 4 * RATE)
    injections = [Injection(gps, 30.0, 1.0) for gps in (1013.0, 1024.0, 1031.0, 5012.0, 5015.5, 5038.0)]
    strain = FullRate(rate, 4 * SEGMENTS, np.array([1000, 5000]), np.zeros(4 * END), {}, injections)
    found = {injection.gps: first for injection, first in inside_segments(strain, length, edge=0)}
    # the merger lies at 12 of the 16 s of a template; the segments have 30 s and 40 s
    assert found == {1013.0: rate, 1024.0: 12 * rate, 5012.0: 4 * JOIN, 5015.5: 4 * JOIN + 3.5 * rate}
    inner = inside_segments(strain, length, edge=2 * rate)
    assert [injection.gps for injection, _ in inner] == [1024.0, 5015.5]
