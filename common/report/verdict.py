"""The verdict on one claim: the article's value beside ours.

`Judged` is the only outcome that can say "reproduced", and it cannot be built without a `Basis`, whose type
admits neither generated stand-in data, nor the smoke run, nor a number that nobody has checked.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, field_validator, model_validator
from scipy.special import stdtrit

from common.report.published import Claim, NumberClaim, OrderingClaim
from common.yamlio import Strict

Origin = Literal["archive", "generated"]  # of a run's input files
ALLOWED_SOURCES = Literal["article", "abstract", "authors' code", "authors' vector figure"]


class Measured(Strict):
    """One of our numbers over all seeds of a run."""

    value: FiniteFloat  # mean over the seeds
    error: FiniteFloat = Field(ge=0)  # statistical error of a single seed
    sd: FiniteFloat | None = Field(ge=0)  # scatter between the seeds; None for a single seed
    n: int = Field(ge=0)  # size of the sample that it was measured on
    values: list[FiniteFloat] = Field(min_length=1)  # one per seed

    @model_validator(mode="after")
    def _scatter_needs_seeds(self) -> "Measured":
        if (self.sd is None) != (len(self.values) == 1):
            raise ValueError("sd is the scatter of at least two seeds, and None for a single one")
        return self


class Basis(Strict):
    """What entitles a comparison to a verdict."""

    origin: Literal["archive", "own recipe"]
    run: str
    source: ALLOWED_SOURCES

    @field_validator("run")
    @classmethod
    def _smoke_proves_nothing(cls, run: str) -> str:
        if run == "smoke":
            raise ValueError("the smoke run is too small for any verdict")
        return run


class Judged(Strict):
    """A verdict on comparable data."""

    verdict: Literal["reproduced", "better", "partly", "differs"]
    basis: Basis
    reason: str
    difference: float  # ours - published
    pull: float | None  # difference over its error, of seeds or sample, the larger; None for a single seed
    half_width: float | None  # 95 % prediction interval of repeated runs; None for a single seed


class NotComparable(Strict):
    """Ours exists, but it does not test the article."""

    verdict: Literal["not comparable"] = "not comparable"
    reason: str
    difference: float | None = None


class NotAttempted(Strict):
    """Nobody computed it in this run; it is listed all the same."""

    verdict: Literal["not attempted"] = "not attempted"
    reason: str


Outcome = Annotated[Judged | NotComparable | NotAttempted, Field(discriminator="verdict")]


def obstacle(claim: Claim, *, origin: Origin, datasets: set[str], run: str, changes: str = "") -> str | None:
    """Return why a claim cannot be judged on this run's data, or None if it can.

    Args:
        claim: The article's statement.
        origin: "archive" or "generated", from the run's receipts.
        datasets: Names of the archive's data sets that the run read.
        run: Name of the run.
        changes: Settings that the command line changed, as JSON; "" for none.
    """
    missing = sorted(set(claim.data) - datasets)
    reasons = {
        "the smoke run only shows that the chain works": run == "smoke",
        f"made with changed settings: {changes}": bool(changes),
        "made from generated stand-in data": origin == "generated" and not claim.own_recipe,
        f"made from {', '.join(sorted(datasets))}; the claim needs {', '.join(missing)} as well": (
            origin == "archive" and bool(missing)
        ),
        "the published value is unverified: check it against the article first": claim.source == "recalled",
    }
    return "; ".join(reason for reason, applies in reasons.items() if applies) or None


def basis_of(claim: Claim, *, origin: Origin, run: str) -> Basis:
    """Return what entitles a claim without obstacle to a verdict; the type refuses everything else."""
    made_from = "archive" if origin == "archive" else "own recipe"
    return Basis.model_validate({"origin": made_from, "run": run, "source": claim.source})


def decide(
    claim: Claim, metrics: Mapping[str, Measured], *, origin: Origin, datasets: set[str], run: str, changes: str = ""
) -> Outcome:
    """Return the outcome for one claim; the arguments are those of `obstacle` and our metrics by key."""
    missing = [key for key in claim.metrics if key not in metrics]
    if missing:
        return NotAttempted(reason=f"this run does not compute {', '.join(missing)}")
    hindrance = obstacle(claim, origin=origin, datasets=datasets, run=run, changes=changes)
    if hindrance:
        difference = metrics[claim.metric].value - claim.value if isinstance(claim, NumberClaim) else None
        return NotComparable(reason=hindrance, difference=difference)
    basis = basis_of(claim, origin=origin, run=run)
    if isinstance(claim, OrderingClaim):
        return judge_ordering(metrics[claim.smaller], metrics[claim.larger], basis)
    return judge_number(claim, metrics[claim.metric], basis)


def judge_number(claim: NumberClaim, ours: Measured, basis: Basis) -> Judged:
    """Compare a number: mean m and scatter s of n seeds against p with error e and tolerance t.

    The half width h = t(0.975, n-1) s sqrt(1 + 1/n) is that of the 95 % prediction interval of one more run
    (as CORE-Bench uses it, arXiv:2409.11363). It may only help while h <= 2 t: a huge scatter must not pass
    by being huge.
    """
    difference = ours.value - claim.value
    tolerance = claim.tolerance.around(claim.value)
    n, sd = len(ours.values), ours.sd
    half_width = pull = None
    if sd is not None:
        half_width = float(stdtrit(n - 1, 0.975)) * sd * math.sqrt(1 + 1 / n)
        scatter = max(sd, ours.error)  # the seeds of a shared sample scatter less than the sample allows
        spread = math.hypot(scatter * math.sqrt(1 + 1 / n), claim.error)
        pull = difference / spread if spread > 0 else None
    within_interval = half_width is not None and abs(difference) <= half_width <= 2 * tolerance
    good_sign = {"higher": 1, "lower": -1, "none": 0}[claim.better]
    verdict: Literal["reproduced", "better", "partly", "differs"]
    if abs(difference) <= tolerance + claim.error or within_interval:
        verdict = "reproduced"
    elif difference * good_sign > 0:
        verdict = "better"
    else:
        verdict = "partly" if abs(difference) <= 3 * tolerance else "differs"
    seeds = f"{n} seeds" if n > 1 else "single seed, no interval"
    allowed = f"tolerance {tolerance:.3g} ({claim.tolerance.reason}) and published error {claim.error:.3g}"
    reason = f"|difference| {abs(difference):.3g}, {allowed}; {seeds}"
    return Judged(verdict=verdict, basis=basis, reason=reason, difference=difference, pull=pull, half_width=half_width)


def judge_ordering(smaller: Measured, larger: Measured, basis: Basis) -> Judged:
    """Compare an ordering: it must hold for every seed, and on average by more than two statistical errors.

    The error is that of two independent samples; on the same sample it is an upper limit.
    """
    gaps = [high - low for low, high in zip(smaller.values, larger.values, strict=True)]
    gap, error = larger.value - smaller.value, math.hypot(smaller.error, larger.error)
    n_holds = sum(value > 0 for value in gaps)
    verdict: Literal["reproduced", "partly", "differs"] = "differs"
    if n_holds == len(gaps) and gap > 2 * error:
        verdict = "reproduced"
    elif gap > 0:
        verdict = "partly"
    reason = f"holds for {n_holds} of {len(gaps)} seeds; gap {gap:.3g} with statistical error {error:.2g}"
    return Judged(verdict=verdict, basis=basis, reason=reason, difference=gap, pull=None, half_width=None)
