"""The jets of a prepared file, and how a seed divides them; each class by itself, so that all parts are alike."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from papers.jet_images.imaging import normalise
from papers.jet_images.settings import Splits


@dataclass(frozen=True)
class Jets:
    """Images (jet, 25, 25), label (jet,) 1 or 0, weight (jet,), and the variables by name, each (jet,)."""

    image: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    variables: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Return the number of jets."""
        return len(self.label)

    def __getitem__(self, chosen: np.ndarray) -> "Jets":
        """Return some of the jets."""
        variables = {name: values[chosen] for name, values in self.variables.items()}
        return Jets(self.image[chosen], self.label[chosen], self.weight[chosen], variables)

    def inputs(self, *, normalised: bool) -> np.ndarray:
        """Return the images as a network sees them: of unit norm, or in GeV."""
        return normalise(self.image) if normalised else self.image


def read_jets(prepared: Path) -> Jets:
    """Return all jets of a prepared file."""
    with h5py.File(prepared) as file:
        variables = {name: values[:] for name, values in file["variables"].items()}
        return Jets(file["image"][:], file["label"][:], file["weight"][:], variables)


def split(label: np.ndarray, config: Splits, *, seed: int) -> dict[str, np.ndarray]:
    """Return the jets' numbers of "train", "valid" and "test", in random order; label (jet,)."""
    generator = np.random.default_rng(seed)
    parts: dict[str, list[np.ndarray]] = {"train": [], "valid": [], "test": []}
    for kind in (0, 1):
        order = generator.permutation(np.flatnonzero(label == kind))
        n_test, n_valid = (round(len(order) * share) for share in (config.test_fraction, config.valid_fraction))
        for name, part in zip(("test", "valid", "train"), np.split(order, [n_test, n_test + n_valid]), strict=True):
            parts[name].append(part)
    return {name: generator.permutation(np.concatenate(found)) for name, found in parts.items()}
