"""What changes a prediction, and what must not."""

import numpy as np
import pytest

from tests.guards.chains import changed

SAME = 1e-5  # relative: sums of float32 numbers in another order
OTHER = 1e-3  # of the scatter of the scores


def differences(before, after):
    """Return by method the largest difference of the scores, in units of their scatter, beyond rounding."""
    assert before.keys() == after.keys() and before
    found = {}
    for method, scores in before.items():
        assert scores.shape == after[method].shape, f"{method}: scores of another shape"
        scatter = np.std(scores)
        assert scatter > 0, f"{method}: all scores are equal, so that nothing can be seen"
        excess = np.abs(after[method] - scores) - SAME * np.abs(scores)
        found[method] = float(np.max(excess) / scatter)
    return found


def after_change(chains, change):
    """Return the differences of the scores that a change of a copy makes."""
    chain = chains.copy()
    change(chain)
    chain.predict()
    return differences(chains.base.scores(), chain.scores())


def larger(found, limit):
    return {method: difference for method, difference in found.items() if not difference <= limit}


def test_equal_views_have_equal_scores(chains):
    """Each change that a network claims to be blind to; a paper that names none is skipped."""
    names = list(chains.base.equal_views())
    if not names:
        pytest.skip("the paper claims no symmetry of its predictions")
    for name in names:
        found = after_change(chains, lambda chain, name=name: chain.equal_views()[name]())
        assert not (moved := larger(found, SAME)), f"{name} changes scores: {moved}"


def test_unequal_views_have_other_scores(chains):
    """A change that predictions average away or that never reaches the model would leave the scores as they are."""
    names = list(chains.base.unequal_views())
    if not names:
        pytest.skip("the paper names no change that predictions must see")
    for name in names:
        found = after_change(chains, lambda chain, name=name: chain.unequal_views()[name]())
        still = found.keys() - larger(found, OTHER) - chains.base.blind.get(name, frozenset())
        assert not still, f"{name} changes no score of {sorted(still)} (name a method that cannot see it in `blind`)"


def test_the_size_of_batches_changes_no_score(chains):
    found = after_change(chains, lambda chain: chain.other_batches())
    assert not (moved := larger(found, SAME)), f"scores depend on the other events of a batch: {moved}"


def test_prediction_repeats_itself(chains):
    chain = chains.copy()
    chain.predict()
    assert not (moved := changed(chains.base.scores(), chain.scores())), f"scores differ each time: {sorted(moved)}"
