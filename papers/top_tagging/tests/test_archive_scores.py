"""Published scores and labels: plain arrays pass, everything that could run code or shift the jets does not."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from common.errors import InputError

from ..archive.scores import read_labels, read_npy, read_pickled_array, read_scores

TREENIN = Path(__file__).parents[4] / "shared/real/top_tagging/TreeNiN_hd50_outProb_1percent.pkl"
PUBLISHED = "https://github.com/SebastianMacaluso/TreeNiN (commit a1c0173)"
N_REAL = 404_000


class RunsCode:
    """An object whose pickle calls a function while it is loaded, as a hostile pickle does."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def written(path, content, protocol=3):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("dtype", ["int8", "int64", "float64", "bool"])
def test_plain_arrays_pass(tmp_path, protocol, dtype):
    array = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    found = read_pickled_array(written(tmp_path / "a.pkl", array, protocol))
    assert found.dtype == array.dtype and np.array_equal(found, array)


def test_names_from_before_numpy_2_pass(tmp_path):
    content = pickle.dumps(np.arange(5), protocol=2).replace(b"numpy._core.", b"numpy.core.")
    assert b"numpy.core." in content
    (tmp_path / "old.pkl").write_bytes(content)
    assert np.array_equal(read_pickled_array(tmp_path / "old.pkl"), np.arange(5))


def test_a_list_of_numbers_passes(tmp_path):
    assert np.array_equal(read_pickled_array(written(tmp_path / "a.pkl", [0, 1, 1])), [0, 1, 1])


@pytest.mark.parametrize("where", ["alone", "in a list", "in an array"])
def test_code_in_a_pickle_is_not_run(tmp_path, where):
    trace = tmp_path / "was_run"
    evil = RunsCode(Path.touch, trace)
    array = np.empty(1, object)
    array[0] = evil
    path = written(tmp_path / "a.pkl", {"alone": evil, "in a list": [evil], "in an array": array}[where])
    with pytest.raises(InputError, match=r"a\.pkl: expected a pickle of one plain numpy array.*it asks for"):
        read_pickled_array(path)
    assert not trace.exists()
    pickle.loads(path.read_bytes())
    assert trace.exists(), "the pickle of this test does run its code"


@pytest.mark.parametrize("function", [eval, exec, print, np.load, np.frombuffer, getattr, io.open])
def test_no_other_name_is_looked_up(tmp_path, function):
    with pytest.raises(InputError, match="it asks for"):
        read_pickled_array(written(tmp_path / "a.pkl", RunsCode(function, "1")))


def test_a_subclass_of_the_array_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"it asks for numpy\.\S*memmap|it asks for numpy\.\S*matrix"):
        read_pickled_array(written(tmp_path / "a.pkl", np.ones((2, 2)).view(np.matrix)))


@pytest.mark.parametrize("content", [{"a": 1}, "text", np.array(["a"]), None])
def test_other_content_is_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"a\.pkl: expected"):
        read_pickled_array(written(tmp_path / "a.pkl", content))


def test_a_broken_pickle_is_refused(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(np.arange(100))[:-40])
    with pytest.raises(InputError, match="fetch it again"):
        read_pickled_array(path)


def test_a_pickle_inside_npy_is_refused(tmp_path):
    trace = tmp_path / "was_run"
    array = np.empty(1, object)
    array[0] = RunsCode(Path.touch, trace)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=r"a\.npy: expected a \.npy file of numbers"):
        read_npy(tmp_path / "a.npy")
    assert not trace.exists()


def test_an_archive_of_arrays_is_refused(tmp_path):
    with open(tmp_path / "a.npy", "wb") as stream:
        np.savez(stream, a=np.ones(3))
    with pytest.raises(InputError, match="archive of arrays"):
        read_npy(tmp_path / "a.npy")


# ---- one number per jet ----


def test_a_file_that_lost_its_last_jet_is_refused_with_the_reason(tmp_path):
    scores = np.linspace(0, 1, N_REAL, dtype=np.float32)
    np.save(tmp_path / "whole.npy", scores)
    np.save(tmp_path / "cut.npy", scores[0:-1])
    assert len(read_scores(tmp_path / "whole.npy", n_jets=N_REAL)) == N_REAL
    with pytest.raises(InputError, match=r"404000 test jets, found \(403999,\)\. One jet is missing.*iloc\[0:-1\]"):
        read_scores(tmp_path / "cut.npy", n_jets=N_REAL)


def test_labels_that_lost_their_last_jet_are_refused(tmp_path):
    labels = np.arange(N_REAL) % 2
    with pytest.raises(InputError, match="One jet is missing"):
        read_labels(written(tmp_path / "labels.pkl", labels[:-1]), n_jets=N_REAL)


def test_another_wrong_length_does_not_blame_the_last_jet(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(7))
    with pytest.raises(InputError, match=r"found \(7,\)\.$"):
        read_scores(tmp_path / "a.npy", n_jets=10)


def test_scores_must_be_finite_and_labels_0_or_1(tmp_path):
    np.save(tmp_path / "a.npy", np.array([0.1, np.nan]))
    with pytest.raises(InputError, match="1 scores are NaN"):
        read_scores(tmp_path / "a.npy", n_jets=2)
    with pytest.raises(InputError, match="expected the labels 0"):
        read_labels(written(tmp_path / "a.pkl", np.array([0, 2])), n_jets=2)


@pytest.mark.skipif(not TREENIN.is_file(), reason=f"{TREENIN} is not there; it is published at {PUBLISHED}")
def test_the_published_pickle_of_treenin_is_read():
    """Scores of nine trainings of TreeNiN for the last 4,000 test jets."""
    scores = read_pickled_array(TREENIN)
    assert scores.shape == (9, 4000) and 0 <= scores.min() < scores.max() <= 1
