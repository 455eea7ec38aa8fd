"""The rules of the verdicts, and the "reproduced" that nothing but comparable data can give."""

import json
import math
import statistics
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from common.errors import InputError
from common.report.aggregate import read_seed
from common.report.compare import Comparison, Line, read_comparison, read_metrics
from common.report.published import NumberClaim, OrderingClaim, Tolerance
from common.report.verdict import (
    Basis,
    Judged,
    Measured,
    NotAttempted,
    NotComparable,
    decide,
    judge_number,
    judge_ordering,
)

BASIS = Basis(origin="archive", run="small", source="article")
STATEMENT = {"id": "x", "where": "Table I", "source": "article", "data": ["sky"], "note": "a note"}
ARTICLE = {"title": "T", "authors": "A", "arxiv": "1234.56789", "extras": []}
ROUGH = st.floats(-10, 10, allow_subnormal=False)
SEEDS = st.lists(ROUGH, min_size=1, max_size=6)
POSITIVE = st.floats(0.001, 10)
BETTER = st.sampled_from(["higher", "lower", "none"])
always = settings(deadline=None, derandomize=True, max_examples=200)


def claim_number(value=1.0, *, error=0.0, tolerance=0.25, better="none", **more):
    fields = {"kind": "number", "metric": "m", "unit": "", "tolerance": {"abs": tolerance, "reason": "fixed before"}}
    return NumberClaim(value=value, error=error, better=better, **{**STATEMENT, **fields, **more})


def claim_ordering(**more):
    return OrderingClaim(kind="ordering", smaller="low", larger="m", **{**STATEMENT, **more})


def measured(*values, error=0.01):
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Measured(value=statistics.fmean(values), error=error, sd=sd, n=100, values=list(values))


def judge(claim, *values):
    return judge_number(claim, measured(*values), BASIS)


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
def test_boundaries_of_a_single_seed(better, sign):
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
def test_orderings(low, high, verdict):
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


# ---- what must be impossible ----

CLAIMS = st.builds(
    lambda build, fields: build(**fields),
    st.sampled_from([claim_number, claim_ordering]),
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["article", "abstract", "authors' code", "authors' vector figure", "recalled"]),
            "data": st.lists(st.sampled_from(["sky", "sea"]), min_size=1, unique=True),
            "own_recipe": st.booleans(),
        }
    ),
)
CASES = {
    "claim": CLAIMS,
    "ours": st.one_of(st.just([1.0, 1.0]), st.lists(ROUGH, min_size=2, max_size=2)),  # also a perfect match
    "origin": st.sampled_from(["archive", "generated"]),
    "datasets": st.sets(st.sampled_from(["sky", "sea", "land"])),
    "run": st.sampled_from(["smoke", "generated", "small", "full", "mine"]),
}


@settings(always, max_examples=500)
@given(**CASES)
def test_a_verdict_exists_exactly_where_the_data_entitle_to_one(claim, ours, origin, datasets, run):
    metrics = {"m": measured(*ours), "low": measured(0.0, 0.0)}
    outcome = decide(claim, metrics, origin=origin, datasets=datasets, run=run)
    comparable_data = claim.own_recipe if origin == "generated" else set(claim.data) <= datasets
    entitled = claim.source != "recalled" and run != "smoke" and comparable_data
    assert isinstance(outcome, Judged if entitled else NotComparable)
    assert (outcome.verdict == "not comparable") == (not entitled)


@pytest.mark.parametrize(
    ("fields", "situation", "reason"),
    [
        ({"source": "recalled"}, {}, "unverified"),
        ({}, {"run": "smoke"}, "smoke"),
        ({}, {"changes": '{"train": {"epochs": 3}}'}, "changed settings"),
        ({}, {"origin": "generated"}, "generated"),
        ({}, {"datasets": {"sea"}}, "needs sky"),
        ({"own_recipe": True}, {"datasets": set()}, "needs sky"),
    ],
)
def test_a_perfect_match_is_not_comparable_and_says_why(fields, situation, reason):
    asked = {"origin": "archive", "datasets": {"sky"}, "run": "small"}
    metrics = {"m": measured(1.0, 1.0, 1.0)}
    assert decide(claim_number(), metrics, **asked).verdict == "reproduced"  # the control
    outcome = decide(claim_number(**fields), metrics, **asked | situation)
    assert outcome.verdict == "not comparable" and reason in outcome.reason and outcome.difference == 0


def test_what_was_not_computed_is_listed():
    outcome = decide(claim_ordering(), {"m": measured(1.0)}, origin="archive", datasets={"sky"}, run="small")
    assert isinstance(outcome, NotAttempted) and outcome.reason.endswith("low")


