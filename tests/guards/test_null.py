"""Labels that mean nothing can be learned by nobody."""

import numpy as np

LIMIT = 4  # standard errors; a right chain is beyond them once in 16,000


def away(chain):
    """Return the distance of each metric from chance, in its own errors."""
    values, errors = chain.metrics(), chain.errors()
    missing = chain.chance.keys() - values.keys()
    assert not missing, f"`chance` names metrics that are not measured: {sorted(missing)}"
    without = [name for name in chain.chance if not errors[name] > 0]
    assert not without, f"metrics without an error: {without}"
    return {name: abs(values[name] - chance) / errors[name] for name, chance in chain.chance.items()}


def test_shuffled_labels_give_chance(chains):
    """A score that knows labels of the test events, or a metric with another chance than it should, is far from it."""
    chain = chains.copy()
    generator = np.random.default_rng(1)
    for split in chain.splits:
        chain.relabel(split, generator.permutation)
    chain.run()
    far = {name: round(distance, 1) for name, distance in away(chain).items() if not distance < LIMIT}
    assert not far, f"standard errors from chance: {far}"
    assert max(away(chains.base).values()) > LIMIT, "nothing was learned with true labels either: no sign of a null"
