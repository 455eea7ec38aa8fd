"""Write the result tables of the READMEs from recorded runs: `make readme`.

results/<paper>/<run>/comparison.json of this checkout -> papers/<paper>/results.json (the record that is kept in
git), and from the records the marked blocks of papers/<paper>/README.md and of the top README.md.
"""

import json
import logging
import os
import platform
from pathlib import Path

from common.atomic import write_json, write_text
from common.errors import InputError
from common.report import format as text
from common.report.compare import Comparison, read_comparison
from common.report.present import command, reason_outdated, reason_unfinished
from common.report.published import load_published
from common.stage import run
from common.workflow.paper import discover
from common.yamlio import Strict, validate

BEGIN, END = "<!-- {name}: begin (written by `make readme`) -->", "<!-- {name}: end -->"
NOT_RECORDED = {"smoke"}  # proves nothing


class Record(Strict):
    """One run's comparison, and on which machine it was made."""

    comparison: Comparison
    machine: str


def read_records(paper: Path) -> dict[str, Record]:
    """Return the recorded runs of a paper by name; none if there is no record yet."""
    path = paper / "results.json"
    if not path.exists():
        return {}
    return validate(json.loads(path.read_text(encoding="utf-8")), dict[str, Record], path)


def record_runs(paper: Path, results: Path) -> None:
    """Add the finished runs below `results`/<paper>/ to the paper's record."""
    records = read_records(paper)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    for path in sorted(results.glob(f"{paper.name}/*/comparison.json")):
        if path.parent.name in NOT_RECORDED:
            continue
        comparison = read_comparison(path)
        if reason := reason_unfinished(path.parent) or reason_outdated(path.parent, comparison):
            logging.warning("%s is not recorded: %s. Make it again: %s", path.parent, reason, command(path.parent))
        elif not comparison.changes:
            records[comparison.run] = Record(comparison=comparison, machine=machine)
    if records:
        write_json(paper / "results.json", {name: record.model_dump(mode="json") for name, record in records.items()})


def paper_block(records: dict[str, Record]) -> str:
    """Return the result tables of one paper, a table per recorded run."""
    if not records:
        return "No run has been recorded yet."
    return "\n\n".join(_run_table(name, record) for name, record in sorted(records.items()))


def _run_table(name: str, record: Record) -> str:
    comparison = record.comparison
    made_from = (
        "**generated data**" if comparison.origin == "generated" else f"archive: {', '.join(comparison.datasets)}"
    )
    head = f"Run `{name}`, made from {made_from}, {comparison.n_seeds} seed(s), on {record.machine}:"
    rows = [
        f"| {line.claim.id} | {text.published(line)} | {text.ours(line) or '–'} | {text.verdict(line)} |"
        for line in comparison.lines
    ]
    table = "\n".join([head, "", "| claim | published | ours | verdict |", "|---|---|---|---|", *rows])
    checks = [
        f"| {line.check.label} | {text.condition(line)} | {text.checked(line)} | {text.met(line)} |"
        for line in comparison.checks
        if line.ours
    ]
    if not checks:
        return table
    return "\n".join([table, "", "| our own check | expected | ours | |", "|---|---|---|---|", *checks])


def overview_block(papers: dict[str, Path]) -> str:
    """Return the table of all papers: article, extras, and the verdicts of each recorded run."""
    lines = ["| paper | article | install | recorded runs |", "|---|---|---|---|"]
    for name, folder in papers.items():
        article = load_published(folder / "published.yaml").paper
        runs = [f"`{run_name}`: {_counts(record)}" for run_name, record in sorted(read_records(folder).items())]
        extras = ",".join(article.extras)
        lines.append(
            f"| [{name}](papers/{name}/README.md) | {article.title} ([arXiv:{article.arxiv}]"
            f"(https://arxiv.org/abs/{article.arxiv})) | `make env EXTRAS={extras}` | {'; '.join(runs) or 'none'} |"
        )
    return "\n".join(lines)


def _counts(record: Record) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(record.comparison.counts().items()))


def replace_block(readme: Path, name: str, block: str) -> str:
    """Return the README's text with the marked block `name` replaced.

    Raises:
        InputError: If the README has no such block.
    """
    begin, end = BEGIN.format(name=name), END.format(name=name)
    content = readme.read_text(encoding="utf-8")
    before, found_begin, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise InputError(f"{readme}: expected a block between the lines\n{begin}\n{end}\nAdd both lines and try again.")
    return f"{before}{begin}\n{block}\n{end}{after}"


def main() -> None:
    """Record the finished runs, then write all blocks."""
    papers = {name: Path("papers") / name for name in discover()}
    for folder in papers.values():
        record_runs(folder, Path("results"))
        write_text(
            folder / "README.md", replace_block(folder / "README.md", "results", paper_block(read_records(folder)))
        )
    write_text(Path("README.md"), replace_block(Path("README.md"), "papers", overview_block(papers)))


if __name__ == "__main__":
    run(main, keeps_reports=True)
