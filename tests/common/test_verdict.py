"""The rules of the verdicts: numbers and orderings."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.report.published import Tolerance
from common.report.verdict import judge_number, judge_ordering
from tests.claims import BASIS, BETTER, POSITIVE, ROUGH, SEEDS, always, claim_number, judge, measured

# ---- numbers: formulas ----


@always
@given(values=st.lists(ROUGH, min_size=2, max_size=8), published=ROUGH, error=POSITIVE)
def test_interval_and_pull_are_those_of_the_textbook(values, published, error):
    n, sd = len(values), float(np.std(values, ddof=1))
    outcome = judge(claim_number(published, error=error), *values)
    half_width = scipy.stats.t.ppf(0.975, n - 1) * sd * math.sqrt(1 + 1 / n)
    assert outcome.half_width == pytest.approx(half_width, rel=1e-9, abs=1e-12)
    scatter = max(sd, 0.01)  # the statistical error of `measured`
    pull = (np.mean(values) - published) / math.sqrt(scatter**2 * (1 + 1 / n) + error**2)
    assert outcome.pull == pytest.approx(pull, rel=1e-9, abs=1e-9)
    assert outcome.difference == pytest.approx(np.mean(values) - published, abs=1e-12)


def test_the_interval_holds_95_percent_of_further_runs():
    """A prediction interval, checked by drawing runs and not by its formula."""
    runs = np.random.default_rng(1).normal(size=(4000, 5))
    widths = [judge(claim_number(), *run[:4]).half_width for run in runs]
    covered = np.abs(runs[:, 4] - runs[:, :4].mean(axis=1)) <= widths
    assert covered.mean() == pytest.approx(0.95, abs=0.015)  # four standard errors


def test_exact_numbers_have_no_pull_and_equal_seeds_that_of_their_sample():
    assert judge_number(claim_number(error=0.0), measured(1.5, 1.5, error=0.0), BASIS).pull is None
    assert judge(claim_number(error=0.0), 1.5, 1.5).pull == pytest.approx(0.5 / (0.01 * math.sqrt(1.5)))


def test_a_single_seed_has_no_interval_and_says_so():
    outcome = judge(claim_number(), 1.0)
    assert (outcome.pull, outcome.half_width) == (None, None)
    assert "single seed, no interval" in outcome.reason
    assert "single seed" not in judge(claim_number(), 1.0, 1.1).reason


@pytest.mark.parametrize("value", [-4.0, 4.0])
def test_a_relative_tolerance_scales_with_the_published_value(value):
    claim = claim_number(value, tolerance=1.0).model_copy(update={"tolerance": Tolerance(rel=0.25, reason="r")})
    assert judge(claim, value + 1.0).verdict == "reproduced"
    assert judge(claim, math.nextafter(value + 1.0, 99)).verdict == "partly"


# ---- numbers: boundaries (all values are exact in binary) ----


def beyond(value):
    return math.nextafter(value, math.copysign(math.inf, value))


@pytest.mark.parametrize("better", ["higher", "lower", "none"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_boundary_belongs_to_the_verdict_inside_of_it(better, sign):
    """Published 0 ± 0.125, tolerance 0.25: reproduced within 0.375, partly within 0.75."""
    claim = claim_number(0.0, error=0.125, tolerance=0.25, better=better)
    good = {"higher": 1, "lower": -1, "none": 0}[better] == sign
    edge, far = sign * 0.375, sign * 0.75
    assert judge(claim, edge).verdict == "reproduced"
    assert judge(claim, beyond(edge)).verdict == ("better" if good else "partly")
    assert judge(claim, far).verdict == ("better" if good else "partly")
    assert judge(claim, beyond(far)).verdict == ("better" if good else "differs")


def test_scatter_may_help_a_little_but_not_by_being_huge():
    """Mean 1.5 off with tolerance 1; the half width of two seeds 1.5 ± a is about 22 a."""
    claim = claim_number(0.0, tolerance=1.0)
    verdicts = {a: judge(claim, 1.5 - a, 1.5 + a).verdict for a in (0.05, 0.08, 0.1, 1.0, 100.0)}
    assert verdicts == {0.05: "partly", 0.08: "reproduced", 0.1: "partly", 1.0: "partly", 100.0: "partly"}


@always
@given(values=SEEDS, published=ROUGH, error=POSITIVE, tolerance=POSITIVE, better=BETTER)
def test_every_verdict_follows_from_its_own_numbers(values, published, error, tolerance, better):
    outcome = judge(claim_number(published, error=error, tolerance=tolerance, better=better), *values)
    off, h = abs(outcome.difference), outcome.half_width
    if outcome.verdict == "reproduced":
        assert off <= tolerance + error or (h is not None and off <= h <= 2 * tolerance)
        return
    assert off > tolerance + error
    assert h is None or off > h or h > 2 * tolerance
    in_good_direction = (better == "higher" and outcome.difference > 0) or (
        better == "lower" and outcome.difference < 0
    )
    assert (outcome.verdict == "better") == in_good_direction
    if not in_good_direction:
        assert outcome.verdict == ("partly" if off <= 3 * tolerance else "differs")


@always
@given(values=st.lists(ROUGH, min_size=2, max_size=6), scale=st.floats(1, 1e6), tolerance=POSITIVE)
def test_more_scatter_never_turns_a_far_value_into_reproduced(values, scale, tolerance):
    """Seeds around a mean more than 2 t + e off: no scatter can make that a reproduction."""
    centred = [scale * (value - statistics.fmean(values)) for value in values]
    far = 2.5 * tolerance + max(abs(value) for value in centred) * 1e-9
    outcome = judge(claim_number(0.0, tolerance=tolerance), *(far + value for value in centred))
    assume(outcome.difference > 2 * tolerance)
    assert outcome.verdict == "partly" or outcome.difference > 3 * tolerance


# ---- orderings ----


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ((1.0, 1.0), (2.0, 3.0), "reproduced"),
        ((1.0, 1.0), (0.5, 3.0), "partly"),  # on average only
        ((1.0, 1.0), (1.02, 1.02), "partly"),  # for every seed, but within two statistical errors
        ((1.0, 1.0), (1.03, 1.03), "reproduced"),
        ((1.0, 1.0), (1.0, 1.0), "differs"),
        ((2.0, 3.0), (1.0, 1.0), "differs"),
        ((1.0,), (2.0,), "reproduced"),
    ],
)
def test_an_ordering_is_reproduced_only_if_each_seed_shows_it_beyond_the_errors(low, high, verdict):
    outcome = judge_ordering(measured(*low), measured(*high), BASIS)
    assert outcome.verdict == verdict
    assert outcome.difference == pytest.approx(statistics.fmean(high) - statistics.fmean(low))


@always
@given(low=SEEDS, shift=SEEDS)
def test_an_ordering_and_its_reverse_never_both_hold(low, shift):
    n = min(len(low), len(shift))
    low, high = measured(*low[:n]), measured(*(a + b for a, b in zip(low, shift, strict=False)))
    verdicts = [judge_ordering(low, high, BASIS).verdict, judge_ordering(high, low, BASIS).verdict]
    assert "differs" in verdicts


@pytest.mark.parametrize("field", ["value", "error", "tolerance"])
def test_a_claim_needs_finite_numbers(field):
    with pytest.raises(ValidationError):
        claim_number(**{field: math.inf})
