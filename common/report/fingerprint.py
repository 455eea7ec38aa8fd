"""Fingerprints of what the numbers of a run are made with: the code of the paper's stages, and the settings."""

import hashlib
import json
import re
from pathlib import Path

from common.workflow.closure import ROOT, import_closure

SHARED_STAGES = ("common.report.aggregate", "common.report.compare")
WITHOUT_NUMBERS = ("figures",)  # stages that no metric depends on


def stages_of(paper: str) -> list[str]:
    """Return the modules of a paper's stages; the rules in its rules.smk have their names."""
    text = (ROOT / "papers" / paper / "rules.smk").read_text(encoding="utf-8")
    return [f"papers.{paper}.{name}" for name in re.findall(r"^rule (\w+):", text, re.MULTILINE)]


def code_fingerprint(paper: str) -> str:
    """Return a hash that changes with every file that the numbers and verdicts of a paper depend on."""
    modules = [stage for stage in stages_of(paper) if stage.rpartition(".")[2] not in WITHOUT_NUMBERS]
    files = {file for module in (*modules, *SHARED_STAGES) for file in import_closure(module)}
    folder = ROOT / "papers" / paper
    tables = [path for path in folder.rglob("*.csv") if "tests" not in path.relative_to(folder).parts]
    others = [folder / "published.yaml", folder / "datasets.yaml", *tables]
    files |= {str(path.relative_to(ROOT)) for path in others}
    contents = {file: sha256_of_text(ROOT / file) for file in sorted(files)}
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def sha256_of_text(path: Path) -> str:
    """Return the SHA-256 of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
