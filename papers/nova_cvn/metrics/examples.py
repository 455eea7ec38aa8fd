"""The test events that the figures of the network's inside show."""

import numpy as np

EXAMPLES = {"numu DIS": 2, "numu QE": 0, "nue DIS": 6, "nue QE": 4, "NC": 13}  # name -> interaction type


def choose_examples(interaction: np.ndarray, n_hits: np.ndarray) -> dict[str, int]:
    """Return the index of one event for each of EXAMPLES: the one with the median number of hits of its type.

    A type without any event is left out.

    Args:
        interaction: (event,)
        n_hits: (event,)
    """
    chosen = {}
    for name, number in EXAMPLES.items():
        events = np.flatnonzero(interaction == number)
        if len(events):
            chosen[name] = int(events[np.argsort(n_hits[events], kind="stable")[len(events) // 2]])
    return chosen
