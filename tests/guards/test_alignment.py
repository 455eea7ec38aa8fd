"""Rows that belong together stay together: events in another order are the same events."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def reordered(chains):
    return in_other_order(chains)


def in_other_order(chains):
    """Return the order that was given to the test events, and the chain that scored and measured them in it."""
    chain = chains.copy()
    order = np.random.default_rng(3).permutation(chain.n_test())
    chain.reorder(order)
    chain.predict()
    chain.measure()
    return order, chain


def test_reordered_events_keep_their_predictions(chains, reordered):
    order, chain = reordered
    before, after = chains.base.scores(), chain.scores()
    assert before.keys() == after.keys() and before
    for method, scores in before.items():
        assert len(scores) == len(order) == len(after[method]), f"{method}: one score for each test event"
        small = 1e-5 * np.std(scores)
        assert not np.allclose(scores[order], scores, atol=10 * small), f"{method}: the scores have no order to lose"
        np.testing.assert_allclose(after[method], scores[order], rtol=1e-5, atol=small, err_msg=method)


def test_reordered_events_change_no_metric(chains, reordered):
    """Draws of random events are other ones now: what they enter is equal within its error."""
    _, chain = reordered
    before, after, errors = chains.base.metrics(), chain.metrics(), chains.base.errors()
    assert before.keys() == after.keys()
    unknown = chain.resampled - before.keys()
    assert not unknown, f"`resampled` names metrics that are not measured: {sorted(unknown)}"
    other = {
        name: (value, after[name])
        for name, value in before.items()
        if abs(after[name] - value) > (errors[name] if name in chain.resampled else 1e-6 * abs(value) + 1e-12)
    }
    assert not other, f"metrics that depend on the order of the events (name them in `resampled` if by draws): {other}"
