"""comparison.json and metrics.json from the disk: edited by hand, or without a finite number."""

import json
import math
from pathlib import Path

import pytest

from common.errors import InputError
from common.report.compare import Comparison, Line, read_comparison, read_metrics
from tests.claims import ARTICLE, claim_number, judge, measured


def set_basis(key, value):
    return lambda content: content["lines"][0]["outcome"]["basis"].update({key: value})


@pytest.fixture
def comparison(tmp_path):
    """Write comparison.json of one reproduced claim after an edit of its content; return its path."""

    def written(edit: object = lambda content: None) -> Path:
        claim = claim_number()
        outcome = judge(claim, 1.0, 1.01)
        line = Line(claim=claim, ours={"m": measured(1.0, 1.01)}, outcome=outcome)
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
    better = read.lines[0].model_copy(update={"outcome": judge(claim_number(better="higher"), 9.0, 9.0)})
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


NOT_FINITE = [math.nan, math.inf, -math.inf]


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
