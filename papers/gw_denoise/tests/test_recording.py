"""Strain and witnesses from many files: gaps, data quality, missing and unusable witnesses, cleaned strain."""

import logging

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InputError
from papers.gw_denoise.archive.frame_files import write_gwf
from papers.gw_denoise.archive.hdf5_files import write_channels_hdf5, write_gwosc_hdf5
from papers.gw_denoise.archive.reader import read_recording
from papers.gw_denoise.archive.recording import segments
from papers.gw_denoise.archive.sources import SOURCES, StateVector, check_safe, find_source, uncleaned_at
from papers.gw_denoise.tests.made_files import (
    MAINS,
    PITCH,
    START,
    STRAIN,
    noise,
    strain_frame,
    with_samples,
    witness_frame,
)

STATE = StateVector("GDS-CALIB_STATE_VECTOR_AR", bits=0b11)


def write_files(tmp_path, *, name=STRAIN, start=START, bad=(), witnesses=None):
    """A strain file and a file of witnesses."""
    good = np.ones(16, dtype=bool)
    good[list(bad)] = False
    strain = noise(name, rate_hz=256, start=start)
    write_gwosc_hdf5(tmp_path / "strain.hdf5", strain, good=good, frame_type="H1_HOFT_C00_AR")
    if witnesses is None:
        witnesses = [noise(MAINS, rate_hz=64, start=start), noise(PITCH, rate_hz=16, start=start)]
    write_channels_hdf5(tmp_path / "witnesses.hdf5", witnesses)
    return [tmp_path / "strain.hdf5", tmp_path / "witnesses.hdf5"]


def test_strain_and_witness_files_keep_rates_samples_and_bad_seconds(tmp_path):
    recording = read_recording(write_files(tmp_path, bad=(4,)), witnesses=[MAINS, PITCH])
    assert list(recording.witnesses) == sorted([MAINS, PITCH])
    assert {name: channel.rate_hz for name, channel in recording.witnesses.items()} == {MAINS: 64, PITCH: 16}
    assert np.array_equal(recording.strain.samples, noise(STRAIN, rate_hz=256).samples)
    assert np.flatnonzero(~recording.good).tolist() == [4]
    assert segments(recording.good, 5) == [(5, 16)]


def test_crop_counts_seconds_from_the_start(tmp_path):
    part = read_recording(write_files(tmp_path, bad=(4,)), witnesses=[MAINS]).crop(3, 6)
    assert part.start_gps == START + 3 and part.good.tolist() == [True, False, True]
    assert np.array_equal(part.witnesses[MAINS].samples, noise(MAINS, rate_hz=64).samples[3 * 64 : 6 * 64])
    assert len(part.strain.samples) == 3 * 256


def test_from_frames_that_share_the_time_differently(tmp_path):
    paths = [
        strain_frame(tmp_path, start=START - 16, duration=32),
        strain_frame(tmp_path, start=START + 16, duration=64),
    ]
    paths += [witness_frame(tmp_path, start=START + shift) for shift in (-64, 0)]
    recording = read_recording(
        paths[::-1], strain=STRAIN, witnesses=[MAINS, PITCH], interval_gps=(START - 8, START + 40), state=STATE
    )
    assert np.array_equal(recording.strain.samples, noise(STRAIN, rate_hz=256, start=START - 8, duration=48).samples)
    expected = noise(PITCH, rate_hz=32, start=START - 8, duration=48, seed=1)
    assert np.array_equal(recording.witnesses[PITCH].samples, expected.samples)
    assert recording.good.all()


def test_state_vector_decides(tmp_path):
    paths = [
        strain_frame(tmp_path, start=START, duration=8, observing=False),
        strain_frame(tmp_path, start=START + 8, duration=8),
        witness_frame(tmp_path, start=START),
    ]
    how = {"strain": STRAIN, "witnesses": [MAINS], "interval_gps": (START, START + 16)}
    assert read_recording(paths, **how, state=STATE).good.tolist() == [False] * 8 + [True] * 8
    assert read_recording(paths, **how).good.all()


