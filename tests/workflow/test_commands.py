"""The commands of all papers and runs: short enough to be typed, one section of the settings for each stage."""

import re

import pytest

from common.settings import RUNS
from common.workflow.paper import discover
from tests.workflow.conftest import copy_sources

LONGEST = 500
SPLIT = re.compile(r"(?:^|[/_])(train|valid|test)(?=[_.])")


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return copy_sources(tmp_path_factory.mktemp("commands") / "checkout", papers=discover())


@pytest.mark.parametrize("run", RUNS)
def test_no_command_is_longer_than_a_line_that_one_would_type(everything, run):
    done = everything.snakemake("--config", f"run={run}", "--dry-run", "--printshellcmds", "--quiet", "host")
    assert done.returncode == 0, done.stdout + done.stderr
    commands = re.findall(r"^Shell command: (python -m .*)$", done.stdout, re.MULTILINE)
    stages = {re.match(r"python -m (\S+)", command)[1] for command in commands}
    assert len(stages) > 30, "the commands were not found"
    too_long = {command.split()[2]: len(command) for command in commands if len(command) > LONGEST}
    if run == "full":  # the summary of all papers together is nobody's to type
        too_long.pop("common.report.summary", None)
    assert too_long == {}


def test_what_is_generated_for_a_split_is_made_from_that_split(everything):
    """A pool of pile-up or a list of seeds that another split has used would be in two samples."""
    options = ("--config", "run=generated", "--dry-run", "--printshellcmds", "--quiet", "host")
    done = everything.snakemake("papers/hbb", "papers/nova_cvn", *options)
    commands = re.findall(r"^Shell command: (python -m papers.*simulate.*)$", done.stdout, re.MULTILINE)
    splits = [{split for word in command.split() for split in SPLIT.findall(word)} for command in commands]
    named = [found for found in splits if found]
    assert len(named) > 8, "the commands were not found"
    assert all(len(found) == 1 for found in named), [
        c for c, found in zip(commands, splits, strict=True) if len(found) > 1
    ]
