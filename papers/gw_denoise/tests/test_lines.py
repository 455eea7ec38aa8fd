"""The line finder on lines of known amplitude."""

import numpy as np
import pytest

from common.errors import InputError
from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.tests.lines import amplitude_spectral_density, find_lines, measure_line

RATE_HZ = 512
FLOOR = 6e-24  # [1/sqrt(Hz)]
HANN_BINS = 1.5  # equivalent noise bandwidth of a Hann window


def strain(lines, *, duration_s=512, seed=3):
    """White noise of ASD FLOOR and sinusoids by frequency [Hz] and amplitude."""
    time = np.arange(duration_s * RATE_HZ) / RATE_HZ
    samples = np.random.default_rng(seed).normal(scale=FLOOR * np.sqrt(RATE_HZ / 2), size=len(time))
    for frequency, amplitude in lines:
        samples += amplitude * np.cos(2 * np.pi * frequency * time)
    return Channel("H1:X", 0.0, float(RATE_HZ), samples)


@pytest.mark.parametrize("fft_s", [4.0, 8.0, 16.0])
def test_ratio_of_a_sinusoid(fft_s):
    """A sinusoid of amplitude a in a Hann window has the peak a / sqrt(2) / sqrt(1.5 / fft_s)."""
    amplitude = 1e-21
    line = measure_line(*amplitude_spectral_density(strain([(60.0, amplitude)]), fft_s=fft_s), 60.0)
    assert line.frequency_hz == 60.0
    assert line.peak == pytest.approx(amplitude / np.sqrt(2) * np.sqrt(fft_s / HANN_BINS), rel=0.01)
    assert line.floor == pytest.approx(FLOOR, rel=0.03)
    assert line.ratio == pytest.approx(line.peak / FLOOR, rel=0.03)


def test_floor_is_taken_beside_the_line():
    """Neither the sidebands within 2 Hz nor anything beyond 10 Hz counts."""
    frequencies = np.arange(0, 200.01, 0.125)
    distance = np.abs(frequencies - 60)
    density = np.select([distance == 0, distance < 2, distance <= 10], [90.0, 30.0, 2.0], default=7.0)
    line = measure_line(frequencies, density, 60.2)
    assert (line.frequency_hz, line.peak, line.floor, line.ratio) == (60.0, 90.0, 2.0, 45.0)


def test_density_of_noise_has_its_unit():
    frequencies, density = amplitude_spectral_density(strain([]))
    assert np.median(density[(frequencies > 10) & (frequencies < 200)]) == pytest.approx(FLOOR, rel=0.01)


def test_finds_exactly_the_lines_that_are_there():
    channel = strain([(60.0, 1e-21), (36.75, 1e-22), (120.0, 3e-22), (120.25, 1e-22), (180.0, 3e-24)])
    found = find_lines(*amplitude_spectral_density(channel), band_hz=(20.0, 200.0))
    assert [line.frequency_hz for line in found] == [60.0, 120.0, 36.75]
    assert found[0].ratio > found[1].ratio > found[2].ratio > 5
    assert find_lines(*amplitude_spectral_density(strain([])), band_hz=(20.0, 200.0)) == []


def test_band_and_threshold():
    density = amplitude_spectral_density(strain([(60.0, 1e-21), (120.0, 1e-22)]))
    assert [line.frequency_hz for line in find_lines(*density, band_hz=(100.0, 200.0))] == [120.0]
    assert [line.frequency_hz for line in find_lines(*density, band_hz=(20.0, 200.0), min_ratio=100)] == [60.0]


def test_gaps_short_data_and_impossible_lines_are_refused():
    channel = strain([], duration_s=16)
    with pytest.raises(InputError, match="no line can be measured at 900 Hz: the spectrum goes from 0 to 256 Hz"):
        measure_line(*amplitude_spectral_density(channel), 900.0)
    with pytest.raises(InputError, match="at least 32 s without a gap, found 16 s"):
        amplitude_spectral_density(channel, fft_s=32)
    channel.samples[10:20] = np.nan
    with pytest.raises(InputError, match="with 10 missing samples"):
        amplitude_spectral_density(channel)
