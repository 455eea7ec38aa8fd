"""prepared.h5: the selected galaxies of arXiv:1903.08174, with its writer and reader.

`z_spec`, `depth`, `survey` (galaxy,) and `magnitudes/<photometry>` (galaxy, band) in AB mag; the attributes are the
counts after each cut, the names of the bands and where the data come from.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.errors import InputError, nearest
from common.plotting import Origin

from .archive import BANDS, Catalogue
from .settings import Experiment


def write_prepared(path: Path, sample: Catalogue, counts: dict[str, int], *, origin: Origin) -> None:
    """Write the sample, its counts and its origin to an HDF5 file, atomically."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["counts"] = json.dumps(counts)
        file.attrs["bands"] = list(BANDS)
        file.attrs["unit"] = "AB mag"
        file.attrs["origin"] = origin
        file["z_spec"] = sample.z_spec
        file["depth"], file["survey"] = sample.depth.astype("S"), sample.survey.astype("S")
        for photometry, magnitudes in sample.magnitudes.items():
            file[f"magnitudes/{photometry}"] = magnitudes


@dataclass(frozen=True)
class Sample:
    """The galaxies of one depth in one photometry: z_spec (galaxy,), magnitudes (galaxy, band)."""

    z_spec: np.ndarray
    magnitudes: np.ndarray


def read_sample(prepared: Path, experiment: Experiment) -> Sample:
    """Return the galaxies that an experiment works on.

    Raises:
        InputError: If the data do not have that photometry or depth.
    """
    with h5py.File(prepared) as file:
        photometries = list(file["magnitudes"])
        if experiment.photometry not in photometries:
            raise InputError(
                f"{prepared}: experiment '{experiment.name}' needs the photometry '{experiment.photometry}', which"
                f" these data do not have.{nearest(experiment.photometry, photometries)}"
            )
        chosen = file["depth"][:].astype(str) == experiment.depth
        if not chosen.any():
            raise InputError(f"{prepared}: experiment '{experiment.name}': no galaxy of depth '{experiment.depth}'.")
        return Sample(file["z_spec"][chosen], file[f"magnitudes/{experiment.photometry}"][chosen])
