"""How far a transfer is: a bar on a terminal, a few plain lines in a log file."""

import logging
import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

log = logging.getLogger(__name__)

LINE_EVERY_S = 10.0
LINE_EVERY_SHARE = 0.1
SHORTEST_PAUSE_S = 1.0  # a fast transfer of a small file needs no lines at all


class Progress:
    """Shows `done` of `total` bytes while a file arrives."""

    def __init__(self, name: str, *, done: int, total: int | None) -> None:
        """Begin at `done` bytes; `total` may be unknown (None)."""
        self._name, self._done, self._total = name, done, total
        self._line_done, self._line_time = done, time.monotonic()
        # tqdm's disable=None means: silent unless stderr is a terminal
        self._bar = tqdm(desc=name, initial=done, total=total, unit="B", unit_scale=True, disable=None, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def add(self, n_bytes: int) -> None:
        """Count `n_bytes` more."""
        self._done += n_bytes
        self._bar.update(n_bytes)
        if self._bar.disable and self._is_line_due():
            log.info("%s: %s", self._name, self._state())
            self._line_done, self._line_time = self._done, time.monotonic()

    def _is_line_due(self) -> bool:
        pause_s = time.monotonic() - self._line_time
        big_step = self._total is not None and self._done - self._line_done >= LINE_EVERY_SHARE * self._total
        return pause_s >= LINE_EVERY_S or (big_step and pause_s >= SHORTEST_PAUSE_S)

    def _state(self) -> str:
        if not self._total:
            return f"{in_megabytes(self._done)}, total unknown"
        return f"{100 * self._done / self._total:.0f} % of {in_megabytes(self._total)}"


def in_megabytes(n_bytes: int) -> str:
    """Return a size for people, e.g. "1.5 MB" (10^6 bytes)."""
    return f"{n_bytes / 1e6:.1f} MB"
