"""Generation in pieces, each with a seed of its own, so that the number of processes does not change what is made."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import TypeVar

SEEDS_PER_KIND = 50_000
Made = TypeVar("Made")
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Shard:
    """A piece: what is to be made, how many, and from which seed."""

    kind: str
    size: int
    seed: int


def shards(n_wanted: Mapping[str, int], *, size: int, seed: int) -> list[Shard]:
    """Return the pieces of all kinds.

    Seeds of different pieces and kinds never coincide, nor do those of different `seed`; Pythia takes seeds up to 900
    million.

    Args:
        n_wanted: How many of each kind.
        size: The largest number in a piece.
        seed: Of the whole sample.
    """
    found = []
    for index, (kind, n_kind) in enumerate(n_wanted.items()):
        first = (len(n_wanted) * seed + index) * SEEDS_PER_KIND + 1
        starts = range(0, n_kind, size)
        found += [Shard(kind, min(size, n_kind - start), first + number) for number, start in enumerate(starts)]
    return found


def make(
    function: Callable[[Shard, Settings], Made], pieces: Sequence[Shard], config: Settings, *, processes: int
) -> list[Made]:
    """Return what `function` makes of each piece, in their order; it and all it takes and returns must be picklable."""
    with ProcessPoolExecutor(max_workers=min(processes, len(pieces))) as pool:
        return list(pool.map(function, pieces, repeat(config)))
