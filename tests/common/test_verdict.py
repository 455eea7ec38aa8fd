"""The rules of the verdicts: numbers and orderings."""

import math
import re
import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.report.published import Tolerance
from common.report.verdict import SMALL, decide, judge_number, judge_ordering
from tests.claims import BASIS, BETTER, POSITIVE, ROUGH, SEEDS, always, claim_number, claim_ordering, judge, measured

# ---- numbers: formulas ----


@always
@given(values=st.lists(ROUGH, min_size=2, max_size=8), published=ROUGH, error=POSITIVE, sample=POSITIVE)
def test_sigma_adds_trainings_sample_and_article(values, published, error, sample):
    n, sd = len(values), float(np.std(values, ddof=1))
    outcome = judge_number(claim_number(published, error=error), measured(*values, error=sample), BASIS)
    sigma = math.sqrt(sd**2 * (1 + 1 / n) + sample**2 + error**2)
    assert outcome.sigma == pytest.approx(sigma, rel=1e-9)
    assert outcome.difference == pytest.approx(np.mean(values) - published, abs=1e-12)
    assert math.copysign(1, outcome.pull) == math.copysign(1, outcome.difference)


@always
@given(values=st.lists(ROUGH, min_size=2, max_size=8))
def test_the_pull_of_pure_scatter_is_as_seldom_as_student_says(values):
    outcome = judge_number(claim_number(0.0), measured(*values, error=0.0), BASIS)
    if outcome.sigma > 1e-9 and abs(outcome.difference) < 20 * outcome.sigma:
        expected = scipy.stats.norm.isf(scipy.stats.t.sf(abs(outcome.difference) / outcome.sigma, len(values) - 1))
        assert abs(outcome.pull) == pytest.approx(expected, abs=1e-6)


def test_the_error_of_a_sample_that_is_the_articles_own_drops_out():
    ours = measured(1.0, 1.2, error=5.0)
    own, other = (judge_number(claim_number(sample=s), ours, BASIS).sigma for s in ("the article's", "shared"))
    assert own == pytest.approx(statistics.stdev([1.0, 1.2]) * math.sqrt(1.5))
    assert other == pytest.approx(math.hypot(own, 5.0))


def test_a_sample_for_each_seed_is_in_their_scatter():
    values = [0.0, 2.0, 1.0]  # standard deviation 1
    outcome = judge_number(claim_number(sample="per seed"), measured(*values, error=0.6), BASIS)
    assert outcome.sigma == pytest.approx(math.sqrt(4 / 3))
    divided = claim_number(sample="divided", test_share=0.25)
    outcome = judge_number(divided, measured(*values, error=0.6), BASIS)
    assert outcome.sigma == pytest.approx(math.sqrt(4 / 3 + 0.25 * 0.36))


def test_exact_numbers_have_no_pull():
    assert judge_number(claim_number(seeded=False), measured(1.5, error=0.0), BASIS).pull is None
    assert judge_number(claim_number(), measured(1.5, 1.5, error=0.0), BASIS).pull is None


def test_a_single_training_decides_nothing():
    for value in (1.0, 50.0):
        outcome = judge(claim_number(), value)
        assert (outcome.verdict, outcome.pull) == ("undecided", None)
        assert "at least two" in outcome.deciding
        assert judge(claim_number(seeded=False), value).verdict == {1.0: "reproduced", 50.0: "differs"}[value]


def test_a_limit_decides_nothing():
    ours = measured(1.0, 1.0).model_copy(update={"limit": True})
    outcome = judge_number(claim_number(), ours, BASIS)
    assert outcome.verdict == "undecided" and "limit" in outcome.deciding
    assert judge_ordering(claim_ordering(), ours, measured(9.0, 9.0), BASIS).verdict == "undecided"


@pytest.mark.parametrize("value", [-4.0, 4.0])
def test_a_relative_tolerance_scales_with_the_published_value(value):
    claim = claim_number(value, tolerance=1.0).model_copy(update={"tolerance": Tolerance(rel=0.25, reason="r")})
    assert judge(claim, value + 1.0, value + 1.0).verdict == "reproduced"
    assert judge(claim, *[math.nextafter(value + 1.0, 99)] * 2).verdict == "undecided"


def test_a_relative_tolerance_is_a_share_of_what_a_coin_does_not_have():
    tolerance = Tolerance(rel=0.1, baseline=1.4, reason="r")
    assert tolerance.around(2.4) == pytest.approx(0.1)
    with pytest.raises(ValidationError, match="baseline belongs to rel"):
        Tolerance(abs=0.1, baseline=1.4, reason="r")


