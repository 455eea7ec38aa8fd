"""The preprocessing against closed forms (arXiv:1511.05190, Sec. 3)."""

import numpy as np
import pytest

from papers.jet_images.generator import imaging
from papers.jet_images.generator.imaging import Deposits
from papers.jet_images.image import N_PIXELS, normalise

CENTRE = N_PIXELS // 2


def jet(eta=0.7, phi=2.9, *, distance=0.5, direction=0.4):
    """Two towers, the second softer and at a distance from the first; each is a subjet."""
    second = (60.0, eta + distance * np.cos(direction), phi + distance * np.sin(direction))
    objects = np.array([(200.0, eta, phi), second]).T
    return Deposits(objects, objects)


def mass_of_two(pt, other_pt, d_eta, d_phi):
    """Invariant mass of two massless objects, m^2 = 2 pT pT' (cosh deta - cos dphi)."""
    return np.sqrt(2 * pt * other_pt * (np.cosh(d_eta) - np.cos(d_phi)))


@pytest.mark.parametrize("direction", [0.0, 1.0, 2.5, 4.0])
def test_mass_of_two_towers_is_the_closed_form_before_and_after_translation(direction):
    pair = jet(direction=direction)
    expected = mass_of_two(200, 60, 0.5 * np.cos(direction), 0.5 * np.sin(direction))
    assert imaging.mass_of_towers(*pair.towers) == pytest.approx(expected)
    assert imaging.mass_of_towers(*imaging.translate(pair).towers) == pytest.approx(expected)


def test_a_naive_translation_of_energy_changes_the_mass():
    pair = jet(eta=1.5)
    naive = imaging.mass_of_towers(*imaging.naive_translation(pair))
    assert naive > 1.5 * imaging.mass_of_towers(*pair.towers)


@pytest.mark.parametrize("direction", [0.0, 1.0, 2.5, 4.0])
def test_the_second_subjet_ends_up_below_the_first(direction):
    image = imaging.make_image(jet(direction=direction), steps=["rotate"])
    assert image[CENTRE, CENTRE] == pytest.approx(200, rel=0.01)
    below = image.copy()
    below[: CENTRE + 3] = 0
    row, column = np.unravel_index(np.argmax(below), below.shape)
    assert (row, abs(column - CENTRE)) == (CENTRE + 5, 0) or (row, abs(column - CENTRE)) == (CENTRE + 5, 1)
    assert image.sum() == pytest.approx(260, rel=0.05)


def test_a_single_subjet_turns_to_its_principal_axis():
    towers = np.array([(100.0, 0.0, 0.0), (50.0, 0.3, 0.3), (10.0, -0.1, -0.1)]).T
    angle = imaging.turn_angle(Deposits(towers, towers[:, :1]))
    assert np.exp(1j * angle) == pytest.approx(np.exp(1j * (-np.pi / 2 - np.pi / 4)))


def test_pixels_keep_the_order_of_the_axes():
    """Eta grows with the column, phi falls with the row."""
    image = imaging.pixelate(np.array([[5.0], [0.3], [-0.5]]))
    assert image[CENTRE + 5, CENTRE + 3] == 5 and image.sum() == 5


def test_flip_moves_the_intensity_to_the_right_and_keeps_the_mass():
    image = np.zeros((25, 25))
    image[CENTRE, CENTRE], image[3, 5] = 10, 4
    flipped = imaging.flip(image)
    assert flipped[3, 19] == 4
    assert np.array_equal(imaging.flip(flipped), flipped)
    masses = [imaging.mass_of_image(picture) for picture in (image, flipped)]
    assert masses[0] == pytest.approx(masses[1])


def test_normalised_images_have_unit_norm_and_an_empty_one_stays_empty():
    images = np.random.default_rng(1).random((3, 25, 25))
    images[1] = 0
    assert np.sum(normalise(images) ** 2, axis=(1, 2)) == pytest.approx([1, 0, 1])
