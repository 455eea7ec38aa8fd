"""The labelled jets of one split with the scores of all taggers."""

from dataclasses import dataclass
from pathlib import Path

import h5py

from ..archive import branches
from ..prepared import Array, Jets


@dataclass(frozen=True)
class Sample:
    """Labelled jets of one split.

    Attributes:
        label: (jet,) 1 for H.
        in_window: (jet,)
        spectators: (jet,) by branch.
        variables: (jet, 27)
        scores: (jet,) by method.
    """

    label: Array
    in_window: Array
    spectators: dict[str, Array]
    variables: Array
    scores: dict[str, Array]

    def within(self) -> "Sample":
        """Return the jets of the window."""
        mask = self.in_window
        return Sample(
            self.label[mask],
            mask[mask],
            {name: values[mask] for name, values in self.spectators.items()},
            self.variables[mask],
            {name: values[mask] for name, values in self.scores.items()},
        )


def read_sample(prepared: list[Path], split: str, predictions: dict[str, Path]) -> Sample:
    """Return the jets of a split with the scores of all methods, whose predictions.h5 are given by method."""
    jets = Jets.open(prepared)
    scores = {}
    for method, path in predictions.items():
        with h5py.File(path) as file:
            scores[method] = file[split][:]
    table = jets.column("spectators")
    spectators = {name: table[:, k] for k, name in enumerate(branches.SPECTATORS)}
    return Sample(jets.column("label"), jets.column("in_window"), spectators, jets.column("variables"), scores)