# ---- numbers: boundaries (all values are exact in binary) ----


def beyond(value):
    return math.nextafter(value, math.copysign(math.inf, value))


@pytest.mark.parametrize("better", ["higher", "lower", "none"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_boundary_belongs_to_the_verdict_inside_of_it(better, sign):
    """Published 0, tolerance 0.5, sample error 0.125: reproduced within 0.5, clearly off beyond 0.75."""
    claim = claim_number(0.0, tolerance=0.5, better=better, seeded=False)
    good = {"higher": 1, "lower": -1, "none": 0}[better] == sign

    def verdict(value):
        return judge_number(claim, measured(value, error=0.125), BASIS).verdict

    assert verdict(sign * 0.5) == "reproduced"
    assert verdict(beyond(sign * 0.5)) == "undecided"
    assert verdict(sign * 0.75) == "undecided"
    assert verdict(beyond(sign * 0.75)) == ("better" if good else "differs")


def test_an_error_that_is_not_small_reproduces_nothing():
    claim = claim_number(0.0, tolerance=1.0, seeded=False)
    assert judge_number(claim, measured(0.0, error=SMALL), BASIS).verdict == "reproduced"
    outcome = judge_number(claim, measured(0.0, error=4.0), BASIS)
    assert outcome.verdict == "undecided"
    asked = int(outcome.deciding.split("about ")[1].split(" examples")[0].replace(",", ""))
    assert 10_000 <= asked <= 11_000  # (4 / 0.4)^2 times as many


def test_a_rounded_number_can_be_reproduced_within_its_rounding():
    """Published 0.985, one digit more is not known; ours is exact."""
    claim = claim_number(0.985, error=0.0005, rounded=True, tolerance=0.0001, seeded=False)
    assert judge_number(claim, measured(0.98549, error=0.0), BASIS).verdict == "reproduced"
    assert judge_number(claim, measured(0.9857, error=0.0), BASIS).verdict == "differs"
    assert judge_number(claim, measured(0.9857, error=0.0001), BASIS).verdict == "undecided"


def test_a_coarse_published_digit_reproduces_nothing_that_we_measured():
    claim = claim_number(0.985, error=0.0005, rounded=True, tolerance=0.001, seeded=False)
    outcome = judge_number(claim, measured(0.985, error=0.00001), BASIS)
    assert outcome.verdict == "undecided" and "the published error alone is too large" in outcome.deciding


def test_two_seeds_close_together_and_far_off_are_not_reproduced():
    assert judge(claim_number(100.0, tolerance=1.0), 101.81, 101.99).verdict != "reproduced"


@always
@given(values=SEEDS, published=ROUGH, error=POSITIVE, tolerance=POSITIVE, better=BETTER, sample=POSITIVE)
def test_every_verdict_follows_from_its_own_numbers(values, published, error, tolerance, better, sample):
    claim = claim_number(published, error=error, tolerance=tolerance, better=better)
    outcome = judge_number(claim, measured(*values, error=sample), BASIS)
    off = abs(outcome.difference)
    if outcome.verdict == "reproduced":
        assert off <= tolerance + error and math.hypot(outcome.sigma, error) <= SMALL * tolerance
    elif outcome.verdict == "undecided":
        assert outcome.deciding
    else:
        assert off > tolerance + 2 * outcome.sigma and len(values) > 1
        good = outcome.difference > 0 if better == "higher" else outcome.difference < 0
        assert outcome.verdict == ("better" if good and better != "none" else "differs")


@always
@given(
    off=st.floats(0, 4),
    error=st.floats(0.3, 3),
    scatter=st.floats(0, 0.5),
    published=st.floats(0, 0.2),
    n_seeds=st.integers(2, 4),
)
def test_the_sample_and_seeds_that_are_asked_for_decide(off, error, scatter, published, n_seeds):
    """With as many examples and seeds as the verdict asks for, the same value and the same scatter."""
    claim, n = claim_number(0.0, error=published, tolerance=1.0), 1000

    def outcome(seeds, error):
        spread = np.linspace(-1, 1, seeds)
        values = off + scatter * spread / np.std(spread, ddof=1)
        return judge_number(claim, measured(*values, error=error).model_copy(update={"n": n}), BASIS)

    first = outcome(n_seeds, error)
    asked = re.search(r"it needs (?:about ([\d,]+) examples)?.*?(?:(\d+) seeds)?(?: \(now \d\))?$", first.deciding)
    if first.verdict != "undecided" or not asked:
        return
    examples = int(asked[1].replace(",", "")) if asked[1] else n
    seeds = int(asked[2]) if asked[2] else n_seeds
    assert outcome(seeds, error * math.sqrt(n / examples)).verdict != "undecided", first.deciding


def test_no_sample_is_asked_for_where_none_would_help():
    outcome = judge_number(claim_number(0.0, error=0.6, tolerance=1.0), measured(0.0, 0.0, error=1.0), BASIS)
    assert outcome.deciding == "no sample decides it, the published error alone is too large for the tolerance"
    outcome = judge_number(claim_number(0.0, tolerance=1.0), measured(-2.0, 0.0, 2.0, error=0.1), BASIS)
    assert outcome.deciding.startswith("no sample decides it, the scatter between seeds")


def test_what_the_authors_stored_is_recomputed_and_not_reproduced():
    assert judge(claim_number(recomputed=True), 1.0, 1.0).verdict == "recomputed"
    assert judge(claim_number(recomputed=True), 9.0, 9.0).verdict == "differs"
    assert judge(claim_number(recomputed=True), 1.0).verdict == "recomputed"  # a single seed: nothing is trained
    holds = judge_ordering(claim_ordering(recomputed=True), measured(1.0, 1.0), measured(2.0, 2.0), BASIS)
    assert holds.verdict == "recomputed"


# ---- orderings ----


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ((1.0, 1.0), (2.0, 3.0), "undecided"),  # two gaps that scatter as much as they are large
        ((1.0, 1.0), (2.0, 2.0), "reproduced"),
        ((1.0, 1.0), (0.5, 3.0), "undecided"),
        ((1.0, 1.0), (1.02, 1.02), "undecided"),  # within two statistical errors
        ((1.0, 1.0), (1.03, 1.03), "reproduced"),
        ((1.0, 1.0), (1.0, 1.0), "undecided"),
        ((1.0, 1.0), (0.98, 0.98), "undecided"),
        ((2.0, 2.0), (1.0, 1.0), "differs"),
        ((1.0,), (2.0,), "undecided"),  # a single training
    ],
)
def test_an_ordering_is_judged_beyond_two_errors_of_the_gap(low, high, verdict):
    outcome = judge_ordering(claim_ordering(), measured(*low), measured(*high), BASIS)
    assert outcome.verdict == verdict
    assert outcome.difference == pytest.approx(statistics.fmean(high) - statistics.fmean(low))


