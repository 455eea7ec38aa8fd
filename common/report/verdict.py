"""The verdict on one claim: the article's value beside ours.

With sigma, the error of the difference d (`common.report.difference`), tolerance t and published error e:

    reproduced   |d| <= t + e, and the errors are small: sqrt(sigma^2 + e^2) <= 0.4 t. (e widens the limit on d, so it
                 has to be small itself, also where sigma contains it.) A number without any error: |d| <= t or e
    differs      |d| > t + 2 sigma; "better" if ours is better than the article's
    undecided    anything else, with what would decide it

The rounding of the last printed digit is a bound and no standard deviation: it is no part of sigma, but widens both
limits. A number that we compute from what the authors stored is "recomputed" within t + e, whatever sigma.

0.4 is about the largest part for which a truth that is two tolerances off is called reproduced in 5 % of runs, and one
that is the published value, measured to 0.2 t, in 95 %, where two seeds are all that is known of the error; with more
both rates are better (tests/common/test_verdict_rates.py draws them).

`Judged` is the only outcome that can say "reproduced", and it cannot be built without a `Basis`, whose type admits
neither generated stand-in data, nor the smoke run, nor a number that nobody has checked, nor one of a third party.
"""

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, field_validator, model_validator

from common.report.difference import Sigma, combine, sigma_of
from common.report.published import Claim, NumberClaim, OrderingClaim
from common.yamlio import Strict

Origin = Literal["archive", "generated"]  # of a run's input files
ALLOWED_SOURCES = Literal["article", "abstract", "authors' code", "authors' vector figure"]
Verdict = Literal["reproduced", "recomputed", "better", "undecided", "differs"]
SMALL = 0.4  # of the errors over the tolerance
SEEDS_TO_ASK_FOR = (3, 5, 9, 20)
LARGEST_FACTOR = 1e5  # by which a sample can be asked to grow


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
    error = _error_towards(claim.value, ours)
    sigma = sigma_of(claim, scatter=ours.sd, error=error, n_seeds=n_seeds)
    rules = Rules.of(claim, abs(difference))
    unknown = _what_is_not_known(claim, ours)
    good_sign = {"higher": 1, "lower": -1, "none": 0}[claim.better]
    verdict: Verdict = "undecided"
    if claim.recomputed and rules.near and not ours.limit:
        verdict = "recomputed"
    elif not unknown and rules.reproduced(sigma):
        verdict = "reproduced"
    elif not unknown and rules.differs(sigma):
        verdict = "better" if difference * good_sign > 0 else "differs"
    words = f"|difference| {rules.size:.3g} ± {sigma.value:.2g}, tolerance {rules.tolerance:.3g}"
    words += f" ({claim.tolerance.reason})" + (f", published error {claim.error:.3g}" if claim.error else "")
    deciding = ""
    if verdict == "undecided":
        deciding = unknown or _what_decides(claim, ours, rules, error=error)
        why = "between the tolerance and a clear difference"
        if rules.near:
            why = "our error is too large for the tolerance"
        words = f"{words}; {'not known well enough' if unknown else why}: {deciding}"
    return Judged(
        verdict=verdict,
        basis=basis,
        reason=words,
        difference=difference,
        sigma=sigma.value,
        pull=None if unknown else sigma.pull(difference),
        deciding=deciding,
    )


@dataclass(frozen=True)
class Rules:
    """The limits of one claim for a difference of the given size."""

    size: float
    tolerance: float
    error: float  # the article's, of either kind
    rounding: float  # the same if it is a bound

    @classmethod
    def of(cls, claim: NumberClaim, size: float) -> "Rules":
        """Return the limits of a claim."""
        return cls(size, claim.tolerance.around(claim.value), claim.error, claim.rounding)

    @property
    def near(self) -> bool:
        """Whether the difference is within tolerance and published error."""
        return self.size <= self.tolerance + self.error

    def reproduced(self, sigma: Sigma) -> bool:
        """Whether the number is near, and known well enough to say so."""
        if sigma.value == 0:
            return self.size <= max(self.tolerance, self.error)
        return self.near and math.hypot(sigma.value, self.error) <= SMALL * self.tolerance

    def differs(self, sigma: Sigma) -> bool:
        """Whether the number is clearly farther off than the tolerance."""
        return self.size > self.tolerance + self.rounding + sigma.two


