"""Transfers that break off, servers that are busy and servers that answer with something else."""

import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import common.download.transfer
from common.download.fetch import fetch
from common.download.transfer import Policy, Transfer
from common.errors import InputError
from tests.declared import CONTENT, CUT, OTHER, declared, failure, get, sha256, unchecked
from tests.faulty_server import Fault, raw_server

pytestmark = pytest.mark.usefixtures("root")


def hours_from_now(hours):
    """Return a date as headers have it."""
    return format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)


# --- interruptions and resuming ---


def test_a_cut_connection_is_continued(server, folder):
    server.fail("/x.bin", Fault(cut_at=CUT))
    get(declared(server.serve("/x.bin", CONTENT)))
    assert (folder / "x.bin").read_bytes() == CONTENT
    second = server.seen[1].headers
    assert server.statuses("/x.bin") == [200, 206]
    assert 0 < int(second["Range"].removeprefix("bytes=").rstrip("-")) <= CUT and second["If-Range"] == '"v1"'


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=2), checked=st.booleans(), says_length=st.booleans())
def test_any_cut_gives_the_same_bytes(server, root, cuts, checked, says_length):
    shutil.rmtree(root, ignore_errors=True)
    server.seen.clear()
    url = server.serve("/x.bin", CONTENT, says_length=says_length)
    server.faults["/x.bin"] = [Fault(cut_at=cut) for cut in sorted(cuts)]
    get(declared(url) if checked else unchecked(url))
    assert (root / "raw/sky/x.bin").read_bytes() == CONTENT
    lost_at_most = len(cuts) * common.download.transfer.CHUNK_BYTES
    assert sum(seen.body_bytes for seen in server.seen) <= len(CONTENT) + lost_at_most


def test_a_part_survives_a_failed_call_and_is_continued_by_the_next(server, folder):
    url = server.serve("/x.bin", CONTENT)
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    message = failure(declared(url))
    assert "HTTP 503" in message and "3 attempts in a row" in message
    assert f"Kept, and continued by the next call: {folder}/x.bin.part" in message
    kept = (folder / "x.bin.part").stat().st_size
    assert 0 < kept <= CUT and CONTENT.startswith((folder / "x.bin.part").read_bytes())
    get(declared(url))
    assert server.seen[-1].headers["Range"] == f"bytes={kept}-"
    assert not list(folder.glob("*.part*"))


def test_a_server_without_ranges_is_asked_from_zero(server, folder, caplog):
    server.fail("/x.bin", Fault(cut_at=CUT))
    get(declared(server.serve("/x.bin", CONTENT, ranges=False)))
    assert (folder / "x.bin").read_bytes() == CONTENT
    assert server.statuses("/x.bin") == [200, 200]
    assert "the server sends the whole file again" in caplog.text


@pytest.mark.parametrize("checked", [True, False])
def test_a_file_that_changes_between_two_parts_is_not_mixed(server, folder, checked):
    url = server.serve("/x.bin", OTHER, etag='"old"')
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    file = declared(url) if checked else unchecked(url)
    failure(file)
    server.serve("/x.bin", CONTENT, etag='"new"')
    get(file)
    assert server.seen[-1].headers["If-Range"] == '"old"' and server.seen[-1].status == 200
    assert (folder / "x.bin").read_bytes() == CONTENT


