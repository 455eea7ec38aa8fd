"""The layout of the archive's file, and the errors about files with another one (arXiv:1511.05190, Sec. 3)."""

import h5py
import numpy as np
import pytest

from common.errors import InputError
from papers.jet_images.archive import NO_RATIO, VARIABLES, JetImages, ratio, read_images, write_images


def some_jets(n=7):
    generator = np.random.default_rng(2)
    variables = {name: generator.random(n) for name in VARIABLES}
    return JetImages(generator.random((n, 25, 25)), np.arange(n) % 2, generator.random(n) + 0.5, variables)


def test_files_come_back_in_single_precision(tmp_path):
    jets = some_jets()
    write_images(tmp_path / "x.hdf5", jets)
    stored = read_images(tmp_path / "x.hdf5")
    assert np.array_equal(stored.image, jets.image.astype(np.float32))
    assert np.array_equal(stored.signal, jets.signal)
    assert stored.variables["tau_21"] == pytest.approx(jets.variables["tau_21"], rel=1e-6)
    assert stored.weight == pytest.approx(jets.weight, rel=1e-6)


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
