"""The record of finished runs, papers/<paper>/results.json: what we measured and which verdicts it got, by claim id.

What the article states is not in it. It comes from published.yaml when the record is read, and each verdict is
derived again from the recorded numbers: if it is not the recorded one, the record is refused.
"""

import json
import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, FiniteFloat, ValidationError

from common.atomic import write_text
from common.errors import InputError
from common.report.compare import CheckLine, CheckResult, Comparison, Line, Made, confront
from common.report.costs import Cost
from common.report.published import Published, load_published
from common.report.verdict import Judged, Measured, NotAttempted, Outcome
from common.yamlio import Strict, validate

FILE = "results.json"
NOT_RECORDED = "smoke"  # proves nothing
ROUNDING = 1e-9  # relative; another machine may round the last digits differently


class Recorded(Strict):
    """The outcome of one claim, without its words."""

    verdict: str
    difference: FiniteFloat | None = None
    pull: FiniteFloat | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> "Recorded":
        """Return what is recorded of an outcome."""
        return cls(
            verdict=outcome.verdict,
            difference=None if isinstance(outcome, NotAttempted) else outcome.difference,
            pull=outcome.pull if isinstance(outcome, Judged) else None,
        )

    def agrees(self, other: "Recorded") -> bool:
        """Return whether both say the same, up to rounding."""
        pairs = [(self.difference, other.difference), (self.pull, other.pull)]
        return self.verdict == other.verdict and all(_close(one, two) for one, two in pairs)

    def __str__(self) -> str:
        return self.verdict if self.difference is None else f"{self.verdict}, difference {self.difference:+.4g}"


def _close(one: float | None, two: float | None) -> bool:
    if one is None or two is None:
        return one is two
    return math.isclose(one, two, rel_tol=ROUNDING, abs_tol=1e-300)


class StoredRun(Made):
    """One run in results.json."""

    machine: str
    cost: Cost | None = None  # None: not known
    metrics: dict[str, Measured]  # ours, by key: claims and checks share them
    claims: dict[str, Recorded]  # by id
    checks: dict[str, CheckResult] = Field(default_factory=dict)  # by name
    pictures: dict[str, str] = Field(default_factory=dict)  # captions of the pictures, by stem of the figure


class Record(Strict):
    """One recorded run beside what published.yaml states."""

    comparison: Comparison
    machine: str
    cost: Cost | None = None
    pictures: dict[str, str] = Field(default_factory=dict)  # captions, by stem of the figure


