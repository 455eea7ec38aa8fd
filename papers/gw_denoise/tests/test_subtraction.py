"""What the ratios of spectra are made of: which bins, and which sums."""

import h5py
import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from papers.gw_denoise.metrics.spectra import draw_blocks
from papers.gw_denoise.metrics.subtraction import (
    LEVELS_HZ,
    asd_ratio,
    efficiency,
    inside,
    measure_spectra,
    psd_ratio,
    read_test,
    statistics_of,
    suppression,
)
from papers.gw_denoise.metrics.subtraction import TestData as Data
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.tests import made_splits
from papers.gw_denoise.tests.chain import EVALUATE

CONFIG = EvaluateConfig(**EVALUATE)
RAW, CLEAN, ORACLE = np.array([9.0, 16, 25]), np.array([1.0, 4, 25]), np.array([1.0, 0, 5])
USED = np.array([True, True, False])


def test_ranges_are_closed_intervals():
    frequency = np.array([54.0, 55, 60, 65, 66, 70, 71])
    assert inside(frequency, [(55, 65)]).tolist() == [False, True, True, True, False, False, False]
    assert inside(frequency, [(55, 60), (70, 71)]).tolist() == [False, True, True, False, False, True, True]
    assert inside(np.arange(0, 128, 1 / 16), [(55, 65)]).sum() == 10 * 16 + 1


def test_ratios_by_hand():
    spectra = {"clean": CLEAN, "raw": RAW}
    assert asd_ratio(USED)(**spectra) == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert psd_ratio(USED)(**spectra) == pytest.approx((1 / 9 + 1 / 4) / 2)
    assert suppression(USED)(**spectra) == pytest.approx(np.sqrt(25 / 5))
    assert efficiency(USED)(**spectra, oracle=ORACLE) == pytest.approx(1 - (5 - 1) / (25 - 1))


def test_the_bins_of_each_statistic():
    """One bin after the other is taken away from the cleaned spectrum: which statistics notice?"""
    frequency = np.arange(0, 80.1, 0.1).round(1)
    statistics = statistics_of(frequency, (55.0, 65.0), CONFIG, task="lines")
    expected = {
        "asd_ratio": [(55, 65)], "eta_band": [(55, 65)], "line_suppression": [(59.9, 60.1)],
        "sideband_ratio": [(57, 59.7), (60.3, 63)], "eta": [(57, 59.7), (60.3, 63)],
        "outside_ratio": [(20, 51.9), (68.1, 70)],
    }  # fmt: skip
    assert statistics.keys() == expected.keys()
    ones = np.ones(len(frequency))
    for name, ranges in expected.items():
        others = {"raw": 2 * ones} | ({"oracle": 0.5 * ones} if name.startswith("eta") else {})
        values = [statistics[name](clean=clean, **others) for clean in (ones, *(ones - 0.5 * np.eye(len(ones))))]
        noticed = frequency[np.abs(np.array(values[1:]) / values[0] - 1) > 1e-9]
        wanted = [f for f in frequency if any(low <= f <= high for low, high in ranges)]
        assert noticed == pytest.approx(wanted), name


def test_levels_are_read_where_they_are_published():
    assert LEVELS_HZ["peak"] == [(59.9, 60.1)] and LEVELS_HZ["sideband"] == [(58.9, 59.1), (60.9, 61.1)]
    assert all(not 57 < f < 63 and 55 <= f <= 65 for pair in LEVELS_HZ["floor"] for f in pair)


def test_blocks_are_neighbours_and_all_rows_are_drawn():
    rows = draw_blocks(10, block=3, n_bootstrap=400, seed=0)
    assert rows.shape == (400, 10)
    for first in (0, 3, 6):
        assert ((rows[:, first + 1] - rows[:, first]) % 10 == 1).all()
    assert np.bincount(rows.ravel(), minlength=10) == pytest.approx(400, rel=0.2)
    assert not np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows, draw_blocks(10, block=3, n_bootstrap=400, seed=1))


def test_a_constant_and_the_other_segment_do_not_count():
    """The power of half of the noise is a quarter; a step of 1e6 between segments and a constant change nothing."""
    rate = 160
    segments = np.array([[0, 40 * rate], [40 * rate, 100 * rate]])
    noise = np.random.default_rng(0).standard_normal(100 * rate)
    raw = noise + 1e6 * (np.arange(len(noise)) >= 40 * rate)
    attributes = {"task": "lines", "rate_hz": rate, "band_hz": [55, 65], "filter_order": 4}
    metrics = measure_spectra(Data(attributes, segments, raw, {"half": noise / 2}), CONFIG, seed=0)
    for name, expected in (("psd_ratio", 0.25), ("asd_ratio", 0.5), ("outside_ratio", 0.5), ("line_suppression", 2.0)):
        assert metrics[f"lines.half.{name}"]["value"] == pytest.approx(expected, rel=1e-6), name
    assert "lines.half.eta" not in metrics, "without an oracle there is no efficiency"


def test_the_limit_leaves_what_no_sensor_sees(tmp_path):
    """The oracle subtracts the line and the witnessed modulation, in the band and segment by segment."""
    prepared = tmp_path / "prepared_lines.h5"
    made_splits.write_splits(prepared)
    with h5py.File(tmp_path / "predictions.h5", "w") as file:
        file.create_group("lines")
    data = read_test(prepared, tmp_path / "predictions.h5")
    sections = butter(made_splits.ORDER, made_splits.BAND, btype="bandpass", fs=made_splits.RATE, output="sos")
    parts = made_splits.segments_of("test")
    assert np.array_equal(data.raw, np.concatenate([part.strain for part in parts]))
    expected = [sosfiltfilt(sections, part.truth["line"] + part.truth["bilinear"]) for part in parts]
    assert data.noise.keys() == {"oracle"} and len(data.segments) == 3
    assert data.noise["oracle"] == pytest.approx(np.concatenate(expected), abs=1e-5 * made_splits.LINE)
