"""An error is as large as its value scatters from sample to sample."""

import zlib

import numpy as np

# The standard deviation of n values scatters by 1/sqrt(2 n): 7 % for 100, 3.5 % for 400. AT_ONCE lies in the middle
# between right and wrong by sqrt(2), 2.5 of the 7 % from each, and who is beyond is drawn more often. AT_LAST leaves 6
# of the 3.5 % for a right error, some of which an approximation may use, and a factor sqrt(2) is 3.5 of them beyond.
N_FIRST, AT_ONCE = 100, 2**0.25
N_ALL, AT_LAST = 400, 1.25


def draw(toy, generator, n):
    """Return values and errors, each a list (n) by the metrics' names."""
    values, errors = {}, {}
    for _ in range(n):
        for name, (value, error) in toy(generator).items():
            values.setdefault(name, []).append(value)
            errors.setdefault(name, []).append(error)
    return values, errors


def ratios(values, errors):
    """Return by name the mean error over the standard deviation of the values."""
    return {name: np.mean(errors[name]) / np.std(values[name], ddof=1) for name in values}


def beyond(found, limit):
    return {name: round(float(ratio), 3) for name, ratio in found.items() if not 1 / limit <= ratio <= limit}


def test_errors_have_coverage(chains):
    toys = chains.base.toys()
    assert toys, "the paper names no toys"
    for label, toy in toys.items():
        generator = np.random.default_rng(zlib.crc32(label.encode()))
        values, errors = draw(toy, generator, N_FIRST)
        assert values, f"{label}: no metric"
        if not beyond(ratios(values, errors), AT_ONCE):
            continue
        more_values, more_errors = draw(toy, generator, N_ALL - N_FIRST)
        values = {name: values[name] + more_values[name] for name in values}
        errors = {name: errors[name] + more_errors[name] for name in errors}
        wrong = beyond(ratios(values, errors), AT_LAST)
        assert not wrong, f"{label}: mean error over scatter of the values: {wrong}"
