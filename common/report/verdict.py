"""The verdict on one claim: the article's value beside ours.

With sigma, the error of the difference d (`common.report.difference`), tolerance t and published error e:

    reproduced   |d| <= t + e, and sigma is small: sqrt(sigma^2 + e^2) <= 0.4 t (e widens the limit, so it counts twice)
    differs      |d| > t + 2 sigma; "better" if ours is better than the article's
    undecided    anything else, with what would decide it

The rounding of the last printed digit is a bound and no standard deviation: it is no part of sigma, but widens both
limits. A number that we compute from what the authors stored is "recomputed" within t + e, whatever sigma.

0.4 is the largest part for which a truth that is two tolerances off is called reproduced in less than 5 % of runs, and
one that is the published value, measured to 0.2 t, in more than 95 %, with two seeds and more (tests/common/
test_verdict_rates.py draws them). `Judged` is the only outcome that can say "reproduced", and it cannot be built
without a `Basis`, whose type admits neither generated stand-in data, nor the smoke run, nor a number that nobody has
checked, nor one of a third party.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, field_validator, model_validator

from common.report.difference import Sigma, combine, sigma_of
from common.report.published import Claim, NumberClaim, OrderingClaim
from common.yamlio import Strict

Origin = Literal["archive", "generated"]  # of a run's input files
ALLOWED_SOURCES = Literal["article", "abstract", "authors' code", "authors' vector figure"]
Verdict = Literal["reproduced", "recomputed", "better", "undecided", "differs"]
SMALL = 0.4  # sigma over tolerance


class Measured(Strict):
    """One of our numbers over all seeds of a run."""

    value: FiniteFloat  # mean over the seeds
    error: FiniteFloat = Field(ge=0)  # statistical error of a single seed
    sd: FiniteFloat | None = Field(ge=0)  # scatter between the seeds; None for a single seed
    n: int = Field(ge=0)  # size of the sample that it was measured on
    values: list[FiniteFloat] = Field(min_length=1)  # one per seed
    low: FiniteFloat | None = None  # 68 % interval of a rate with few counts, of a single seed
    high: FiniteFloat | None = None
    limit: bool = False  # a lower limit: too few counts for a value

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

    verdict: Verdict
    basis: Basis
    reason: str
    difference: float  # ours - published
    sigma: float = Field(ge=0)  # error of the difference
    pull: float | None  # the Gaussian deviate as seldom as the difference; None if no error is known
    deciding: str = ""  # of an undecided claim: sample and seeds that would decide it


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
        "the value is a third party's, not the article's": claim.source == "third party",
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
        gap = metrics.get(claim.gap) if claim.gap else None
        return judge_ordering(claim, metrics[claim.smaller], metrics[claim.larger], basis, gap=gap)
    return judge_number(claim, metrics[claim.metric], basis)


def judge_number(claim: NumberClaim, ours: Measured, basis: Basis) -> Judged:
    """Compare a number with the published one by the rules above."""
    difference, n_seeds = ours.value - claim.value, len(ours.values)
    sigma = sigma_of(claim, scatter=ours.sd, error=ours.error, n_seeds=n_seeds)
    tolerance = claim.tolerance.around(claim.value)
    size = abs(difference)
    near, far = size <= tolerance + claim.error, size > tolerance + claim.rounding + sigma.two
    small = math.hypot(sigma.value, claim.standard_error) <= SMALL * tolerance
    good_sign = {"higher": 1, "lower": -1, "none": 0}[claim.better]
    unknown = _what_is_not_known(claim, ours)
    verdict: Verdict = "undecided"
    if near and claim.recomputed:
        verdict = "recomputed"
    elif not unknown and near and small:
        verdict = "reproduced"
    elif not unknown and far:
        verdict = "better" if difference * good_sign > 0 else "differs"
    words = f"|difference| {size:.3g} ± {sigma.value:.2g}, tolerance {tolerance:.3g} ({claim.tolerance.reason})"
    if claim.error:
        words += f", published error {claim.error:.3g}"
    deciding = ""
    if verdict == "undecided":
        why = "between the tolerance and a clear difference" if small else "our error is too large for the tolerance"
        deciding = unknown or _what_decides(claim, ours, tolerance, near=near)
        words = f"{words}; {why if not unknown else 'not known well enough'}: {deciding}"
    return Judged(
        verdict=verdict,
        basis=basis,
        reason=words,
        difference=difference,
        sigma=sigma.value,
        pull=None if unknown else sigma.pull(difference),
        deciding=deciding,
    )


def _what_is_not_known(claim: Claim, ours: Measured) -> str:
    """Return why no error can be given to a number, "" if one can."""
    if ours.limit:
        return "ours is only a limit, too few examples pass; it needs at least three that pass"
    if claim.seeded and not claim.recomputed and ours.sd is None:
        return "a single seed does not show how much trainings scatter; it needs at least two"
    return ""


def _what_decides(claim: NumberClaim, ours: Measured, tolerance: float, *, near: bool) -> str:
    """Return the sample and the seeds with which the present difference would be decided.

    The error of the sample falls with the square root of its size. The scatter of the seeds does not fall below that of
    one training, because the article's number is one training.
    """
    size = abs(ours.value - claim.value)
    goal = (SMALL * tolerance) ** 2 - claim.standard_error**2
    if not near:
        goal = ((size - tolerance - claim.rounding) / 2) ** 2
    for seeds in [n for n in (len(ours.values), 3, 5, 9, 20) if n >= len(ours.values)]:
        fixed = sigma_of(claim, scatter=ours.sd, error=0.0, n_seeds=seeds).value ** 2
        of_sample = sigma_of(claim, scatter=ours.sd, error=ours.error, n_seeds=seeds).value ** 2 - fixed
        if fixed >= goal:
            continue
        events = ours.n * max(of_sample / (goal - fixed), 1.0)
        more = f"about {_two_digits(events)} examples (now {ours.n})" if events > ours.n else ""
        trained = f"{seeds} seeds (now {len(ours.values)})" if seeds > len(ours.values) else ""
        return "it needs " + (" and ".join(part for part in (more, trained) if part) or "a few more seeds")
    part = "published error" if claim.standard_error**2 >= goal else "scatter between trainings"
    return f"no sample decides it, the {part} alone is too large for the tolerance"


def _two_digits(number: float) -> str:
    digits = max(math.floor(math.log10(number)) - 1, 0)
    return f"{math.ceil(number / 10**digits) * 10**digits:,}"


def judge_ordering(
    claim: OrderingClaim, smaller: Measured, larger: Measured, basis: Basis, *, gap: Measured | None = None
) -> Judged:
    """Compare an ordering: reproduced or not where the gap is more than two of its errors, else undecided.

    Args:
        claim: The ordering.
        smaller: Ours of the number that should be smaller.
        larger: And of the larger one.
        basis: What entitles to a verdict.
        gap: Their difference with the error that it has on the same events; without it, that of independent samples is
            taken, which is an upper limit for numbers that go up and down together.
    """
    gaps = [high - low for low, high in zip(smaller.values, larger.values, strict=True)]
    error = gap.error if gap else math.hypot(smaller.error, larger.error)
    scatter = _variance(gaps) / len(gaps)
    sigma = combine(error**2, scatter, len(gaps))
    difference = larger.value - smaller.value
    unknown = _what_is_not_known(claim, smaller) or _what_is_not_known(claim, larger)
    verdict: Verdict = "undecided"
    if not unknown and difference > sigma.two:
        verdict = "recomputed" if claim.recomputed else "reproduced"
    elif not unknown and difference < -sigma.two:
        verdict = "differs"
    kind = "on the same examples" if gap else "of independent samples"
    holds = sum(value > 0 for value in gaps)
    words = f"gap {difference:.3g} ± {sigma.value:.2g} ({kind}); it holds for {holds} of {len(gaps)} seeds"
    deciding = ""
    if verdict == "undecided":
        deciding = unknown or _what_decides_order(difference, sigma, error, smaller.n)
        words = f"{words}: {deciding}"
    return Judged(
        verdict=verdict,
        basis=basis,
        reason=words,
        difference=difference,
        sigma=sigma.value,
        pull=None,
        deciding=deciding,
    )


def _variance(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)


def _what_decides_order(difference: float, sigma: Sigma, error: float, n: int) -> str:
    """Return the sample that would decide a gap of the present size."""
    if abs(difference) < sigma.two / 1000:
        return "both are equal as far as any sample can tell"
    factor = (sigma.two / difference) ** 2
    if error**2 < sigma.value**2 / 2:
        return f"it needs about {math.ceil(factor)} times as many seeds"
    return f"it needs about {_two_digits(n * factor)} examples (now {n})"
