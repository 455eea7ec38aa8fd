"""Write the resolved settings of a run: config.yaml, its overlay and the command line -> settings.yaml.

Each stage reads its own section from this file, and the report shows it. The Snakefile writes it before the first job.
It is no job of its own: Snakemake does not compare the parameters of jobs behind a job that runs, so a change in one
section would go unnoticed, or, without `ancient`, rerun every stage.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from common.atomic import write_text
from common.workflow.paper import Paper

HEAD = "# Written by snakemake from the YAML files in papers/{paper}/ and the command line; an edit here is lost.\n"
RUN_FOLDER = re.compile(r"results/([^/]+)/([^/]+)/")


def settings_text(paper: Paper, run: str) -> str:
    """Return the content of a run's settings.yaml."""
    content = paper.resolved_settings(run)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return HEAD.format(paper=paper.name) + text


def write_settings(papers: Mapping[str, Paper], files: Iterable[str]) -> None:
    """Write settings.yaml of every run that some files belong to, unless it is there with the same content.

    Args:
        papers: All papers by name.
        files: Inputs and outputs of the jobs that are about to run.
    """
    runs = {match.groups() for file in files if (match := RUN_FOLDER.match(file))}
    for name, run in sorted(runs):
        path, text = Path("results", name, run, "settings.yaml"), settings_text(papers[name], run)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
