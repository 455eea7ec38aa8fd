"""Score the validation and test jets with one trained tagger, of PyTorch or of Keras (arXiv:1909.12285).

Model and prepared files -> predictions.h5 with `valid` and `test` (jet,), the probability of H to bb for every labelled
jet, and the number of trained parameters as an attribute.
"""

from pathlib import Path
from typing import Protocol

import h5py

from common.atomic import atomic_output
from common.stage import parse, run

from .prepared import Array, Jets, files_of


class Tagger(Protocol):
    """What the taggers of both frameworks have in common."""

    @property
    def n_parameters(self) -> int:
        """Return the number of trained parameters."""

    def score(self, jets: Jets) -> Array:
        """Return the probability (jet,) of H to bb."""


def load(model: Path, *, threads: int) -> Tagger:
    """Return a stored tagger; only the framework that has written it is imported."""
    if model.suffix == ".keras":
        from .model.deep_double_b import load as load_with_framework
    else:
        from .model.taggers import load as load_with_framework
    return load_with_framework(model, threads=threads)


def main() -> None:
    """Read, score, write."""
    arguments = parse(__doc__, section="run", paths=["prepared", "model", "predictions"], numbers=["threads"])
    tagger = load(arguments.model, threads=arguments.threads)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["n_parameters"] = tagger.n_parameters
        for split in ("valid", "test"):
            file[split] = tagger.score(Jets.open(files_of(arguments.prepared, split, arguments.run)))


if __name__ == "__main__":
    run(main)
