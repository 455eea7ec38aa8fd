"""The archive's file formats: what is written is read back, by GWpy as well, and damaged files are refused."""

import tracemalloc

import h5py
import lalframe
import numpy as np
import pytest
from gwpy.io.gwf.lalframe import create_frame, write_frames
from gwpy.timeseries import StateVector, TimeSeries

from common.errors import InputError
from papers.gw_denoise.archive import frame_files, hdf5_files
from papers.gw_denoise.archive.channel import Channel, finite_seconds, join
from papers.gw_denoise.archive.frame_files import write_gwf
from papers.gw_denoise.archive.hdf5_files import write_channels_hdf5, write_gwosc_hdf5
from papers.gw_denoise.archive.reader import open_strain, read_channel
from papers.gw_denoise.tests.made_files import MAINS, PITCH, START, STRAIN, noise, with_samples


def strain_file(tmp_path, *, rate_hz=4096, bad=(5,)):
    strain = noise(STRAIN, rate_hz=rate_hz)
    good = np.ones(16, dtype=bool)
    good[list(bad)] = False
    path = tmp_path / f"H-H1_GWOSC_O4a_{rate_hz}-{START}-16.hdf5"
    write_gwosc_hdf5(path, strain, good=good, frame_type="H1_HOFT_C00_AR")
    return path, strain, good


# --- one time axis ---


def test_join_puts_pieces_where_they_belong_with_nan_between():
    whole = noise(MAINS, rate_hz=16)
    pieces = [whole.crop(START + 8, START + 20), whole.crop(START - 3, START + 4)]
    joined = join(pieces, start_gps=START + 1, stop_gps=START + 10)
    expected = whole.samples[16 : 10 * 16].copy()
    expected[3 * 16 : 7 * 16] = np.nan
    assert np.array_equal(joined.samples, expected, equal_nan=True)
    assert (joined.start_gps, joined.stop_gps) == (START + 1, START + 10)
    assert finite_seconds(joined).tolist() == [True] * 3 + [False] * 4 + [True] * 2


@pytest.mark.parametrize("offset_s", [0.25 / 16, 0.5 / 16])
def test_join_does_not_move_samples_to_the_grid(offset_s):
    piece = Channel(MAINS, START + offset_s, 16.0, np.zeros(32))
    with pytest.raises(InputError, match=f"{MAINS}: expected samples at whole GPS seconds"):
        join([piece], start_gps=START, stop_gps=START + 2)


def test_join_refuses_two_rates():
    pieces = [noise(MAINS, rate_hz=16, duration=1), noise(MAINS, rate_hz=32, start=START + 1, duration=1)]
    with pytest.raises(InputError, match="16 Hz in one file and 32 Hz"):
        join(pieces, start_gps=START, stop_gps=START + 2)


def test_crop_is_half_open_and_makes_nothing_up():
    channel = noise(MAINS, rate_hz=16, duration=4)
    assert len(channel.crop(START + 1, START + 2).samples) == 16
    assert len(channel.crop(START + 3, START + 9).samples) == 16
    assert len(channel.crop(START + 9, START + 12).samples) == 0


# --- strain files ---


@pytest.mark.parametrize("rate_hz", [4096, 16384])
def test_strain_file_is_what_gwpy_expects(tmp_path, rate_hz):
    path, strain, good = strain_file(tmp_path, rate_hz=rate_hz)
    read = TimeSeries.read(path, format="hdf5.gwosc")
    assert np.array_equal(read.value, strain.samples)
    assert (read.t0.value, read.sample_rate.value) == (START, rate_hz)
    mask = StateVector.read(path, format="hdf5.gwosc")
    assert mask.value.tolist() == np.where(good, 127, 0).tolist()
    assert list(mask.bits) == list(hdf5_files.DQ_BITS)


@pytest.mark.parametrize("rate_hz", [4096, 16384])
def test_strain_of_an_interval(tmp_path, rate_hz):
    path, strain, _ = strain_file(tmp_path, rate_hz=rate_hz)
    assert hdf5_files.strain_name(path) == STRAIN
    read = open_strain(path, interval_gps=(START + 3, START + 5))
    assert np.array_equal(read.samples, strain.samples[3 * rate_hz : 5 * rate_hz])
    assert (read.name, read.start_gps, read.rate_hz) == (STRAIN, START + 3, rate_hz)
    assert np.array_equal(open_strain(path).samples, strain.samples)


def test_only_the_interval_is_read(tmp_path):
    """100 MB in the file, two seconds of them wanted."""
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        dataset = file.create_dataset(MAINS, shape=(800 * 16384,), dtype="f8", chunks=(16384,), compression="gzip")
        dataset.attrs.update(x0=float(START), dx=1 / 16384)
    tracemalloc.start()
    channel = read_channel([tmp_path / "w.hdf5"], MAINS, start_gps=START + 700, stop_gps=START + 702)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(channel.samples) == 2 * 16384 and peak_bytes < 4e6


def test_quality_reads_flags_by_name(tmp_path):
    path, _, _ = strain_file(tmp_path, bad=(2,))
    with h5py.File(path, "r+") as file:
        file["quality/simple/DQmask"][6] = 0b1111101  # all but CBC_CAT1
        names = file["quality/simple/DQShortnames"][:]
        file["quality/simple/DQShortnames"][:] = names[[1, 0, 2, 3, 4, 5, 6]]

    def good(*flags):
        return hdf5_files.read_quality(path, flags, start_gps=START + 1, stop_gps=START + 8).samples.tolist()

    assert good("CBC_CAT3") == [1, 0, 1, 1, 1, 1, 1]
    assert good("DATA") == [1, 0, 1, 1, 1, 0, 1]  # the second bit in this file
    assert good("CBC_CAT1", "CBC_CAT3") == [1, 0, 1, 1, 1, 1, 1]
    assert good("DATA", "CBC_CAT3") == [1, 0, 1, 1, 1, 0, 1]
    with pytest.raises(InputError, match=r"has no flag 'CBC_CAT9'. Known: CBC_CAT1, DATA"):
        good("CBC_CAT9")