def test_a_gap_on_the_same_examples_has_its_own_error():
    low, high = measured(1.0, 1.0, error=0.5), measured(1.3, 1.3, error=0.5)
    gap = measured(0.3, 0.3, error=0.1)
    assert judge_ordering(claim_ordering(), low, high, BASIS).verdict == "undecided"
    assert judge_ordering(claim_ordering(), low, high, BASIS, gap=gap).verdict == "reproduced"


def test_a_gap_that_is_not_measured_is_not_replaced_by_a_guess():
    metrics = {"low": measured(1.0, 1.0), "m": measured(2.0, 2.0)}
    asked = {"origin": "archive", "datasets": {"sky"}, "run": "small"}
    assert decide(claim_ordering(), metrics, **asked).verdict == "reproduced"
    outcome = decide(claim_ordering(gap="gap.low.m"), metrics, **asked)
    assert outcome.verdict == "not attempted" and "gap.low.m" in outcome.reason


def test_an_uneven_interval_counts_on_the_side_of_the_published_value():
    ours = measured(1.0, error=0.3).model_copy(update={"low": 0.95, "high": 2.0})
    above, below = (judge_number(claim_number(v, seeded=False), ours, BASIS).sigma for v in (1.2, 0.8))
    assert (above, below) == (pytest.approx(1.0), pytest.approx(0.05))


def test_equal_numbers_without_errors_are_undecided():
    outcome = judge_ordering(claim_ordering(), measured(1.0, 1.0, error=0.0), measured(1.0, 1.0, error=0.0), BASIS)
    assert outcome.verdict == "undecided" and "too close to zero" in outcome.deciding


@always
@given(low=SEEDS, shift=SEEDS)
def test_an_ordering_and_its_reverse_never_both_hold(low, shift):
    n = min(len(low), len(shift))
    low, high = measured(*low[:n]), measured(*(a + b for a, b in zip(low, shift, strict=False)))
    claim = claim_ordering()
    verdicts = [judge_ordering(claim, low, high, BASIS).verdict, judge_ordering(claim, high, low, BASIS).verdict]
    assert sorted(verdicts) in (["differs", "reproduced"], ["undecided", "undecided"])


@pytest.mark.parametrize("field", ["value", "error", "tolerance"])
def test_a_claim_needs_finite_numbers(field):
    with pytest.raises(ValidationError):
        claim_number(**{field: math.inf})