def _error_towards(published: float, ours: Measured) -> float:
    """Return the sample's error on the side of the published value, if there is an interval."""
    if ours.low is None or ours.high is None:
        return ours.error
    return ours.high - ours.value if published > ours.value else ours.value - ours.low


def _what_is_not_known(claim: Claim, ours: Measured) -> str:
    """Return why no error can be given to a number, "" if one can."""
    if ours.limit:
        return "ours is only a limit, too few examples pass; it needs at least three that pass"
    if claim.seeded and not claim.recomputed and ours.sd is None:
        return "a single seed does not show how much trainings scatter; it needs at least two"
    return ""


def _what_decides(claim: NumberClaim, ours: Measured, rules: Rules, *, error: float) -> str:
    """Return the smallest sample and number of seeds with which the present difference and scatter would be decided.

    The error of the sample falls with the square root of its size. The scatter of the seeds does not fall below that of
    one training, because the article's number is one training.
    """

    def decided(seeds: int, factor: float) -> bool:
        sigma = sigma_of(claim, scatter=ours.sd, error=error / math.sqrt(factor), n_seeds=seeds)
        return rules.reproduced(sigma) or rules.differs(sigma)

    if needs := _smallest(decided, n=ours.n, now=len(ours.values)):
        return needs
    if claim.error > SMALL * rules.tolerance and rules.near:
        return "no sample decides it, the published error alone is too large for the tolerance"
    return "no sample decides it, the scatter between seeds alone is too large for the tolerance"


def _smallest(decided: Callable[[int, float], bool], *, n: int, now: int) -> str:
    """Return in words the fewest seeds, and for these the smallest sample, that decide; "" if none of either does.

    Args:
        decided: Of a number of seeds and of the factor by which the sample grows.
        n: Size of our sample.
        now: Number of our seeds.
    """
    for seeds in [now, *(number for number in SEEDS_TO_ASK_FOR if number > now)]:
        if not decided(seeds, LARGEST_FACTOR):
            continue
        low, high = 0.0, math.log(LARGEST_FACTOR)
        if decided(seeds, 1.0):
            high = low
        while high - low > 0.02:
            middle = (low + high) / 2
            low, high = (low, middle) if decided(seeds, math.exp(middle)) else (middle, high)
        asked = [f"about {_two_digits(n * math.exp(high))} examples (now {n})"] if high > 0 else []
        asked += [f"{seeds} seeds (now {now})"] if seeds > now else []
        return f"it needs {' and '.join(asked)}"
    return ""


def _two_digits(number: float) -> str:
    digits = max(math.floor(math.log10(max(number, 1))) - 1, 0)
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
    error, n_seeds = gap.error if gap else math.hypot(smaller.error, larger.error), len(gaps)
    scatter = statistics.variance(gaps) if n_seeds > 1 else 0.0
    sigma = combine(error**2, scatter / n_seeds, n_seeds)
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
        deciding = unknown or _what_decides_order(abs(difference), error, scatter, smaller.n, n_seeds)
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


def _what_decides_order(size: float, error: float, scatter: float, n: int, now: int) -> str:
    """Return the smallest sample and number of seeds that would decide a gap of the present size and variance."""

    def decided(seeds: int, factor: float) -> bool:
        return size > combine(error**2 / factor, scatter / seeds, seeds).two

    return _smallest(decided, n=n, now=now) or "the gap is too close to zero to name a sample that would decide it"
