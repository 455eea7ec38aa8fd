"""All stages on a recording whose best subtraction is known in closed form: known.py says what it is made of."""

import json

import h5py
import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.signal import butter, sosfreqz

from papers.gw_denoise.tests.known import (
    BAD,
    BANDS,
    EVALUATE,
    FILTERS,
    FLOOR,
    INJECTED_SNR,
    LINE,
    MASS,
    MODULATION,
    RATE,
    SENSOR_SNR,
    STRAIN_RATE,
)

HANN_BINS = 1.5  # equivalent noise bandwidth of a Hann window
SUN_S, LIGHT_MPC_PER_S = 4.925491e-6, 9.715612e-15  # G M / c^3 of the sun [s]; c in Mpc/s


@pytest.fixture(scope="module")
def metrics(known_run):
    return json.loads((known_run / "seed0/metrics.json").read_text())


def agrees(entry, expected, *, beyond=0.0):
    """Whether a metric is what it must be, within four errors and a relative `beyond` of the closed form."""
    return abs(entry["value"] - expected) < 4 * entry["error"] + beyond * abs(expected)


# --- the lines -------------------------------------------------------------------------------------------------------


def peak(rms):
    """ASD at the frequency of a sinusoid in the noise floor."""
    return np.sqrt(rms**2 * 4.0 / HANN_BINS + FLOOR)


@pytest.mark.parametrize("method", ["none", "autoencoder", "wiener", "bilinear", "oracle"])
def test_lines_and_floor_have_their_levels(metrics, method):
    """A modulation of rms b by a sinusoid makes two sidebands of rms A b / sqrt(2) each."""
    has_line, has_sidebands = method == "none", method in ("none", "wiener")
    sideband = peak(LINE * MODULATION[0] / np.sqrt(2) if has_sidebands else 0)
    if method != "autoencoder":
        assert agrees(metrics[f"lines.{method}.peak_asd_4s"], peak(LINE if has_line else 0), beyond=0.05)
        assert agrees(metrics[f"lines.{method}.sideband_asd_4s"], sideband, beyond=0.03)
    assert agrees(metrics[f"lines.{method}.floor_asd_4s"], np.sqrt(FLOOR), beyond=0.03)
    assert agrees(metrics[f"lines.{method}.outside_ratio"], 1.0, beyond=1e-3)


@pytest.mark.parametrize("method", ["wiener", "bilinear", "oracle"])
def test_the_line_falls_to_the_floor(metrics, method):
    assert agrees(metrics[f"lines.{method}.line_suppression"], peak(LINE) / np.sqrt(FLOOR), beyond=0.05)


@pytest.mark.parametrize(("method", "expected", "within"), [("wiener", 0, 2e-3), ("bilinear", 1, 0.03)])
def test_only_products_of_witnesses_remove_the_sidebands(metrics, method, expected, within):
    assert metrics[f"lines.{method}.eta"]["value"] == pytest.approx(expected, abs=within)
    share = 1 - sum(b**2 for b in MODULATION) / (1 + sum(b**2 for b in MODULATION))  # of the line in the power
    whole = 1 if method == "bilinear" else share
    assert metrics[f"lines.{method}.eta_band"]["value"] == pytest.approx(whole, abs=1e-3)


def test_the_network_of_products_learns_the_product(metrics):
    assert metrics["lines.slow_fast.eta"]["value"] > 0.9
    assert metrics["lines.slow_fast.line_suppression"]["value"] > 10


def test_the_predicted_noise_is_the_line_in_units_of_strain(known_run):
    with h5py.File(known_run / "prepared_lines.h5") as file:
        line, segments = file["test/truth/line"][:], file["test/segments"][:]
        strain = file["test/strain"][:]
    with h5py.File(known_run / "seed0/predictions.h5") as file:
        noise = file["lines/wiener/noise"][:]
    assert len(segments) == 2 and len(noise) == len(strain) == segments[-1, 1]
    for begin, end in segments.tolist():
        inner = slice(begin + 2 * RATE, end - 2 * RATE)
        assert noise[inner] @ line[inner] / (line[inner] @ line[inner]) == pytest.approx(1, abs=0.01)
        assert np.std(noise[inner] - line[inner]) < 0.02 * LINE


def test_without_a_witness_its_sidebands_come_back(metrics):
    """The bilinear filter without one slow witness leaves the power of that one's sidebands."""
    n_bins = sum(round((high - low) * EVALUATE["fft_s"]) + 1 for low, high in EVALUATE["sidebands_hz"])
    per_bin = 1.0 / EVALUATE["fft_s"]
    floor = n_bins * per_bin * FLOOR
    for witness, modulation in zip(("ASC-A_INMON", "SUS-Z_INMON"), MODULATION, strict=True):
        found = metrics[f"ablation.lines.bilinear.{witness}"]["value"]
        assert found == pytest.approx(100 * (LINE * modulation) ** 2 / floor, rel=0.35), witness


# --- the broadband noise ---------------------------------------------------------------------------------------------


