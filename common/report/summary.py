"""Print what a run found: the verdict table and where the figures are."""

import argparse
import sys
from pathlib import Path

from common.report import format as text
from common.report.compare import Comparison, Line
from common.report.index import write_index
from common.report.present import read_present
from common.report.published import load_published
from common.report.verdict import Judged, NotAttempted
from common.stage import run


def table(rows: list[list[str]], headings: list[str]) -> str:
    """Return rows of text in aligned columns."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [headings, *rows]]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def describe(comparison: Comparison, folder: Path) -> str:
    """Return the summary of one run as text; `folder` is its results folder."""
    attempted = [line for line in comparison.lines if not isinstance(line.outcome, NotAttempted)]
    rows = [[line.claim.id, text.published(line), text.ours(line), text.verdict(line)] for line in attempted]
    reasons = sorted({f"  not comparable: {line.outcome.reason}" for line in attempted if not _is_judged(line)})
    if n_left := len(comparison.lines) - len(attempted):
        reasons.append(f"  not attempted by this run: {n_left} claims")
    if any(_is_judged(line) for line in attempted):
        reasons.append("  what each verdict rests on, and what would decide an undecided one: in the report")
    made_from = "GENERATED stand-in data" if comparison.origin == "generated" else ", ".join(comparison.datasets)
    published = load_published(Path("papers") / folder.parent.name / "published.yaml")
    stems = [figure.file for figure in published.figures if figure.file]
    figures = [path for path in (folder / f"figures/{stem}.png" for stem in stems) if path.exists()]
    return "\n".join(
        [
            "",
            f"{comparison.paper.title} (arXiv:{comparison.paper.arxiv})",
            f"run {comparison.run}, made from {made_from}; seeds: {comparison.n_seeds}",
            "",
            table(rows, ["claim", "published", "ours", "verdict"]),
            "",
            *reasons,
            "",
            "Figures:",
            *(f"  {figure}" for figure in figures),
            f"Report: {folder / 'report.html'}",
        ]
    )


def _is_judged(line: Line) -> bool:
    return isinstance(line.outcome, Judged)


def main() -> None:
    """Print the summary of each report's run; with --strict a claim that differs makes it fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=Path, nargs="+", required=True)
    parser.add_argument("--strict", action="store_true")
    arguments = parser.parse_args()
    differs = []
    for report in arguments.reports:
        comparison = read_present(report.parent / "comparison.json")
        print(describe(comparison, report.parent))
        differs += [line.claim.id for line in comparison.lines if line.outcome.verdict == "differs"]
    print(f"All papers: {write_index(Path('results'))}")
    if differs and arguments.strict:
        sys.exit(f"strict=true: these claims differ from the article: {', '.join(differs)}")


if __name__ == "__main__":
    run(main, keeps_reports=True)
