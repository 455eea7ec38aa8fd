"""An archive's web server on the loopback interface that fails in the ways real ones do."""

import socket
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK_BYTES = 1 << 14


@dataclass
class Served:
    """One file and how the server treats requests for it."""

    content: bytes
    etag: str | None = '"v1"'
    ranges: bool = True
    says_length: bool = True  # False: chunked transfer without a Content-Length
    content_type: str = "application/octet-stream"
    pause_s: float = 0.0  # after each block of 16 KiB


@dataclass
class Fault:
    """What one request gets instead; faults of a path are used up in order."""

    status: int | None = None  # an error or a redirect
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None  # hang up when this many bytes of the file have been sent, counted from its beginning


@dataclass
class Seen:
    """One request and what it got."""

    path: str
    headers: dict[str, str]
    status: int = 0
    body_bytes: int = 0


def isolate_data(folder, monkeypatch):
    """Make `folder`/data the data root, without mirror and proxies of the environment; return it."""
    for variable in ("PAPERS_MIRROR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PAPERS_DATA", str(folder / "data"))
    return folder / "data"


class FaultyServer:
    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.redirects: dict[str, str] = {}
        self.seen: list[Seen] = []
        self._http = _HttpServer(("127.0.0.1", 0), _Handler)
        self._http.archive = self

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    def url(self, path: str, *, host: str = "127.0.0.1", user: str = "") -> str:
        return f"http://{user}{host}:{self.port}{path}"

    def serve(self, path: str, content: bytes, **how) -> str:
        """Offer `content` at `path` and return its address."""
        self.files[path] = Served(content, **how)
        return self.url(path)

    def fail(self, path: str, *faults: Fault) -> str:
        """Let the next requests for `path` fail like this and return its address."""
        self.faults[path] += faults
        return self.url(path)

    def statuses(self, path: str) -> list[int]:
        return [seen.status for seen in self.seen if seen.path == path]

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    archive: FaultyServer

    def handle_error(self, *_):
        """Keep the test output quiet when a client hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        archive = self.server.archive
        self.seen = Seen(self.path, dict(self.headers))
        archive.seen.append(self.seen)
        fault = archive.faults[self.path].pop(0) if archive.faults[self.path] else Fault()
        if self.path in archive.redirects:
            fault = Fault(302, {"Location": archive.redirects[self.path]})
        if fault.status is not None or self.path not in archive.files:
            self._answer(fault.status or 404, fault.headers | {"Content-Length": "0"})
        else:
            self._send(archive.files[self.path], fault)

    def _answer(self, status, headers):
        self.seen.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, served, fault):
        start, size = self._start(served), len(served.content)
        if start > 0 and start >= size:
            return self._answer(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        headers = fault.headers | {"Content-Type": served.content_type}
        headers |= {"ETag": served.etag} if served.etag else {}
        headers |= {"Content-Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
        headers |= {"Content-Length": str(size - start)} if served.says_length else {"Transfer-Encoding": "chunked"}
        self._answer(206 if start else 200, headers)
        self._send_blocks(served, start=start, stop=size if fault.cut_at is None else fault.cut_at)

    def _start(self, served):
        wanted = self.headers.get("Range")
        is_same = self.headers.get("If-Range") in (None, served.etag)
        return int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and served.ranges and is_same else 0

    def _send_blocks(self, served, *, start, stop):
        for begin in range(start, stop, BLOCK_BYTES):
            block = served.content[begin : min(begin + BLOCK_BYTES, stop)]
            self.wfile.write(block if served.says_length else b"%x\r\n%b\r\n" % (len(block), block))
            self.seen.body_bytes += len(block)
            time.sleep(served.pause_s)
        if stop < len(served.content):
            self.close_connection = True
        elif not served.says_length:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        """Keep the test output quiet."""


_RESERVED = []  # sockets that hold a port and do not listen, so that no server of another test gets it


def closed_url(path="/x.bin"):
    """An address on which nobody listens."""
    _RESERVED.append(socket.socket())
    _RESERVED[-1].bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{_RESERVED[-1].getsockname()[1]}{path}"


@contextmanager
def raw_server(answer):
    """A server that sends these bytes to every request and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(1 << 16):
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.bin"
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def deaf_server():
    """A server that never answers: its queue of connections is full, so that the system drops further ones."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.bin"
        for client in clients:
            client.close()
