"""results/index.html: one line per paper and run that has been made here."""

import logging
from pathlib import Path

from common.atomic import write_text
from common.errors import InputError
from common.report.compare import read_comparison
from common.report.present import command, reason_outdated, reason_unfinished
from common.report.render import render

log = logging.getLogger(__name__)


def write_index(results: Path) -> Path:
    """Write the overview of all comparisons below `results`; return its path."""
    runs = []
    for path in sorted(results.glob("*/*/comparison.json")):
        try:
            comparison = read_comparison(path)
            outdated = reason_unfinished(path.parent) or reason_outdated(path.parent, comparison)
            runs.append(
                {
                    "folder": path.parent.relative_to(results),
                    "comparison": comparison,
                    "outdated": outdated,
                    "command": command(path.parent),
                }
            )
        except InputError as error:  # e.g. made by an older version; that must not hide the other runs
            log.warning("%s is left out of the overview: %s", path.parent, error)
    target = results / "index.html"
    write_text(target, render("index.html.j2", runs=runs))
    return target
