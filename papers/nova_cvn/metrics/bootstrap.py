"""Statistical errors: every number is measured again on events that are drawn with repetition."""

from collections.abc import Callable

import numpy as np

from common.metrics import Metrics, entry

from .classifier import ScoredEvents


def with_errors(
    events: ScoredEvents, measure: Callable[[ScoredEvents], dict[str, float]], *, n_bootstrap: int, seed: int
) -> Metrics:
    """Return each number that `measure` finds, with its bootstrap error.

    A draw that lacks a number, such as one without any signal, does not count for its error.
    """
    random = np.random.default_rng(seed)
    metrics: Metrics = {}
    draws = [measure(events.take(random.integers(len(events), size=len(events)))) for _ in range(n_bootstrap)]
    for name, value in measure(events).items():
        scatter = [draw[name] for draw in draws if name in draw]
        error = float(np.std(scatter, ddof=1)) if len(scatter) > 1 else 0.0
        metrics[name] = entry(value, error, len(events))
    return metrics
