"""Cosmic muons: where they enter, their directions and their energies."""

import numpy as np
import pytest

pytest.importorskip("numba")

from papers.nova_cvn.generator.cosmics import (
    MIN_BEAM_LIKENESS,
    beam_likeness,
    cosmic_direction,
    cosmic_muon,
    entry_point,
)
from papers.nova_cvn.generator.geometry import HALF_CM, LENGTH_CM, is_inside


def test_cosmic_muons_come_down_through_the_surface():
    random = np.random.default_rng(6)
    momenta = []
    for _ in range(500):
        muon, point = cosmic_muon(random)
        momenta.append(np.linalg.norm(muon.momentum))
        assert muon.momentum[1] < 0 and is_inside(point)
        gaps = (HALF_CM - abs(point[0]), HALF_CM - abs(point[1]), point[2], LENGTH_CM - point[2])
        assert min(gaps) < 1e-3
    assert min(momenta) >= 1
    assert np.median(momenta) == pytest.approx(2 ** (1 / 1.7), rel=0.1)  # of E^-2.7 above 1 GeV


def test_cosmic_directions_pass_the_preselection():
    random = np.random.default_rng(7)
    found = [beam_likeness(cosmic_direction(random)) for _ in range(200)]
    assert MIN_BEAM_LIKENESS < min(found) < MIN_BEAM_LIKENESS + 0.05


def test_cosmic_directions_fall_as_the_cosine_squared():
    """Among the directions that pass the preselection; their mean cosine is an integral over cosine and azimuth."""
    random = np.random.default_rng(9)
    found = [-cosmic_direction(random)[1] for _ in range(3000)]
    cosine, phi = np.meshgrid((np.arange(400) + 0.5) / 400, 2 * np.pi * (np.arange(400) + 0.5) / 400)
    along = np.sqrt(1 - cosine**2) * np.sin(phi) * np.cos(np.radians(3)) - cosine * np.sin(np.radians(3))
    passes = np.abs(along) * (1 - cosine) > 0.2
    assert np.mean(found) == pytest.approx(np.average(cosine, weights=cosine**2 * passes), abs=0.01)


def test_entry_of_a_line():
    np.testing.assert_allclose(entry_point((0, 0, 100.0), (0, 0, 1.0)), (0, 0, 0), atol=1e-3)
    np.testing.assert_allclose(entry_point((0, 0, 100.0), (0, -0.6, 0.8)), (0, 75, 0), atol=1e-3)
