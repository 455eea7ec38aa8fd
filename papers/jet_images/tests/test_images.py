"""The preprocessing against closed forms, and the layout of the archive's file (arXiv:1511.05190, Sec. 3)."""

import h5py
import numpy as np
import pytest

from common.errors import InputError
from papers.jet_images import imaging
from papers.jet_images.image_files import NO_RATIO, VARIABLES, JetImages, ratio, read_images, write_images
from papers.jet_images.imaging import Deposits

CENTRE = imaging.N_PIXELS // 2


def jet(eta=0.7, phi=2.9, *, distance=0.5, direction=0.4):
    """Two towers, the second softer and at a distance from the first; each is a subjet."""
    second = (60.0, eta + distance * np.cos(direction), phi + distance * np.sin(direction))
    places = np.array([(200.0, eta, phi), second]).T
    return Deposits(places, places)


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
    image = imaging.make_image(jet(direction=direction), half_width=1.25, steps=["rotate"])
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
    image = imaging.pixelate(np.array([[5.0], [0.3], [-0.5]]), half_width=1.25)
    assert image[CENTRE + 5, CENTRE + 3] == 5 and image.sum() == 5


def test_flip_moves_the_intensity_to_the_right_and_keeps_the_mass():
    image = np.zeros((25, 25))
    image[CENTRE, CENTRE], image[3, 5] = 10, 4
    flipped = imaging.flip(image)
    assert flipped[3, 19] == 4
    assert np.array_equal(imaging.flip(flipped), flipped)
    masses = [imaging.mass_of_image(picture, half_width=1.25) for picture in (image, flipped)]
    assert masses[0] == pytest.approx(masses[1])


def test_normalised_images_have_unit_norm_and_an_empty_one_stays_empty():
    images = np.random.default_rng(1).random((3, 25, 25))
    images[1] = 0
    assert np.sum(imaging.normalise(images) ** 2, axis=(1, 2)) == pytest.approx([1, 0, 1])


def some_jets(n=7):
    generator = np.random.default_rng(2)
    variables = {name: generator.random(n) for name in VARIABLES}
    return JetImages(generator.random((n, 25, 25)), np.arange(n) % 2, generator.random(n) + 0.5, variables)


def test_files_come_back_in_single_precision(tmp_path):
    jets = some_jets()
    write_images(tmp_path / "x.hdf5", jets)
    found = read_images(tmp_path / "x.hdf5")
    assert np.array_equal(found.image, jets.image.astype(np.float32))
    assert np.array_equal(found.signal, jets.signal)
    assert found.variables["tau_21"] == pytest.approx(jets.variables["tau_21"], rel=1e-6)
    assert found.weight == pytest.approx(jets.weight, rel=1e-6)


def test_jets_of_the_archive_count_one_each(tmp_path):
    """Its file has no weights."""
    write_images(tmp_path / "x.hdf5", some_jets())
    with h5py.File(tmp_path / "x.hdf5", "a") as file:
        del file["weight"]
    assert np.array_equal(read_images(tmp_path / "x.hdf5").weight, np.ones(7))


def test_a_missing_data_set_is_named(tmp_path):
    write_images(tmp_path / "x.hdf5", some_jets())
    with h5py.File(tmp_path / "x.hdf5", "a") as file:
        file.move("jet_mass", "jet_mas")
    with pytest.raises(InputError, match=r"no data set 'jet_mass'.*jet_mas"):
        read_images(tmp_path / "x.hdf5")


def test_another_shape_is_named(tmp_path):
    write_images(tmp_path / "x.hdf5", some_jets())
    with h5py.File(tmp_path / "x.hdf5", "a") as file:
        del file["image"]
        file["image"] = np.zeros((7, 24, 24))
    with pytest.raises(InputError, match=r"'image' has the shape \(7, 24, 24\), expected \(7, 25, 25\)"):
        read_images(tmp_path / "x.hdf5")


def test_a_vanishing_denominator_gives_the_archives_mark():
    assert ratio(np.array([0.1, 0.1]), np.array([0.5, 1e-5])) == pytest.approx([0.2, NO_RATIO])
