"""One address into one file: resumed by HTTP range, retried, checked while it streams, moved into place at the end.

No byte is fetched twice: a transfer that was cut continues where it stopped.
"""

import errno
import logging
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
import requests.auth
import urllib3.exceptions
from requests.exceptions import ChunkedEncodingError, ReadTimeout, RequestException, TooManyRedirects
from urllib3.util import Retry

from common.download.addresses import redacted
from common.download.fingerprint import Expected
from common.download.partfile import Journal, PartFile
from common.download.progress import Progress, in_megabytes

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16  # what is lost at most when a connection is cut
MOST_REDIRECTS = 10
BUSY = {408, 425, 429, 500, 502, 503, 504}  # the server may do better in a moment


@dataclass(frozen=True)
class Policy:
    """How long to wait for a server, and how often to come back."""

    connect_timeout_s: float = 4.0
    read_timeout_s: float = 30.0
    attempts: int = 5  # in a row without a single new byte
    first_wait_s: float = 1.0  # doubled each time
    longest_wait_s: float = 60.0  # also when a server's Retry-After asks for more


class RefusedError(Exception):
    """This address will not give the file, however often it is asked."""


class TryAgainError(Exception):
    """The transfer broke off or the server is busy: another attempt may go on."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Transfer:
    """Fetches one address: continues `part`, and checks the whole before it is moved into place."""

    def __init__(
        self, part: PartFile, *, name: str, expected: Expected, policy: Policy, token: str | None = None
    ) -> None:
        """Prepare to fetch the file `name` into `part`; `token` goes to the host of the address alone."""
        self._part = part
        self._name = name
        self._expected = expected
        self._policy = policy
        self._token = token

    def into(self, target: Path, url: str) -> None:
        """Fetch `url` (http, https or file) and move it to `target`, read-only.

        Args:
            target: Where the complete and checked file goes.
            url: The address; it may hold a user name and password, which are never shown.

        Raises:
            RefusedError: If this address does not give the expected file. Good bytes stay in the part file.
            OSError: If the disk is full or cannot be written. The part file is kept.
        """
        continued = self._part.size > 0
        self._fetch(url)
        problem = self._expected.mismatch(self._part.fingerprint)
        if problem and continued:
            log.warning("%s: %s; the kept part did not fit, so once more from zero", self._name, problem)
            self._part.restart()
            self._fetch(url)
            problem = self._expected.mismatch(self._part.fingerprint)
        if problem:
            self._part.restart()
            raise RefusedError(f"wrong content: {problem}; these bytes were thrown away")
        self._part.finish(target)

    def _fetch(self, url: str) -> None:
        """Complete the part, coming back after interruptions as long as each attempt brings something."""
        without_progress = 0
        while True:
            size_before = self._part.size
            try:
                return self._copy(url) if urlsplit(url).scheme == "file" else self._get(url)
            except TryAgainError as error:
                without_progress = 1 if self._part.size > size_before else without_progress + 1
                if without_progress >= self._policy.attempts:
                    raise RefusedError(f"{error} ({without_progress} attempts in a row)") from None
                wait_s = self._wait_s(error, without_progress)
                log.info("%s: %s; next attempt in %.1f s, %s", self._name, error, wait_s, self._kept())
                time.sleep(wait_s)

    def _wait_s(self, error: TryAgainError, without_progress: int) -> float:
        longest_s = self._policy.longest_wait_s
        if error.retry_after_s is None:
            doubled_s = self._policy.first_wait_s * 2.0 ** (without_progress - 1)
            return min(longest_s, doubled_s) * random.uniform(0.5, 1.0)  # so that a class does not return as one
        if error.retry_after_s > longest_s:
            log.info("The server asks to wait %.0f s; the longest wait here is %g s.", error.retry_after_s, longest_s)
        return min(longest_s, error.retry_after_s)

    def _kept(self) -> str:
        return f"{in_megabytes(self._part.size)} are kept"

    def _copy(self, url: str) -> None:
        source = Path(url2pathname(urlsplit(url).path))
        if not source.is_file():
            raise RefusedError(f"no such file: {source}")
        total = source.stat().st_size
        self._check_size(total)
        self._part.restart()
        self._check_space(total)
        with open(source, "rb") as stream:
            self._append(iter(lambda: stream.read(CHUNK_BYTES), b""), total=total)

    def _get(self, url: str) -> None:
        """Send one request and append what comes."""
        if self._expected.bytes is not None and self._part.size == self._expected.bytes:
            return  # complete: the last call was killed before it could move the file
        with _errors_translated(), requests.Session() as session:
            session.max_redirects = MOST_REDIRECTS
            with session.get(
                url,
                headers={"Accept-Encoding": "identity"} | self._range_headers(url),  # compression would break ranges
                auth=_BearerToken(self._token) if self._token else None,
                timeout=(self._policy.connect_timeout_s, self._policy.read_timeout_s),
                stream=True,
            ) as response:
                self._receive(response, url)

    def _range_headers(self, url: str) -> dict[str, str]:
        """Return the headers that ask for the rest only; none if a rest of another file could go unnoticed."""
        journal = self._part.journal()
        validator = journal.validator if journal and journal.url == redacted(url) else None
        if not self._part.size or not (validator or self._expected.checksum):
            return {}
        return {"Range": f"bytes={self._part.size}-"} | ({"If-Range": validator} if validator else {})

    def _receive(self, response: requests.Response, url: str) -> None:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return self._end_of_range(response)
        _check_status(response)
        if self._is_other_version(response, url):
            self._part.restart()
            raise TryAgainError("the file on the server has changed since the last attempt, so again from zero")
        offset = self._part.size if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
        total = _total_bytes(response, offset=offset)
        chunks = response.raw.stream(CHUNK_BYTES, decode_content=False)
        first = next(chunks, b"")
        self._refuse_page(response, first if offset == 0 else b"")
        self._check_size(total)
        if total is None and not self._expected.checksum and not response.raw.chunked:
            raise RefusedError("the server does not say how long the file is, so a cut could not be noticed")
        if offset == 0 and self._part.size:
            log.info("%s: the server sends the whole file again (%s until now)", self._name, self._kept())
            self._part.restart()
        self._check_space(total)
        self._part.note(Journal(url=redacted(url), validator=_validator(response)))
        self._append(chain([first], chunks), total=total)

    def _end_of_range(self, response: requests.Response) -> None:
        """Handle status 416: the part is complete already, or it does not belong to this file."""
        if response.headers.get("Content-Range", "") == f"bytes */{self._part.size}":
            return
        self._part.restart()
        raise TryAgainError("the server has no such range (HTTP 416), so again from zero")

    def _is_other_version(self, response: requests.Response, url: str) -> bool:
        """Say whether a server that sends the rest sends it from another version of the file than we began with."""
        journal = self._part.journal()
        if response.status_code != HTTPStatus.PARTIAL_CONTENT or not journal or journal.url != redacted(url):
            return False
        return journal.validator not in (None, _validator(response))

    def _check_size(self, total: int | None) -> None:
        if total is not None and self._expected.bytes not in (None, total):
            raise RefusedError(f"wrong size: expected {self._expected.bytes} bytes, the address offers {total} bytes")

    def _refuse_page(self, response: requests.Response, beginning: bytes) -> None:
        if Path(self._name).suffix.lower() in {".html", ".htm"}:
            return
        kind = response.headers.get("Content-Type", "").lower()
        start = beginning[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if kind.startswith("text/html") or start.startswith((b"<!doctype html", b"<html")):
            raise RefusedError("an HTML page came instead of data (often a login or error page: open it in a browser)")

    def _check_space(self, total: int | None) -> None:
        needed = (total or self._expected.bytes or 0) - self._part.size
        free = shutil.disk_usage(self._part.path.parent).free
        if needed > free:
            detail = f"{in_megabytes(needed)} are needed, {in_megabytes(free)} are free"
            raise OSError(errno.ENOSPC, detail, str(self._part.path.parent))

    def _append(self, chunks: Iterator[bytes], *, total: int | None) -> None:
        limit = total if total is not None else self._expected.bytes
        with Progress(self._name, done=self._part.size, total=limit) as progress:
            for chunk in chunks:
                self._part.append(chunk)
                progress.add(len(chunk))
                if limit is not None and self._part.size > limit:
                    break  # more than announced: the size check after this will say so
        if total is not None and self._part.size < total:
            raise TryAgainError(f"the connection was cut at {self._part.size} of {total} bytes")


class _BearerToken(requests.auth.AuthBase):
    """Sends a token; requests removes the header again when a redirect leads to another host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    reason = f"HTTP {status} {response.reason or ''}".strip()
    if status in BUSY:
        raise TryAgainError(reason, retry_after_s=_retry_after_s(response))
    raise RefusedError(reason)


