"""One declared file and the ways to ask for it, for the tests of the shared download."""

import functools
import hashlib
import random

import pytest

from common.download.datasets import DataFile
from common.download.fetch import fetch
from common.download.transfer import Policy
from common.errors import InputError

CONTENT = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)  # of the same size
CUT = len(CONTENT) * 6 // 10
FAST = Policy(connect_timeout_s=2.0, read_timeout_s=2.0, attempts=3, first_wait_s=0.01, longest_wait_s=0.1)


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def declared(*urls, **more):
    """A file with size and checksum of CONTENT; keywords replace fields."""
    fields = {"name": "x.bin", "bytes": len(CONTENT), "checksum": sha256(CONTENT)}
    return DataFile(urls=list(urls), licence="CC0", size_class="small", **fields | more)


def unchecked(*urls, **more):
    """A file of which the archive publishes neither size nor checksum."""
    return declared(*urls, **{"checksum": None, "bytes": None} | more)


get = functools.partial(fetch, dataset="sky", policy=FAST)


def failure(file):
    """Return the message with which fetching `file` ends."""
    with pytest.raises(InputError) as caught:
        get(file)
    return str(caught.value)