def this_machine() -> str:
    """Return the machine in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def to_store(
    comparison: Comparison, *, machine: str, cost: Cost | None = None, pictures: Mapping[str, str] | None = None
) -> StoredRun:
    """Return what results.json holds of a run; the arguments are the fields of `Record`."""
    return StoredRun(
        **{name: getattr(comparison, name) for name in Made.model_fields},
        machine=machine,
        cost=cost,
        metrics=comparison.metrics,
        claims={line.claim.id: Recorded.of(line.outcome) for line in comparison.lines},
        checks={line.check.name: line.result for line in comparison.checks},
        pictures=dict(pictures or {}),
    )


def join(stored: StoredRun, published: Published, *, run: str, where: Path) -> Record:
    """Return a recorded run beside what the article states.

    Args:
        stored: The run in results.json.
        published: Content of published.yaml.
        run: Name of the run.
        where: The file of the record, for messages.

    Raises:
        InputError: If the record has a claim or check that published.yaml does not have, or one whose verdict does
            not follow from the recorded numbers and published.yaml.
    """
    comparison = _confront(stored, published, run=run, where=where)
    now = {line.claim.id: Recorded.of(line.outcome) for line in comparison.lines}
    checks = {line.check.name: line.result for line in comparison.checks}
    faults = [
        f"claim '{name}' (recorded: {then}; published.yaml"
        + (f" now gives: {now[name]})" if name in now else " has no such claim)")
        for name, then in stored.claims.items()
        if name not in now or not then.agrees(now[name])
    ]
    faults += [
        f"check '{name}' (published.yaml {'now gives another result' if name in checks else 'has no such check'})"
        for name, result in stored.checks.items()
        if name not in checks or result != checks[name]
    ]
    if faults:
        raise InputError(
            f"{where}, run '{run}': the record and published.yaml do not agree on {'; '.join(faults)}.\n"
            f"Make the run again, snakemake papers/{where.parent.name} --config run={run}, and then: make readme\n"
            "If the article's statement was corrected and our numbers still hold, apply the rules to the recorded"
            " numbers: python -m common.report.readme --judge-again"
        )
    return Record(comparison=comparison, machine=stored.machine, cost=stored.cost, pictures=stored.pictures)


def _confront(stored: StoredRun, published: Published, *, run: str, where: Path) -> Comparison:
    """Return the comparison that the recorded numbers give; what was published later has not been attempted."""
    try:
        now = confront(
            published,
            stored.metrics,
            origin=stored.origin,
            datasets=set(stored.datasets),
            run_name=run,
            changes=stored.changes,
        )
        lines = [line if line.claim.id in stored.claims else _later(line) for line in now.lines]
        checks = [
            line if line.check.name in stored.checks else CheckLine(check=line.check, ours={}, result="not judged")
            for line in now.checks
        ]
        made = {name: getattr(stored, name) for name in Made.model_fields}
        return Comparison(**{**dict(now), **made, "lines": lines, "checks": checks})
    except ValidationError as error:
        raise InputError(f"{where}, run '{run}': {error}") from None


def _later(line: Line) -> Line:
    reason = "it was not in published.yaml when this run was recorded"
    return Line(claim=line.claim, ours={}, outcome=NotAttempted(reason=reason))


def judge_again(stored: StoredRun, published: Published, *, run: str, where: Path) -> StoredRun:
    """Return a recorded run with the verdicts that today's rules and published.yaml give to its numbers."""
    comparison = _confront(stored, published, run=run, where=where)
    again = to_store(comparison, machine=stored.machine, cost=stored.cost, pictures=stored.pictures)
    known = {
        "claims": {name: outcome for name, outcome in again.claims.items() if name in stored.claims},
        "checks": {name: result for name, result in again.checks.items() if name in stored.checks},
    }
    return again.model_copy(update=known)


def read_stored(paper: Path) -> dict[str, StoredRun]:
    """Return the content of a paper's results.json by run; none if there is no record yet."""
    path = paper / FILE
    if not path.exists():
        return {}
    return validate(json.loads(path.read_text(encoding="utf-8")), dict[str, StoredRun], path)


def read_records(paper: Path) -> dict[str, Record]:
    """Return the recorded runs of a paper beside its published.yaml, by name of the run.

    Raises:
        InputError: If a verdict does not follow from the recorded numbers and published.yaml.
    """
    published = load_published(paper / "published.yaml")
    return {
        name: join(stored, published, run=name, where=paper / FILE)
        for name, stored in sorted(read_stored(paper).items())
    }


def write_stored(paper: Path, runs: Mapping[str, StoredRun]) -> None:
    """Write a paper's results.json, a line for each number, claim and check.

    Raises:
        InputError: If a verdict does not follow from the recorded numbers and published.yaml; nothing is written then.
    """
    published = load_published(paper / "published.yaml")
    for name, stored in runs.items():
        join(stored, published, run=name, where=paper / FILE)
    content = {name: runs[name].model_dump(mode="json", exclude_defaults=True) for name in sorted(runs)}
    write_text(paper / FILE, _as_text(content, depth=3) + "\n")


def _as_text(content: Any, *, depth: int, indent: str = "") -> str:
    """Return JSON with a line for each entry of the outer `depth` dictionaries."""
    if depth == 0 or not isinstance(content, dict) or not content:
        return json.dumps(content, allow_nan=False, ensure_ascii=False)
    inner = indent + "  "
    entries = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_as_text(value, depth=depth - 1, indent=inner)}"
        for key, value in content.items()
    ]
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