def test_a_server_that_ignores_if_range_does_not_mix_versions(server, folder, monkeypatch):
    url = server.serve("/x.bin", OTHER, etag='"old"')
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    failure(unchecked(url))
    server.serve("/x.bin", CONTENT, etag='"new"')
    headers = Transfer._range_headers
    monkeypatch.setattr(Transfer, "_range_headers", lambda *a: {k: v for k, v in headers(*a).items() if k == "Range"})
    get(unchecked(url))
    assert server.statuses("/x.bin")[-2:] == [206, 200]
    assert (folder / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_validator_only_a_checksum_allows_resuming(server, folder, etag):
    server.fail("/x.bin", Fault(cut_at=CUT))
    get(unchecked(server.serve("/x.bin", CONTENT, etag=etag)))
    server.fail("/y.bin", Fault(cut_at=CUT))
    get(declared(server.serve("/y.bin", CONTENT, etag=etag), name="y.bin"))
    assert server.statuses("/x.bin") == [200, 200]
    assert server.statuses("/y.bin") == [200, 206]


def test_a_mirror_continues_what_another_address_began_if_a_checksum_is_known(server, folder):
    first = server.serve("/first", CONTENT)
    server.fail("/first", Fault(cut_at=CUT), Fault(404))
    get(declared(first, server.serve("/second", CONTENT, etag='"of another server"')))
    assert server.statuses("/second") == [206]
    assert (folder / "x.bin").read_bytes() == CONTENT


def test_without_a_checksum_a_mirror_begins_at_zero_and_the_first_part_is_kept(server, folder):
    first, second = server.serve("/first", OTHER), server.serve("/second", CONTENT)
    server.fail("/first", Fault(cut_at=CUT), Fault(404))
    server.fail("/second", *[Fault(503)] * 3)
    failure(unchecked(first, second))
    (part,) = folder.glob("*.part")
    assert OTHER.startswith(part.read_bytes()) and part.stat().st_size > 0
    server.fail("/first", Fault(404))
    get(unchecked(first, second))
    assert server.statuses("/second")[-1] == 200
    assert (folder / "x.bin").read_bytes() == CONTENT and not list(folder.glob("*.part*"))


def test_a_bad_beginning_from_one_address_does_not_spoil_the_next(server, folder, caplog):
    first, second = server.serve("/first", OTHER), server.serve("/second", CONTENT)
    server.fail("/first", Fault(cut_at=CUT), Fault(404))
    get(declared(first, second))
    assert server.statuses("/second") == [206, 200]
    assert "the kept part did not fit" in caplog.text
    assert (folder / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("make", [declared, unchecked])
def test_a_complete_part_is_only_moved_into_place(server, folder, make):
    url = server.serve("/x.bin", CONTENT)
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    failure(make(url))
    (part,) = folder.glob("*.part")
    part.write_bytes(CONTENT)
    n_bytes = sum(seen.body_bytes for seen in server.seen)
    get(make(url))
    assert (folder / "x.bin").read_bytes() == CONTENT
    assert sum(seen.body_bytes for seen in server.seen) == n_bytes
    assert server.statuses("/x.bin")[4:] == ([] if make is declared else [416])


def test_a_part_longer_than_the_file_starts_again(server, folder):
    folder.mkdir(parents=True)
    (folder / "x.bin.part").write_bytes(CONTENT + b"too much")
    get(declared(server.serve("/x.bin", CONTENT)))
    assert server.statuses("/x.bin") == [416, 200]
    assert (folder / "x.bin").read_bytes() == CONTENT


def test_a_file_that_shrank_on_the_server_starts_again(server, folder):
    url = server.serve("/x.bin", OTHER)
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    failure(unchecked(url))
    server.serve("/x.bin", CONTENT[:1000])  # with the same ETag: a careless server
    get(unchecked(url))
    assert server.statuses("/x.bin")[-2:] == [416, 200]
    assert (folder / "x.bin").read_bytes() == CONTENT[:1000]


def test_a_server_that_sends_another_range_than_asked_is_refused(folder):
    folder.mkdir(parents=True)
    (folder / "x.bin.part").write_bytes(CONTENT[:10])
    head = f"HTTP/1.1 206 Partial\r\nContent-Length: 10\r\nContent-Range: bytes 10-19/{len(CONTENT)}\r\n\r\n"
    with raw_server(head.encode() + CONTENT[10:20]) as url:
        message = failure(declared(url))
    # the first answer is short but fits; the second does not begin where the first ended
    assert "asked for the bytes from 20 on, the server sent 'bytes 10-19'" in message
    assert (folder / "x.bin.part").read_bytes() == CONTENT[:20]


def test_many_cuts_are_no_reason_to_give_up_while_bytes_arrive(server, folder):
    server.fail("/x.bin", *[Fault(cut_at=n * 70_000) for n in (1, 2, 3, 4)])
    get(declared(server.serve("/x.bin", CONTENT)))
    assert server.statuses("/x.bin") == [200, 206, 206, 206, 206]


# --- busy servers, wrong answers, other addresses ---


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, "0"), (503, "0"), (500, None), (503, hours_from_now(-1))],
    ids=["too many requests", "unavailable", "broken", "an hour ago"],
)
def test_a_busy_server_is_asked_again(server, status, retry_after):
    server.fail("/x.bin", Fault(status, {"Retry-After": retry_after} if retry_after else {}))
    get(declared(server.serve("/x.bin", CONTENT)))
    assert server.statuses("/x.bin") == [status, 200]


def test_retry_after_is_honoured(server):
    server.fail("/x.bin", Fault(429, {"Retry-After": "1"}))
    start = time.monotonic()
    fetch(declared(server.serve("/x.bin", CONTENT)), dataset="sky", policy=Policy(longest_wait_s=5, first_wait_s=0.01))
    assert 1.0 <= time.monotonic() - start < 4.0


