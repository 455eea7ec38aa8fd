"""How the root's conftest.py shares the tests among two workers."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARING = """
import os
import time
from pathlib import Path

import pytest

NOTES = Path(__file__).with_suffix(".txt")


@pytest.fixture(scope="module")
def costly():
    with NOTES.open("a") as file:
        file.write(f"{os.getpid()}\\n")


@pytest.mark.parametrize("number", range(4))
def test_short(costly, number):
    time.sleep(0.1)
"""
LONG = """
import os
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", range(4))
def test_long(number):
    with Path(__file__).with_suffix(".txt").open("a") as file:
        file.write(f"{os.getpid()} {os.environ['OMP_NUM_THREADS']}\\n")
    time.sleep(0.5)
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """What the tests of three files wrote, by file: lines of process numbers."""
    folder = tmp_path_factory.mktemp("suite")
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "tests/workflow").mkdir(parents=True)
    for name, content in {"test_a": SHARING, "test_b": SHARING, "workflow/test_whole_runs": LONG}.items():
        (folder / f"tests/{name}.py").write_text(content)
    command = [sys.executable, "-m", "pytest", "-q", "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "12 passed" in done.stdout, done.stdout + done.stderr
    return {path.stem: path.read_text().splitlines() for path in folder.glob("tests/**/*.txt")}


def test_a_fixture_that_a_file_shares_is_made_once(notes):
    assert len(notes["test_a"]) == len(notes["test_b"]) == 1


def test_long_tests_of_one_file_run_on_both_workers(notes):
    assert len({line.split()[0] for line in notes["test_whole_runs"]}) == 2


def test_each_worker_has_one_thread(notes):
    assert {line.split()[1] for line in notes["test_whole_runs"]} == {"1"}


def test_all_files_that_use_the_shared_runs_of_mini_are_one_unit():
    unit_of = runpy.run_path(str(ROOT / "conftest.py"))["unit_of"]
    files = (ROOT / "tests/workflow").glob("test_*.py")
    users = [
        path for path in files if re.search(r"^def .*\b(finished|data_elsewhere)\b", path.read_text(), re.MULTILINE)
    ]
    assert len(users) >= 2
    assert {unit_of(f"tests/workflow/{path.name}::test_a") for path in users} == {"runs of mini"}


def test_the_guards_of_a_paper_are_one_unit():
    unit_of = runpy.run_path(str(ROOT / "conftest.py"))["unit_of"]
    guards = [f"tests/guards/{name}.py::test_a[{paper}]" for name in ("test_a", "test_b") for paper in ("sky", "sea")]
    assert {unit_of(guard) for guard in guards} == {"guards of sky", "guards of sea"}
