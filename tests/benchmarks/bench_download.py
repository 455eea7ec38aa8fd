"""How much the checks, the resume record and the atomic move of our download cost, as a ratio to a plain stream.

    python -m tests.benchmarks.bench_download

Both fetch the same file from a loopback server in turn; the ratio of medians is what counts, not the seconds.
"""

import functools
import http.server
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import requests

from common.download.datasets import DataFile
from common.download.fetch import fetch
from common.download.receipts import sha256_of

SIZE_MB = 200
ROUNDS = 5


def main() -> None:
    """Serve one file, fetch it in turn with both, print seconds and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "file.bin").write_bytes(os.urandom(SIZE_MB << 20))
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=name)
        handler.log_message = lambda *_: None
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            compare(f"http://127.0.0.1:{server.server_port}/file.bin", folder, sha256_of(folder / "file.bin"))
            server.shutdown()


def compare(url: str, folder: Path, sha256: str) -> None:
    """Fetch `url` ROUNDS times with each and print the medians."""
    file = DataFile(name="file.bin", urls=[url], checksum=f"sha256:{sha256}", licence="none", size_class="medium")
    ours, theirs = [], []
    for number in range(ROUNDS):
        os.environ["PAPERS_DATA"] = str(folder / f"ours{number}")
        started = time.perf_counter()
        fetch(file, dataset="bench")
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        with requests.get(url, stream=True, timeout=30) as answer, open(folder / f"plain{number}", "wb") as target:
            shutil.copyfileobj(answer.raw, target)
        theirs.append(time.perf_counter() - started)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"{SIZE_MB} MB, median of {ROUNDS}: ours {statistics.median(ours):.2f} s, a plain stream")
    print(f"{statistics.median(theirs):.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
