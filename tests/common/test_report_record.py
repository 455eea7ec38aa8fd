"""The record of a run: nothing of the article is in it, and no verdict in it outlives the claim that it was for."""

import json
from pathlib import Path

import pytest
import yaml

from common.atomic import write_json
from common.errors import InputError
from common.report import readme
from common.report.compare import confront, read_comparison
from common.report.costs import total_cost
from common.report.published import Published
from common.report.record import join, read_records, read_stored, to_store, write_stored
from tests.claims import measured
from tests.lensing import EXPECTED, PUBLISHED


@pytest.fixture
def paper(make_run, tmp_path):
    """The folder of a paper with one recorded run."""
    make_run()
    readme.record_runs(tmp_path / "papers/lensing", tmp_path / "results")
    return tmp_path / "papers/lensing"


def republish(paper, old, new):
    """Edit published.yaml after the run."""
    text = (paper / "published.yaml").read_text()
    assert text.count(old) == 1
    (paper / "published.yaml").write_text(text.replace(old, new))


def tamper(paper, *keys, value):
    """Set one entry of the record by hand."""
    content = json.loads((paper / "results.json").read_text())
    entry = content["small"]
    for key in keys[:-1]:
        entry = entry[key]
    assert keys[-1] in entry
    entry[keys[-1]] = value
    write_json(paper / "results.json", content)


def verdicts(paper):
    return {line.claim.id: line.outcome.verdict for line in read_records(paper)["small"].comparison.lines}


def refusal(paper):
    with pytest.raises(InputError) as caught:
        read_records(paper)
    return str(caught.value)


# ---- what is recorded ----


def test_a_record_gives_back_the_comparison_of_its_run(paper, tmp_path):
    assert read_records(paper)["small"].comparison == read_comparison(
        tmp_path / "results/lensing/small/comparison.json"
    )
    assert verdicts(paper) == EXPECTED


def test_nothing_of_the_article_is_in_a_record(paper):
    text = (paper / "results.json").read_text()
    for words in ("Weak lensing", "Table I", "limiting magnitude", "a tenth", "nobody computes", "tolerance"):
        assert words in PUBLISHED and words not in text


def test_a_record_has_a_line_for_each_number_and_claim(paper):
    lines = [line.strip() for line in (paper / "results.json").read_text().splitlines()]
    assert [line for line in lines if line.startswith('"depth": {"value"')]
    assert '"missing": {"verdict": "not attempted"}' in lines
    assert '"values": [26.0, 26.1, 25.9]' in next(line for line in lines if line.startswith('"depth": {"value"'))


def test_recording_twice_changes_nothing(paper, tmp_path):
    before = (paper / "results.json").read_bytes()
    readme.record_runs(paper, tmp_path / "results")
    assert (paper / "results.json").read_bytes() == before
    write_stored(paper, read_stored(paper))
    assert (paper / "results.json").read_bytes() == before


def test_without_results_the_record_stays(paper, tmp_path):
    before = (paper / "results.json").read_bytes()
    readme.record_runs(paper, tmp_path / "nothing")
    assert (paper / "results.json").read_bytes() == before


def test_neither_a_smoke_run_nor_one_with_changed_settings_is_recorded(make_run, tmp_path):
    make_run("smoke")
    path = make_run("full") / "comparison.json"
    content = json.loads(path.read_text())
    judged = [line for line in content["lines"] if "basis" in line["outcome"]]
    for line in judged:
        line["outcome"] = {"verdict": "not comparable", "reason": "changed", "difference": None}
    write_json(path, content | {"changes": '{"train": {}}'})
    readme.record_runs(tmp_path / "papers/lensing", tmp_path / "results")
    assert not (tmp_path / "papers/lensing/results.json").exists()


def test_an_outdated_run_is_not_recorded(make_run, tmp_path, caplog):
    make_run(outdated="the settings have changed since")
    readme.record_runs(tmp_path / "papers/lensing", tmp_path / "results")
    assert not (tmp_path / "papers/lensing/results.json").exists()
    assert "is not recorded: the settings have changed since. Make it again: snakemake papers/lensing" in caplog.text


def test_the_error_of_a_paired_difference_is_recorded():
    """Without it, an order that is reproduced would be undecided when the record is read."""
    content = yaml.safe_load(PUBLISHED)
    content["claims"] = [claim | {"gap": "gap"} for claim in content["claims"] if claim["id"] == "order"]
    published = Published.model_validate(content | {"figures": [], "checks": [], "reference": []})
    ours = {"shear": measured(1.0, 1.0, error=0.5), "depth": measured(1.3, 1.3, error=0.5)}
    ours["gap"] = measured(0.3, 0.3, error=0.1)
    comparison = confront(published, ours, origin="archive", datasets={"sky"}, run_name="small")
    stored = to_store(comparison, machine="a machine")
    (line,) = join(stored, published, run="small", where=Path("papers/lensing/results.json")).comparison.lines
    assert line.outcome == comparison.lines[0].outcome and line.outcome.verdict == "reproduced"


# ---- the article's side comes from published.yaml ----


def test_a_note_may_be_corrected_after_the_run(paper):
    republish(paper, "note: limiting magnitude", "note: five sigma")
    line = next(line for line in read_records(paper)["small"].comparison.lines if line.claim.id == "depth")
    assert line.claim.note == "five sigma" and line.outcome.verdict == "better"


def test_a_claim_without_a_record_is_not_attempted(paper):
    late = (
        '  - {id: late, kind: number, metric: shear, value: 0.515, error: 0.001, unit: "", where: Table V,\n'
        "     source: article, better: none, tolerance: {abs: 0.05, reason: a}, data: [sky], note: added later}\n"
    )
    republish(paper, "\nfigures:", f"\n{late}figures:")
    assert verdicts(paper) == EXPECTED | {"late": "not attempted"}
    block = readme.paper_block(read_records(paper), paper)
    assert "late (0.515)" in block.partition("not attempted by this run: ")[2]


