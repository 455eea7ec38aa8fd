"""Read jet images, cut, clean, and weight them (arXiv:1511.05190, Sec. 3 and 5).

Receipts of the data -> prepared.h5 with `image` (jet, 25, 25) [GeV], `label`, `weight` (the generator's times that of
the pT spectrum) and `variables`; with `steps`, masses by step of the preprocessing, where the run has generated them.
"""

import logging

import h5py
import numpy as np

from common.download.receipts import Receipt, locate, origin_of, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive import JetImages, concatenate, read_images
from .prepared import Jets, write_prepared
from .settings import KINDS, STEPS_FILE, PrepareConfig

# variable -> its name in the archive's file
ARCHIVE_NAMES = {"mass": "jet_mass", "tau21": "tau_21", "delta_r": "jet_delta_R", "pt": "jet_pt", "eta": "jet_eta"}
SMALLEST_COUNT = 1e-4  # the authors' lower bound of a bin's content


def select(jets: JetImages, config: PrepareConfig) -> tuple[JetImages, dict[str, int]]:
    """Return the jets within the article's windows, and how many are left after each cut.

    Raises:
        InputError: If no jet of a class is left.
    """
    values = jets.variables
    passes_all = np.ones(len(jets), bool)
    counts = {"read": len(jets)}
    for name, passes in (
        ("mass", in_window(values["jet_mass"], config.mass_gev)),
        ("pt", in_window(values["jet_pt"], config.pt_gev)),
        ("eta", np.abs(values["jet_eta"]) < config.eta_max),
        ("finite", np.isfinite(jets.image).all(axis=(1, 2))),
    ):
        passes_all &= passes
        counts[name] = int(passes_all.sum())
    selected = jets[passes_all]
    for label, kind in enumerate(KINDS):
        if not np.any(selected.signal == label):
            raise InputError(f"no {kind} jet is left after the cuts: {counts}. Widen them, or generate more jets.")
    return selected, counts


def in_window(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Return which values (jet,) lie within a window."""
    return (values > window[0]) & (values < window[1])


def clean(image: np.ndarray, floor_gev: float) -> np.ndarray:
    """Return images without the ringing that the cubic interpolation leaves behind."""
    return np.where(image < floor_gev, 0.0, image).astype(np.float32)


def pt_weights(
    pt: np.ndarray, signal: np.ndarray, weight: np.ndarray, *, edges: np.ndarray, largest: float
) -> np.ndarray:
    """Return weights (jet,) that give the signal the background's pT spectrum; both sum up to the same.

    So no classifier wins by the pT alone (Sec. 5 and the authors' viz/performance.py).

    Args:
        pt: (jet,) [GeV]
        signal: (jet,) 1 or 0
        weight: (jet,) weight of the generator
        edges: (bin + 1,) of the spectra [GeV]
        largest: Upper limit of the ratio of both spectra.
    """
    is_signal = signal == 1
    shapes = [np.histogram(pt[own], edges, weights=weight[own], density=True)[0] for own in (is_signal, ~is_signal)]
    ratio = np.minimum(np.maximum(shapes[1], SMALLEST_COUNT) / np.maximum(shapes[0], SMALLEST_COUNT), largest)
    bin_of_jet = np.clip(np.digitize(pt, edges) - 1, 0, len(edges) - 2)
    weights = np.where(is_signal, weight * ratio[bin_of_jet], weight)
    total = weights[~is_signal].sum()
    weights[is_signal] *= total / weights[is_signal].sum()
    return weights


def prepare_jets(jets: JetImages, config: PrepareConfig) -> Jets:
    """Return selected jets with clean images, and with weights that make the pT spectra of both classes equal."""
    edges = np.linspace(*config.pt_gev, config.pt_bins + 1)
    weight = pt_weights(jets.variables["jet_pt"], jets.signal, jets.weight, edges=edges, largest=config.max_weight)
    variables = {name: jets.variables[archive_name] for name, archive_name in ARCHIVE_NAMES.items()}
    return Jets(clean(jets.image, config.pixel_floor_gev), jets.signal, weight, variables)


def read_all(receipts: list[Receipt]) -> tuple[JetImages, dict[str, np.ndarray]]:
    """Return the jets of all files of images, and the masses by step if a file has them."""
    steps: dict[str, np.ndarray] = {}
    images = []
    for path in map(locate, receipts):
        if path.name == STEPS_FILE:
            with h5py.File(path) as file:
                steps = {name: file[name][:] for name in file}
        else:
            images.append(read_images(path))
    return concatenate(images), steps


def main() -> None:
    """Read, select, weight, write."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"])
    config = arguments.config
    receipts = [read_receipt(path) for path in arguments.run.receipts(arguments.receipts)]
    jets, steps = read_all(receipts)
    selected, counts = select(jets, config)
    logging.info("jets after each cut: %s", counts)
    attributes = {"origin": origin_of(receipts), **{f"n_{name}": count for name, count in counts.items()}}
    attributes |= {"test_fraction": config.test_fraction, "valid_fraction": config.valid_fraction}
    prepared = prepare_jets(selected, config)
    write_prepared(arguments.prepared, prepared, selected.weight, steps, attributes=attributes)


if __name__ == "__main__":
    run(main)
