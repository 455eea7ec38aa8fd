"""Write a run's report.html and report.md: verdicts, figures, deviations, provenance, environment, cost."""

import importlib.metadata
import json
import os
import platform
import re
import shlex
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from common.atomic import write_text
from common.download.receipts import read_receipt, sha256_of
from common.report.compare import Comparison, read_comparison, read_metrics
from common.report.present import read_present
from common.report.published import load_published
from common.report.render import render
from common.stage import parse, run

DEVIATIONS_HEADING = "## What differs from the paper"
LOCK = Path("envs/lock.txt")


def read_deviations(readme: Path) -> list[str]:
    """Return the numbered list below the README's heading "What differs from the paper", as plain text."""
    _, _, after = readme.read_text(encoding="utf-8").partition(DEVIATIONS_HEADING)
    section = re.split(r"^## ", after, flags=re.MULTILINE)[0]
    items = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    return [" ".join(item.split()).replace("**", "").replace("`", "") for item in items]


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


def describe_environment() -> dict[str, Any]:
    """Return what the run was made with: Python, machine, packages, lock file and commit."""
    found = importlib.metadata.distributions()
    packages = {f"{entry.metadata['Name']} {entry.version}" for entry in found if entry.metadata["Name"]}
    return {
        "python": f"Python {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "packages": sorted(packages, key=str.lower),
        "lock_sha256": sha256_of(LOCK),
        "commit": describe_commit(),
    }


def describe_commit() -> str:
    """Return the commit of the sources, "-dirty" if they were edited since; "" without git or outside a checkout."""
    try:
        git = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return git.stdout.strip()


def make_command(comparison: Comparison, paper: str, seeds: list[str]) -> str:
    """Return the line that makes this run again."""
    changes = f" {shlex.quote(f'{paper}={comparison.changes}')}" if comparison.changes else ""
    return f"snakemake papers/{paper} --config run={comparison.run} seeds={','.join(seeds)}{changes}"


def collect(paper: Path, results: Path, *, receipts: list[Path], seeds: list[str]) -> dict[str, Any]:
    """Return everything that the templates show.

    Args:
        paper: The paper's folder.
        results: The run's folder; what earlier calls with other seeds left in it is not shown.
        receipts: Of the data that this run is made from.
        seeds: Of this run.
    """
    comparison = read_comparison(results / "comparison.json")
    content = load_published(paper / "published.yaml")
    metrics = read_metrics(results / "metrics.json")
    images = {path.stem: path for path in sorted(results.glob("figures/*.png"))}
    return {
        "comparison": comparison,
        "command": make_command(comparison, paper.name, seeds),
        "figures": [{"published": figure, "image": images.get(figure.file or "")} for figure in content.figures],
        "references": [{"reference": entry, "ours": metrics.get(entry.metric)} for entry in content.reference],
        "deviations": read_deviations(paper / "README.md"),
        "receipts": [read_receipt(path) for path in receipts],
        "costs": read_costs(results / "benchmarks", seeds=seeds),
        **describe_environment(),
    }


def main() -> None:
    """Collect, render, write."""
    arguments = parse(__doc__ or "", section="run", paths=["paper", "results", "html", "markdown"])
    read_present(arguments.results / "comparison.json")
    receipts = arguments.run.receipts(arguments.results / "receipts")
    seeds = [str(seed) for seed in arguments.run.seeds]
    content = collect(arguments.paper, arguments.results, receipts=receipts, seeds=seeds)
    write_text(arguments.html, render("report.html.j2", **content))
    write_text(arguments.markdown, render("report.md.j2", **content))


if __name__ == "__main__":
    run(main, keeps_reports=True)
