"""Fixtures of the tests of the shared download and of the reports."""

import logging

import pytest

from common.workflow.closure import ROOT
from tests.faulty_server import FaultyServer, isolate_data
from tests.lensing import write_paper, write_run


@pytest.fixture
def server():
    """An archive on the loopback interface."""
    with FaultyServer().running() as running:
        yield running


@pytest.fixture
def root(tmp_path, monkeypatch, caplog):
    """An empty data root, and an environment without mirror and proxies."""
    caplog.set_level(logging.DEBUG)
    return isolate_data(tmp_path, monkeypatch)


@pytest.fixture
def folder(root):
    """Where the files of the data set "sky" go."""
    return root / "raw" / "sky"


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """Return the function that writes a finished run of the paper lensing and returns the run's folder.

    Its numbers count as those of the present code, unless `outdated` is a reason why not.
    """
    monkeypatch.chdir(ROOT)
    paper = write_paper(tmp_path / "papers/lensing")

    def made(run="small", origins=("archive",), outdated="", **more):
        for user in ("index", "readme"):
            monkeypatch.setattr(f"common.report.{user}.reason_outdated", lambda *_: outdated)
        return write_run(paper, tmp_path / "results", run=run, origins=origins, **more)

    return made
