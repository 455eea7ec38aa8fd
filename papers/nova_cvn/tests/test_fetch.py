"""A course server that has some files, over the loopback interface."""

import logging

import pytest

from common.download.datasets import DataFile
from common.download.receipts import locate
from common.download.transfer import Policy
from common.errors import InputError
from papers.nova_cvn.archive.index import read_index
from papers.nova_cvn.fetch import collect, write_index
from papers.nova_cvn.settings import FetchConfig
from papers.nova_cvn.tests.made_events import paint, write_nova
from tests.faulty_server import FaultyServer, isolate_data

QUICK = Policy(connect_timeout_s=1, read_timeout_s=2, attempts=1, first_wait_s=0)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch, caplog):
    """An empty data root, and an environment without mirror and proxies."""
    caplog.set_level(logging.INFO)
    return isolate_data(tmp_path, monkeypatch)


@pytest.fixture
def server():
    with FaultyServer().running() as server:
        yield server


def declared(server):
    return DataFile(
        name="neutrino1.h5", urls=[server.url("/nova/neutrino1.h5")], licence="none stated", size_class="small"
    )


def offer(server, tmp_path, numbers):
    for number in numbers:
        content = write_nova(tmp_path / f"{number}.h5", paint(3, seed=number)).read_bytes()
        server.serve(f"/nova/neutrino{number}.h5", content)


def test_the_server_is_asked_until_files_are_missing(server, tmp_path, caplog):
    offer(server, tmp_path, [1, 2, 4])
    config = FetchConfig(first=1, last=1000, patience=2)
    index = collect(declared(server), config, policy=QUICK)
    assert [entry.number for entry in index.found] == [1, 2, 4] and set(index.missing) == {3, 5, 6}
    assert "trust on first use" in caplog.text
    receipt = write_index(index, config, "none stated")
    assert read_index(locate(receipt)) == index and receipt.origin == "archive"


def test_files_that_are_there_need_no_server(server, tmp_path):
    offer(server, tmp_path, [1, 2])
    config = FetchConfig(first=1, last=2, patience=1)
    index = collect(declared(server), config, policy=QUICK)
    server.files.clear()
    assert collect(declared(server), config, policy=QUICK) == index


def test_a_file_that_changed_is_left_out_and_left_alone(server, tmp_path, root):
    offer(server, tmp_path, [1, 2])
    config = FetchConfig(first=1, last=2, patience=5)
    collect(declared(server), config, policy=QUICK)
    changed = root / "raw/nova_course/neutrino1.h5"
    changed.chmod(0o644)
    changed.write_bytes(b"other")
    index = collect(declared(server), config, policy=QUICK)
    assert [entry.number for entry in index.found] == [2] and 1 in index.missing
    assert changed.read_bytes() == b"other"


def test_a_server_that_has_moved(server):
    for number in (1, 2):
        server.serve(f"/nova/neutrino{number}.h5", b"<!DOCTYPE html><html>The course has moved</html>")
    with pytest.raises(InputError, match=r"an HTML page came instead of data[\s\S]*run=generated"):
        collect(declared(server), FetchConfig(first=1, last=9, patience=2), policy=QUICK)
