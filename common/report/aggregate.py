"""Join the metrics of a run's seeds: mean, scatter between seeds, and the values themselves.

seed<k>/metrics.json with {"auc": {"value", "error", "n"}} -> metrics.json with {"auc": {..., "sd", "values"}}.
"""

import json
import math
import statistics
from pathlib import Path

from pydantic import Field

from common.atomic import write_json
from common.errors import InputError
from common.report.verdict import Measured
from common.stage import parse, run
from common.yamlio import Strict, validate


class SeedMetric(Strict):
    """One number that a paper's evaluate stage wrote for one seed."""

    value: float = Field(allow_inf_nan=False)
    error: float = Field(ge=0, allow_inf_nan=False)
    n: int = Field(ge=0)
    low: float | None = Field(default=None, gt=0, allow_inf_nan=False)  # 68 % interval of a rate with few counts
    high: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    limit: bool = False


def read_seed(path: Path) -> dict[str, SeedMetric]:
    """Return the metrics of one seed.

    Raises:
        InputError: If an entry is not {"value", "error", "n"} with finite numbers.
    """
    return validate(json.loads(path.read_text(encoding="utf-8")), dict[str, SeedMetric], path)


def join(seeds: list[dict[str, SeedMetric]]) -> dict[str, Measured]:
    """Return each metric over all seeds.

    Raises:
        InputError: If the seeds do not have the same metrics.
    """
    for number, metrics in enumerate(seeds):
        if different := set(metrics) ^ set(seeds[0]):
            raise InputError(
                f"seed number {number} and the first seed do not have the same metrics: {', '.join(sorted(different))}."
                " The evaluate stage must write the same keys for every seed."
            )
    return {key: _over_seeds([metrics[key] for metrics in seeds]) for key in sorted(seeds[0])}


def _over_seeds(seeds: list[SeedMetric]) -> Measured:
    if all(seed.low and seed.high for seed in seeds):
        return _rate_over_seeds(seeds)
    values = [seed.value for seed in seeds]
    return Measured(
        value=statistics.fmean(values),
        error=statistics.fmean(seed.error for seed in seeds),
        sd=statistics.stdev(values) if len(values) > 1 else None,
        n=seeds[0].n,
        values=values,
        limit=any(seed.limit for seed in seeds),
    )


def _rate_over_seeds(seeds: list[SeedMetric]) -> Measured:
    """Join rates by their logarithms: the mean of 1/eps is biased, because fluctuations down count more than up."""
    values = [seed.value for seed in seeds]
    value = statistics.geometric_mean(values)
    logs = [math.log(one) for one in values]
    return Measured(
        value=value,
        error=value * statistics.fmean(seed.error / seed.value for seed in seeds),
        sd=value * statistics.stdev(logs) if len(values) > 1 else None,
        n=seeds[0].n,
        values=values,
        low=value * statistics.geometric_mean([(seed.low or seed.value) / seed.value for seed in seeds]),
        high=value * statistics.geometric_mean([(seed.high or seed.value) / seed.value for seed in seeds]),
        limit=any(seed.limit for seed in seeds),
    )


def main() -> None:
    """Read every seed, join, write."""
    arguments = parse(__doc__ or "", section="run", paths=["seeds", "metrics"])
    joined = join([read_seed(path) for path in arguments.run.each_seed(arguments.seeds, "metrics.json")])
    write_json(arguments.metrics, {key: measured.model_dump(exclude_defaults=True) for key, measured in joined.items()})


if __name__ == "__main__":
    run(main)
