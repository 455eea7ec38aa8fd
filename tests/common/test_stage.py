"""A stage's command line, and how a stage ends."""

import json
import subprocess
import sys

import pytest

from common.errors import InputError
from common.stage import parse
from common.workflow.closure import ROOT
from common.yamlio import Strict


class StageConfig(Strict):
    n_bins: int
    width_s: float = 1.0


def arguments_of(*argv):
    return parse("what it does", config=StageConfig, paths=["model"], path_lists=["seeds"], numbers=["seed"], argv=argv)


GIVEN = ["--model", "m.npz", "--seeds", "a", "b", "--seed", "3"]


def test_a_stage_gets_what_it_names():
    arguments = arguments_of(*GIVEN, "--config", '{"n_bins": 5}')
    assert (str(arguments.model), len(arguments.seeds), arguments.seed) == ("m.npz", 2, 3)
    assert arguments.config == StageConfig(n_bins=5)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{n_bins: 5}", r"--config: not valid JSON .*found '\{n_bins: 5\}'"),
        ("", "--config: not valid JSON"),
        ('{"n_bin": 5}', "--config: unknown key 'n_bin'. Did you mean 'n_bins'"),
        ('{"n_bins": "many"}', "--config: key 'n_bins'.*found 'many'"),
        ("3", "--config: key"),
    ],
)
def test_a_bad_config_is_an_input_error(config, expected):
    with pytest.raises(InputError, match=expected):
        arguments_of(*GIVEN, "--config", config)


def test_every_option_is_required(capsys):
    for start in range(0, len(GIVEN), 2):
        rest = GIVEN[:start] + GIVEN[start + 2 :] if start != 2 else GIVEN[:2] + GIVEN[5:]
        with pytest.raises(SystemExit) as caught:
            arguments_of(*rest, "--config", '{"n_bins": 5}')
        assert caught.value.code == 2
    assert "the following arguments are required: --seed\n" in capsys.readouterr().err


def aggregate(*arguments):
    command = [sys.executable, "-m", "common.report.aggregate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_wrong_input_ends_a_stage_without_a_traceback(tmp_path):
    seed, metrics = tmp_path / "see d.json", tmp_path / "metrics.json"
    seed.write_text('{"auc": {"value": 1.0, "errror": 0.1, "n": 3}}')
    done = aggregate("--seeds", seed, "--metrics", metrics)
    assert done.returncode == 1 and done.stdout == "" and not metrics.exists()
    first, *rest = done.stderr.splitlines()
    assert first == f"$ python -m common.report.aggregate --seeds '{seed}' --metrics {metrics}"
    assert rest[0].startswith(f"error: {seed}: ") and "Did you mean 'error'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_ends_well_writes_its_output_and_returns_zero(tmp_path):
    (tmp_path / "seed.json").write_text('{"auc": {"value": 1.0, "error": 0.1, "n": 3}}')
    done = aggregate("--seeds", tmp_path / "seed.json", "--metrics", tmp_path / "metrics.json")
    assert done.returncode == 0 and "auc" in json.loads((tmp_path / "metrics.json").read_text())
