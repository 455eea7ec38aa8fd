"""mutants.yaml: what a student could get wrong in a paper, and which tests notice it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from common.errors import InputError
from common.report import format as text
from common.yamlio import Strict, load

FILE = "mutants.yaml"
Kind = Literal[
    "independence",
    "null",
    "alignment",
    "invariance",
    "architecture",
    "training",
    "weights and units",
    "errors",
    "published",
    "chain",
    "figures",
    "physics",
]
KINDS: tuple[str, ...] = get_args(Kind)


class Change(Strict):
    """One edit: `before` stands exactly once in the file, and `after` takes its place."""

    file: str = Field(description="from the paper's folder, or from the repository's root if it begins with common/")
    before: str = Field(min_length=1)
    after: str


class Mistake(Strict):
    """One mistake that can be planted."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="unique in the paper")
    mistake: str = Field(min_length=1, description="one sentence: what a student would get wrong")
    matters: str = Field(min_length=1, description="one sentence: what becomes of the result")
    guard: Kind
    changes: list[Change] = Field(min_length=1)
    tests: list[str] = Field(min_length=1, description="node ids, of which one at least must fail")


def load_mistakes(paper: Path) -> list[Mistake]:
    """Return the mistakes of the paper in folder `paper`, none if it has no such file.

    Raises:
        InputError: If the file breaks its model or gives an id twice.
    """
    if not (paper / FILE).is_file():
        return []
    mistakes = load(paper / FILE, list[Mistake])
    names = [mistake.id for mistake in mistakes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"{paper / FILE}: these ids are given twice: {', '.join(sorted(twice))}. Rename one of each.")
    return mistakes


def mistakes_block(mistakes: Sequence[Mistake]) -> str:
    """Return the list for the paper's README, by the kind of the guard."""
    lines = ["`make mutants` plants each of these mistakes, and a test must notice it.", ""]
    for kind in KINDS:
        entries = [mistake for mistake in mistakes if mistake.guard == kind]
        if entries:
            lines += [f"*{kind.capitalize()}*", "", *(f"- {_sentences(entry)}" for entry in entries), ""]
    return "\n".join(lines[:-1])


def _sentences(entry: Mistake) -> str:
    return text.markdown(re.sub(r"\s+", " ", f"{entry.mistake} {entry.matters}").strip())