def test_gaps_of_strain_and_witnesses_are_not_good(tmp_path):
    paths = [strain_frame(tmp_path, start=START, duration=8), strain_frame(tmp_path, start=START + 12, duration=52)]
    mains = noise(MAINS, rate_hz=64, duration=32)
    mains.samples[20 * 64 + 7] = np.nan
    write_channels_hdf5(tmp_path / "w.hdf5", [mains])
    recording = read_recording([*paths, tmp_path / "w.hdf5"], strain=STRAIN, witnesses=[MAINS])
    assert (recording.start_gps, len(recording.good)) == (START, 64)
    assert segments(recording.good, 1) == [(0, 8), (12, 20), (21, 32)]
    assert np.isnan(recording.strain.samples[8 * 256 : 12 * 256]).all()


# --- witnesses ---


def test_missing_witness_is_named_and_stops(tmp_path):
    with pytest.raises(
        InputError, match=r"(?s)witnesses missing: H1:PEM-EY_MAINSMON_EBAY_7_DQ. There are: .*missing_wit"
    ):
        read_recording(write_files(tmp_path), witnesses=[PITCH, "PEM-EY_MAINSMON_EBAY_7_DQ"])


def test_missing_witness_is_named_and_the_run_goes_on(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    names = [PITCH, "H1:NO-SUCH_DQ"]
    recording = read_recording(write_files(tmp_path), witnesses=names, missing_witnesses="go_on")
    assert list(recording.witnesses) == [PITCH]
    assert "witness missing: H1:NO-SUCH_DQ" in caplog.text


def test_dead_witness_counts_as_missing(tmp_path):
    mains = noise(MAINS, rate_hz=64)
    dead = with_samples(mains, np.full(len(mains.samples), 3.0))
    paths = write_files(tmp_path, witnesses=[dead, noise(PITCH, rate_hz=16)])
    with pytest.raises(InputError, match=rf"{MAINS} \(no data, or constant\)"):
        read_recording(paths, witnesses=[MAINS, PITCH])


@pytest.mark.parametrize("policy", ["stop", "go_on"])
def test_no_witness_at_all_is_always_an_error(tmp_path, policy):
    strain, _ = write_files(tmp_path)
    with pytest.raises(InputError, match=r"(?s)there is no witness, and cleaning needs at least one.*EBAY_1.*'o4a'"):
        read_recording([strain], witnesses=[MAINS], missing_witnesses=policy)


def test_patterns_with_and_without_the_detector(tmp_path):
    paths = write_files(tmp_path)
    assert list(read_recording(paths, witnesses=["*_DQ"]).witnesses) == sorted([MAINS, PITCH])
    assert list(read_recording(paths, witnesses=["H1:PEM-*"]).witnesses) == [MAINS]


@pytest.mark.parametrize("name", ["H1:LSC-DARM_OUT_DQ", "H1:GDS-CALIB_STRAIN_CLEAN_AR", "H1:OMC-DCPD_SUM_OUT_DQ"])
def test_witness_that_sees_the_signal_is_refused(tmp_path, name):
    paths = write_files(tmp_path, witnesses=[noise(name, rate_hz=64)])
    with pytest.raises(InputError, match=f"{name}: this channel sees gravitational waves"):
        read_recording(paths, witnesses=[name])


# --- the strain ---


@pytest.mark.parametrize(
    ("name", "start", "uncleaned"),
    [
        ("H1:GDS-CALIB_STRAIN_CLEAN_AR", START, r"H1:GDS-CALIB_STRAIN_AR \(source 'o4a'\)"),
        ("H1:DCS-CALIB_STRAIN_CLEAN_SUB60HZ_C01", 1264312320, r"H1:DCS-CALIB_STRAIN_C01_AR \(source 'o3a'\)"),
        ("L1:DCS-CALIB_STRAIN_CLEAN_C01_AR", 1243926522, r"L1:DCS-CALIB_STRAIN_C01_AR \(source 'o3a'\)"),
        ("H1:DCH-CLEAN_STRAIN_C02", 1186741846, r"H1:LSC-DARM_OUT_DQ \(source 'gw170814'\)"),
    ],
)
def test_cleaned_strain_is_refused_with_the_uncleaned_channel(tmp_path, name, start, uncleaned):
    paths = write_files(tmp_path, name=name, start=start)
    with pytest.raises(
        InputError, match=f"the strain is {name}, a cleaned channel.*The uncleaned channel is {uncleaned}"
    ):
        read_recording(paths, witnesses=[MAINS])


def test_bulk_strain_since_o2_is_refused_and_earlier_is_not(tmp_path):
    for start in (START, 1126259446):
        paths = write_files(tmp_path, start=start)
        with h5py.File(paths[0], "r+") as file:
            del file["meta/StrainChannel"]
        if start == START:
            with pytest.raises(
                InputError, match="H1:GWOSC-0KHZ_R1_STRAIN, the archive's bulk strain, cleaned since O2"
            ):
                read_recording(paths, witnesses=[MAINS])
        else:
            assert read_recording(paths, witnesses=[MAINS]).strain.name == "H1:GWOSC-0KHZ_R1_STRAIN"


def test_misspelt_strain_gets_its_neighbour(tmp_path):
    paths = [strain_frame(tmp_path, start=START, duration=16), witness_frame(tmp_path, start=START)]
    with pytest.raises(InputError, match=r"no channel 'H1:GDS-CALIB_STRAIN_RA'. Did you mean 'H1:GDS-CALIB_STRAIN_AR'"):
        read_recording(paths, strain="H1:GDS-CALIB_STRAIN_RA", witnesses=[MAINS])
    with pytest.raises(InputError, match=r"expected strain files of one channel, found none. Name the channel"):
        read_recording(paths, witnesses=[MAINS])


def test_interval_without_data(tmp_path):
    with pytest.raises(InputError, match=f"channel '{STRAIN}' has no data in GPS {START + 900} to {START + 910}"):
        read_recording(write_files(tmp_path), witnesses=[MAINS], interval_gps=(START + 900, START + 910))


def test_unreadable_files_are_named(tmp_path):
    strain, witnesses = write_files(tmp_path)
    witnesses.write_bytes(witnesses.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"witnesses\.hdf5: cannot be read .* 2000 bytes and may be cut short"):
        read_recording([strain, witnesses], witnesses=[MAINS])
    witnesses.write_text("<html>Please log in</html>")
    with pytest.raises(InputError, match=r"witnesses\.hdf5: expected an HDF5 or a frame file, found .*b'<html>"):
        read_recording([strain, witnesses], witnesses=[MAINS])
    witnesses.unlink()
    with pytest.raises(InputError, match=r"witnesses\.hdf5: the file is missing"):
        read_recording([strain, witnesses], witnesses=[MAINS])


# --- segments and sources ---


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 6))
def test_segments_are_the_long_runs_of_good_seconds(good, shortest):
    found = segments(np.array(good, dtype=bool), shortest)
    inside = [False] * len(good)
    for first, stop in found:
        assert stop - first >= shortest and all(good[first:stop])
        assert first == 0 or not good[first - 1]
        assert stop == len(good) or not good[stop]
        inside[first:stop] = [True] * (stop - first)
    runs = "".join("x" if second else " " for second in good).split()
    assert sum(inside) == sum(len(run) for run in runs if len(run) >= shortest)


def test_sources_as_released():
    assert {name: len(source.witnesses["H1"]) for name, source in SOURCES.items()} == {
        "o4a": 14,
        "o3a": 22,  # the article's 21 and the one mains monitor that is known to be public
        "gw170814": 5,
    }
    assert len(SOURCES["o4a"].witnesses["L1"]) == 11 and len(SOURCES["o3a"].witnesses["L1"]) == 19
    for source in SOURCES.values():
        for detector, witnesses in source.witnesses.items():
            assert len(set(witnesses)) == len(witnesses)
            assert f"{detector}:{source.strain}" in uncleaned_at(detector, source.epoch_gps[0])
            for witness in witnesses:
                check_safe(witness)
    with pytest.raises(InputError, match=r"there is no source 'o4b'. Did you mean 'o4a'"):
        find_source("o4b")


def test_a_frame_is_not_cleaned_by_its_file_name(tmp_path):
    path = tmp_path / f"H-H1_HOFT_C01_CLEAN_AR-{START}-16.gwf"
    write_gwf(path, [noise(STRAIN, rate_hz=256), noise(MAINS, rate_hz=64)])
    assert read_recording([path], strain=STRAIN, witnesses=[MAINS]).strain.name == STRAIN
