"""Sums and tables over the members of each jet or event, for arrays that are sorted by jet or event."""

import numpy as np

Array = np.ndarray


def rank_in_group(group: Array) -> Array:
    """Return 0, 1, 2, ... within each group; `group` (n,) is sorted."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, int)
    return np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))


def leading(values: Array, group: Array, *, n_groups: int, n_values: int, missing: float) -> Array:
    """Return the first `n_values` of each group (n_groups, n_values) in the order given.

    Args:
        values: (n,)
        group: (n,) index of the group, sorted.
        n_groups: Number of groups, also of empty ones.
        n_values: Number of values of each group.
        missing: Stands for missing values.
    """
    table = np.full((n_groups, n_values), missing)
    rank = rank_in_group(group)
    mask = rank < n_values
    table[group[mask], rank[mask]] = values[mask]
    return table


def group_sums(values: Array, group: Array, *, n_groups: int) -> Array:
    """Return the sum over each group (n_groups, …) of values (n, …)."""
    total = np.zeros((n_groups, *values.shape[1:]))
    np.add.at(total, group, values)
    return total
