"""Numbers are shown only if they come from the present settings and code."""

import pytest

from common.atomic import write_json, write_text
from common.errors import InputError
from common.report import fingerprint, present
from common.report.compare import Comparison
from common.report.fingerprint import code_fingerprint, sha256_of_text
from common.report.present import read_present, reason_outdated, reason_unfinished
from common.workflow.closure import ROOT, import_closure
from common.workflow.paper import Paper, discover
from common.workflow.resolve import settings_text

ARTICLE = {"title": "t", "authors": "a", "arxiv": "1234.56789", "extras": []}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of the template as it is now: its folder and comparison."""
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "results/_template/smoke"
    write_text(folder / "settings.yaml", settings_text(Paper("_template", {"seeds": [3, 5]}), "smoke"))
    comparison = Comparison(
        paper=ARTICLE,
        run="smoke",
        changes="",
        origin="generated",
        datasets=[],
        n_seeds=2,
        lines=[],
        code_sha256=code_fingerprint("_template"),
        settings_sha256=sha256_of_text(folder / "settings.yaml"),
    )
    write_json(folder / "comparison.json", comparison.model_dump(mode="json"))
    return folder, comparison


def test_a_run_of_the_present_settings_and_code_may_be_shown(run):
    folder, comparison = run
    assert reason_outdated(folder, comparison) == ""
    assert read_present(folder / "comparison.json") == comparison


def test_other_code_is_a_reason(run):
    folder, comparison = run
    other = comparison.model_copy(update={"code_sha256": "0" * 64})
    assert reason_outdated(folder, other) == "the code or published.yaml has changed since"
    assert reason_outdated(folder, comparison.model_copy(update={"code_sha256": ""})), "a run of an earlier version"


@pytest.mark.parametrize("paper", ["_template", *discover()])
def test_the_fingerprint_changes_with_every_file_behind_the_numbers(monkeypatch, paper):
    """Of all stages but figures, of the shared ones, of tables, and of what is published and declared."""
    read = []
    monkeypatch.setattr(fingerprint, "sha256_of_text", lambda path: read.append(str(path.relative_to(ROOT))) or "x")
    code_fingerprint(paper)
    stages = [stage for stage in fingerprint.stages_of(paper) if not stage.endswith(".figures")]
    assert len(stages) >= 4
    for stage in (*stages, "common.report.aggregate", "common.report.compare"):
        assert set(import_closure(stage)) <= set(read), stage
    assert {f"papers/{paper}/{name}.yaml" for name in ("published", "datasets")} <= set(read)
    assert f"papers/{paper}/figures.py" not in read


def test_a_table_that_metrics_read_counts(monkeypatch):
    read = []
    monkeypatch.setattr(fingerprint, "sha256_of_text", lambda path: read.append(path.name) or "x")
    code_fingerprint("jet_images")
    assert "roc.csv" in read


def test_other_settings_are_a_reason(run, monkeypatch):
    folder, comparison = run
    monkeypatch.setattr(present, "settings_text", lambda *_: "other\n")
    assert reason_outdated(folder, comparison) == "the settings have changed since"


def test_settings_of_a_later_call_are_a_reason(run):
    folder, comparison = run
    write_text(folder / "settings.yaml", settings_text(Paper("_template", {"seeds": [3]}), "smoke"))
    assert "later call" in reason_outdated(folder, comparison)
    (folder / "settings.yaml").unlink()
    assert "missing" in reason_outdated(folder, comparison)
    with pytest.raises(InputError, match=r"outdated: .*snakemake papers/_template --config run=smoke"):
        read_present(folder / "comparison.json")


def test_a_run_without_its_reports_is_not_finished(run):
    folder, _ = run
    assert reason_unfinished(folder)
    for name in ("report.html", "report.md"):
        write_text(folder / name, "page")
    assert reason_unfinished(folder) == ""