@pytest.mark.parametrize(
    "forbidden", [{"run": "smoke"}, {"source": "recalled"}, {"origin": "generated"}, {"origin": "GENERATED"}]
)
@pytest.mark.parametrize("verdict", ["reproduced", "better", "partly", "differs"])
def test_no_judged_outcome_can_be_built_on_a_forbidden_basis(forbidden, verdict):
    fields = {"verdict": verdict, "reason": "", "difference": 0.0, "pull": None, "half_width": None}
    basis = BASIS.model_dump()
    assert Judged(basis=basis, **fields).verdict == verdict  # the control
    with pytest.raises(ValidationError):
        Basis(**basis | forbidden)
    with pytest.raises(ValidationError):
        Judged(basis=basis | forbidden, **fields)
    with pytest.raises(ValidationError):
        Judged.model_validate_json(json.dumps({**fields, "basis": basis | forbidden}))
    with pytest.raises(ValidationError):
        Judged(**fields)


@pytest.mark.parametrize("kind", [NotComparable, NotAttempted])
def test_the_other_outcomes_cannot_say_reproduced(kind):
    with pytest.raises(ValidationError):
        kind(verdict="reproduced", reason="")
    outcome = kind(reason="")
    with pytest.raises(ValidationError):
        outcome.verdict = "reproduced"


# ---- comparison.json edited by hand ----


def set_basis(key, value):
    return lambda content: content["lines"][0]["outcome"]["basis"].update({key: value})


@pytest.fixture
def comparison(tmp_path):
    """Write comparison.json of one reproduced claim after an edit of its content; return its path."""

    def written(edit: object = lambda content: None) -> Path:
        claim = claim_number()
        outcome = judge(claim, 1.0, 1.1)
        line = Line(claim=claim, ours={"m": measured(1.0, 1.1)}, outcome=outcome)
        content = Comparison(
            paper=ARTICLE, run="small", changes="", origin="archive", datasets=["sky"], n_seeds=2, lines=[line]
        ).model_dump(mode="json")
        edit(content)
        path = tmp_path / "comparison.json"
        path.write_text(json.dumps(content))
        return path

    return written


def test_a_comparison_survives_the_disk_and_counts_verdicts_apart(comparison):
    read = read_comparison(comparison())
    assert read.counts() == {"reproduced": 1}
    better = read.lines[0].model_copy(update={"outcome": judge(claim_number(better="higher"), 9.0)})
    assert read.model_copy(update={"lines": [*read.lines, better]}).counts() == {"reproduced": 1, "better": 1}


@pytest.mark.parametrize(
    "edit",
    [
        set_basis("run", "smoke"),
        set_basis("source", "recalled"),
        set_basis("origin", "generated"),
        lambda content: content["lines"][0]["outcome"].pop("basis"),
        lambda content: content["lines"][0]["outcome"].update(verdict="not comparable"),
        lambda content: content["lines"][0].update(outcome={"verdict": "reproduced", "reason": "typed by hand"}),
        lambda content: content["lines"][0]["outcome"].update(verdict="Reproduced"),
    ],
    ids=["smoke", "recalled", "generated", "no basis", "basis of none", "typed", "misspelt"],
)
def test_an_edited_outcome_is_refused(comparison, edit):
    with pytest.raises(InputError, match=r"comparison\.json: .*lines\.0\.outcome"):
        read_comparison(comparison(edit))


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.update(run="smoke"),
        lambda content: content.update(origin="generated"),
        lambda content: content.update(changes='{"train": {"epochs": 3}}'),
        lambda content: content.update(datasets=["sea"]),
        lambda content: content["lines"][0]["claim"].update(source="recalled"),
        set_basis("origin", "own recipe"),
        set_basis("source", "abstract"),
    ],
    ids=["smoke", "generated", "changed settings", "other data", "recalled", "own recipe", "other source"],
)
def test_a_verdict_that_contradicts_the_rest_of_the_file_is_refused(comparison, edit):
    with pytest.raises(InputError, match=r"comparison\.json"):
        read_comparison(comparison(edit))


# ---- NaN and infinity ----

NOT_FINITE = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("field", ["value", "error"])
def test_a_seed_without_a_finite_number_is_refused(tmp_path, bad, field):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"auc": {"value": 0.5, "error": 0.1, "n": 3, field: bad}}))
    with pytest.raises(InputError, match=rf"metrics\.json: key 'auc\.{field}'"):
        read_seed(path)


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("field", ["value", "error", "sd", "values"])
def test_joined_metrics_without_a_finite_number_are_refused(tmp_path, bad, field):
    path = tmp_path / "metrics.json"
    fields = measured(1.0, 2.0).model_dump()
    path.write_text(json.dumps({"auc": fields | {field: [1.0, bad] if field == "values" else bad}}))
    with pytest.raises(InputError, match=rf"metrics\.json: key 'auc\.{field}"):
        read_metrics(path)


def test_a_scatter_of_a_single_seed_is_refused(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"auc": measured(1.0).model_dump() | {"sd": 0.1}}))
    with pytest.raises(InputError, match="auc"):
        read_metrics(path)


@pytest.mark.parametrize("field", ["value", "error", "tolerance"])
def test_a_claim_needs_finite_numbers(field):
    with pytest.raises(ValidationError):
        claim_number(**{field: math.inf})
