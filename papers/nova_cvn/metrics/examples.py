"""Which test events the figures show (arXiv:1604.01444, figures of pixel maps and of the network's inside)."""

import numpy as np

EXAMPLES = {"numu DIS": 2, "numu QE": 0, "nue DIS": 6, "nue QE": 4, "NC": 13}  # interaction types


def choose_examples(interaction: np.ndarray, n_hits: np.ndarray) -> dict[str, int]:
    """Return the place of one event for each of EXAMPLES: the one with the median number of hits of its type.

    Args:
        interaction: (event,)
        n_hits: (event,)
    """
    chosen = {}
    for name, number in EXAMPLES.items():
        places = np.flatnonzero(interaction == number)
        if not len(places):
            places = np.arange(len(interaction))
        chosen[name] = int(places[np.argsort(n_hits[places], kind="stable")[len(places) // 2]])
    return chosen
