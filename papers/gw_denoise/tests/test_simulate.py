"""The generator's strain is the sum of what it says, at the levels that it says, in files that the readers read."""

import numpy as np
import pytest
from scipy.signal import welch

from common.settings import load_settings, merge
from common.workflow.closure import ROOT
from papers.gw_denoise.archive.reader import read_recording
from papers.gw_denoise.archive.recording import segments
from papers.gw_denoise.archive.witnesses import MAINS_CHANNEL, SLOW_CHANNELS
from papers.gw_denoise.generator.couplings import (
    JITTER_CHANNELS,
    beam_jitter,
    mains_complex,
)
from papers.gw_denoise.generator.noise import aligo_asd, coloured_noise, wander
from papers.gw_denoise.generator.truth import read_truth
from papers.gw_denoise.settings import Settings, SimulateConfig
from papers.gw_denoise.simulate import glitches, simulate_task

RATE = 1024
STRAIN = "H1:GENERATED_STRAIN"


def config(**changes):
    whole = load_settings(ROOT / "papers/gw_denoise", "smoke", Settings).simulate.model_dump()
    small = {"rate_hz": RATE, "duration_s": {"lines": 128, "broadband": 64}}
    return SimulateConfig(**merge(merge(whole, small), changes))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    return {task: simulate_task(task, config(), folder) for task in ("lines", "broadband")}


def test_floor_has_the_design_s_spectrum():
    noise = coloured_noise(256 * RATE, RATE, lambda f: aligo_asd(f, scale=1.0), np.random.default_rng(0))
    frequency, power = welch(noise, RATE, nperseg=4 * RATE)
    inside = (frequency > 30) & (frequency < 400)
    ratio = np.sqrt(power[inside]) / aligo_asd(frequency[inside], scale=1.0)
    assert ratio.mean() == pytest.approx(1, abs=0.01) and ratio.std() < 0.1


def test_wander_has_the_given_size_and_memory():
    series = wander(40_000, 4, time_s=10, rms=2, generator=np.random.default_rng(0))
    assert series.std() == pytest.approx(2, rel=0.1)
    later = np.corrcoef(series[:-40], series[40:])[0, 1]  # after 10 s
    assert later == pytest.approx(np.exp(-1), abs=0.1)


def test_the_line_and_its_modulations_have_their_sizes():
    settings = config()
    found = mains_complex(settings.mains, settings.slow, 128 * RATE, RATE, np.random.default_rng(3)).components
    line = found["line"]
    assert line.std() == pytest.approx(settings.mains.strain_rms, rel=0.05)
    loud = np.abs(line) > line.std()  # away from the zeros of the carrier
    for name, share in (("bilinear", 1.0), ("trilinear", 0.3), ("unwitnessed", 0.15)):
        modulation = found[name][loud] / line[loud]
        assert modulation.std() == pytest.approx(share * settings.slow.modulation_rms, rel=0.05), name


@pytest.mark.parametrize(("rate", "seed"), [(1024, 0), (4096, 0), (4096, 1)])
def test_jitter_has_the_asd_that_is_asked_for(rate, seed):
    """Whatever the strain's rate: the filters are normalised within the band, not up to half the rate."""
    settings = config().jitter.model_copy(update={"rate_hz": 1024})
    found = beam_jitter(settings, 128 * rate, rate, np.random.default_rng(seed))
    frequency, power = welch(found.components["jitter"], rate, nperseg=rate)
    inside = (frequency > 120) & (frequency < 300)
    assert np.sqrt(power[inside].mean()) == pytest.approx(settings.strain_asd, rel=0.15)


def test_files_have_the_channels_with_their_own_rates(generated):
    lines = read_recording(generated["lines"][:2], witnesses=["PEM-*", "ASC-*"])
    assert sorted(lines.witnesses) == sorted(f"H1:{name}" for name in (MAINS_CHANNEL, *SLOW_CHANNELS))
    assert {c.rate_hz for name, c in lines.witnesses.items() if "ASC" in name} == {16}
    assert lines.witnesses[f"H1:{MAINS_CHANNEL}"].rate_hz == 1024 and lines.strain.rate_hz == RATE
    assert lines.good.all() and len(lines.good) == 128
    frames = read_recording(generated["broadband"][:1], witnesses=["IMC-*", "PSL-*"], strain=STRAIN)
    assert sorted(frames.witnesses) == sorted(f"H1:{name}" for name in JITTER_CHANNELS)
    assert frames.good.sum() == 64


def test_strain_minus_truth_is_the_floor(generated):
    strain = read_recording(generated["lines"][:2], witnesses=["PEM-*"]).strain.samples
    truth = read_truth(generated["lines"][2:])
    assert sorted(truth) == ["bilinear", "line", "trilinear", "unwitnessed"]
    rest = strain - sum(component.samples for component in truth.values())
    frequency, power = welch(rest, RATE, nperseg=8 * RATE)
    inside = (frequency > 55) & (frequency < 65)
    expected = aligo_asd(frequency[inside], scale=config().floor_scale)
    assert np.sqrt(power[inside]).max() < 1.6 * expected.max()
    assert np.sqrt(power[inside] / expected**2).mean() == pytest.approx(1, abs=0.05)


