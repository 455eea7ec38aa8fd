"""What a log file shows of a transfer."""

import logging

import pytest

from common.download import progress
from common.download.progress import Progress


@pytest.fixture
def clock(monkeypatch, caplog):
    """A clock that the test sets; the lines are collected."""
    caplog.set_level(logging.INFO)
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def shown(clock, caplog, *, total, pieces, pause_s):
    with Progress("x.bin", done=0, total=total) as bar:
        for piece in pieces:
            clock[0] += pause_s
            bar.add(piece)
    return [record.getMessage() for record in caplog.records]


def test_a_line_every_tenth(clock, caplog):
    lines = shown(clock, caplog, total=10_000_000, pieces=[500_000] * 20, pause_s=1.5)
    assert lines == [f"x.bin: {share} % of 10.0 MB" for share in range(10, 101, 10)]


def test_a_line_every_ten_seconds_of_a_slow_transfer(clock, caplog):
    lines = shown(clock, caplog, total=None, pieces=[100_000] * 6, pause_s=5.0)
    assert lines == [f"x.bin: {size} MB, total unknown" for size in (0.2, 0.4, 0.6)]


def test_a_fast_transfer_is_silent(clock, caplog):
    assert shown(clock, caplog, total=1000, pieces=[100] * 10, pause_s=0.01) == []
