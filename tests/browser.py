"""A headless Chromium and a local server, to look at a page as a reader does."""

import http.server
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

NAMES = ("chromium", "google-chrome", "chromium-browser")
QUIET = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--disable-extensions", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
]


@dataclass
class Browser:
    """Chromium with a profile of its own; only the loopback interface can be reached."""

    binary: str
    profile: Path

    def run(self, *arguments, width, height=900):
        command = [
            self.binary,
            *QUIET,
            f"--user-data-dir={self.profile}",
            f"--window-size={width},{height}",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def dom(self, url, *, width):
        """Return the page's HTML after its scripts have run."""
        return self.run("--dump-dom", "--virtual-time-budget=2000", url, width=width)

    def picture(self, url, path, *, width, height):
        self.run(f"--screenshot={path}", url, width=width, height=height)


def find_browser(profile):
    """Return a browser, or skip the test where there is none."""
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    if binary is None:
        pytest.skip(f"no browser found; install one of: {', '.join(NAMES)}")
    return Browser(binary, profile)


@dataclass
class Server:
    """Serves a folder on the loopback interface and notes what is asked for."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(folder):
    server = Server("")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            super().do_GET()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as running:
        server.address = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield server
        running.shutdown()
