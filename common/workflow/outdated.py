"""A stage that starts makes the report of its run outdated.

The report is made last, from all files of the run. It is removed as soon as a stage starts, so a report that lies there
was made after every stage of its run had ended well.
"""

import re
from collections.abc import Iterable
from pathlib import Path

REPORTS = ("report.html", "report.md")
RUN_FOLDER = re.compile(r"(?:.*/)?results/[^/]+/[^/]+(?=/)")


def remove_reports(paths: Iterable[str]) -> None:
    """Remove the reports of the runs that the paths of a command lie in."""
    folders = {match[0] for path in paths if (match := RUN_FOLDER.match(path))}
    for folder in sorted(folders):
        for name in REPORTS:
            (Path(folder) / name).unlink(missing_ok=True)
