"""The shared download: files that are there, mirrors, no network, trust on first use."""

import json
import socket
import threading
import time
from contextlib import nullcontext
from datetime import datetime

import pytest

from common.download.datasets import new_digest
from common.download.fetch import fetch
from common.download.receipts import write_receipt
from common.download.transfer import Policy
from common.errors import InputError
from tests.declared import CONTENT, CUT, FAST, OTHER, declared, failure, get, sha256, unchecked
from tests.faulty_server import Fault, closed_url, deaf_server

pytestmark = pytest.mark.usefixtures("root")


# --- the plain case, receipts, files that are there already ---


def test_a_download_is_checked_read_only_and_vouched_for(server, folder):
    url = server.serve("/x.bin", CONTENT)
    receipt = get(declared(url, doi="10.5281/zenodo.1"))
    assert (folder / "x.bin").read_bytes() == CONTENT
    assert (folder / "x.bin").stat().st_mode & 0o777 == 0o444
    assert receipt.file == "raw/sky/x.bin" and receipt.origin == "archive" and receipt.url == url
    assert (receipt.bytes, f"sha256:{receipt.sha256}", receipt.doi) == (
        len(CONTENT),
        sha256(CONTENT),
        "10.5281/zenodo.1",
    )
    assert receipt.verified == "sha256 published by the archive"
    assert sorted(path.name for path in folder.iterdir()) == [".x.bin.lock", "x.bin", "x.bin.origin.json"]


@pytest.mark.parametrize("algorithm", ["md5", "adler32"])
def test_checksums_other_than_sha256_are_checked_too(server, algorithm):
    digest = new_digest(algorithm)
    digest.update(CONTENT)
    file = declared(server.serve("/x.bin", CONTENT), checksum=f"{algorithm}:{digest.hexdigest()}")
    receipt = get(file)
    assert receipt.verified == f"{algorithm} published by the archive"
    assert f"sha256:{receipt.sha256}" == sha256(CONTENT)
    assert get(file) == receipt


