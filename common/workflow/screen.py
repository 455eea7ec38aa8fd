"""What a run prints: one line a step, and a failing stage's message and command once, at the end.

Snakemake reports through Python's `logging`. A filter on its handler takes the events of the jobs out of the stream and
prints a line of its own for each. What Snakemake says about anything else, such as an unknown target, passes.
"""

import contextlib
import logging
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT = {"run_info", "job_started", "shellcmd", "resources_info", "workflow_started", "progress", "group_info"}
SAID_BY_US = ("At least one job did not complete", "Exiting because a job execution failed")
TITLE_WIDTH = 60
LAST_LINES = 12  # of a log in which no message of ours stands


@dataclass(frozen=True)
class Step:
    """A running job: what it does, when it started, and where its output goes."""

    title: str
    started: float
    log: str


def title_of(rule: str, wildcards: dict[str, Any]) -> str:
    """Return what a job does in a few words: "hbb_train · method interaction, seed 0"."""
    details = ", ".join(f"{name} {value}" for name, value in sorted(wildcards.items()) if name != "run")
    return f"{rule} · {details}" if details else rule


def message_in(log: Path) -> str:
    """Return what a failed stage said: its "error: ..." with all its lines, else the end of the log."""
    if not log.is_file():
        return "It ended without a log."
    text = log.read_text(encoding="utf-8", errors="replace").rstrip()
    found = re.search(r"^error: .*\Z", text, re.MULTILINE | re.DOTALL)
    lines = found[0].splitlines() if found else text.splitlines()[-LAST_LINES:]
    return "\n".join(lines) or "It ended without a word; it may have been killed, e.g. for lack of memory."


def command_in(log: Path) -> str:
    """Return the command that a log begins with, "" if it has none."""
    if not log.is_file():
        return ""
    with open(log, encoding="utf-8", errors="replace") as stream:
        first = stream.readline()
    return first[2:].strip() if first.startswith("$ ") else ""


def say(text: str) -> None:
    """Print to stderr. A reader that has gone, such as `| head`, must not stop the run."""
    with contextlib.suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


class Screen(logging.Filter):
    """Take the events of jobs out of Snakemake's stream and print one line for each finished job."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[int, Step] = {}
        self._finished: list[Step] = []
        self._failed: dict[int, Step] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether Snakemake prints a record itself."""
        event = getattr(record, "event", None)
        name = str(getattr(event, "value", event) or "")
        if name == "job_info":
            self._steps[record.jobid] = self._step(record)  # type: ignore[attr-defined]
        elif name == "job_finished":
            self._finished += filter(None, [self._steps.get(record.job_id)])  # type: ignore[attr-defined]
        elif name == "progress":
            self._print(record.done, record.total)  # type: ignore[attr-defined]
        elif name == "job_error":
            self._failed[record.jobid] = self._step(record)  # type: ignore[attr-defined]
        elif not name or name == "error":
            text = str(record.msg)
            of_a_job = "CalledProcessError" in text or any(part in text for part in SAID_BY_US if self._failed)
            return record.levelno >= logging.WARNING and not of_a_job
        return name not in SILENT | {"job_info", "job_finished", "job_error"}

    def _step(self, record: Any) -> Step:
        if record.jobid in self._steps:
            return self._steps[record.jobid]
        wildcards = dict(getattr(record, "wildcards", None) or {})
        log = str(record.log[0]) if record.log else ""
        return Step(title_of(str(record.rule_name), wildcards), time.monotonic(), log)

    def _print(self, done: int, total: int) -> None:
        width = len(str(total))
        first = done - len(self._finished) + 1
        for number, step in enumerate(self._finished, first):
            seconds = time.monotonic() - step.started
            if not step.title.startswith(("papers/", "./papers/", "all")):  # the summary speaks for itself
                say(f"{step.title:<{TITLE_WIDTH}} {seconds:7.1f} s  [{number:{width}}/{total}]")
        self._finished.clear()

    def show_failures(self) -> None:
        """Print each different message of the failed jobs once, with the command of one of them."""
        by_message: dict[str, list[Step]] = {}
        for step in self._failed.values():
            by_message.setdefault(message_in(Path(step.log)), []).append(step)
        for message, steps in by_message.items():
            command = command_in(Path(steps[0].log))
            lines = ["", f"failed: {steps[0].title}", message]
            lines += [f"command: {command}"] if command else []
            lines += [f"log: {steps[0].log}"]
            lines += [f"The same in: {'; '.join(step.title for step in steps[1:])}"] if steps[1:] else []
            say("\n".join(lines))


def take_over(logger: logging.Logger, settings: Any) -> Screen:
    """Put a Screen on Snakemake's handlers, unless somebody asked for more: a dry run, --verbose or -p.

    Args:
        logger: Snakemake's.
        settings: Its output settings.
    """
    screen = Screen()
    if settings.verbose or settings.printshellcmds:
        for own in (own for handler in logger.handlers for own in handler.filters if hasattr(own, "quiet")):
            own.quiet = set()  # of the profile
    if not (settings.dryrun or settings.verbose or settings.printshellcmds or settings.debug_dag):
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):  # .snakemake/log keeps all of it
                handler.filters.insert(0, screen)  # before Snakemake's own, which drops events
    return screen
