"""Real files of the archive: every reader opens them, the 60 Hz line is in them, and cleaning needs witnesses."""

import h5py
import numpy as np
import pytest
from gwpy.timeseries import TimeSeries
from scipy.signal import csd, welch

from common.errors import InputError
from papers.gw_denoise.archive.hdf5_files import channel_names, read_quality
from papers.gw_denoise.archive.reader import open_strain, read_channel, read_recording
from papers.gw_denoise.archive.recording import segments
from papers.gw_denoise.archive.resample import resample
from papers.gw_denoise.tests.lines import amplitude_spectral_density, find_lines, measure_line
from papers.gw_denoise.tests.made_files import MAINS, REAL

START = 1126259446
H1_4 = REAL / "H-H1_LOSC_4_V2-1126259446-32.hdf5"
L1_4 = REAL / "L-L1_LOSC_4_V2-1126259446-32.hdf5"
H1_16 = REAL / "H-H1_LOSC_16_V1-1126259446-32.hdf5"
BLIND_INJECTION = 968654552
TUTORIAL = "github.com/gwosc-tutorial/LOSC_Event_tutorial"
PUBLISHED = {
    H1_4.name: TUTORIAL,
    L1_4.name: TUTORIAL,
    H1_16.name: "github.com/cranmer/ligo-binder",
    "PyCBC_T2_0.gwf": "github.com/gw-odw/odw, Tutorials/Day_2/Data",
    f"HLV-HW100916-{BLIND_INJECTION}-1.gwf": "github.com/gwpy/gwpy, gwpy/testing/data",
    f"HLV-HW100916-{BLIND_INJECTION}-1.hdf": "github.com/gwpy/gwpy, gwpy/testing/data",
}
MISSING = [f"{name} (published in {place})" for name, place in PUBLISHED.items() if not (REAL / name).is_file()]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{REAL} lacks {', '.join(MISSING)}")


@pytest.fixture(params=[(H1_4, 4096), (L1_4, 4096), (H1_16, 16384)], ids=lambda param: param[0].stem)
def strain_file(request):
    """A strain file and its rate."""
    return request.param


def test_a_strain_file_has_its_name_time_and_rate(strain_file):
    path, rate_hz = strain_file
    strain = open_strain(path)
    assert (strain.name, strain.start_gps) == (f"{path.name[2:4]}:LOSC-STRAIN", START)
    assert (strain.rate_hz, len(strain.samples)) == (rate_hz, 32 * rate_hz)


def test_a_strain_file_has_the_samples_that_gwpy_reads(strain_file):
    path, _ = strain_file
    assert np.array_equal(open_strain(path).samples, TimeSeries.read(path, format="hdf5.gwosc").value)


def test_an_interval_of_a_strain_file_is_that_part_of_it(strain_file):
    path, rate_hz = strain_file
    with h5py.File(path) as file:
        part = file["strain/Strain"][5 * rate_hz : 7 * rate_hz]
    assert np.array_equal(open_strain(path, interval_gps=(START + 5, START + 7)).samples, part)


def test_all_seconds_of_the_first_event_are_good(strain_file):
    quality = read_quality(strain_file[0], ["DATA", "CBC_CAT3"], start_gps=START, stop_gps=START + 32)
    assert quality.samples.tolist() == [1.0] * 32


def test_16_khz_and_4_khz_are_one_signal():
    """The archive's 4 kHz file (V2) runs 1/16384 s ahead of its 16 kHz file (V1): samples 1, 5, 9, ... of the latter.

    Resampling to 4096 Hz keeps samples 0, 4, 8, ..., so a comparison finds this delay.
    """
    ours, theirs = resample(open_strain(H1_16), 4096), open_strain(H1_4)
    frequencies, cross = csd(ours.samples, theirs.samples, fs=4096, nperseg=8192)
    _, power = welch(ours.samples, fs=4096, nperseg=8192)
    band = (frequencies > 300) & (frequencies < 1400)
    delay_s = np.angle(cross[band]) / (2 * np.pi * frequencies[band])
    assert np.median(delay_s) * 16384 == pytest.approx(1.0, abs=0.01)
    assert np.median(np.abs(cross[band]) / power[band]) == pytest.approx(1.0, abs=0.02)  # another calibration version


def test_an_interval_of_a_frame_file_is_what_gwpy_reads():
    path = REAL / "PyCBC_T2_0.gwf"
    strain = read_channel([path], "H1:TEST-STRAIN", start_gps=3, stop_gps=5)
    assert np.array_equal(strain.samples, TimeSeries.read(path, "H1:TEST-STRAIN").value[3 * 4096 : 5 * 4096])


@pytest.mark.parametrize("detector", ["H1", "L1"])
def test_frame_and_hdf5_of_the_same_second_are_equal(detector):
    interval = {"start_gps": BLIND_INJECTION, "stop_gps": BLIND_INJECTION + 1}
    paths = [REAL / f"HLV-HW100916-{BLIND_INJECTION}-1.{suffix}" for suffix in ("gwf", "hdf")]
    frame, hdf5 = (read_channel([path], f"{detector}:LDAS-STRAIN", **interval) for path in paths)
    assert frame.rate_hz == 16384 and np.array_equal(frame.samples, hdf5.samples)


def test_channels_of_virgo_are_listed_beside_those_of_ligo():
    assert "V1:h_16384Hz" in channel_names(REAL / f"HLV-HW100916-{BLIND_INJECTION}-1.hdf")


@pytest.mark.parametrize(("path", "lowest", "highest"), [(H1_4, 50, 120), (H1_16, 50, 120), (L1_4, 20, 60)])
def test_the_mains_line_stands_out_by_what_was_measured(path, lowest, highest):
    frequencies, density = amplitude_spectral_density(open_strain(path))
    line = measure_line(frequencies, density, 60.0)
    assert lowest < line.ratio < highest
    assert line.frequency_hz == pytest.approx(60.0, abs=0.06)
    assert 60.0 in [other.frequency_hz for other in find_lines(frequencies, density, band_hz=(50.0, 70.0))]


@pytest.mark.parametrize("policy", ["stop", "go_on"])
def test_cleaning_without_a_witness(policy):
    message = rf"(?s){H1_4.name}: there is no witness, and cleaning needs at least one.*Wanted, but not there: {MAINS}"
    with pytest.raises(InputError, match=message):
        read_recording([H1_4], witnesses=[MAINS], missing_witnesses=policy)


def test_real_strain_with_made_witnesses(tmp_path):
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        samples = np.random.default_rng(0).normal(size=32 * 16)
        file.create_dataset(MAINS, data=samples).attrs.update(x0=float(START), dx=1 / 16)
    recording = read_recording([H1_4, tmp_path / "w.hdf5"], witnesses=[MAINS])
    assert segments(recording.good, 32) == [(0, 32)]
