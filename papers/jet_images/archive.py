"""The HDF5 layout of the public jet images, Zenodo 269622, which belong to arXiv:1511.05190 and later work.

Every data set has one entry per jet: `image` (jet, 25, 25) [GeV], `signal`, and the variables below; masses and momenta
are in GeV. Generated files have one data set more, the `weight` of each jet; the archive's jets all count one.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.errors import InputError, nearest

from .image import N_PIXELS

VARIABLES = (
    *("jet_pt", "jet_eta", "jet_phi", "jet_mass", "jet_delta_R"),
    *("tau_1", "tau_2", "tau_3", "tau_21", "tau_32"),
)
NO_RATIO = -10.0  # the authors' code stores this if the denominator of a ratio vanishes
SMALLEST_TAU = 1e-4  # smaller denominators count as zero


@dataclass(frozen=True)
class JetImages:
    """Jets in memory.

    Attributes:
        image: (jet, 25, 25) pixels [GeV]
        signal: (jet,) 1 for W bosons, 0 for QCD
        weight: (jet,) weight of the generator
        variables: the names of VARIABLES, each (jet,)
    """

    image: np.ndarray
    signal: np.ndarray
    weight: np.ndarray
    variables: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, selection: np.ndarray) -> "JetImages":
        variables = {name: values[selection] for name, values in self.variables.items()}
        return JetImages(self.image[selection], self.signal[selection], self.weight[selection], variables)


def concatenate(parts: list[JetImages]) -> JetImages:
    """Return the jets of all parts."""
    variables = {name: np.concatenate([part.variables[name] for part in parts]) for name in VARIABLES}
    image, signal, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("image", "signal", "weight")
    )
    return JetImages(image, signal, weight, variables)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return a ratio of N-subjettinesses (jet,), or -10 where the denominator vanishes."""
    valid = denominator >= SMALLEST_TAU
    return np.where(valid, numerator / np.where(valid, denominator, 1.0), NO_RATIO)


def write_images(path: Path, jets: JetImages) -> None:
    """Write jets in the archive's layout; numbers are single precision as there."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("image", data=jets.image.astype(np.float32), compression="lzf", shuffle=True)
        for name, values in (("signal", jets.signal), ("weight", jets.weight), *jets.variables.items()):
            file[name] = values.astype(np.float32)


def read_images(path: Path) -> JetImages:
    """Read a file of the archive or of the generator.

    Raises:
        InputError: If a data set is missing or has another length or shape.
    """
    with h5py.File(path) as file:
        for name in ("image", "signal", *VARIABLES):
            if name not in file:
                raise InputError(f"{path}: no data set '{name}'.{nearest(name, list(file))}")
        n_jets = len(file["signal"])
        expected = {"image": (n_jets, N_PIXELS, N_PIXELS), **dict.fromkeys(VARIABLES, (n_jets,))}
        for name, shape in expected.items():
            if file[name].shape != shape:
                raise InputError(f"{path}: '{name}' has the shape {file[name].shape}, expected {shape}.")
        weight = file["weight"][:] if "weight" in file else np.ones(n_jets, np.float32)
        variables = {name: file[name][:].astype(np.float64) for name in VARIABLES}
        return JetImages(file["image"][:], file["signal"][:].astype(np.int8), weight.astype(np.float64), variables)
