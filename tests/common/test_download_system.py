"""Full disks, folders without permission, killed and simultaneous downloads."""

import errno
import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from common.download.partfile import PartFile
from common.download.receipts import read_receipt
from tests.declared import CONTENT, CUT, declared, failure, get, sha256, unchecked
from tests.faulty_server import closed_url

pytestmark = pytest.mark.usefixtures("root")
REPOSITORY = Path(__file__).parents[2]


def test_a_disk_too_small_is_noticed_before_the_transfer(server, folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 100_000))
    message = failure(declared(server.serve("/x.bin", CONTENT)))
    assert "0.3 MB are needed, 0.1 MB are free" in message
    assert str(folder) in message and "--config data=DIR" in message
    assert not list(folder.glob("x.bin*"))


def test_a_write_that_fails_keeps_the_part(server, folder, monkeypatch):
    append = PartFile.append

    def full_disk(part, data):
        if part.size + len(data) > CUT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(part, data)

    url = server.serve("/x.bin", CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(PartFile, "append", full_disk)
        message = failure(declared(url))
    assert "No space left on device" in message and "kept and continued by the next call" in message
    kept = (folder / "x.bin.part").stat().st_size
    assert kept > 0
    get(declared(url))
    assert server.seen[-1].headers["Range"] == f"bytes={kept}-"


@pytest.fixture
def tiny_disk(root):
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_disk_that_fills_up_while_writing(server, folder, tiny_disk):
    content = CONTENT * 8
    # no length is stated, so the check before the transfer cannot help
    file = declared(server.serve("/x.bin", content, says_length=False), checksum=sha256(content), bytes=None)
    message = failure(file)
    assert "No space left on device" in message and not (folder / "x.bin").exists()
    kept = (folder / "x.bin.part").read_bytes()
    assert len(kept) > 900_000 and content.startswith(kept)
    subprocess.run(["mount", "-o", "remount,size=8m", str(tiny_disk)], check=True)
    get(file)
    assert server.seen[-1].headers["Range"] == f"bytes={len(kept)}-"
    assert (folder / "x.bin").read_bytes() == content


@contextmanager
def as_ordinary_user():
    """Give up root for a while: permissions do not bind it."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def nobody_may_write(folder):
    """Let everyone read `folder` and nobody write to it."""
    for path in folder.parents:
        if path.owner() == getpass.getuser() and path.name.startswith(("pytest-", "popen-", "test_")):
            path.chmod(0o755)
    folder.chmod(0o555)
    yield
    folder.chmod(0o755)


@pytest.fixture
def read_only(folder):
    folder.mkdir(parents=True)
    with nobody_may_write(folder):
        yield folder


@pytest.mark.parametrize("make", [declared, unchecked])
def test_a_read_only_folder_with_the_file_is_enough(server, folder, make):
    url = server.serve("/x.bin", CONTENT)
    receipt = get(make(url))
    before = sorted(path.name for path in folder.iterdir())
    n_requests = len(server.seen)
    with nobody_may_write(folder), as_ordinary_user():
        assert get(make(url)) == receipt
    assert sorted(path.name for path in folder.iterdir()) == before and len(server.seen) == n_requests


def test_a_read_only_folder_without_the_file_says_what_to_do(server, read_only):
    url = server.serve("/x.bin", CONTENT)
    with as_ordinary_user():
        message = failure(declared(url))
    assert f"{read_only}: Permission denied" in message and "--config data=DIR" in message
    assert not server.seen and not list(read_only.iterdir())


def test_a_data_root_that_is_a_file_is_named(server, root):
    root.write_text("not a folder")
    message = failure(declared(server.serve("/x.bin", CONTENT)))
    assert f"{root}/raw/sky: Not a directory" in message and "--config data=DIR" in message
    assert root.read_text() == "not a folder" and not server.seen


def test_a_file_that_may_not_be_read_says_so(server, folder):
    folder.mkdir(parents=True)
    (folder / "x.bin").write_bytes(CONTENT)
    (folder / "x.bin").chmod(0o000)
    with nobody_may_write(folder), as_ordinary_user():
        assert "The file x.bin cannot be read" in failure(declared(server.url("/x.bin")))


def start_download(tmp_path, url):
    """Start the command line of the download for a checked file in a process of its own."""
    file = json.loads(declared(url).model_dump_json())
    datasets = tmp_path / "datasets.yaml"
    datasets.write_text(yaml.safe_dump({"sky": {"title": "t", "source": "s", "files": [file]}}))
    receipt = tmp_path / f"receipt{time.monotonic_ns()}.json"
    options = ["--datasets", datasets, "--dataset", "sky", "--file", "x.bin", "--receipt", receipt]
    command = [sys.executable, "-m", "common.download.fetch", *map(str, options)]
    return subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True), receipt


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def test_a_killed_download_is_continued(server, folder, tmp_path):
    url = server.serve("/x.bin", CONTENT, pause_s=0.2)
    process, _ = start_download(tmp_path, url)
    part = folder / "x.bin.part"
    wait_until(lambda: part.exists() and part.stat().st_size > 60_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL and not (folder / "x.bin").exists()
    kept = part.stat().st_size
    server.files["/x.bin"].pause_s = 0.0
    get(declared(url))
    assert (folder / "x.bin").read_bytes() == CONTENT
    assert server.seen[-1].headers["Range"] == f"bytes={kept}-"
    assert sum(seen.body_bytes for seen in server.seen) < 2 * len(CONTENT)


def test_two_processes_fetch_a_file_once(server, folder, tmp_path):
    url = server.serve("/x.bin", CONTENT, pause_s=1.0)
    first, receipt = start_download(tmp_path, url)
    wait_until(lambda: server.seen)
    second, other_receipt = start_download(tmp_path, url)
    said = iter(second.stderr.readline, "")
    assert any("another process is fetching this file; waiting" in line for line in said)
    server.files["/x.bin"].pause_s = 0.0
    errors = [process.communicate(timeout=30)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), errors
    assert len(server.seen) == 1
    assert receipt.read_bytes() == other_receipt.read_bytes()
    assert read_receipt(receipt).bytes == len(CONTENT)


def test_the_command_line_ends_with_a_plain_message(tmp_path):
    process, receipt = start_download(tmp_path, closed_url())
    message = process.communicate(timeout=30)[1]
    assert process.returncode == 1 and not receipt.exists()
    assert "error: sky/x.bin: the file is not there and could not be downloaded." in message
    assert "Traceback" not in message