def _retry_after_s(response: requests.Response) -> float | None:
    try:
        return Retry().parse_retry_after(response.headers["Retry-After"])
    except (KeyError, urllib3.exceptions.InvalidHeader):
        return None


def _validator(response: requests.Response) -> str | None:
    """Return what If-Range accepts: a strong ETag, else the date of the last change."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


def _total_bytes(response: requests.Response, *, offset: int) -> int | None:
    """Return the size of the whole file as the server states it.

    Raises:
        RefusedError: If a partial answer does not begin at `offset`.
    """
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        span, _, total = response.headers.get("Content-Range", "").partition("/")
        if not span.startswith(f"bytes {offset}-"):
            raise RefusedError(f"asked for the bytes from {offset} on, the server sent '{span}'")
        return int(total) if total.isdecimal() else None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


@contextmanager
def _errors_translated() -> Iterator[None]:
    """Turn the many errors of requests and urllib3 into ours; their own texts may show addresses with secrets."""
    try:
        yield
    except TooManyRedirects:
        raise RefusedError(f"the server redirects in a circle (more than {MOST_REDIRECTS} redirects)") from None
    except (ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        raise TryAgainError("the server stopped sending") from None
    except (ChunkedEncodingError, urllib3.exceptions.ProtocolError):
        raise TryAgainError("the connection was cut") from None
    except requests.ConnectionError as error:
        # A server that hangs up before it answers is wrapped like this; everything else failed while connecting.
        if error.args and isinstance(error.args[0], urllib3.exceptions.ProtocolError):
            raise TryAgainError("the connection was cut before an answer came") from None
        raise RefusedError(f"cannot connect ({_cause(error)})") from None
    except (RequestException, urllib3.exceptions.HTTPError) as error:
        raise RefusedError(f"the request failed ({type(error).__name__})") from None


def _cause(error: requests.ConnectionError) -> str:
    """Return what lies under a connection error, by type: its text would repeat the address."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason or error).__name__
