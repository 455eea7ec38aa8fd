"""The chain of one paper as the guards see it: run once, and copied for each change."""

import importlib
import shutil
from functools import cached_property
from pathlib import Path

import numpy as np

from tests.guards.chain import Array, Arrays, Chain

ROOT = Path(__file__).resolve().parents[2]


def with_chain() -> list[str]:
    """Return the papers that declare a chain."""
    return sorted(path.parents[1].name for path in ROOT.glob("papers/*/tests/chain.py"))


def chain_of(paper: str) -> type[Chain]:
    """Return the class that a paper declares."""
    return importlib.import_module(f"papers.{paper}.tests.chain").PaperChain


class Chains:
    """A chain that was made and run once, which nobody changes, and copies of it."""

    def __init__(self, chain: type[Chain], folder: Path) -> None:
        """Work below `folder`, which exists."""
        self.chain, self.folder, self.n_copies = chain, folder, 0

    @cached_property
    def base(self) -> Chain:
        """The chain as it was made, after all stages, with seed 0."""
        (self.folder / "base").mkdir()
        chain = self.chain(self.folder / "base")
        chain.make()
        chain.run()
        return chain

    def copy(self) -> Chain:
        """Return a copy of `base` with all its files, for a change."""
        self.n_copies += 1
        folder = self.folder / f"copy{self.n_copies}"
        shutil.copytree(self.base.folder, folder)
        return self.chain(folder)

    def trained(self, *, seed: int) -> Chain:
        """Return a copy that was trained again."""
        copy = self.copy()
        copy.train(seed=seed)
        return copy


def changed(before: Arrays, after: Arrays) -> set[str]:
    """Return the names of the arrays that are not equal, bit by bit."""
    assert before.keys() == after.keys(), f"other names: {before.keys() ^ after.keys()}"
    return {name for name, array in before.items() if not _equal(np.asarray(array), np.asarray(after[name]))}


def _equal(one: Array, other: Array) -> bool:
    return (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())