@pytest.mark.parametrize(
    ("old", "new", "claim"),
    [
        ("value: 0.5, error: 0.001, unit: mag, where: Table I,", "value: 0.4, error: 0, unit: mag, where: A,", "shear"),
        (
            "value: 0.5, error: 0.001, unit: mag, where: Table I,",
            "value: 0.500001, error: 0, unit: mag, where: A,",
            "shear",
        ),
        ("where: Table I, source: article", "where: Table I, source: recalled", "shear"),
        ('data: [sky], note: "share', 'data: [sky, sea], note: "share', "shear"),
        ("tolerance: {abs: 0.5, reason: one filter}", "tolerance: {abs: 5, reason: one filter}", "depth"),
        ("tolerance: {rel: 0.01, reason: one percent}", "tolerance: {rel: 2, reason: one percent}", "far"),
        ("data: [sky, sea]", "data: [sky]", "wide"),
        ("source: recalled", "source: article", "memory"),
        ("smaller: shear, larger: depth", "smaller: depth, larger: shear", "order"),
        ("metric: depth, value: 24.0", "metric: dept, value: 24.0", "depth"),
    ],
)
def test_a_verdict_is_refused_when_its_claim_was_changed(paper, old, new, claim):
    republish(paper, old, new)
    message = refusal(paper)
    assert f"claim '{claim}' (recorded: {EXPECTED[claim]}" in message and message.count("claim '") == 1
    assert "snakemake papers/lensing --config run=small" in message and "--judge-again" in message


def test_a_recorded_claim_that_is_not_published_any_more_is_named(paper):
    republish(paper, "{id: far,", "{id: further,")
    assert "claim 'far' (recorded: differs, difference +1; published.yaml has no such claim)" in refusal(paper)


def test_a_recorded_check_that_was_changed_is_named(paper):
    republish(paper, "at_least: 25,", "at_least: 27,")
    assert "check 'depth: depth is large' (published.yaml now gives another result)" in refusal(paper)
    republish(paper, "label: depth is large", "label: depth")
    assert "check 'depth: depth is large' (published.yaml has no such check)" in refusal(paper)


def test_judging_again_applies_the_rules_to_the_recorded_numbers(paper):
    republish(paper, "tolerance: {rel: 0.01, reason: one percent}", "tolerance: {rel: 2, reason: one percent}")
    republish(paper, "{id: order,", "{id: ordered,")
    readme.judge_again_all(paper)
    expected = EXPECTED | {"far": "reproduced", "ordered": "not attempted"}
    assert verdicts(paper) == {name: verdict for name, verdict in expected.items() if name != "order"}


# ---- a record that was edited by hand ----


@pytest.mark.parametrize(
    ("keys", "value", "claim"),
    [
        (("claims", "far", "verdict"), "reproduced", "far"),
        (("claims", "memory", "verdict"), "reproduced", "memory"),
        (("claims", "shear", "difference"), 0.001, "shear"),
        (("claims", "shear", "pull"), 0.1, "shear"),
        (("origin",), "generated", "shear"),
        (("datasets",), ["sea"], "shear"),
        (("datasets",), ["sea", "sky"], "wide"),
        (("changes",), '{"train": 1}', "shear"),
    ],
)
def test_an_edited_record_is_refused(paper, keys, value, claim):
    tamper(paper, *keys, value=value)
    assert f"claim '{claim}'" in refusal(paper)


def test_another_machine_may_round_the_last_digits(paper):
    pull = json.loads((paper / "results.json").read_text())["small"]["claims"]["shear"]["pull"]
    tamper(paper, "claims", "shear", "pull", value=pull * (1 + 1e-12))
    assert verdicts(paper) == EXPECTED


def test_a_generated_run_cannot_be_recorded_as_reproduced(make_run, tmp_path):
    make_run("generated", ["generated"])
    paper = tmp_path / "papers/lensing"
    readme.record_runs(paper, tmp_path / "results")
    content = json.loads((paper / "results.json").read_text())
    content["generated"]["claims"]["shear"] |= {"verdict": "reproduced"}
    write_json(paper / "results.json", content)
    assert "recorded: reproduced, difference +0.01; published.yaml now gives: not comparable" in refusal(paper)


def test_a_run_of_other_claims_is_not_written(paper, tmp_path):
    before = (paper / "results.json").read_bytes()
    republish(paper, "tolerance: {rel: 0.01, reason: one percent}", "tolerance: {rel: 2, reason: one percent}")
    with pytest.raises(InputError, match="claim 'far'"):
        readme.record_runs(paper, tmp_path / "results")
    assert (paper / "results.json").read_bytes() == before


# ---- cost ----


def test_the_cost_is_that_of_the_whole_run(paper):
    cost = read_records(paper)["small"].cost
    assert (cost.job_s, cost.cpu_s, cost.peak_mb) == (15.8, 11.0, 500.0)
    assert "(11 s of CPU time, at most 0.5 GB of memory):" in readme.paper_block(read_records(paper), paper)


def test_the_cost_is_unknown_without_settings_or_benchmarks(make_run):
    folder = make_run()
    assert total_cost(folder)
    (folder / "settings.yaml").rename(folder / "other.yaml")
    assert total_cost(folder) is None
    (folder / "other.yaml").rename(folder / "settings.yaml")
    (folder / "benchmarks").rename(folder / "other")
    assert total_cost(folder) is None
