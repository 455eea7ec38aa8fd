"""The `.part` file of an unfinished download: it survives a kill and is continued by the next call.

A small JSON journal beside it remembers the address and the server's validator (ETag or Last-Modified), without
which nobody could tell whether the rest on the server still belongs to the beginning on disk.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import ValidationError

from common.atomic import write_text
from common.download.fingerprint import Fingerprint, fingerprint_of
from common.yamlio import Strict

READ_ONLY = 0o444


class Journal(Strict):
    """Where the bytes of a part file came from."""

    url: str  # without credentials
    validator: str | None  # None: the server gave neither a strong ETag nor a date


class PartFile:
    """A growing file whose fingerprint covers all of its bytes, those of earlier calls included."""

    def __init__(self, path: Path, *, checksum: str | None = None) -> None:
        """Open the part at `path` if there is one; `checksum` chooses the digest to keep beside SHA-256."""
        self.path = path
        self._checksum = checksum
        self._stream: BinaryIO | None = None
        self.fingerprint = fingerprint_of(path, checksum=checksum) if path.exists() else Fingerprint(checksum)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @property
    def size(self) -> int:
        """Bytes held so far."""
        return self.fingerprint.bytes

    def append(self, data: bytes) -> None:
        """Write `data` at the end; if the disk fills up, what fitted is kept and counted.

        Raises:
            OSError: If the file cannot be written.
        """
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = open(self.path, "ab", buffering=0)  # noqa: SIM115 - closed by __exit__
        while data:
            written = self._stream.write(data)
            self.fingerprint.update(data[:written])
            data = data[written:]

    def restart(self) -> None:
        """Drop all bytes and their journal."""
        self._close()
        remove_part(self.path)
        self.fingerprint = Fingerprint(self._checksum)

    def note(self, journal: Journal) -> None:
        """Remember where the bytes that are about to be appended come from."""
        write_text(_journal_path(self.path), journal.model_dump_json(indent=2) + "\n")

    def journal(self) -> Journal | None:
        """Return what was last noted, or None if nothing readable was."""
        try:
            return Journal.model_validate_json(_journal_path(self.path).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValidationError):
            return None

    def finish(self, target: Path) -> None:
        """Make the part read-only and move it to `target` in one step."""
        if self._stream is None:
            self.path.touch()  # an archive's file may be empty
        else:
            os.fsync(self._stream.fileno())
        self._close()
        self.path.chmod(READ_ONLY)
        os.replace(self.path, target)
        _journal_path(self.path).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def remove_part(path: Path) -> None:
    """Remove a part file and its journal, if they are there."""
    path.unlink(missing_ok=True)
    _journal_path(path).unlink(missing_ok=True)


def _journal_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
