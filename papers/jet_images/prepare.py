"""Read jet images, cut, clean, and weight them (arXiv:1511.05190, Sec. 3 and 5).

Receipts of the data -> prepared.h5 with `image` (jet, 25, 25) [GeV], `label`, `weight` (the generator's times that of
the pT spectrum) and `variables`; with `steps`, masses by step of the preprocessing, where the run has generated them.
"""

import logging
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import Receipt, locate, read_receipt
from common.errors import InputError
from common.stage import parse, run
from papers.jet_images.image_files import JetImages, concatenate, read_images
from papers.jet_images.settings import PrepareConfig
from papers.jet_images.weights import pt_weights

STEPS_FILE = "steps.hdf5"
NAMES = {"mass": "jet_mass", "tau21": "tau_21", "delta_r": "jet_delta_R", "pt": "jet_pt", "eta": "jet_eta"}


def select(jets: JetImages, config: PrepareConfig) -> tuple[JetImages, dict[str, int]]:
    """Return the jets within the article's windows, and how many are left after each cut."""
    values = jets.variables
    kept = np.ones(len(jets), bool)
    counts = {"read": len(jets)}
    for name, passes in (
        ("mass", in_window(values["jet_mass"], config.mass_gev)),
        ("pt", in_window(values["jet_pt"], config.pt_gev)),
        ("eta", np.abs(values["jet_eta"]) < config.eta_max),
        ("finite", np.isfinite(jets.image).all(axis=(1, 2))),
    ):
        kept &= passes
        counts[name] = int(kept.sum())
    return jets[kept], counts


def in_window(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Return which values (jet,) lie within a window."""
    return (values > window[0]) & (values < window[1])


def clean(image: np.ndarray, floor_gev: float) -> np.ndarray:
    """Return images without the ringing that the cubic interpolation leaves behind."""
    return np.where(image < floor_gev, 0.0, image).astype(np.float32)


def read_all(receipts: list[Receipt]) -> tuple[JetImages, dict[str, np.ndarray]]:
    """Return the jets of all files of images, and the masses by step, if a file has them."""
    steps: dict[str, np.ndarray] = {}
    images = []
    for path in map(locate, receipts):
        if path.name == STEPS_FILE:
            with h5py.File(path) as file:
                steps = {name: file[name][:] for name in file}
        else:
            images.append(read_images(path))
    return concatenate(images), steps


def write_prepared(
    path: Path, jets: JetImages, steps: dict[str, np.ndarray], counts: dict[str, int], config: PrepareConfig
) -> None:
    """Weight the jets and write everything."""
    edges = np.linspace(*config.pt_gev, config.pt_bins + 1)
    weight = pt_weights(jets.variables["jet_pt"], jets.signal, jets.weight, edges=edges, largest=config.max_weight)
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        for name, count in counts.items():
            file.attrs[f"n_{name}"] = count
        file["image"] = clean(jets.image, config.pixel_floor_gev)
        file["label"], file["weight"], file["generator_weight"] = jets.signal, weight, jets.weight
        for name, stored in NAMES.items():
            file[f"variables/{name}"] = jets.variables[stored]
        group = file.create_group("steps")
        for name, values in steps.items():
            group[name] = values


def main() -> None:
    """Read, select, write."""
    arguments = parse(__doc__, config=PrepareConfig, path_lists=["receipts"], paths=["prepared"])
    jets, steps = read_all([read_receipt(path) for path in arguments.receipts])
    selected, counts = select(jets, arguments.config)
    for label, kind in enumerate(("background", "signal")):
        if not np.any(selected.signal == label):
            raise InputError(f"no {kind} jet is left after the cuts: {counts}. Widen them, or generate more jets.")
    logging.info("jets after each cut: %s", counts)
    write_prepared(arguments.prepared, selected, steps, counts, arguments.config)


if __name__ == "__main__":
    run(main)
