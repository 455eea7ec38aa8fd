"""Write the results into the READMEs, from recorded runs: `make readme`.

results/<paper>/<run>/ of this checkout -> papers/<paper>/results.json and pictures/ (the record that is kept in git),
and from the records the marked blocks of papers/<paper>/README.md and of the top README.md, and papers/pulls.svg.
papers/<paper>/mutants.yaml -> the block "What can go wrong" of the paper's README.
"""

import argparse
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from common.atomic import write_text
from common.errors import InputError
from common.report import format as text
from common.report import pulls
from common.report.compare import Comparison, Line, read_comparison
from common.report.costs import total_cost
from common.report.mistakes import load_mistakes, mistakes_block
from common.report.pictures import captions, picture_path, store_pictures
from common.report.present import command, reason_outdated, reason_unfinished
from common.report.published import OF_THE_ARTICLE, Published, load_published
from common.report.record import (
    FILE,
    NOT_RECORDED,
    Record,
    judge_again,
    read_records,
    read_stored,
    this_machine,
    to_store,
    write_stored,
)
from common.report.verdict import NotAttempted, Verdict
from common.report.waiting import waiting_block
from common.stage import run
from common.workflow.paper import discover

BEGIN, END = "<!-- {name}: begin (written by `make readme`) -->", "<!-- {name}: end -->"
PULLS = Path("papers/pulls.svg")
TEMPLATE = Path("papers/_template")


def record_runs(paper: Path, results: Path) -> None:
    """Add the finished runs below `results`/<paper>/ to the paper's record, with small copies of their main figures."""
    published, found = load_published(paper / "published.yaml"), {}
    for path in sorted(results.glob(f"{paper.name}/*/comparison.json")):
        if path.parent.name == NOT_RECORDED:
            continue
        comparison = read_comparison(path)
        if reason := reason_unfinished(path.parent) or reason_outdated(path.parent, comparison):
            logging.warning("%s is not recorded: %s. Make it again: %s", path.parent, reason, command(path.parent))
        elif not comparison.changes:
            found[path.parent.name] = to_store(
                comparison,
                machine=this_machine(),
                cost=total_cost(path.parent),
                pictures=captions(published, path.parent / "figures"),
            )
    if found:
        write_stored(paper, read_stored(paper) | found)
    for name in found:  # after the record has been found to be sound
        store_pictures(paper, published, run=name, figures=results / paper.name / name / "figures")


def judge_again_all(paper: Path) -> None:
    """Apply today's rules and published.yaml to the recorded numbers of a paper."""
    published = load_published(paper / "published.yaml")
    runs = {
        name: judge_again(stored, published, run=name, where=paper / FILE)
        for name, stored in read_stored(paper).items()
    }
    if runs:
        write_stored(paper, runs)


def paper_block(records: dict[str, Record], paper: Path) -> str:
    """Return the results of one paper: of each recorded run a table, and the pictures that lie in its folder."""
    if not records:
        return "No run has been recorded yet."
    published = load_published(paper / "published.yaml")
    parts = []
    for name, record in sorted(records.items()):
        parts += [_run_table(name, record), *_pictures(name, record, paper=paper, published=published)]
        parts += _not_attempted(record)
    return "\n\n".join(parts)


def _pictures(name: str, record: Record, *, paper: Path, published: Published) -> list[str]:
    """Return the pictures of one run with their captions; what they are made from comes first."""
    shown = []
    for figure in published.pictures:
        path = picture_path(paper, name, figure.file or "")
        if path.is_file():
            caption = record.pictures.get(figure.file or "") or figure.shows
            made_from = "Made from generated data. " if record.comparison.origin == "generated" else ""
            link = f"![{text.markdown(figure.shows)}]({path.relative_to(paper).as_posix()})"
            shown.append(f"{link}\n\n*{made_from}{text.markdown(caption)}*")
    return shown


def _not_attempted(record: Record) -> list[str]:
    """Return the claims that the run does not compute, in one folded paragraph; none if it computes them all."""
    lines = [line for line in record.comparison.lines if isinstance(line.outcome, NotAttempted)]
    if not lines:
        return []
    claims = ", ".join(f"{line.claim.id} ({text.published(line)})" for line in lines)
    return [f"<details><summary>not attempted by this run: {len(lines)} claims</summary>\n\n{claims}\n\n</details>"]


