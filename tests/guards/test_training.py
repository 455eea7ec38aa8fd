"""What a training stores is what its history says, and the seed decides it."""

import numpy as np
import pytest

from tests.guards.chains import changed

RATE = ("learning_rate", "lr")  # columns of a history
ENOUGH = 100  # elements, from which on independent tensors have a correlation below ALIKE by five standard deviations
ALIKE = 0.5


def by_epochs(chain):
    """Return the methods that are trained in epochs; the others have no rows in their history."""
    return [method for method in chain.methods if chain.learning_rate(method) is not None]


def test_the_stored_model_is_the_best_row_of_its_history(chains):
    chain, not_last = chains.base, []
    for method in chain.methods:
        stored = chain.stored_loss(method)
        if stored is None:
            assert not len(rows_of(chain, method)), f"{method}: it has a history, so that it needs a `stored_loss`"
            continue
        valid = chain.history(method)["valid_loss"]
        assert stored == pytest.approx(valid.min(), rel=1e-4), f"{method}: history {valid}, stored {stored}"
        if valid[-1] > valid.min() * (1 + 1e-3):
            not_last.append(method)
    if not any(chain.stored_loss(method) is not None for method in chain.methods):
        pytest.skip("no method is trained in epochs")
    assert not_last, "the best row is the last one of every history: train longer, or with a larger rate"


def rows_of(chain, method):
    """Return the losses of a history, none if there is no file."""
    return chain.history(method).get("valid_loss", []) if chain.history_file(method).is_file() else []


def test_the_learning_rate_is_that_of_the_settings(chains):
    chain = chains.base
    methods = by_epochs(chain)
    if not methods:
        pytest.skip("no method is trained in epochs")
    for method in methods:
        history = chain.history(method)
        column = next((name for name in RATE if name in history), None)
        assert column, f"{method}: history.csv has no column {RATE[0]}: {list(history)}"
        assert len(history[column]) > 1, f"{method}: one row shows no schedule"
        np.testing.assert_allclose(history[column], chain.learning_rate(method), rtol=1e-5, err_msg=method)


def test_two_seeds_differ_in_every_weight(chains):
    """In networks they start elsewhere: with the same start, and only other batches, they would stay alike."""
    weights, others = chains.base.weights(), chains.trained(seed=1).weights()
    assert weights.keys() == others.keys() and set(chains.base.methods) == weights.keys()
    for method, arrays in weights.items():
        moved = changed(arrays, others[method])
        if method in chains.base.seedless:
            assert not moved, f"{method} is called seedless, but the seed changes {sorted(moved)}"
            continue
        assert not (same := arrays.keys() - moved), f"{method}: the same for two seeds: {sorted(same)}"
        if method in by_epochs(chains.base):
            alike = {name: similarity(array, others[method][name]) for name, array in arrays.items()}
            alike = {name: value for name, value in alike.items() if not value <= ALIKE}
            assert not alike, f"{method}: correlations of two seeds' weights: {alike}"


def similarity(one, other):
    """Return the correlation of two tensors' elements, 0 where they are too few or no matrix."""
    if one.ndim < 2 or one.size < ENOUGH or one.shape != other.shape:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_one_seed_repeats_itself(chains):
    weights, again = chains.base.weights(), chains.trained(seed=0).weights()
    for method, arrays in weights.items():
        assert not (moved := changed(arrays, again[method])), f"{method}: the seed does not fix {sorted(moved)}"
