"""results/index.html: every run that has been made here, with its verdicts, its main figure and what it cost."""

import base64
import logging
from collections import defaultdict
from pathlib import Path

from common.atomic import write_text
from common.errors import InputError
from common.report import pictures, pulls
from common.report.compare import Comparison, read_comparison
from common.report.costs import total_cost
from common.report.present import command, reason_outdated, reason_unfinished
from common.report.published import load_published
from common.report.render import render

log = logging.getLogger(__name__)


def write_index(results: Path, papers: Path = Path("papers")) -> Path:
    """Write the overview of all comparisons below `results`; return its path.

    Args:
        results: Folder of all results.
        papers: Folder of all papers; their published.yaml says which figure is the main one.
    """
    runs = []
    listed: dict[str, list[Comparison]] = defaultdict(list)
    for path in sorted(results.glob("*/*/comparison.json")):
        try:
            comparison = read_comparison(path)
            outdated = reason_unfinished(path.parent) or reason_outdated(path.parent, comparison)
            run = {
                "folder": path.parent.relative_to(results),
                "comparison": comparison,
                "outdated": outdated,
                "command": command(path.parent),
                "cost": None if outdated else total_cost(path.parent),
                "thumbnail": "" if outdated else main_figure(papers / path.parent.parent.name, path.parent),
            }
        except InputError as error:  # e.g. made by an older version; that must not hide the other runs
            log.warning("%s is left out of the overview: %s", path.parent, error)
            continue
        runs.append(run)
        if not outdated:
            listed[path.parent.parent.name].append(comparison)
    target = results / "index.html"
    plot = pulls.draw(listed) if pulls.points(listed) else ""
    write_text(target, render("index.html.j2", runs=runs, pulls=_address(plot.encode("utf-8"), "svg+xml")))
    return target


def main_figure(paper: Path, folder: Path) -> str:
    """Return the first figure that a paper marks with picture: true, very small, as an address; "" without one."""
    if not (paper / "published.yaml").is_file():
        return ""
    found = list(pictures.drawn(load_published(paper / "published.yaml"), folder / "figures").values())
    return _address(pictures.thumbnail(found[0]), "png") if found else ""


def _address(content: bytes, kind: str) -> str:
    """Return a picture as an address that holds the picture itself; "" for no content."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}" if content else ""
