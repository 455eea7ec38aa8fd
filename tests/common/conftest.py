"""Fixtures of the tests of the shared download."""

import logging

import pytest

from tests.faulty_server import FaultyServer


@pytest.fixture
def server():
    """An archive on the loopback interface."""
    with FaultyServer().running() as running:
        yield running


@pytest.fixture
def root(tmp_path, monkeypatch, caplog):
    """An empty data root, and an environment without mirror and proxies."""
    for variable in ("PAPERS_MIRROR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path / "data"))
    caplog.set_level(logging.DEBUG)
    return tmp_path / "data"


@pytest.fixture
def folder(root):
    """Where the files of the data set "sky" go."""
    return root / "raw" / "sky"
