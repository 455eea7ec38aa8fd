"""Metrics of several seeds, joined."""

import json
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import InputError
from common.report.aggregate import SeedMetric, join, read_seed


@settings(deadline=None, derandomize=True)
@given(values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8))
def test_joined_seeds_have_the_mean_and_the_sample_deviation(values):
    joined = join([{"auc": SeedMetric(value=value, error=0.1 + i, n=7)} for i, value in enumerate(values)])["auc"]
    assert joined.value == pytest.approx(np.mean(values), abs=1e-9)
    assert joined.error == pytest.approx(0.1 + (len(values) - 1) / 2)
    assert (joined.values, joined.n) == (values, 7)
    if len(values) == 1:
        assert joined.sd is None
    else:
        assert joined.sd == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-9)
        assert joined.sd == statistics.stdev(values)


def test_rates_are_joined_by_their_logarithms():
    """The mean of 1/eps over samples is biased; the mean of its logarithm is not."""
    seeds = [SeedMetric(value=v, error=v / 10, n=7, low=0.9 * v, high=1.2 * v) for v in (50.0, 200.0)]
    joined = join([{"rejection": seed} for seed in seeds])["rejection"]
    assert joined.value == pytest.approx(100) and joined.error == pytest.approx(10)
    assert (joined.low, joined.high) == (pytest.approx(90), pytest.approx(120))
    assert joined.sd == pytest.approx(100 * statistics.stdev([math.log(50), math.log(200)]))
    assert not joined.limit
    limits = [seeds[0], seeds[1].model_copy(update={"limit": True})]
    assert join([{"rejection": seed} for seed in limits])["rejection"].limit


def test_seeds_with_different_metrics_cannot_be_joined():
    one = SeedMetric(value=1, error=0, n=1)
    with pytest.raises(InputError, match=r"seed number 1 and the first seed.*: bias, sigma"):
        join([{"auc": one, "bias": one}, {"auc": one, "sigma": one}])


def test_joined_metrics_are_sorted(tmp_path):
    (tmp_path / "seed.json").write_text(
        '{"b": {"value": 1, "error": 0, "n": 1}, "a": {"value": 1, "error": 0, "n": 1}}'
    )
    assert list(join([read_seed(tmp_path / "seed.json")])) == ["a", "b"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["value", "error"])
def test_a_seed_without_a_finite_number_is_refused(tmp_path, bad, field):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"auc": {"value": 0.5, "error": 0.1, "n": 3, field: bad}}))
    with pytest.raises(InputError, match=rf"metrics\.json: key 'auc\.{field}'"):
        read_seed(path)
