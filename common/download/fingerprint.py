"""Size and digests of a file, and what an archive says that they should be."""

from dataclasses import dataclass
from pathlib import Path

from common.download.datasets import new_digest
from common.download.receipts import CHUNK_BYTES


class Fingerprint:
    """Size and digests of bytes that arrive in pieces; SHA-256 is always one of the digests."""

    def __init__(self, checksum: str | None = None) -> None:
        """Start empty; `checksum` is what will be compared ("md5:…"), so that its algorithm runs as well."""
        algorithms = {"sha256", _algorithm(checksum)}
        self.bytes = 0
        self._digests = {algorithm: new_digest(algorithm) for algorithm in algorithms}

    def update(self, data: bytes) -> None:
        """Add the next piece."""
        self.bytes += len(data)
        for digest in self._digests.values():
            digest.update(data)

    def digits(self, algorithm: str = "sha256") -> str:
        """Return the hexadecimal digest of all pieces so far."""
        return self._digests[algorithm].hexdigest()


@dataclass(frozen=True)
class Expected:
    """What is known about a file before it arrives."""

    bytes: int | None = None
    checksum: str | None = None  # "<algorithm>:<lower-case hex digits>"

    def mismatch(self, found: Fingerprint) -> str | None:
        """Return in words how `found` differs from what is expected, or None if it agrees."""
        if self.bytes is not None and found.bytes != self.bytes:
            return f"expected {self.bytes} bytes, found {found.bytes} bytes"
        algorithm = _algorithm(self.checksum)
        found_checksum = f"{algorithm}:{found.digits(algorithm)}"
        if self.checksum is not None and found_checksum != self.checksum:
            return f"expected {self.checksum}, found {found_checksum}"
        return None

    def __str__(self) -> str:
        size = "size not declared" if self.bytes is None else f"{self.bytes} bytes"
        return f"{size}, {self.checksum or 'no checksum known: it will be recorded at first use'}"


def fingerprint_of(path: Path, *, checksum: str | None = None) -> Fingerprint:
    """Return the fingerprint of a file, read once and in chunks."""
    fingerprint = Fingerprint(checksum)
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            fingerprint.update(chunk)
    return fingerprint


def _algorithm(checksum: str | None) -> str:
    return checksum.partition(":")[0] if checksum else "sha256"
