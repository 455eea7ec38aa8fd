"""Fit the model to the training events (arXiv:0000.00000, Sec. 4).

prepared.h5 -> model.npz with the fitted `parameters` and `is_test` (event,), which the seed chooses.
"""

import h5py
import numpy as np

from common.atomic import atomic_output
from common.stage import parse, run

from .model import fit
from .settings import TrainConfig


def choose_test(n_events: int, *, fraction: float, seed: int) -> np.ndarray:
    """Return a mask (event,) that is true for a random share of the events, kept for the test."""
    return np.random.default_rng(seed).permutation(n_events) < round(n_events * fraction)


def main() -> None:
    """Read, split, fit, write."""
    arguments = parse(__doc__, section="train", config=TrainConfig, paths=["prepared", "model"], numbers=["seed"])
    with h5py.File(arguments.prepared) as file:
        feature, label = file["feature"][:], file["label"][:]
    is_test = choose_test(len(label), fraction=arguments.config.test_fraction, seed=arguments.seed)
    parameters = fit(feature[~is_test], label[~is_test], regularisation=arguments.config.regularisation)
    with atomic_output(arguments.model) as path:
        np.savez(path, parameters=parameters, is_test=is_test)


if __name__ == "__main__":
    run(main)
