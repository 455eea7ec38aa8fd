"""The addresses of one declared file: which are tried, in which order, and what of them may be shown."""

import re
import socket
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import quote, urlsplit, urlunsplit

import requests.utils

from common.download.datasets import DataFile
from common.errors import InputError

MIRROR_VARIABLE = "PAPERS_MIRROR"
MIRROR_SCHEMES = ("http", "https", "file")
DEFAULT_PORTS = {"http": 80, "https": 443}
SECRET_IN_QUERY = re.compile(r"(\w*(?:token|key|secret|signature|password|sig|auth|credential))=[^&#]*", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """One place to fetch from. Neither str() nor repr() shows its password or token."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)  # bearer token for the host of `url`, and for no other

    def __str__(self) -> str:
        return redacted(self.url)


def redacted(url: str) -> str:
    """Return `url` without user name, password and what looks like a secret in its query."""
    parts = urlsplit(url)
    query = SECRET_IN_QUERY.sub(r"\1=***", parts.query)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def addresses_of(file: DataFile, *, dataset: str, environment: Mapping[str, str]) -> list[Address]:
    """Return where to try, in order: the class's own mirror, then what the archive declares.

    A file that needs a login is asked of the archive only if its token is set, one with manual access never;
    a mirror never receives the token.

    Args:
        file: The declared file.
        dataset: Name of its data set, a folder of the mirror.
        environment: The variables PAPERS_MIRROR and the file's token variable are read from here.

    Raises:
        InputError: If a variable's value cannot be used; the value is not shown, it may be secret.
    """
    addresses = []
    mirror = environment.get(MIRROR_VARIABLE)
    if mirror:
        if urlsplit(mirror).scheme not in MIRROR_SCHEMES or "?" in mirror:
            raise InputError(
                f"{MIRROR_VARIABLE}: expected an address that begins with https://, http:// or file:/// "
                "and has no '?'; found something else."
            )
        addresses.append(Address(f"{mirror.rstrip('/')}/{quote(dataset)}/{quote(file.name)}"))
    if file.access == "open":
        addresses += [Address(url) for url in file.urls]
    token = _token(file, environment)
    if file.access == "login" and token:
        archive = urlsplit(file.urls[0])[:2]  # scheme and host: the token is the archive's, not its mirrors'
        addresses += [Address(url, token if urlsplit(url)[:2] == archive else None) for url in file.urls]
    return addresses


class ConnectionChecks:
    """Tries to connect to all servers at once, so that without a network ten addresses cost one time-out, not ten.

    It covers looking up the host name too, for which requests has no time-out.
    """

    def __init__(self, addresses: list[Address], *, timeout_s: float) -> None:
        """Start to connect to every address, each in the background."""
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._answers = {address: _check(address.url, timeout_s) for address in addresses}

    def problem(self, address: Address) -> str | None:
        """Return why the server of `address` cannot be reached, or None if it answers."""
        try:
            return self._answers[address].result(timeout=max(0.0, self._deadline - time.monotonic()))
        except TimeoutError:
            return f"no connection within {self._timeout_s:g} s"


def _token(file: DataFile, environment: Mapping[str, str]) -> str | None:
    variable = file.login.token_variable if file.login else None
    token = environment.get(variable, "").strip() if variable else ""
    if not (token.isascii() and token.isprintable()):
        raise InputError(f"{variable}: an access token is printable ASCII; found other characters. Copy it again.")
    return token or None


def _check(url: str, timeout_s: float) -> "Future[str | None]":
    answer: Future[str | None] = Future()
    # A daemon, because a thread that waits for a name server must not keep the program from ending.
    Thread(target=lambda: answer.set_result(_connection_problem(url, timeout_s)), daemon=True).start()
    return answer


def _connection_problem(url: str, timeout_s: float) -> str | None:
    if urlsplit(url).scheme not in DEFAULT_PORTS:
        return None
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    server = urlsplit(url if not proxy else proxy if "://" in proxy else f"//{proxy}")
    try:
        port = server.port or DEFAULT_PORTS.get(server.scheme, 80)
        with socket.create_connection((server.hostname or "", port), timeout=timeout_s):
            return None
    except socket.gaierror:
        return "the host name is unknown (or there is no network)"
    except TimeoutError:
        return f"no connection within {timeout_s:g} s"
    except (OSError, ValueError) as error:
        return f"no connection ({getattr(error, 'strerror', None) or 'not a valid address'})"
