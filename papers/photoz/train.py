"""Photometric redshifts of every galaxy by nested cross-validation (arXiv:1903.08174).

prepared.h5 -> predictions.h5 with, per experiment, `z_phot` and `fold` (galaxy,), which are of galaxies that the
regressor has not seen, and for the headline experiment the permutation importance (fold, feature).

An experiment is a choice of survey depth, photometry, feature set and model, written "deep/apercor/colours_i/forest".
Each finished one is kept beside the output until all are done, so a killed training goes on where it stopped.
"""

import logging
import time
from pathlib import Path

import h5py
import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

from common.atomic import atomic_output
from common.stage import parse, run
from common.training.checkpoints import checkpoint_path

from .model import SCORER, build, features
from .prepared import Sample, read_sample
from .settings import TrainConfig, TrainOne


def cross_validate(sample: Sample, config: TrainOne, *, seed: int, threads: int) -> dict[str, np.ndarray]:
    """Return z_phot and fold (galaxy,), and for the headline experiment the importance (fold, feature).

    Every galaxy's z_phot comes from the fit that had it in the test fold. The importance of a feature is the
    rise of sigma_NMAD when it is shuffled among the test galaxies.
    """
    inputs, names = features(sample.magnitudes, config.experiment.features)
    n_galaxies = len(sample.z_spec)
    z_phot, fold = np.empty(n_galaxies), np.empty(n_galaxies, dtype=int)
    importance = []
    outer = KFold(config.outer_folds, shuffle=True, random_state=seed)
    for number, (training, test) in enumerate(outer.split(inputs)):
        regressor = build(config.model, seed=seed, threads=threads)
        regressor.fit(inputs[training], sample.z_spec[training])
        z_phot[test], fold[test] = regressor.predict(inputs[test]), number
        if config.is_headline:
            shuffled = permutation_importance(
                regressor,
                inputs[test],
                sample.z_spec[test],
                scoring=SCORER,
                n_repeats=config.importance_repeats,
                random_state=seed,
            )
            importance.append(shuffled.importances_mean)
    extra = {"importance": np.array(importance), "features": np.array(names, dtype="S")} if importance else {}
    return {"z_phot": z_phot, "fold": fold, **extra}


def run_experiments(
    prepared: Path, config: TrainConfig, predictions: Path, *, seed: int, threads: int
) -> tuple[dict[str, dict[str, np.ndarray]], list[Path]]:
    """Return the results of all experiments by name, and the files that keep them until all are done.

    Args:
        prepared: What the galaxies are read from.
        config: All experiments.
        predictions: What the stage will write; the finished experiments are kept near it.
        seed: Of folds and regressors.
        threads: Of the forest.
    """
    results, kept = {}, []
    for experiment in config.experiments:
        one = config.one(experiment)
        path = checkpoint_path(predictions, one, [prepared], seed=seed, stage="papers.photoz.train")
        if path.exists():
            logging.info("%-38s kept from an earlier call", experiment.name)
        else:
            started = time.monotonic()
            sample = read_sample(prepared, experiment)
            result = cross_validate(sample, one, seed=seed, threads=threads)
            with atomic_output(path) as temporary, open(temporary, "wb") as stream:
                np.savez(stream, z_spec=sample.z_spec, i_mag=sample.magnitudes[:, 3], **result)
            logging.info("%-38s %5.1f s", experiment.name, time.monotonic() - started)
        kept.append(path)
        with np.load(path) as stored:
            results[experiment.name] = dict(stored)
    return results, kept


def main() -> None:
    """Run every experiment, write the predictions, drop the checkpoints."""
    paths = ["prepared", "predictions"]
    arguments = parse(__doc__, section="train", config=TrainConfig, paths=paths, numbers=["seed", "threads"])
    results, kept = run_experiments(
        arguments.prepared, arguments.config, arguments.predictions, seed=arguments.seed, threads=arguments.threads
    )
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["headline"] = arguments.config.headline
        for name, arrays in results.items():
            for key, array in arrays.items():
                file[f"{name}/{key}"] = array
    for path in kept:
        path.unlink()


if __name__ == "__main__":
    run(main)
