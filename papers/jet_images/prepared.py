"""The prepared file of arXiv:1511.05190: its writer, its readers, and how a seed divides its jets.

It holds `image` (jet, 25, 25) [GeV], `label` (jet,), `weight` (jet,), the generator's part of it as `generator_weight`,
the group `variables`, and the group `steps` (masses by step of the preprocessing; empty for the archive's file). Its
attributes are the origin of the data, the numbers of jets after each cut, and the shares of the splits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from common.atomic import atomic_output

from .image import normalise

VARIABLES = ("mass", "tau21", "delta_r")  # the three that the article studies; the file has pt and eta as well


@dataclass(frozen=True)
class Jets:
    """Images (jet, 25, 25), label (jet,) 1 or 0, weight (jet,), and the variables by name, each (jet,)."""

    image: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    variables: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, selection: np.ndarray) -> "Jets":
        variables = {name: values[selection] for name, values in self.variables.items()}
        return Jets(self.image[selection], self.label[selection], self.weight[selection], variables)

    def inputs(self, *, normalised: bool) -> np.ndarray:
        """Return the images as a network sees them: of unit norm, or in GeV."""
        return normalise(self.image) if normalised else self.image


def write_prepared(
    path: Path,
    jets: Jets,
    generator_weight: np.ndarray,
    steps: Mapping[str, np.ndarray],
    *,
    attributes: Mapping[str, float | str],
) -> None:
    """Write a prepared file.

    Args:
        path: Of the file.
        jets: All jets after the cuts.
        generator_weight: (jet,)
        steps: Masses [GeV] by step of the preprocessing, `signal` and `weight`, each (jet,) of other jets than `jets`.
        attributes: `origin`, the numbers of jets after each cut, `test_fraction` and `valid_fraction`.
    """
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update(attributes)
        file["image"], file["label"], file["weight"] = jets.image, jets.label, jets.weight
        file["generator_weight"] = generator_weight
        for group, arrays in (("variables", jets.variables), ("steps", steps)):
            file.create_group(group)
            for name, values in arrays.items():
                file[f"{group}/{name}"] = values


def read_jets(prepared: Path) -> Jets:
    """Return all jets of a prepared file."""
    with h5py.File(prepared) as file:
        return Jets(file["image"][:], file["label"][:], file["weight"][:], read_group(file, "variables"))


def read_steps(prepared: Path) -> dict[str, np.ndarray]:
    """Return the masses [GeV] by step of the preprocessing, `signal` and `weight`, each (jet,); {} for the archive."""
    with h5py.File(prepared) as file:
        return read_group(file, "steps")


def read_origin(prepared: Path) -> Literal["archive", "generated"]:
    """Return whether the jets are generated or the archive's."""
    with h5py.File(prepared) as file:
        origin: Literal["archive", "generated"] = file.attrs["origin"]
        return origin


def read_group(file: h5py.File, name: str) -> dict[str, np.ndarray]:
    """Return all arrays of a group by name."""
    return {key: values[:] for key, values in file[name].items()}


def read_split(prepared: Path, *, seed: int) -> dict[str, np.ndarray]:
    """Return the indices of the jets of "train", "valid" and "test" (see `split`) for one seed."""
    with h5py.File(prepared) as file:
        test_fraction, valid_fraction = (float(file.attrs[f"{name}_fraction"]) for name in ("test", "valid"))
        return split(file["label"][:], test_fraction=test_fraction, valid_fraction=valid_fraction, seed=seed)


def split(label: np.ndarray, *, test_fraction: float, valid_fraction: float, seed: int) -> dict[str, np.ndarray]:
    """Return the indices of the jets of "train", "valid" and "test", in random order.

    Each class is divided by itself, so that all parts have the same share of signal.

    Args:
        label: (jet,) 1 or 0
        test_fraction: Share of the test jets.
        valid_fraction: Share of the validation jets.
        seed: Of the division.
    """
    generator = np.random.default_rng(seed)
    parts: dict[str, list[np.ndarray]] = {"train": [], "valid": [], "test": []}
    for kind in (0, 1):
        order = generator.permutation(np.flatnonzero(label == kind))
        n_test, n_valid = (round(len(order) * share) for share in (test_fraction, valid_fraction))
        for name, part in zip(("test", "valid", "train"), np.split(order, [n_test, n_test + n_valid]), strict=True):
            parts[name].append(part)
    return {name: generator.permutation(np.concatenate(indices)) for name, indices in parts.items()}
