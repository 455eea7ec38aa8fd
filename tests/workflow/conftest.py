import functools
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv", ".snakemake", "results", "data", "__pycache__", "*_cache", ".hypothesis", "*.egg-info", "build"
)


@dataclass
class Checkout:
    """A copy of the repository, and the snakemake command in it."""

    folder: Path

    def snakemake(self, *arguments, timeout=600, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PAPERS_")} | variables
        command = [str(Path(sys.executable).parent / "snakemake"), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def jobs(self, *arguments):
        """Return how often each rule would run, from the table that a dry run prints."""
        done = self.snakemake(*arguments, "--dry-run", "--quiet", "host")
        assert done.returncode == 0, done.stdout + done.stderr
        table = done.stdout.partition("Job stats:")[2].partition("total")[0]
        return {name: int(count) for name, count in re.findall(r"^(\S+) +(\d+)$", table, re.MULTILINE)}

    def edit(self, file, old, new):
        path = self.folder / file
        content = path.read_text()
        assert old in content, f"{file} has no {old!r}"
        path.write_text(content.replace(old, new))

    def sources(self):
        """Return the content of every source file, by path."""
        folders = ("papers", "common", "workflow", "envs", "profiles")
        files = [path for folder in folders for path in (self.folder / folder).rglob("*")]
        return {str(path): path.read_bytes() for path in files if path.is_file() and "__pycache__" not in path.parts}


def copy_sources(target, papers=()):
    """Copy the repository without results; keep the named papers, and add `mini`, a copy of the template."""
    shutil.copytree(ROOT, target, ignore=NOT_SOURCE)
    for rules in target.glob("papers/*/rules.smk"):
        if rules.parent.name not in ("_template", *papers):
            shutil.rmtree(rules.parent)
    if not papers:
        shutil.copytree(target / "papers/_template", target / "papers/mini")
    return Checkout(target)


@contextmanager
def mirror_of(folder):
    """Serve a folder on the loopback interface; yields its address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def cpu_seconds_of_children():
    """Return the processor time of all ended processes that this one has started, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture
def checkout(tmp_path):
    return copy_sources(tmp_path / "checkout")


@pytest.fixture(scope="package")
def finished(tmp_path_factory):
    """A checkout in which the smoke run of `mini` was forced; tests must leave its sources as they are."""
    checkout = copy_sources(tmp_path_factory.mktemp("finished") / "checkout")
    checkout.sources_before = checkout.sources()
    done = checkout.snakemake("papers/mini", "--forceall", "--config", "run=smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    checkout.sources_after = checkout.sources()
    checkout.first_output = done.stdout
    return checkout


@pytest.fixture(scope="package")
def data_elsewhere(tmp_path_factory):
    """Another checkout with the same run, whose data folder lies outside and has a space in its name."""
    folder = tmp_path_factory.mktemp("data_elsewhere")
    checkout = copy_sources(folder / "checkout")
    checkout.data = folder / "my class"
    checkout.done = checkout.snakemake("papers/mini", "--config", "run=smoke", f"data={checkout.data}")
    return checkout
