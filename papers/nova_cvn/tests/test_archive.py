"""Readers of both detectors' files: orders of axes, and every way a file can be wrong."""

import pickle
import shutil
import zlib

import h5py
import numpy as np
import pytest

from common.errors import InputError
from papers.nova_cvn.archive.axis_order import AXIS_ORDERS, as_views, infer_axis_order
from papers.nova_cvn.archive.dune import as_pixel_map, interaction_type, read_dune
from papers.nova_cvn.archive.nova import read_nova
from papers.nova_cvn.metrics.thesis_events import load_thesis_events
from papers.nova_cvn.prepare import split_of, write_split
from papers.nova_cvn.prepared.moments import MOMENTS, image_moments
from papers.nova_cvn.settings import PrepareConfig
from papers.nova_cvn.tests.made_events import REAL, needs_real_events, paint, real_events, write_nova

CONFIG = PrepareConfig(min_order_ratio=1.2, block_events=7, split_every=5)


def read(path):
    blocks = list(read_nova(path, block_events=7, min_order_ratio=1.2))
    return np.concatenate([block.views for block in blocks]), np.concatenate([block.interaction for block in blocks])


@pytest.mark.parametrize("order", AXIS_ORDERS)
def test_the_order_of_axes_is_found(tmp_path, order):
    events = paint(20)
    views, interaction = read(write_nova(tmp_path / "a.h5", events, order=order))
    assert np.array_equal(views, events.views) and np.array_equal(interaction, events.interaction)


@needs_real_events
def test_real_events_have_the_native_order():
    rows = np.stack(list(real_events().values())).reshape(3, -1)
    assert infer_axis_order(rows, min_ratio=1.2, where="real") == "view, plane, cell"
    wrong = as_views(rows, "view, plane, cell").transpose(0, 2, 3, 1).reshape(3, -1)
    assert infer_axis_order(wrong, min_ratio=1.2, where="real") == "plane, cell, view"


def test_noise_has_no_order_and_fails_loudly():
    rows = (np.random.default_rng(0).random((50, 16000)) < 0.01).astype(np.uint8)
    with pytest.raises(InputError, match=r"cannot be recognised"):
        infer_axis_order(rows, min_ratio=1.2, where="noise")


CHANGED = {  # fault -> what is put in the place of a data set or a group
    "float": ("cvnmap", lambda maps: maps[:] / 255),
    "shape": ("cvnmap", lambda maps: maps[:, :8000]),
    "length": ("neutrino/nuenergy", lambda energy: energy[:3]),
    "energy": ("neutrino/nuenergy", lambda energy: np.where(np.arange(20) == 5, np.nan, energy[:])),
    "label": ("neutrino/interaction", lambda label: np.where(np.arange(20) == 3, 16, label[:])),
    "no group": ("neutrino", lambda _: np.ones(3)),
}


def broken(tmp_path, fault):
    """Return a file with one fault."""
    path = write_nova(tmp_path / "bad.h5", paint(20))
    if fault == "html":
        path.write_text("<!DOCTYPE html><html>This page has moved</html>")
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        with h5py.File(path, "a") as file:
            name, change = CHANGED.get(fault, ("neutrino" if fault == "group" else "cvnmap", None))
            content = change(file[name]) if change else None
            del file[name]
            if content is not None:
                file[name] = content
            elif fault == "no data set":
                file.create_group(name)
    return path