def test_a_verified_file_needs_no_network_and_gives_the_same_receipt(server, tmp_path):
    url = server.serve("/x.bin", CONTENT)
    write_receipt(tmp_path / "first.json", get(declared(url)))
    n_requests = len(server.seen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", None)
        write_receipt(tmp_path / "second.json", get(declared(url)))
    assert len(server.seen) == n_requests
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_a_file_placed_by_hand_is_accepted(folder):
    folder.mkdir(parents=True)
    (folder / "x.bin").write_bytes(CONTENT)
    receipt = get(declared(closed_url()))
    assert receipt.url is None and receipt.verified == "sha256 published by the archive"


def test_a_wrong_file_is_reported_and_left_alone(server, folder):
    folder.mkdir(parents=True)
    (folder / "x.bin").write_bytes(OTHER)
    message = failure(declared(server.serve("/x.bin", CONTENT)))
    assert f"expected {sha256(CONTENT)}, found {sha256(OTHER)}" in message
    assert f"mv {folder}/x.bin {folder}/x.bin.bad" in message and "left as it is" in message
    assert (folder / "x.bin").read_bytes() == OTHER and not server.seen


def test_an_empty_file_arrives(server, folder):
    get(declared(server.serve("/x.bin", b""), checksum=sha256(b""), bytes=None))
    assert (folder / "x.bin").read_bytes() == b""


# --- no network, mirrors ---


def test_without_a_network_the_message_comes_at_once_and_says_everything(folder):
    urls = [closed_url(), closed_url("/y.bin"), "http://archive.invalid/x.bin"]
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        fetch(declared(*urls), dataset="sky")  # with the usual time-outs
    message = str(caught.value)
    assert time.monotonic() - start < 10.0  # one after the other, three time-outs would take 12 s
    assert f"{urls[0]}: no connection (Connection refused)" in message and f"{urls[1]}: no connection" in message
    assert "http://archive.invalid/x.bin: " in message
    assert f"save it as {folder}/x.bin ({len(CONTENT)} bytes, {sha256(CONTENT)})" in message
    assert "--config run=generated" in message


def test_servers_that_swallow_connections_cost_one_time_out_together():
    with deaf_server() as one, deaf_server() as two, deaf_server() as three:
        start = time.monotonic()
        with pytest.raises(InputError, match=r"no connection within 1 s") as caught:
            fetch(declared(one, two, three), dataset="sky", policy=Policy(connect_timeout_s=1.0))
    assert str(caught.value).count("no connection within 1 s") == 3
    assert time.monotonic() - start < 2.5


def test_a_slow_name_server_cannot_hold_up_the_message(monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: nullcontext(stop.wait(5)))
    start = time.monotonic()
    with pytest.raises(InputError, match=r"no connection within 0\.2 s"):
        fetch(declared("http://archive.invalid/x"), dataset="sky", policy=Policy(connect_timeout_s=0.2))
    assert time.monotonic() - start < 4.0
    stop.set()


def test_a_dead_first_address_does_not_delay_the_second(server):
    url = server.serve("/x.bin", CONTENT)
    start = time.monotonic()
    assert get(declared(closed_url(), url)).url == url
    assert time.monotonic() - start < FAST.connect_timeout_s


def test_the_mirror_comes_first_and_the_archive_helps_out(server, monkeypatch):
    monkeypatch.setenv("PAPERS_MIRROR", server.url("/class/"))
    mirrored = server.serve("/class/sky/x.bin", CONTENT)
    archive = server.serve("/x.bin", CONTENT)
    assert get(declared(archive)).url == mirrored
    assert get(declared(archive, name="y.bin")).url == archive
    assert server.statuses("/class/sky/y.bin") == [404]


def test_a_folder_can_be_the_mirror(server, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPERS_MIRROR", (tmp_path / "class data").as_uri())
    archive = server.serve("/x.bin", CONTENT)
    source = tmp_path / "class data" / "sky" / "x.bin"
    source.parent.mkdir(parents=True)
    source.write_bytes(OTHER)
    assert get(declared(archive)).url == archive
    (folder / "x.bin").unlink()
    source.write_bytes(CONTENT)
    assert get(declared(archive)).url == source.as_uri()
    assert (folder / "x.bin").read_bytes() == source.read_bytes() == CONTENT and len(server.seen) == 1


def test_a_bad_folder_mirror_costs_nothing_that_the_network_brought(server, folder, tmp_path, monkeypatch):
    url = server.serve("/x.bin", CONTENT)
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    failure(declared(url))
    kept = (folder / "x.bin.part").stat().st_size
    (tmp_path / "sky").mkdir()
    (tmp_path / "sky" / "x.bin").write_bytes(OTHER)
    monkeypatch.setenv("PAPERS_MIRROR", tmp_path.as_uri())
    get(declared(url))
    assert server.seen[-1].headers["Range"] == f"bytes={kept}-"


def test_a_proxy_is_used_and_knocked_at_instead_of_the_archive(server, monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", server.url(""))
    url = "http://archive.invalid/x.bin"
    server.serve(url, CONTENT)
    assert get(declared(url)).url == url
    monkeypatch.setenv("HTTP_PROXY", closed_url(""))
    assert f"{url}?key=***: no connection (Connection refused)" in failure(declared(f"{url}?key=1", name="y.bin"))


def test_a_mirror_of_another_kind_is_an_error_that_does_not_repeat_it(monkeypatch):
    for mirror in ("user:secret@host/data", "https://host/data?token=secret"):
        monkeypatch.setenv("PAPERS_MIRROR", mirror)
        message = failure(declared(closed_url()))
        assert "PAPERS_MIRROR: expected an address that begins with https://" in message and "secret" not in message


# --- trust on first use ---


def test_without_a_checksum_the_first_download_is_recorded_and_enforced(server, folder, caplog):
    url = server.serve("/x.bin", CONTENT)
    receipt = get(unchecked(url))
    assert receipt.verified == "trust on first use"
    assert "WARNING: trust on first use" in caplog.text and sha256(CONTENT) in caplog.text
    record = json.loads((folder / "x.bin.origin.json").read_text())
    assert (record["url"], record["bytes"], f"sha256:{record['sha256']}") == (url, len(CONTENT), sha256(CONTENT))
    assert datetime.fromisoformat(record["retrieved"]).tzinfo is not None
    caplog.clear()
    assert get(unchecked(url)) == receipt and "WARNING" not in caplog.text

    (folder / "x.bin").rename(folder / "moved")
    server.serve("/x.bin", OTHER)
    message = failure(unchecked(url))
    assert f"expected {sha256(CONTENT)}, found {sha256(OTHER)}" in message
    assert f"delete the record {folder}/x.bin.origin.json" in message
    assert (folder / "moved").read_bytes() == CONTENT and not (folder / "x.bin").exists()


def test_an_edited_file_is_noticed_against_its_record(server, folder):
    url = server.serve("/x.bin", CONTENT)
    get(unchecked(url))
    (folder / "x.bin").chmod(0o644)
    (folder / "x.bin").write_bytes(OTHER)
    assert f"expected {sha256(CONTENT)}, found {sha256(OTHER)}" in failure(unchecked(url))
    assert (folder / "x.bin").read_bytes() == OTHER


def test_a_file_placed_by_hand_without_a_checksum_is_recorded(folder, caplog):
    folder.mkdir(parents=True)
    (folder / "x.bin").write_bytes(CONTENT)
    receipt = get(unchecked(closed_url()))
    assert receipt.verified == "trust on first use" and receipt.url is None
    assert "WARNING: trust on first use" in caplog.text
    (folder / "x.bin").write_bytes(OTHER)
    assert "found sha256:" in failure(unchecked(closed_url()))


def test_a_broken_record_is_not_overwritten(server, folder):
    folder.mkdir(parents=True)
    (folder / "x.bin.origin.json").write_text("{}")
    message = failure(unchecked(server.serve("/x.bin", CONTENT)))
    assert f"{folder}/x.bin.origin.json: expected the record of a download" in message
    assert (folder / "x.bin.origin.json").read_text() == "{}" and not server.seen
