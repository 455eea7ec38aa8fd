"""Strain and its witnesses over one interval of time, for arXiv:2005.06534; each channel keeps its own rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .channel import Channel


@dataclass(frozen=True)
class Recording:
    """What a noise subtraction works on.

    Attributes:
        strain: The target, from a whole GPS second on.
        witnesses: By channel name, sorted; each over the same time as the strain, at its own rate.
        good: (second,) whether strain and all witnesses are there and the data quality allows their use.
    """

    strain: Channel
    witnesses: dict[str, Channel]
    good: NDArray[np.bool_]

    @property
    def start_gps(self) -> int:
        """Return the first GPS second."""
        return round(self.strain.start_gps)

    def crop(self, first_s: int, stop_s: int) -> "Recording":
        """Return the seconds [first_s, stop_s), counted from the start as `segments` does."""
        start, stop = self.start_gps + first_s, self.start_gps + stop_s
        return Recording(
            strain=self.strain.crop(start, stop),
            witnesses={name: channel.crop(start, stop) for name, channel in self.witnesses.items()},
            good=self.good[first_s:stop_s],
        )


def segments(good: NDArray[np.bool_], min_duration_s: int) -> list[tuple[int, int]]:
    """Return the stretches [first, stop) of consecutive good seconds (second,) that last at least `min_duration_s`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, stop) for first, stop in pairs if stop - first >= min_duration_s]
