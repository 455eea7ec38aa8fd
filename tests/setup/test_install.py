"""The installer's checks, and what it says when something is missing."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """The installer, working on a copy of the repository's pins in an empty folder."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "envs/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv/installed.json")
    return module


def said(install, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["install.py", *arguments])
    with pytest.raises(SystemExit) as stop:
        install.main()
    return str(stop.value)


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14)])
def test_a_python_without_wheels_is_refused_with_the_command_to_use(install, version):
    with pytest.raises(SystemExit, match=r"Python 3\.11 to 3\.13 is needed.*\n.*make env PYTHON="):
        install.check_python(version)


def test_an_unknown_extra_is_named(install, monkeypatch):
    assert "no extra called astor" in said(install, "--extras", "astor", monkeypatch=monkeypatch)


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_installed(install, monkeypatch):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 5 << 20))
    message = said(install, "--extras", "astro", monkeypatch=monkeypatch)
    assert "1100 MB are needed" in message and "only 5 MB are free" in message
    assert not install.VENV.exists()


def test_a_missing_package_index_is_said_in_plain_words(install, monkeypatch, tmp_path):
    """A real pip in a real environment, with nowhere to install from."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    message = said(install, "--extras", "astro", monkeypatch=monkeypatch)
    assert "pip could not install the packages" in message and "the package index cannot be reached" in message
    assert not install.STAMP.exists()


def test_a_second_call_does_nothing(install, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(install, "create_venv", lambda **_: install.VENV.mkdir(exist_ok=True))
    monkeypatch.setattr(install, "pip", lambda arguments, **_: calls.append(arguments[-1]))
    for extras in ("astro", "astro", "dev", "astro,dev"):
        monkeypatch.setattr(sys, "argv", ["install.py", "--extras", extras])
        install.main()
    assert calls == [".[astro]", ".[astro,dev]"]
    assert capsys.readouterr().out.count("up to date") == 2


def test_a_new_lock_or_python_installs_everything_again(install, monkeypatch):
    calls = []
    monkeypatch.setattr(install, "create_venv", lambda *, keep: (install.VENV.mkdir(exist_ok=True), calls.append(keep)))
    monkeypatch.setattr(install, "pip", lambda arguments, **_: calls.append(arguments[-1]))
    for extras, lock, version in (("torch", "a", "3.11"), ("astro", "b", "3.11"), ("astro", "b", "3.12")):
        monkeypatch.setattr(install, "lock_hash", lambda lock=lock: lock)
        monkeypatch.setattr(install, "PYTHON_VERSION", version)
        monkeypatch.setattr(install, "install_torch", lambda: None)
        monkeypatch.setattr(sys, "argv", ["install.py", "--extras", extras])
        install.main()
    assert calls == [False, ".[torch]", True, ".[astro,torch]", False, ".[astro,torch]"]


@pytest.mark.parametrize(("gpu", "expected"), [(None, 1), ("/usr/bin/nvidia-smi", 0)])
def test_torch_comes_as_cpu_build_without_a_gpu(install, monkeypatch, gpu, expected):
    calls = []
    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install.shutil, "which", lambda _: gpu)
    monkeypatch.setattr(install, "pip", lambda arguments, **_: calls.append(arguments))
    install.install_torch()
    assert len(calls) == expected
    assert all(call[-1] == "torch==2.13.0+cpu" and install.CPU_TORCH in call for call in calls)


def test_sizes_are_known_for_every_extra(install):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(install.SIZE_MB) - {"base"} == set(project["optional-dependencies"])


def test_makefile_targets_are_the_readme_s():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    readme = (ROOT / "README.md").read_text()
    for target in ("make demo", "make test"):
        assert target in listed and target in readme
    assert "make test" in (ROOT / ".ci/run").read_text()
