"""Fixtures of the tests of the shared download."""

import logging

import pytest

from tests.faulty_server import FaultyServer, isolate_data


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
