"""What a run cost: time and memory from the benchmark files that Snakemake writes for each job."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from pydantic import Field

from common.settings import read_facts
from common.yamlio import Strict

SETTINGS = "settings.yaml"


class Cost(Strict):
    """Cost of a whole run."""

    job_s: float = Field(ge=0)  # summed over the jobs, of which some ran at the same time
    cpu_s: float = Field(ge=0)
    peak_mb: float = Field(ge=0)  # of the largest job; 0: no job was long enough for a reading


def read_costs(benchmarks: Path, *, seeds: list[str]) -> list[dict[str, Any]]:
    """Return time and memory per stage from Snakemake's benchmark files, for the given seeds.

    Jobs of one stage, e.g. several seeds, are summed in time; of memory the largest job counts.
    """
    stages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(benchmarks.rglob("*.jsonl")):
        stage, _, seed = path.relative_to(benchmarks).parts[0].removesuffix(".jsonl").partition("_seed")
        if stage != "report" and (not seed or seed in seeds):  # the report cannot know its own cost
            stages[stage].append(json.loads(path.read_text(encoding="utf-8").splitlines()[-1]))
    return [
        {
            "stage": stage,
            "jobs": len(jobs),
            "seconds": sum(job["s"] for job in jobs),
            "cpu_seconds": sum(_number(job["cpu_time"]) for job in jobs),
            "peak_mb": max(_number(job["max_rss"]) for job in jobs),
        }
        for stage, jobs in stages.items()
    ]


def _number(reading: Any) -> float:
    """Return a benchmark reading; jobs of a fraction of a second have none."""
    return float(reading) if isinstance(reading, int | float) else 0.0


def total_cost(folder: Path) -> Cost | None:
    """Return what the run in `folder` cost, or None if its seeds or its benchmark files are not known."""
    if not (folder / SETTINGS).is_file():
        return None
    stages = read_costs(folder / "benchmarks", seeds=[str(seed) for seed in read_facts(folder / SETTINGS).seeds])
    if not stages:
        return None
    return Cost(
        job_s=round(sum(stage["seconds"] for stage in stages), 1),
        cpu_s=round(sum(stage["cpu_seconds"] for stage in stages), 1),
        peak_mb=round(max(stage["peak_mb"] for stage in stages), 1),
    )
