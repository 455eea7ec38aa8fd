"""What git leaves alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path):
    """An empty git repository with this repository's .gitignore."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    return tmp_path


def untracked(clone):
    """Return what `git status` would offer to add, besides .gitignore."""
    command = ["git", "-C", clone, "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in listed if path != ".gitignore"]


def test_an_environment_is_ignored_as_a_folder(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv/pyvenv.cfg").touch()
    assert untracked(clone) == []


def test_an_environment_is_ignored_as_a_link_to_another_checkout_s(clone, tmp_path_factory):
    (clone / ".venv").symlink_to(tmp_path_factory.mktemp("other"))
    assert untracked(clone) == []


@pytest.mark.parametrize("path", ["results/mini/metrics.json", "data/raw/sky.csv", "papers/mini/__pycache__/a.pyc"])
def test_what_a_run_leaves_is_ignored(clone, path):
    (clone / path).parent.mkdir(parents=True)
    (clone / path).touch()
    assert untracked(clone) == []


def test_sources_are_not_ignored(clone):
    (clone / "papers").mkdir()
    (clone / "papers/data.py").touch()
    assert untracked(clone) == ["papers/data.py"]
