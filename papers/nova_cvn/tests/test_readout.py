"""Light, photoelectrons, calibration and pixel maps of the generator against closed forms."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

from papers.nova_cvn.generator.geometry import CELL_CM, HALF_CM, N_CELLS, OIL_DENSITY, PLANE_CM, along_cell
from papers.nova_cvn.generator.rasterise import MAP_CELLS, MAP_PLANES, MAX_VALUE, has_neighbour, rasterise, window_of
from papers.nova_cvn.generator.readout import (
    BIRKS,
    ELECTRONIC_NOISE2,
    EXCESS_NOISE,
    Readout,
    attenuation,
    calibrate,
    count_photoelectrons,
    dark_cells,
    deposit,
    read_out,
)
from papers.nova_cvn.generator.vectors import seed_kernels

READOUT = Readout(photoelectrons_per_mev=15.0, threshold=16.0)
MIDDLE = ((N_CELLS // 2 + 0.5) * CELL_CM - HALF_CM, 100.0, 10.5 * PLANE_CM)  # of a vertical cell


@pytest.fixture(autouse=True)
def _seed():
    seed_kernels(8)


# ---- light ----


def test_attenuation_has_two_exponentials():
    """0.42 exp(-d/290 cm) + 0.58 exp(-d/1050 cm), d from the readout."""
    assert attenuation(HALF_CM) == pytest.approx(1)
    assert attenuation(HALF_CM - 290) == pytest.approx(0.42 / math.e + 0.58 * math.exp(-290 / 1050))
    assert attenuation(-HALF_CM) == pytest.approx(0.138, abs=0.003)  # far end, 15.2 m
    slope = math.log(attenuation(-700) / attenuation(-760)) / 60
    assert slope == pytest.approx(1 / 1050, rel=0.1)  # far away the long component is left


def test_light_follows_birks_and_the_share_of_scintillator():
    assert pytest.approx(0.0125) == BIRKS  # g/(cm2 MeV): at 40 MeV cm2/g a third of the light is lost
    cells = dark_cells()
    deposit(cells, MIDDLE, 10.0, 40.0)
    expected = 10 * OIL_DENSITY / (1 + BIRKS * 40) * attenuation(100.0)
    assert cells.light[10, N_CELLS // 2] == pytest.approx(expected)
    deposit(cells, MIDDLE, 10.0, 40.0)
    assert cells.light.sum() == pytest.approx(2 * expected)
    assert cells.touched[0] == 1
    deposit(cells, (HALF_CM + 1, 0, 10), 10.0, 2.0)
    deposit(cells, (0.0, 0.0, PLANE_CM), 10.0, 2.0)  # plastic
    assert cells.light.sum() == pytest.approx(2 * expected)


# ---- photoelectrons ----


def test_photoelectrons_have_their_mean_and_noise():
    counts = np.array([count_photoelectrons(20.0, READOUT) for _ in range(20_000)])
    mean = 20 * READOUT.photoelectrons_per_mev
    assert counts.mean() == pytest.approx(mean, rel=0.003)
    assert counts.var() == pytest.approx(mean + EXCESS_NOISE * mean + ELECTRONIC_NOISE2, rel=0.05)


def test_threshold_drops_what_is_below():
    """At a mean of exactly the threshold about half is seen, and nothing that is seen lies below it."""
    counts = np.array([count_photoelectrons(16 / 15, READOUT) for _ in range(5000)])
    assert np.mean(counts > 0) == pytest.approx(0.5, abs=0.05)
    assert counts[counts > 0].min() > 16
    dark = [count_photoelectrons(0.05, READOUT) > 0 for _ in range(4000)]  # electronic noise: 3.8 standard deviations
    assert np.mean(dark) < 2e-3


def test_reading_out_leaves_the_cells_dark():
    cells = dark_cells()
    deposit(cells, MIDDLE, 100.0, 2.0)
    planes, numbers, counts = read_out(cells, READOUT)
    assert (planes.tolist(), numbers.tolist()) == ([10], [N_CELLS // 2])
    assert counts[0] > 16
    assert not cells.light.any() and cells.touched[0] == 0
    assert len(read_out(cells, READOUT)[0]) == 0


def test_calibration_undoes_the_attenuation():
    """X view hits are corrected with the mean cell of the Y view, and the other way round."""
    planes, cells = np.array([0, 1, 2, 3]), np.array([10, 300, 20, 320])
    light = np.array([attenuation(along_cell(310)), attenuation(along_cell(15))] * 2) * 12.0
    counts = light * READOUT.photoelectrons_per_mev
    np.testing.assert_allclose(calibrate(planes, cells, counts, READOUT), 12.0)
    alone = calibrate(planes[::2], cells[::2], np.full(2, 150.0), READOUT)
    np.testing.assert_allclose(alone, 10 / attenuation(0.0))


# ---- pixel maps ----


def hits(rows):
    planes, cells, energies = np.array(rows).T
    return planes.astype(int), cells.astype(int), energies


def test_views_are_the_parities_of_the_planes():
    maps = rasterise(*hits([(100, 50, 20), (101, 200, 40), (103, 200, 40)]), full_mev=80)
    assert np.argwhere(maps[0]).tolist() == [[0, MAP_CELLS // 2]]
    assert np.argwhere(maps[1]).tolist() == [[0, MAP_CELLS // 2], [1, MAP_CELLS // 2]]
    assert maps[0, 0, 40] == 64 and maps[1, 0, 40] == 128  # of 255, rounded


def test_the_most_upstream_hit_makes_the_first_column():
    assert window_of(np.array([101, 102, 350]))[0] == 100
    maps = rasterise(*hits([(101, 50, 20), (120, 60, 20), (299, 70, 20), (300, 60, 20)]), full_mev=80)
    assert sorted(map(tuple, np.argwhere(maps))) == [(0, 10, 40), (1, 0, 30), (1, 99, 50)]
    assert maps.shape == (2, MAP_PLANES, MAP_CELLS)


def test_the_median_cell_of_each_view_is_in_the_middle():
    """Hits behind the window do not count; cells outside of the 80 are lost."""
    rows = [(0, 100, 9), (2, 101, 9), (4, 102, 9), (6, 190, 9), (8, 30, 9)]
    far = [(500 + 2 * k, 300, 9) for k in range(20)]
    maps = rasterise(*hits(rows + far), full_mev=80)
    found = {column: row for column, row in np.argwhere(maps[0])}
    assert found == {0: 39, 1: 40, 2: 41}


def test_eight_bits_saturate():
    maps = rasterise(*hits([(0, 50, 79.9), (2, 50, 80), (4, 50, 800), (6, 50, 0.4)]), full_mev=80)
    assert maps.dtype == np.uint8
    assert maps[0, :4, 40].tolist() == [MAX_VALUE, MAX_VALUE, MAX_VALUE, 1]


def test_hits_far_from_all_of_their_view_are_dropped():
    planes, cells = np.array([0, 2, 30, 31, 33]), np.array([100, 101, 100, 100, 100])
    assert has_neighbour(planes, cells, reach_cm=100).tolist() == [True, True, False, True, True]
    assert has_neighbour(planes[:0], cells[:0], reach_cm=100).tolist() == []
