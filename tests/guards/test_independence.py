"""Nothing that is decided before the test may depend on the test events."""

import itertools

import numpy as np
import pytest

from tests.guards.chains import changed


def all_arrays(chain):
    """Return what was decided, and all weights, by name."""
    weights = {f"{method}/{name}": array for method, part in chain.weights().items() for name, array in part.items()}
    return {name: np.asarray(array) for name, array in (weights | chain.decided()).items()}


def of_method(names, method):
    return {name for name in names if f"/{method}/" in f"/{name.replace('.', '/')}/"}


def test_nothing_decided_depends_on_the_test_events(chains):
    """Other test events: every decision is the same. Other training events: each method has other ones."""
    decided, other = all_arrays(chains.base), chains.copy()
    other.replace("test")
    other.run()
    assert not (moved := changed(decided, all_arrays(other))), f"decided with the test events: {sorted(moved)}"
    trained = chains.copy()
    trained.replace("train")
    trained.run()
    moved = changed(decided, all_arrays(trained))
    still = [method for method in chains.base.methods if not of_method(moved, method)]
    assert not still, f"other training events change nothing of {still}: this guard would see no mistake there"


def test_what_the_training_split_decides_depends_on_no_other(chains):
    before = chains.base.from_train_only()
    if not before:
        pytest.skip("the paper names nothing that the training split decides alone")
    for split in ("valid", "test"):
        other = chains.copy()
        other.replace(split)
        other.train()
        assert not (moved := changed(before, other.from_train_only())), f"decided with {split}: {sorted(moved)}"


def test_no_prediction_depends_on_the_labels_of_the_test_events(chains):
    before, other = chains.base.scores(), chains.copy()
    other.relabel("test", lambda labels: labels[::-1].copy())
    other.train()
    other.predict()
    assert not (moved := changed(before, other.scores())), f"scores that know the test labels: {sorted(moved)}"


def test_no_two_generated_files_share_an_event(chains, tmp_path):
    hashes = chains.base.generated_files(tmp_path)
    if len(hashes) == 1:
        pytest.skip("a run has a single generated file")
    assert hashes and all(hashes.values()), "a file without events"
    shared = [(a, b) for a, b in itertools.combinations(hashes, 2) if hashes[a] & hashes[b]]
    assert not shared, f"files with the same events: {shared}"