def test_names_of_older_strain_files(tmp_path):
    path, _, _ = strain_file(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["meta/StrainChannel"]
    assert hdf5_files.strain_name(path) == "H1:GWOSC-4KHZ_R1_STRAIN"
    with h5py.File(path, "r+") as file:
        del file["strain/GWOSCmeta"]
    assert hdf5_files.strain_name(path) == "H1:LOSC-STRAIN"


# --- a dataset per channel ---


def test_channel_file_is_what_gwpy_expects(tmp_path):
    channels = [noise(MAINS, rate_hz=1024), noise(PITCH, rate_hz=16)]
    write_channels_hdf5(tmp_path / "w.hdf5", channels)
    assert sorted(hdf5_files.channel_names(tmp_path / "w.hdf5")) == sorted([MAINS, PITCH])
    for channel in channels:
        read = TimeSeries.read(tmp_path / "w.hdf5", path=channel.name, format="hdf5")
        assert np.array_equal(read.value, channel.samples) and read.sample_rate.value == channel.rate_hz
        piece = hdf5_files.read_piece(tmp_path / "w.hdf5", channel.name, start_gps=START + 1.5, stop_gps=START + 3)
        assert np.array_equal(piece.samples, channel.crop(START + 1.5, START + 3).samples)
        assert (piece.start_gps, piece.stop_gps) == (START + 1.5, START + 3)


def test_channel_file_with_rate_instead_of_spacing(tmp_path):
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        file.create_dataset(MAINS, data=np.arange(32.0)).attrs.update(t0=START, sample_rate=16.0)
        file["notes"] = np.zeros(3)  # no time axis, no channel
    assert hdf5_files.channel_names(tmp_path / "w.hdf5") == [MAINS]
    assert hdf5_files.read_piece(tmp_path / "w.hdf5", MAINS, start_gps=START + 1, stop_gps=START + 9).samples[0] == 16.0


# --- frame files ---


def test_frame_keeps_rates_and_values(tmp_path):
    channels = [noise(STRAIN, rate_hz=4096), noise(MAINS, rate_hz=1024), noise(PITCH, rate_hz=16)]
    path = tmp_path / f"H-H1_TEST-{START}-16.gwf"
    write_gwf(path, channels)
    assert sorted(frame_files.channel_names(path)) == sorted(channel.name for channel in channels)
    for channel in channels:
        (piece,) = frame_files.read_pieces(path, channel.name, start_gps=START + 3, stop_gps=START + 5)
        assert np.array_equal(piece.samples, channel.crop(START + 3, START + 5).samples)
        assert (piece.start_gps, piece.rate_hz) == (START + 3, channel.rate_hz)
        assert frame_files.span(path, channel.name) == (START, START + 16)


def test_frames_need_one_time(tmp_path):
    with pytest.raises(InputError, match="must cover the same time"):
        write_gwf(tmp_path / "x.gwf", [noise(MAINS, rate_hz=16), noise(PITCH, rate_hz=16, duration=4)])


def test_gap_between_the_frames_of_a_file(tmp_path):
    frames = []
    for start in (START, START + 4, START + 12):
        frame = create_frame(start, 4.0, "test", 0, 0, ["H1"])
        piece = noise(MAINS, rate_hz=16, start=start, duration=4)
        series = TimeSeries(piece.samples, t0=start, sample_rate=16, name=MAINS)
        lalframe.FrameAddREAL8TimeSeriesProcData(frame, series.to_lal())
        frames.append(frame)
    path = tmp_path / "gap.gwf"
    write_frames(str(path), frames)
    pieces = frame_files.read_pieces(path, MAINS, start_gps=START + 2, stop_gps=START + 14)
    joined = join(pieces, start_gps=START + 2, stop_gps=START + 14)
    expected = noise(MAINS, rate_hz=16).samples[2 * 16 : 14 * 16].copy()
    expected[6 * 16 : 10 * 16] = np.nan
    assert np.array_equal(joined.samples, expected, equal_nan=True)


@pytest.mark.parametrize("kept", [0.0005, 0.3, 0.9, 0.9999])
def test_truncated_frame_file_does_not_end_the_process(tmp_path, kept):
    path = tmp_path / "x.gwf"
    write_gwf(path, [noise(STRAIN, rate_hz=4096)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"x\.gwf: the frame file is cut short or damaged"):
        frame_files.channel_names(path)
    with pytest.raises(InputError, match="cut short"):
        frame_files.read_pieces(path, STRAIN, start_gps=START, stop_gps=START + 1)


def test_integer_channels_become_floats(tmp_path):
    counts = with_samples(noise(PITCH, rate_hz=16), np.arange(256))
    series = TimeSeries(counts.samples.astype(np.uint32), t0=START, sample_rate=16, name=PITCH, channel=PITCH)
    series.write(str(tmp_path / "x.gwf"), format="gwf")
    (piece,) = frame_files.read_pieces(tmp_path / "x.gwf", PITCH, start_gps=START, stop_gps=START + 16)
    assert piece.samples.dtype == np.float64 and np.array_equal(piece.samples, counts.samples)
