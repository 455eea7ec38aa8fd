"""results/index.html: one line per paper and run that has been made here."""

from pathlib import Path

from common.atomic import write_text
from common.compare import read_comparison
from common.render import render


def write_index(results: Path) -> Path:
    """Write the overview of all comparisons below `results`; return its path."""
    runs = [
        {"folder": path.parent.relative_to(results), "comparison": read_comparison(path)}
        for path in sorted(results.glob("*/*/comparison.json"))
    ]
    target = results / "index.html"
    write_text(target, render("index.html.j2", runs=runs))
    return target
