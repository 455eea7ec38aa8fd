"""A step that starts makes the report of its run outdated, and the overview of all runs.

Both are made last. They are removed before anything else of their run is made, so what lies there was made after every
step of its run had ended well.
"""

import re
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path("results")
REPORTS = ("report.html", "report.md")
OVERVIEW = "index.html"
RUN_FOLDER = re.compile(r"(?:.*/)?results/[^/]+/[^/]+(?=/)")


def remove_reports(paths: Iterable[str]) -> None:
    """Remove the overview, and the reports of the runs that some paths lie in.

    Paths outside of the present folder's results are left alone, whatever their names are.
    """
    found = {Path(match[0]) for path in paths if (match := RUN_FOLDER.match(path))}
    folders = [folder for folder in sorted(found) if folder.resolve().parents[1] == RESULTS.resolve()]
    for folder in folders:
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)
        (RESULTS / OVERVIEW).unlink(missing_ok=True)
