"""Numbers and claims as text, the same in the terminal, the reports and the READMEs."""

import math
import re

from common.report.compare import CheckLine, Line
from common.report.costs import Cost
from common.report.published import NumberClaim, OrderingClaim
from common.report.verdict import Judged, Measured, NotAttempted


def number(value: float, *errors: float | None) -> str:
    """Return "0.01670 ± 0.00031": as many digits as two of the largest error need, one more beside a far smaller one.

    Without an error a count stays as it is, and other numbers get four digits. Numbers that would begin with many
    zeros, or be longer than seven digits, get a power of ten.
    """
    return _joined(value, [(error, "") for error in errors if error])


def _joined(value: float, errors: list[tuple[float, str]]) -> str:
    """Return a number with its errors, which are above 0, and the names of the errors."""
    if not errors:
        return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e7 else f"{value:.4g}"
    sizes = [error for error, _ in errors]
    power = math.floor(math.log10(max(abs(value), *sizes)))
    if not -4 <= power < 7:
        scale = 10.0**power
        return f"({_joined(value / scale, [(error / scale, name) for error, name in errors])})e{power}"
    decimals = max(0, 1 - math.floor(math.log10(max(sizes)))) + (min(sizes) < max(sizes) / 5)
    words = [f"{error:.{decimals}f} {name}".rstrip() for error, name in errors]
    return " ± ".join([f"{value:.{decimals}f}", *words])


def published(line: Line) -> str:
    """Return what the article states."""
    claim = line.claim
    if not isinstance(claim, NumberClaim):
        return " < ".join(without_common_parts(claim.smaller, claim.larger))
    text = f"{claim.value:g} {claim.unit}".strip()
    return f"{text} (unverified)" if claim.source == "recalled" else text


def without_common_parts(first: str, second: str) -> tuple[str, str]:
    """Return what tells two dotted keys apart: "apercor" and "auto" for deep.apercor.sigma and deep.auto.sigma."""
    pairs = list(zip(first.split("."), second.split("."), strict=False))
    different = [pair for pair in pairs if pair[0] != pair[1]]
    if first.count(".") != second.count(".") or not different:
        return first, second
    return ".".join(one for one, _ in different), ".".join(other for _, other in different)


def ours(line: Line) -> str:
    """Return what we measured, with the errors of sample and seeds."""
    if isinstance(line.outcome, NotAttempted):
        return ""
    claim = line.claim
    shown = [claim.smaller, claim.larger] if isinstance(claim, OrderingClaim) else claim.metrics
    return " and ".join(measured(line.ours[key]) for key in shown)


def measured(entry: Measured) -> str:
    """Return one of our numbers with its errors, each with its name: of the sample, and the scatter between seeds."""
    if entry.limit and entry.low is not None:
        return f"> {number(entry.low)} (84 %)"
    if entry.low is not None and entry.high is not None:
        return _with_interval(entry.value, entry.low, entry.high, entry.sd)
    errors = [(entry.error, "sample"), (entry.sd or 0.0, "seeds")]
    return _joined(entry.value, [(error, name) for error, name in errors if error > 0])


def _with_interval(value: float, low: float, high: float, sd: float | None) -> str:
    """Return "76 +12 −10 sample ± 13 seeds": a rate of few counts, whose interval is not symmetric."""
    decimals = max(0, 1 - math.floor(math.log10(high - low)))
    sample = f"{value:.{decimals}f} +{high - value:.{decimals}f} −{value - low:.{decimals}f} sample"
    return f"{sample} ± {sd:.{decimals}f} seeds" if sd else sample


def condition(line: CheckLine) -> str:
    """Return what a check asks for."""
    check = line.check
    if check.below:
        return " < ".join(without_common_parts(check.metric, check.below))
    return f"≥ {check.at_least:g}" if check.at_least is not None else f"≤ {check.at_most:g}"


def checked(line: CheckLine) -> str:
    """Return what we measured for a check, "–" for what was not."""
    return " and ".join(measured(line.ours[key]) for key in line.check.metrics if key in line.ours) or "–"


def verdict(line: Line) -> str:
    """Return the verdict, with the pull where there is one."""
    outcome = line.outcome
    pull = outcome.pull if isinstance(outcome, Judged) else None
    return outcome.verdict if pull is None else f"{outcome.verdict} (pull {pull:+.1f})"


def difference(line: Line) -> str:
    """Return ours minus published, "" where there is none."""
    value = None if isinstance(line.outcome, NotAttempted) else line.outcome.difference
    return "" if value is None else f"{value:+.3g}"


def cost(total: Cost) -> str:
    """Return "1 h 12 min of CPU time, at most 1.3 GB of memory"; the time is summed over the jobs."""
    largest = f", at most {memory(total.peak_mb)} of memory" if total.peak_mb else ""
    return f"{duration(total.cpu_s)} of CPU time{largest}"


def memory(megabytes: float) -> str:
    """Return "0.3 GB"."""
    return f"{megabytes / 1000:.1f} GB"


def duration(seconds: float) -> str:
    """Return "43 s", "12 min" or "1 h 05 min"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def markdown(words: str) -> str:
    """Return plain words for a line of Markdown, in which no character means more than itself."""
    return re.sub(r"([\\`*_\[\]<>|#$])", r"\\\1", " ".join(words.split()))
