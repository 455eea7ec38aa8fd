"""The "reproduced" that nothing but comparable data can give."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from common.report.verdict import Basis, Judged, NotAttempted, NotComparable, decide
from tests.claims import BASIS, ROUGH, always, claim_number, claim_ordering, measured

SOURCES = ["article", "abstract", "authors' code", "authors' vector figure", "third party", "recalled"]
CLAIMS = st.builds(
    lambda build, fields: build(**fields),
    st.sampled_from([claim_number, claim_ordering]),
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(SOURCES),
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
    entitled = claim.source not in ("recalled", "third party") and run != "smoke" and comparable_data
    assert isinstance(outcome, Judged if entitled else NotComparable)
    assert (outcome.verdict == "not comparable") == (not entitled)


@pytest.mark.parametrize(
    ("fields", "situation", "reason"),
    [
        ({"source": "recalled"}, {}, "unverified"),
        ({"source": "third party"}, {}, "third party"),
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
    "forbidden",
    [
        {"run": "smoke"},
        {"source": "recalled"},
        {"source": "third party"},
        {"origin": "generated"},
        {"origin": "GENERATED"},
    ],
)
@pytest.mark.parametrize("verdict", ["reproduced", "recomputed", "better", "undecided", "differs"])
def test_no_judged_outcome_can_be_built_on_a_forbidden_basis(forbidden, verdict):
    fields = {"verdict": verdict, "reason": "", "difference": 0.0, "sigma": 0.0, "pull": None}
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