FAULTS = {
    "html": r"an HTML page.*may have moved",
    "truncated": r"damaged or incomplete",
    "group": r"no data set 'neutrino/interaction'",
    "label": r"0 to 15 .*found 16 at event 3",
    "float": r"as uint8.*found float64",
    "shape": r"\(event, 16000\), found \(20, 8000\)",
    "length": r"'neutrino/nuenergy' with the shape \(20,\), found \(3,\)",
    "no group": r"no data set 'neutrino/interaction'",
    "no data set": r"no data set 'cvnmap'",
    "energy": r"finite energies in 'neutrino/nuenergy', found another at event 5",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_says_what_is_wrong(tmp_path, fault):
    with pytest.raises(InputError, match=FAULTS[fault]):
        read(broken(tmp_path, fault))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_other_files_stay_usable(tmp_path, fault):
    bad, good = broken(tmp_path, fault), write_nova(tmp_path / "good.h5", paint(20, seed=1))
    with h5py.File(tmp_path / "prepared.h5", "w") as output:
        assert write_split([bad, good], output, CONFIG) == 20
        assert "bad.h5" in output.attrs["skipped"] and len(output["interaction"]) == 20
    assert bad.exists()


def test_events_without_a_type_are_left_out(tmp_path):
    """The enumeration's last entry, 15, is "other": the network has no output for it."""
    path = write_nova(tmp_path / "some.h5", paint(20))
    with h5py.File(path, "a") as file:
        file["neutrino/interaction"][[2, 7]] = 15
        kept = np.delete(file["neutrino/interaction"][:], [2, 7])
    with h5py.File(tmp_path / "prepared.h5", "w") as output:
        assert write_split([path], output, CONFIG) == 18
        assert np.array_equal(output["interaction"][:], kept)
        painted = paint(20).take(np.delete(np.arange(20), [2, 7]))
        for name in ("energy_gev", "lepton_gev"):
            assert np.array_equal(output[name][:], getattr(painted, name))
        for event, views in enumerate(painted.views):  # every image stays with its label
            part = slice(*output["offset"][event : event + 2])
            assert np.array_equal(output["pixel"][part], np.flatnonzero(views))
            assert np.array_equal(output["value"][part], views[views > 0])


def test_no_usable_file_is_an_error(tmp_path):
    with h5py.File(tmp_path / "prepared.h5", "w") as output, pytest.raises(InputError, match=r"run=generated"):
        write_split([broken(tmp_path, "html")], output, CONFIG)


def test_the_archives_splits_are_fixed():
    splits = [split_of(number, every=5) for number in range(1, 11)]
    assert splits == ["valid", "train", "train", "train", "test"] * 2


# ---- DUNE ----


def dune_folder(tmp_path, labels, content):
    (tmp_path / "partition.p").write_bytes(pickle.dumps([list(labels), labels], protocol=3))
    for name in labels:
        (tmp_path / f"event{name}.gz").write_bytes(content)
    return tmp_path / "event0.gz"


DUNE = REAL / "dune-cvn/dataset"
MAPS = zlib.compress(bytes(3 * 500 * 500))


@pytest.mark.parametrize(("label", "number"), [([0, 0, 2], 2), ([1, 1, 0], 4), ([0, 2, 3], 11), ([-1, 3, -1], 13)])
def test_dunes_labels_are_the_common_enumeration(label, number):
    assert interaction_type(label) == number


def test_a_dune_event_is_cut_out_as_novas_are():
    fine = np.zeros((3, 500, 500), np.uint8)
    fine[0, 50:300, 250] = 100  # a track along the wires
    fine[0, 52, 252] = 200
    views = as_pixel_map(fine)
    assert views.shape == (3, 100, 80)
    assert np.array_equal(np.flatnonzero(views[0].any(axis=1)), np.arange(50))
    assert views[0, 0, 40] == 200 and not views[1:].any()


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    event = dune_folder(tmp_path, {"0": [0, 0, 0]}, MAPS)
    (tmp_path / "partition.p").write_bytes(b"cos\nsystem\n(S'touch hacked'\ntR.")
    with pytest.raises(InputError, match=r"it asks for os\.system"):
        list(read_dune(event))


def test_faults_of_dunes_files(tmp_path):
    event = dune_folder(tmp_path, {"0": [0, 7, 0]}, MAPS)
    with pytest.raises(InputError, match=r"unknown label: flavour 7"):
        list(read_dune(event))
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match=r"damaged or incomplete"):
        list(read_dune(dune_folder(tmp_path / "b", {"0": [0, 0, 0]}, MAPS[:20])))
    (tmp_path / "c").mkdir()
    with pytest.raises(InputError, match=r"found 9"):
        list(read_dune(dune_folder(tmp_path / "c", {"0": [0, 0, 0]}, zlib.compress(bytes(9)))))
    (tmp_path / "d").mkdir()
    shutil.copy(event, tmp_path / "d")
    with pytest.raises(InputError, match=r"missing"):
        list(read_dune(tmp_path / "d/event0.gz"))


@pytest.mark.skipif(
    not DUNE.is_dir(), reason=f"needs {DUNE} with partition.p and event*.gz: the files of dune_cvn in datasets.yaml"
)
def test_dunes_real_events_go_through_the_same_stage(tmp_path):
    files = sorted(DUNE.glob("event*.gz"))
    with h5py.File(tmp_path / "test.h5", "w") as output:
        assert write_split(files, output, CONFIG) == len(files) == 20
        assert tuple(output.attrs["shape"]) == (3, 100, 80)
        interaction, n_hits = output["interaction"][:], np.diff(output["offset"][:])
    flavours = [np.isin(interaction, range(4 * f, 4 * f + 4)).sum() for f in range(3)] + [(interaction == 13).sum()]
    assert flavours == [4, 8, 3, 5]  # expected_results.txt of the release
    assert n_hits.min() > 10


@needs_real_events
def test_the_numbers_of_the_real_events_are_those_of_their_images():
    found = image_moments(np.stack(list(real_events().values())).astype(np.uint8))
    for wanted, moments in zip(load_thesis_events().values(), found, strict=True):
        for name, value in wanted.items():
            assert moments[MOMENTS.index(name)] == pytest.approx(value, abs=6e-4)
