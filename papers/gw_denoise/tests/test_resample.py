"""Resampling against sinusoids that are known at every time, and against SciPy's Fourier method."""

import numpy as np
import pytest
import scipy.signal

from common.errors import InputError
from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.archive.recording import Recording
from papers.gw_denoise.archive.resample import edge_s, on_one_grid, resample

RATES = [(16, 512), (16, 4096), (256, 512), (16384, 512), (4096, 256), (2048, 512), (100, 256)]


def wave(frequency_hz, rate_hz, *, duration_s=40, phase=0.7, name="H1:X"):
    time = np.arange(duration_s * rate_hz) / rate_hz
    return Channel(name, 1e9, float(rate_hz), np.cos(2 * np.pi * frequency_hz * time + phase))


def inner(channel, from_hz):
    edge = int(np.ceil(edge_s(from_hz, channel.rate_hz) * channel.rate_hz))
    return channel.samples[edge : len(channel.samples) - edge]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.9])
def test_sinusoid_keeps_amplitude_and_phase(from_hz, to_hz, fraction):
    frequency = fraction * min(from_hz, to_hz) / 2
    result = resample(wave(frequency, from_hz), to_hz)
    expected = wave(frequency, to_hz)
    assert (result.rate_hz, result.start_gps) == (to_hz, 1e9)
    assert len(result.samples) == len(expected.samples)
    assert np.abs(inner(result, from_hz) - inner(expected, from_hz)).max() < 2e-4


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16384, 512), (4096, 256)])
@pytest.mark.parametrize("fraction", [1.0, 1.3, 4.0])
def test_what_would_alias_is_removed(from_hz, to_hz, fraction):
    result = resample(wave(fraction * to_hz / 2, from_hz), to_hz)
    assert np.abs(inner(result, from_hz)).max() < 2e-4


def test_slow_channel_gets_no_images():
    """Repeating samples would leave 0.09 of the amplitude at 13 Hz."""
    result = resample(wave(3.0, 16, duration_s=64), 512)
    spectrum = np.abs(np.fft.rfft(inner(result, 16) * np.hanning(len(inner(result, 16)))))
    frequencies = np.fft.rfftfreq(len(inner(result, 16)), 1 / 512)
    assert spectrum[frequencies > 8].max() < 1e-4 * spectrum.max()


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_agrees_with_fourier_interpolation(from_hz, to_hz):
    """Periodic noise below 0.85 of the lower Nyquist frequency, which SciPy's Fourier method resamples exactly."""
    n_samples, lower = 40 * from_hz, min(from_hz, to_hz) / 2
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=n_samples))
    spectrum[np.fft.rfftfreq(n_samples, 1 / from_hz) > 0.85 * lower] = 0
    samples = np.fft.irfft(spectrum, n_samples)
    result = resample(Channel("H1:X", 0.0, float(from_hz), samples), to_hz)
    expected = Channel("H1:X", 0.0, float(to_hz), scipy.signal.resample(samples, 40 * to_hz))
    difference = inner(result, from_hz) - inner(expected, from_hz)
    assert np.abs(difference).max() < 1e-3 * samples.std()


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16, 512), (16384, 512)])
def test_edges_end_where_stated(from_hz, to_hz):
    """What lies before the channel reaches its first `edge_s` seconds and no more."""
    whole = Channel("H1:X", 0.0, float(from_hz), np.random.default_rng(2).normal(size=40 * from_hz))
    part = whole.crop(10, 40)
    late = resample(whole, to_hz).crop(10, 40).samples - resample(part, to_hz).samples
    edge = edge_s(from_hz, to_hz)
    clean = np.abs(late[int(np.ceil(edge * to_hz)) : -int(np.ceil(edge * to_hz))])
    assert clean.max() < 1e-9
    assert np.abs(late[: int(edge * to_hz)]).max() > 1e-3


def test_same_rate_is_untouched():
    channel = wave(5.0, 512)
    assert resample(channel, 512) is channel and edge_s(512, 512) == 0


def test_constant_stays_constant_up_to_the_ends():
    channel = Channel("H1:X", 0.0, 16.0, np.full(640, 7.0))
    assert resample(channel, 512).samples == pytest.approx(7.0, rel=1e-4)


def test_gap_and_odd_rates_are_refused():
    channel = wave(5.0, 512)
    channel.samples[3] = np.nan
    with pytest.raises(InputError, match="H1:X: expected samples without a gap"):
        resample(channel, 256)
    with pytest.raises(InputError, match=r"H1:X: expected a whole number of samples per second, found 0\.5"):
        resample(Channel("H1:X", 0.0, 0.5, np.zeros(9)), 256)


def test_recording_on_one_grid_keeps_simultaneous_things_together():
    recording = Recording(
        strain=wave(6.0, 4096), witnesses={"a": wave(6.0, 256), "b": wave(6.0, 16)}, good=np.ones(40, dtype=bool)
    )
    strain, witnesses = on_one_grid(recording, 512)
    assert strain.shape == (20480,) and witnesses.shape == (2, 20480)
    away = slice(2048, -2048)
    assert np.abs(witnesses[:, away] - strain[away]).max() < 4e-4