def densities(frequency):
    """PSD of the strain by method, (frequency,): each filter is its coupling over 1 + 1/snr, within the band-pass."""
    turns = np.exp(-2j * np.pi * np.multiply.outer(np.arange(FILTERS.shape[1]), frequency) / RATE)
    coupled = FLOOR * np.abs(FILTERS @ turns) ** 2  # (witness, frequency)
    sections = butter(4, BANDS["broadband"], btype="bandpass", fs=RATE, output="sos")
    passed = np.where(frequency < RATE / 2, np.abs(sosfreqz(sections, frequency, fs=RATE)[1]) ** 2, 0.0)
    gain = np.multiply.outer(SENSOR_SNR / (1 + SENSOR_SNR), passed)
    rest = (1 - gain) ** 2 * coupled + gain**2 * coupled / SENSOR_SNR[:, None]
    raw = FLOOR + coupled.sum(axis=0)
    return {
        "none": raw,
        "wiener": FLOOR + rest.sum(axis=0),
        "oracle": FLOOR + ((1 - passed) ** 2 * coupled).sum(axis=0),
    }


@pytest.mark.parametrize("method", ["wiener", "oracle"])
def test_the_filter_leaves_what_its_sensors_cannot_know(metrics, method):
    frequency = np.arange(BANDS["broadband"][0], BANDS["broadband"][1] + 0.1, 0.25)
    psd = densities(frequency)
    ratio = psd[method] / psd["none"]
    found = {name: metrics[f"broadband.{method}.{name}"] for name in ("psd_ratio", "asd_ratio", "eta_band")}
    assert agrees(found["psd_ratio"], np.mean(ratio), beyond=0.02)
    assert agrees(found["asd_ratio"], np.mean(np.sqrt(ratio)), beyond=0.02)
    eta = 1 - np.sum(psd[method] - psd["oracle"]) / np.sum(psd["none"] - psd["oracle"])
    assert agrees(found["eta_band"], eta, beyond=0.01)


def inspiral(density, low_hz, high_hz):
    """Integral of f^(-7/3) / S."""
    frequency = np.linspace(low_hz, high_hz, 20_001)
    return simpson(frequency ** (-7 / 3) / density(frequency), x=frequency)


def chirp_s(mass):
    return mass * 2**-0.2 * SUN_S  # of two equal masses


def snr_at_1_mpc(density, mass):
    """Face-on and overhead, a Newtonian chirp from 20 Hz to the innermost stable orbit."""
    highest = 1 / (6**1.5 * np.pi * 2 * mass * SUN_S)
    amplitude = np.sqrt(5 / 24) * np.pi ** (-2 / 3) * chirp_s(mass) ** (5 / 6) * LIGHT_MPC_PER_S
    return 2 * amplitude * np.sqrt(inspiral(density, 20, min(highest, STRAIN_RATE / 2)))


@pytest.mark.parametrize("method", ["none", "wiener", "oracle"])
def test_the_range_is_that_of_the_known_spectrum(metrics, method):
    density = lambda f: densities(f)[method]  # noqa: E731
    expected = snr_at_1_mpc(density, 1.4) / 8 / 2.2648
    assert agrees(metrics[f"broadband.{method}.bns_range_mpc"], expected, beyond=0.02)


def test_the_range_in_a_white_floor(metrics):
    """The lines take three of the bins away."""
    expected = snr_at_1_mpc(lambda f: np.full(len(f), FLOOR), 1.4) / 8 / 2.2648
    assert agrees(metrics["lines.oracle.bns_range_mpc"], expected, beyond=0.02)


def test_gains_are_those_of_the_known_spectra(metrics):
    """Half of the signal-to-noise ratio is collected below the band-pass, where nothing is gained."""
    by_method = {m: lambda f, m=m: densities(f)[m] for m in ("none", "wiener")}
    gain = {
        mass: snr_at_1_mpc(by_method["wiener"], mass) / snr_at_1_mpc(by_method["none"], mass) for mass in (1.4, MASS)
    }
    assert agrees(metrics["broadband.wiener.range_gain_percent"], 100 * (gain[1.4] - 1), beyond=0.05)
    assert agrees(metrics["broadband.wiener.snr_gain_percent"], 100 * (gain[MASS] - 1), beyond=0.05)


# --- signals ---------------------------------------------------------------------------------------------------------


def test_injected_signals_have_their_snr(known_run):
    """Their amplitude times the ratio of a chirp at 1 Mpc; the waveform's merger and its phases differ by 5 %."""
    with h5py.File(known_run / "prepared_broadband.h5") as file:
        table = file["injections"][:]
    expected = INJECTED_SNR / snr_at_1_mpc(lambda f: densities(f)["none"], MASS)
    assert len(table) == 9 and set(table[:, 1]) == {MASS}
    assert table[:, 2] == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("method", ["wiener", "oracle", "autoencoder"])
def test_signals_come_out_as_they_went_in(metrics, method):
    for task in ("lines", "broadband"):
        assert agrees(metrics[f"{task}.{method}.recovered_amplitude"], 1.0)
        assert metrics[f"{task}.{method}.leaked_signal"]["value"] == pytest.approx(0, abs=0.05)


# --- the prepared files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["lines", "broadband"])
def test_the_training_split_alone_is_the_standard(known_run, task):
    with h5py.File(known_run / f"prepared_{task}.h5") as file:
        train, test = file["train"], file["test"]
        for series in (train["target"][:], *train["witnesses"][:].astype(float)):
            assert series.mean() == pytest.approx(0, abs=1e-3) and series.std() == pytest.approx(1, abs=1e-3)
        assert [len(file[split]["segments"]) for split in ("train", "valid", "test")] == [2, 1, 2]
        gap_s = np.diff(test["start_gps"][:])[0]
        lengths = np.diff(test["segments"][:], axis=1)[:, 0] / RATE
        assert gap_s == lengths[0] + 2 * 4 + 1, "the bad second and the ends of both segments"
        assert test["start_gps"][1] == 1_000_000_000 + BAD[1] + 1 + 4
