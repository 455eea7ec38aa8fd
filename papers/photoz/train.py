"""Photometric redshifts of every galaxy by nested cross-validation (arXiv:1903.08174).

prepared.h5 -> predictions.h5 with, per experiment, `z_phot` and `fold` (galaxy,), which are of galaxies that the
regressor has not seen, and for the headline experiment the permutation importance (fold, feature).

An experiment is a choice of survey depth, photometry, feature set and model, written "deep/apercor/colours_i/forest".
Each finished one is kept beside the output until all are done, so a killed training goes on where it stopped.
"""

import hashlib
import json
import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold

from common.atomic import atomic_output
from common.download.receipts import sha256_of
from common.errors import InputError, nearest
from common.stage import parse, run
from papers.photoz.model import SCORER, build, features
from papers.photoz.settings import Experiment, TrainConfig


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


def cross_validate(
    sample: Sample, experiment: Experiment, config: TrainConfig, *, seed: int, threads: int
) -> dict[str, np.ndarray]:
    """Return z_phot and fold (galaxy,), and for the headline experiment the importance (fold, feature).

    Every galaxy's z_phot comes from the fit that had it in the test fold. The importance of a feature is the
    rise of sigma_NMAD when it is shuffled among the test galaxies.
    """
    inputs, names = features(sample.magnitudes, experiment.features)
    n_galaxies = len(sample.z_spec)
    z_phot, fold = np.empty(n_galaxies), np.empty(n_galaxies, dtype=int)
    importance = []
    outer = KFold(config.outer_folds, shuffle=True, random_state=seed)
    for number, (training, test) in enumerate(outer.split(inputs)):
        regressor = build(config.models[experiment.model], seed=seed, threads=threads)
        regressor.fit(inputs[training], sample.z_spec[training])
        z_phot[test], fold[test] = regressor.predict(inputs[test]), number
        if experiment.name == config.headline:
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


def checkpoint_path(folder: Path, experiment: Experiment, config: TrainConfig, *, data: str, seed: int) -> Path:
    """Return the file of one finished experiment; its name changes with anything that the result depends on."""
    settings = config.model_dump(mode="json", exclude={"experiments", "models"})
    model = config.models[experiment.model].model_dump(mode="json")
    key = json.dumps([experiment.name, model, settings, data, seed], sort_keys=True)
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"


def run_experiments(
    prepared: Path, config: TrainConfig, checkpoints: Path, *, seed: int, threads: int
) -> dict[str, dict[str, np.ndarray]]:
    """Return the results of all experiments by name; finished ones are read back from `checkpoints`."""
    data = sha256_of(prepared)
    results = {}
    for experiment in config.experiments:
        path = checkpoint_path(checkpoints, experiment, config, data=data, seed=seed)
        if path.exists():
            logging.info("%-38s kept from an earlier call", experiment.name)
        else:
            started = time.monotonic()
            sample = read_sample(prepared, experiment)
            result = cross_validate(sample, experiment, config, seed=seed, threads=threads)
            with atomic_output(path) as temporary:
                np.savez(temporary, z_spec=sample.z_spec, i_mag=sample.magnitudes[:, 3], **result)
            logging.info("%-38s %5.1f s", experiment.name, time.monotonic() - started)
        with np.load(path) as stored:
            results[experiment.name] = dict(stored)
    return results


def main() -> None:
    """Run every experiment, write the predictions, drop the checkpoints."""
    arguments = parse(__doc__, config=TrainConfig, paths=["prepared", "predictions"], numbers=["seed", "threads"])
    checkpoints = arguments.predictions.parent / "checkpoints"
    results = run_experiments(
        arguments.prepared, arguments.config, checkpoints, seed=arguments.seed, threads=arguments.threads
    )
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["headline"] = arguments.config.headline
        for name, arrays in results.items():
            for key, array in arrays.items():
                file[f"{name}/{key}"] = array
    shutil.rmtree(checkpoints)


if __name__ == "__main__":
    run(main)
