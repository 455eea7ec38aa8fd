"""Readers of the published scores and labels of arXiv:1902.09914: one number per jet of test.h5, in its order.

Scores are .npy files, the labels a pickle. A pickle can run any code while it is loaded, so this one is read by an
unpickler that knows three names of numpy and nothing else.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from common.errors import InputError
from common.pickles import read_pickle

MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")  # one module, named differently before and since numpy 2


def _empty_array(kind: type, shape: tuple[int, ...], _: bytes) -> np.ndarray:
    """Return what numpy's own `_reconstruct` returns for a plain array; the content follows with its state."""
    if kind is not np.ndarray or tuple(shape) != (0,):
        raise pickle.UnpicklingError("it holds a subclass of numpy's array")
    return np.ndarray((0,), np.int8)


def _encode(text: str, encoding: str) -> bytes:
    """Return the bytes that Python 3 stores as text in pickles of protocol 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


ADMITTED: dict[tuple[str, str], Any] = {
    **{(module, "_reconstruct"): _empty_array for module in MODULES},
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}


def read_pickled_array(path: Path) -> np.ndarray:
    """Return the numeric array of a pickle file without running code of its author.

    Raises:
        InputError: If the file holds anything but one array, or list, of numbers.
    """
    expected = "one plain numpy array"
    content = read_pickle(path, expected=expected, admitted=ADMITTED, encoding="latin1")
    try:
        return _numeric(np.asarray(content), path)
    except ValueError as error:
        raise InputError(f"{path}: expected a pickle of {expected}, found something else: {error}.") from None


def read_npy(path: Path) -> np.ndarray:
    """Return the numeric array of a .npy file; pickles inside it are refused.

    Raises:
        InputError: If the file holds anything else.
    """
    try:
        content = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{path}: expected a .npy file of numbers, found: {error}. Fetch it again.") from None
    if not isinstance(content, np.ndarray):
        raise InputError(f"{path}: expected a single .npy array, found an archive of arrays.")
    return _numeric(content, path)


def _numeric(content: np.ndarray, path: Path) -> np.ndarray:
    if content.dtype.kind not in "biuf":
        raise InputError(f"{path}: expected numbers, found an array of type {content.dtype}.")
    return content


def read_labels(path: Path, *, n_jets: int) -> np.ndarray:
    """Return the labels (jet,) of the test jets: 1 for top, 0 for QCD.

    Raises:
        InputError: If there are not `n_jets` labels, or a label is neither 0 nor 1.
    """
    labels = read_pickled_array(path)
    check_length(labels, path, n_jets=n_jets)
    if not np.isin(labels, (0, 1)).all():
        raise InputError(f"{path}: expected the labels 0 (QCD) and 1 (top), found {np.unique(labels)[:5]}.")
    return labels.astype(np.int8)


def read_scores(path: Path, *, n_jets: int) -> np.ndarray:
    """Return the scores (jet,) of one training of a tagger, larger for tops.

    Raises:
        InputError: If there is not one finite score for each of the `n_jets` jets.
    """
    scores = read_npy(path)
    check_length(scores, path, n_jets=n_jets)
    if not np.isfinite(scores).all():
        raise InputError(f"{path}: {np.count_nonzero(~np.isfinite(scores))} scores are NaN or infinite.")
    return scores.astype(np.float64)


def check_length(values: np.ndarray, path: Path, *, n_jets: int) -> None:
    """Raise an InputError unless `values` is (n_jets,); the message names the known way to lose the last jet."""
    if values.shape == (n_jets,):
        return
    hint = ""
    if values.shape == (n_jets - 1,):
        hint = (
            " One jet is missing: public converters of this data set cut the table with iloc[0:-1], which drops the"
            " last jet of the file. Without it nobody can tell which jet a score belongs to."
        )
    raise InputError(f"{path}: expected one number for each of the {n_jets} test jets, found {values.shape}.{hint}")
