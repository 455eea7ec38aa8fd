"""Put each published claim beside ours: published.yaml and metrics.json -> comparison.json."""

import json
import math
import statistics
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from common.atomic import write_json
from common.download.receipts import Receipt, origin_of, read_receipt
from common.errors import InputError
from common.report.difference import Sigma, combine
from common.report.fingerprint import code_fingerprint, sha256_of_text
from common.report.published import Article, Check, Claim, Published, load_published
from common.report.verdict import Judged, Measured, Origin, Outcome, basis_of, decide, obstacle
from common.stage import parse, run
from common.yamlio import Strict, validate


class Line(Strict):
    """One claim with its outcome, and what we measured for it."""

    claim: Claim
    ours: dict[str, Measured]  # by metric; empty if not attempted
    outcome: Outcome


CheckResult = Literal["met", "missed", "undecided", "not judged"]


class CheckLine(Strict):
    """One expectation and whether this run meets it."""

    check: Check
    ours: dict[str, Measured]  # by metric; empty if this run does not compute them
    result: CheckResult  # "not judged": not computed, or a smoke run


class Made(Strict):
    """What a run was made from."""

    changes: str  # settings that the command line changed, as JSON; "" for none
    origin: Origin
    datasets: list[str]
    n_seeds: int
    code_sha256: str = ""  # of the stages behind the numbers; "" for a record of an earlier version
    settings_sha256: str = ""  # of settings.yaml


class Comparison(Made):
    """Content of comparison.json."""

    paper: Article
    run: str
    lines: list[Line]
    checks: list[CheckLine] = Field(default_factory=list)

    @property
    def metrics(self) -> dict[str, Measured]:
        """Our numbers behind the lines, by key."""
        ours = [line.ours for line in self.lines] + [line.ours for line in self.checks]
        return {key: measured for entry in ours for key, measured in entry.items()}

    @model_validator(mode="after")
    def _verdicts_rest_on_this_run(self) -> "Comparison":
        for line in self.lines:
            if not isinstance(line.outcome, Judged):
                continue
            hindrance = obstacle(
                line.claim, origin=self.origin, datasets=set(self.datasets), run=self.run, changes=self.changes
            )
            if hindrance or line.outcome.basis != basis_of(line.claim, origin=self.origin, run=self.run):
                raise ValueError(f"claim '{line.claim.id}' cannot be judged: {hindrance or 'its basis is another run'}")
        return self

    def counts(self) -> dict[str, int]:
        """Return how many claims got each verdict."""
        return dict(Counter(line.outcome.verdict for line in self.lines))


def compare(published: Path, metrics: Path, receipts: list[Receipt], *, run_name: str, changes: str = "") -> Comparison:
    """Return the comparison of one run.

    Raises:
        InputError: If published.yaml or metrics.json breaks its model.
    """
    return confront(
        load_published(published),
        read_metrics(metrics),
        origin=origin_of(receipts),
        datasets={receipt.dataset for receipt in receipts if receipt.origin == "archive"},
        run_name=run_name,
        changes=changes,
    )


def confront(
    published: Published,
    ours: dict[str, Measured],
    *,
    origin: Origin,
    datasets: set[str],
    run_name: str,
    changes: str = "",
) -> Comparison:
    """Return every published claim and check beside our metrics."""
    lines = []
    for claim in published.claims:
        outcome = decide(claim, ours, origin=origin, datasets=datasets, run=run_name, changes=changes)
        lines.append(Line(claim=claim, ours={key: ours[key] for key in claim.metrics if key in ours}, outcome=outcome))
    return Comparison(
        paper=published.paper,
        run=run_name,
        changes=changes,
        origin=origin,
        datasets=sorted(datasets),
        n_seeds=max((len(measured.values) for measured in ours.values()), default=0),
        lines=lines,
        checks=[check_line(check, ours, run_name=run_name) for check in published.checks],
    )


def check_line(check: Check, ours: dict[str, Measured], *, run_name: str) -> CheckLine:
    """Return whether the metrics of one run meet one expectation, by more than two standard errors of their mean."""
    found = {key: ours[key] for key in check.metrics if key in ours}
    if len(found) < len(check.metrics) or run_name == "smoke":
        return CheckLine(check=check, ours=found, result="not judged")
    if any(measured.limit for measured in found.values()):
        return CheckLine(check=check, ours=found, result="undecided")
    margin, sigma = _margin(check, found)
    result: CheckResult = "undecided"
    if abs(margin) >= sigma.two:
        result = "met" if margin > 0 or (margin == 0 and not check.below) else "missed"
    return CheckLine(check=check, ours=found, result=result)


def _margin(check: Check, ours: dict[str, Measured]) -> tuple[float, Sigma]:
    """Return by how much a check is met, negative if it is missed, and the error of that."""
    one = ours[check.metric]
    n_seeds = len(one.values)
    if check.below:
        other = ours[check.below]
        gaps = [high - low for low, high in zip(one.values, other.values, strict=True)]
        scatter = statistics.variance(gaps) if n_seeds > 1 else 0.0
        error = math.hypot(one.error, other.error)
        return other.value - one.value, combine(error**2, scatter / n_seeds, n_seeds)
    sigma = combine(one.error**2, (one.sd or 0.0) ** 2 / n_seeds, n_seeds)
    if check.at_least is not None:
        return one.value - check.at_least, sigma
    return (check.at_most or 0.0) - one.value, sigma


def read_metrics(path: Path) -> dict[str, Measured]:
    """Return the metrics of a run, joined over its seeds."""
    return validate(json.loads(path.read_text(encoding="utf-8")), dict[str, Measured], path)


def read_comparison(path: Path) -> Comparison:
    """Return what `compare` wrote; a "reproduced" without a valid basis does not pass the model."""
    return validate(json.loads(path.read_text(encoding="utf-8")), Comparison, path)


def main() -> None:
    """Read, compare, write."""
    arguments = parse(
        __doc__ or "", section="run", paths=["published", "metrics", "receipts", "comparison"], texts=["code"]
    )
    facts, code = arguments.run, code_fingerprint(arguments.published.parent.name)
    if code != arguments.code:
        raise InputError(
            f"{arguments.metrics}: code or published.yaml was edited while the run was made, so nobody knows which"
            " version these numbers come from. Call the same snakemake command again."
        )
    comparison = compare(
        arguments.published,
        arguments.metrics,
        [read_receipt(path) for path in facts.receipts(arguments.receipts)],
        run_name=facts.name,
        changes=facts.changes,
    )
    fingerprints = {
        "code_sha256": code,
        "settings_sha256": sha256_of_text(arguments.settings),
    }
    comparison = comparison.model_copy(update=fingerprints)
    write_json(arguments.comparison, comparison.model_dump(mode="json"))


if __name__ == "__main__":
    run(main)