def _run_table(name: str, record: Record) -> str:
    comparison = record.comparison
    made_from = (
        "**generated data**" if comparison.origin == "generated" else f"archive: {', '.join(comparison.datasets)}"
    )
    cost = f" ({text.cost(record.cost)})" if record.cost else ""
    head = f"Run `{name}`, made from {made_from}, {comparison.n_seeds} seed(s), on {record.machine}{cost}:"
    rows = [
        f"| {line.claim.id} | {text.published(line)} | {text.ours(line) or '–'} | {text.verdict(line)} |"
        for line in comparison.lines
        if not isinstance(line.outcome, NotAttempted)
    ]
    table = "\n".join([head, "", "| claim | published | ours | verdict |", "|---|---|---|---|", *rows])
    checks = [
        f"| {line.check.label} | {text.condition(line)} | {text.checked(line)} | {line.result} |"
        for line in comparison.checks
        if line.ours
    ]
    if not checks:
        return table
    return "\n".join([table, "", "| our own check | expected | ours | |", "|---|---|---|---|", *checks])


def overview_block(papers: Mapping[str, Path]) -> str:
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
    """Return how often each verdict came out for statements of the article, and apart from them for all others."""
    lines = record.comparison.lines
    of_article = [line for line in lines if line.claim.source in OF_THE_ARTICLE]
    others = [line for line in lines if line.claim.source not in OF_THE_ARTICLE]
    words = _by_verdict(of_article)
    return f"{words} (beside the article: {_by_verdict(others)})" if others else words


def _by_verdict(lines: Sequence[Line]) -> str:
    counts = Counter(line.outcome.verdict for line in lines)
    order = [*get_args(Verdict), "not comparable", "not attempted"]
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])


def pulls_block(papers: Mapping[str, Sequence[Comparison]]) -> str:
    """Return the pull plot of all papers and its caption."""
    drawn, others = pulls.points(papers), pulls.without_number(papers)
    orders = ", ".join(f"{count} {verdict}" for verdict, count in sorted(others.items()))
    return f"""![Pulls of all {len(drawn)} published numbers that were judged, by paper]({PULLS.as_posix()})

*Each published number that a recorded run judges. Bands: one and two standard deviations of the pull. An open marker
has no known error and therefore no pull; it shows the difference as a part of what the tolerance and the published
error allow. Arrows: beyond ±{pulls.EDGE:g}. Judged orders of two numbers have no pull: {orders or "none"}.*"""


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


def mistakes_part(folder: Path) -> str:
    """Return the text of a paper's README with its list of mistakes; a README without the part gets it at its end."""
    readme, mistakes = folder / "README.md", load_mistakes(folder)
    content = readme.read_text(encoding="utf-8")
    begin, end = BEGIN.format(name="mistakes"), END.format(name="mistakes")
    if not mistakes:
        return content
    if begin not in content:
        return f"{content.rstrip()}\n\n### What can go wrong\n{begin}\n{mistakes_block(mistakes)}\n{end}\n"
    return replace_block(readme, "mistakes", mistakes_block(mistakes))


def write_blocks(papers: Mapping[str, Path]) -> None:
    """Write all blocks and the pull plot from the records."""
    records = {name: read_records(folder) for name, folder in papers.items()}
    for name, folder in papers.items():
        write_text(
            folder / "README.md", replace_block(folder / "README.md", "results", paper_block(records[name], folder))
        )
        write_text(folder / "README.md", replace_block(folder / "README.md", "waiting", waiting_block(folder)))
    for folder in [TEMPLATE, *papers.values()]:
        write_text(folder / "README.md", mistakes_part(folder))
    comparisons = {name: [record.comparison for record in runs.values()] for name, runs in records.items()}
    write_text(PULLS, pulls.draw(comparisons))
    for block, content in (("pulls", pulls_block(comparisons)), ("papers", overview_block(papers))):
        write_text(Path("README.md"), replace_block(Path("README.md"), block, content))


def main() -> None:
    """Record the finished runs, then write all blocks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--judge-again",
        action="store_true",
        help="apply the present rules and published.yaml to the recorded numbers, instead of recording runs",
    )
    again = parser.parse_args().judge_again
    papers = {name: Path("papers") / name for name in discover()}
    for folder in papers.values():
        if again:
            judge_again_all(folder)
        else:
            record_runs(folder, Path("results"))
    write_blocks(papers)


if __name__ == "__main__":
    run(main, keeps_reports=True)
