"""A stage's command line, and how a stage ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from common.atomic import write_text
from common.errors import InputError
from common.stage import parse
from common.workflow.closure import ROOT
from common.workflow.outdated import remove_reports
from common.yamlio import Strict
from tests.run_settings import write_settings


class StageConfig(Strict):
    n_bins: int
    width_s: float = 1.0


GIVEN = ["--model", "m.npz", "--seeds", "a", "b", "--seed", "3"]


@pytest.fixture
def settings(tmp_path):
    """Return a function that writes settings.yaml and returns the options of a stage that reads it."""

    def write(section, **facts):
        path = write_settings(tmp_path / "settings.yaml", facts=facts, train=section, other={"n_bins": "no number"})
        return [*GIVEN, "--settings", str(path)]

    return write


def arguments_of(argv, **options):
    options = {"paths": ["model"], "path_lists": ["seeds"], "numbers": ["seed"], "optional": ["only"]} | options
    return parse("what it does", section="train", config=StageConfig, argv=argv, **options)


def test_a_stage_gets_what_it_names(settings):
    arguments = arguments_of(settings({"n_bins": 5}))
    assert (str(arguments.model), len(arguments.seeds), arguments.seed, arguments.only) == ("m.npz", 2, 3, "")
    assert arguments.config == StageConfig(n_bins=5)


def test_a_stage_gets_its_own_section_and_the_facts_of_the_run_and_nothing_else(settings):
    """The other section breaks the model, and nobody notices."""
    arguments = arguments_of(settings({"n_bins": 5}, seeds=[4, 7], splits={"test": ["a"]}))
    assert set(vars(arguments)) == {"settings", "model", "seeds", "seed", "only", "run", "config"}
    assert arguments.run.seeds == [4, 7] and arguments.run.splits == {"test": ["a"]}
    assert not {"train", "other"} & set(arguments.run.model_dump())


def test_facts_name_the_files_of_a_run(settings):
    facts = arguments_of(settings({"n_bins": 5}, seeds=[4, 7], generated=["a.csv"], archive=["set/b.csv"])).run
    assert facts.each_seed(Path("run"), "x.h5") == [Path("run/seed4/x.h5"), Path("run/seed7/x.h5")]
    assert facts.receipts(Path("r")) == [Path("r/generated/a.csv.json")]
    assert facts.model_copy(update={"source": "archive"}).receipts(Path("r")) == [Path("r/set/b.csv.json")]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"n_bin": 5}, r"section 'train': unknown key 'n_bin'\. Did you mean 'n_bins'"),
        ({"n_bins": "many"}, r"section 'train': key 'n_bins'.*found 'many'"),
        (3, "section 'train': key"),
    ],
)
def test_a_bad_section_is_an_input_error_that_names_file_and_section(settings, section, expected):
    with pytest.raises(InputError, match=r"settings\.yaml: " + expected):
        arguments_of(settings(section))


def test_a_missing_section_is_named(settings):
    with pytest.raises(InputError, match=r"expected the section 'fit', found \['other', 'run', 'train'\]"):
        parse("", section="fit", config=StageConfig, argv=settings({"n_bins": 5})[-2:])


def test_every_option_is_required(settings, capsys):
    given = settings({"n_bins": 5})
    for start, end in ((0, 2), (2, 5), (5, 7), (7, 9)):
        with pytest.raises(SystemExit) as caught:
            arguments_of(given[:start] + given[end:])
        assert caught.value.code == 2
    assert "the following arguments are required: --settings\n" in capsys.readouterr().err


def test_a_stage_that_starts_removes_the_reports_of_its_run_and_the_overview(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "results/index.html", "old")
    write_text(tmp_path / "elsewhere/results/ml/2024/report.html", "somebody else's")
    for run in ("smoke", "full"):
        for name in ("report.html", "report.md", "metrics.json"):
            write_text(tmp_path / f"results/mini/{run}/{name}", "old")
    remove_reports(["--model", f"{tmp_path}/results/mini/smoke/seed0/model.npz", "--seed", "0", "results/"])
    remove_reports(["elsewhere/results/ml/2024/data/x"])
    assert (tmp_path / "elsewhere/results/ml/2024/report.html").exists()
    assert not (tmp_path / "results/index.html").exists()
    left = sorted(
        str(path.relative_to(tmp_path / "results/mini"))
        for path in (tmp_path / "results").rglob("*.*")
        if path.is_file()
    )
    assert left == ["full/metrics.json", "full/report.html", "full/report.md", "smoke/metrics.json"]


def aggregate(folder, content):
    """Run the stage that joins the seeds on one seed with some content."""
    settings, metrics = write_settings(folder / "settings.yaml"), folder / "metrics.json"
    write_text(folder / "seed0/metrics.json", content)
    options = ["--settings", settings, "--seeds", folder, "--metrics", metrics]
    command = [sys.executable, "-m", "common.report.aggregate", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False), metrics


def test_a_wrong_input_ends_a_stage_without_a_traceback(tmp_path):
    folder = tmp_path / "a run"
    done, metrics = aggregate(folder, '{"auc": {"value": 1.0, "errror": 0.1, "n": 3}}')
    assert done.returncode == 1 and done.stdout == "" and not metrics.exists()
    first, *rest = done.stderr.splitlines()
    options = f"--settings '{folder}/settings.yaml' --seeds '{folder}' --metrics '{metrics}'"
    assert first == f"$ python -m common.report.aggregate {options}"
    assert rest[0].startswith(f"error: {folder}/seed0/metrics.json: ") and "Did you mean 'error'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_ends_well_writes_its_output_and_returns_zero(tmp_path):
    done, metrics = aggregate(tmp_path, '{"auc": {"value": 1.0, "error": 0.1, "n": 3}}')
    assert done.returncode == 0 and "auc" in json.loads(metrics.read_text())