@pytest.mark.parametrize("value", ["3600", hours_from_now(1)], ids=["seconds", "date"])
def test_a_long_retry_after_is_capped_and_the_cap_stated(server, caplog, value):
    server.fail("/x.bin", Fault(429, {"Retry-After": value}))
    start = time.monotonic()
    get(declared(server.serve("/x.bin", CONTENT)))
    assert time.monotonic() - start < 10.0
    assert "the longest wait here is 0.1 s" in caplog.text


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_missing_file_goes_to_the_next_address_at_once(server, status, caplog):
    server.fail("/gone", Fault(status))
    receipt = get(declared(server.url("/gone"), server.serve("/x.bin", CONTENT)))
    assert server.statuses("/gone") == [status]
    assert receipt.url == server.url("/x.bin")
    assert f"/gone: HTTP {status}" in caplog.text


def test_wrong_content_is_thrown_away_and_the_next_address_tried(server, folder):
    wrong, right = server.serve("/wrong", OTHER), server.serve("/right", CONTENT)
    message = failure(declared(wrong))
    assert f"{wrong}: wrong content: expected {sha256(CONTENT)}, found {sha256(OTHER)}" in message
    assert "thrown away" in message
    assert [path.name for path in folder.iterdir()] == [".x.bin.lock"]
    assert get(declared(wrong, right)).url == right


def test_a_file_of_another_size_is_not_even_fetched(server, folder):
    message = failure(declared(server.serve("/x.bin", CONTENT + b"more")))
    assert f"expected {len(CONTENT)} bytes, the address offers {len(CONTENT) + 4} bytes" in message
    assert not (folder / "x.bin").exists()


def test_a_stream_longer_than_declared_is_stopped(server, folder):
    message = failure(declared(server.serve("/x.bin", CONTENT * 20, says_length=False)))
    found = int(re.search(rf"expected {len(CONTENT)} bytes, found (\d+) bytes", message)[1])
    assert found <= len(CONTENT) + common.download.transfer.CHUNK_BYTES
    assert not list(folder.glob("x.bin*"))


@pytest.mark.parametrize(
    ("page", "kind"),
    [(b"<h1>Log in</h1>", "text/html; charset=utf-8"), (b"\n<!DOCTYPE html><p>Log in", "application/octet-stream")],
)
def test_a_web_page_is_not_taken_for_data(server, folder, page, kind):
    message = failure(unchecked(server.serve("/x.bin", page, content_type=kind)))
    assert "an HTML page came instead of data" in message
    assert not list(folder.glob("x.bin*"))
    get(unchecked(server.url("/x.bin"), name="x.html"))
    assert (folder / "x.html").read_bytes() == page


def test_a_page_instead_of_the_rest_costs_nothing_that_was_fetched(server, folder):
    url = server.serve("/x.bin", CONTENT)
    server.fail("/x.bin", Fault(cut_at=CUT), *[Fault(503)] * 3)
    failure(declared(url))
    kept = (folder / "x.bin.part").read_bytes()
    server.serve("/x.bin", b"<html>maintenance</html>", etag=None, ranges=False)
    assert "an HTML page came instead of data" in failure(declared(url))
    assert (folder / "x.bin.part").read_bytes() == kept and kept


def test_a_redirect_is_followed_and_a_circle_reported(server, folder):
    server.redirects["/moved"] = server.serve("/x.bin", CONTENT)
    server.redirects |= {"/a": server.url("/b"), "/b": server.url("/a")}
    message = failure(declared(server.url("/a")))
    assert "redirects in a circle (more than 10 redirects)" in message and len(server.seen) == 11
    assert not list(folder.glob("x.bin*"))
    assert get(declared(server.url("/moved"))).url == server.url("/moved")


def test_a_silent_server_is_given_up_in_time(server):
    policy = Policy(read_timeout_s=0.2, attempts=2, first_wait_s=0.01)
    url = server.serve("/x.bin", CONTENT, pause_s=1.0)
    with pytest.raises(InputError, match="the server stopped sending"):
        fetch(declared(url), dataset="sky", policy=policy)


def test_no_stated_length_and_nothing_to_check_against_is_refused(folder):
    with raw_server(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of a fi") as url:
        message = failure(unchecked(url))
    assert "does not say how long the file is" in message
    assert not list(folder.glob("x.bin*"))


def test_a_server_that_hangs_up_is_asked_again_and_named(folder):
    with raw_server(b"") as url:
        message = failure(declared(url))
    assert f"{url}: the connection was cut before an answer came (3 attempts in a row)" in message
