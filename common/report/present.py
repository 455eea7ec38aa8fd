"""Whether a comparison was made with the present settings and code; who shows its numbers asks here first."""

import json
from pathlib import Path

from common.errors import InputError
from common.report.compare import Comparison, read_comparison
from common.report.fingerprint import code_fingerprint, sha256_of_text
from common.settings import read_facts
from common.workflow.outdated import REPORTS
from common.workflow.paper import Paper
from common.workflow.resolve import settings_text


def reason_outdated(folder: Path, comparison: Comparison) -> str:
    """Return why the numbers in a run's folder are not those of the present settings and code; "" if they are.

    Args:
        folder: results/<paper>/<run>
        comparison: Content of its comparison.json.
    """
    paper, settings = folder.parent.name, folder / "settings.yaml"
    try:
        if comparison.code_sha256 != code_fingerprint(paper):
            return "the code or published.yaml has changed since"
        if not settings.is_file() or comparison.settings_sha256 != sha256_of_text(settings):
            return "its settings.yaml is missing or was written by a later call"
        if settings.read_text(encoding="utf-8") != _present_settings(paper, settings):
            return "the settings have changed since"
    except Exception as error:  # whatever is wrong with a half-edited paper, the others must be shown
        return f"its code or settings cannot be read ({error})"
    return ""


def reason_unfinished(folder: Path) -> str:
    """Return why a run is not complete: a stage has started since its report was made; "" if it is complete."""
    missing = [name for name in REPORTS if not (folder / name).is_file()]
    return "a step of it was made after its report, or failed" if missing else ""


def read_present(path: Path) -> Comparison:
    """Return a comparison whose numbers may be shown.

    Raises:
        InputError: If they are not those of the present settings and code.
    """
    comparison = read_comparison(path)
    if reason := reason_outdated(path.parent, comparison):
        raise InputError(f"{path}: these numbers are outdated: {reason}. Make them again: {command(path.parent)}")
    return comparison


def command(folder: Path) -> str:
    """Return the call that makes a run again."""
    return f"snakemake papers/{folder.parent.name} --config run={folder.name}"


def _present_settings(paper: str, path: Path) -> str:
    """Return what `settings.yaml` would hold now, for the command line that it was written for."""
    facts = read_facts(path)
    changes = json.loads(facts.changes) if facts.changes else None
    config = ({"seeds": facts.asked_seeds} if facts.asked_seeds else {}) | ({paper: changes} if changes else {})
    return settings_text(Paper(paper, config), facts.name)