def test_the_same_seed_gives_the_same_strain_and_tasks_differ(generated, tmp_path):
    again = read_recording(simulate_task("lines", config(), tmp_path)[:2], witnesses=["PEM-*"]).strain.samples
    first = read_recording(generated["lines"][:2], witnesses=["PEM-*"]).strain.samples
    assert np.array_equal(again, first)
    other = read_recording(simulate_task("lines", config(seed=2), tmp_path)[:2], witnesses=["PEM-*"]).strain.samples
    assert not np.array_equal(other, first)


@pytest.mark.parametrize("task", ["lines", "broadband"])
def test_lock_losses_are_gaps_that_the_readers_see(task, tmp_path):
    settings = config(faults={"n_gaps": 2, "gap_s": 5})
    paths = simulate_task(task, settings, tmp_path)[:-1]
    recording = read_recording(paths, witnesses=["PEM-*", "IMC-*"], strain=STRAIN, missing_witnesses="go_on")
    assert 5 <= (~recording.good).sum() <= 10
    lost = np.isnan(recording.strain.samples).reshape(-1, RATE).all(axis=1)
    assert np.array_equal(lost, ~recording.good)
    assert len(segments(recording.good, 1)) >= 2


def test_glitches_have_their_loudness():
    """Matched with itself over the design's noise, a sine-Gaussian has the signal-to-noise ratio that was asked for."""
    settings = config(faults={"n_glitches": 1, "glitch_snr": 15}).faults
    glitch = glitches(settings, 32 * RATE, RATE, np.random.default_rng(1))
    spectrum, frequency = np.fft.rfft(glitch) / RATE, np.fft.rfftfreq(len(glitch), 1 / RATE)
    used = frequency > 15
    power = np.abs(spectrum[used]) ** 2 / aligo_asd(frequency[used], scale=1.0) ** 2
    assert np.sqrt(4 * power.sum() / 32) == pytest.approx(15, rel=0.25)
    assert not glitches(config().faults, 32 * RATE, RATE, np.random.default_rng(1)).any()


def correlations(samples):
    """The largest correlation coefficient of two different rows."""
    found = np.abs(np.corrcoef(samples))
    return np.max(found - np.eye(len(found)))


def test_each_sensor_has_a_noise_of_its_own(generated):
    """Above the cutoff of the motions, 6 Hz, a slow sensor reads nothing but its noise, 1/30 of the motion."""
    settings = config()
    lines = read_recording(generated["lines"][:2], witnesses=["ASC-*"])
    readings = np.array([channel.samples for channel in lines.witnesses.values()])
    spectra = np.fft.rfft(readings)
    spectra[:, np.fft.rfftfreq(readings.shape[1], 1 / 16) < 6.2] = 0
    noise = np.fft.irfft(spectra)
    expected = np.sqrt((8 - 6.2) / 8) / settings.slow.sensor_snr
    assert noise.std(axis=1) == pytest.approx(expected, rel=0.25) and readings.std(axis=1) == pytest.approx(1, rel=0.05)
    assert correlations(noise) < 0.3  # 460 independent values
    frames = read_recording(generated["broadband"][:1], witnesses=["IMC-*", "PSL-*"], strain=STRAIN)
    assert correlations([channel.samples for channel in frames.witnesses.values()]) < 0.05


def test_each_task_has_a_floor_of_its_own(generated):
    """The floors are as long as the record: their random numbers, not their samples, would be the same."""
    numbers = []
    for task in ("lines", "broadband"):
        files = generated[task]
        recording = read_recording(files[:-1], witnesses=["PEM-*", "IMC-*"], strain=STRAIN, missing_witnesses="go_on")
        floor = recording.strain.samples - sum(component.samples for component in read_truth(files[-1:]).values())
        frequency = np.fft.rfftfreq(len(floor), 1 / RATE)
        used = slice(1000, 20_000)
        numbers.append(np.fft.rfft(floor)[used] / aligo_asd(frequency, scale=1.0)[used])
    for part in (np.real, np.imag):
        assert correlations([part(number) for number in numbers]) < 0.05


def test_the_seed_of_the_settings_reaches_floor_and_sensors(tmp_path):
    found = []
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        paths = simulate_task("broadband", config(seed=seed, duration_s={"broadband": 16}), tmp_path / str(seed))
        frames = read_recording(paths[:1], witnesses=["IMC-*"], strain=STRAIN)
        found.append([frames.strain.samples, *(channel.samples for channel in frames.witnesses.values())])
    for one, other in zip(*found, strict=True):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
