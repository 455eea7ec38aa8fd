"""Scores of each experiment with bootstrap errors (arXiv:1903.08174), and properties of the sample.

prepared.h5 and predictions.h5 -> metrics.json with
`<depth>.<photometry>.<features>.<model>.{sigma_nmad, eta_percent, bias}` for each experiment, the same in bins
of i and z for the article's forest (`bins.i_22_23.sigma_nmad`), `counts.*` and `sample.*`.
"""

import json
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

from common.atomic import write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .metrics import measure
from .model import features
from .settings import EvaluateConfig


def score_experiments(predictions: Path, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the three metrics of every experiment."""
    metrics = {}
    with h5py.File(predictions) as file:
        for name in experiment_names(file):
            scores = measure(
                file[name]["z_phot"][:], file[name]["z_spec"][:], n_bootstrap=config.n_bootstrap, seed=seed
            )
            metrics |= {f"{name.replace('/', '.')}.{metric}": score for metric, score in scores.items()}
    return metrics


def experiment_names(file: h5py.File) -> list[str]:
    """Return the names "depth/photometry/features/model" of all experiments in a predictions file."""
    names: list[str] = []
    file.visit(lambda key: names.append(key.removesuffix("/z_phot")) if key.endswith("/z_phot") else None)
    return sorted(names)


def score_bins(predictions: Path, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the three metrics in bins of i magnitude and spectroscopic redshift, for the headline experiment.

    Bins with fewer than `min_per_bin` galaxies are left out: their errors mean nothing.
    """
    with h5py.File(predictions) as file:
        group = file[file.attrs["headline"]]
        z_phot, z_spec, i_mag = group["z_phot"][:], group["z_spec"][:], group["i_mag"][:]
    metrics = {}
    for axis, values, edges in (("i", i_mag, config.i_edges_mag), ("redshift", z_spec, config.z_edges)):
        for low, high in pairwise(edges):
            inside = (values >= low) & (values < high)
            if inside.sum() >= config.min_per_bin:
                scores = measure(z_phot[inside], z_spec[inside], n_bootstrap=config.n_bootstrap, seed=seed)
                metrics |= {f"bins.{axis}_{low:g}_{high:g}.{metric}": score for metric, score in scores.items()}
    return metrics


def describe_sample(prepared: Path, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return counts after each cut, and percentiles of redshift, i and the colours of the Deep galaxies."""
    with h5py.File(prepared) as file:
        counts = json.loads(file.attrs["counts"])
        deep = file["depth"][:].astype(str) == "deep"
        z_spec, magnitudes = file["z_spec"][deep], file["magnitudes/apercor"][deep]
    metrics = {f"counts.{cut}": entry(count, 0.0, count) for cut, count in counts.items()}
    inputs, names = features(magnitudes, "colours_i")
    columns = {"redshift": z_spec} | {name.replace("-", "_"): inputs[:, k] for k, name in enumerate(names)}
    n = len(z_spec)
    draws = np.random.default_rng(seed).integers(n, size=(config.n_bootstrap, n))
    for name, values in columns.items():
        quantiles = np.percentile(values, [16, 50, 84])
        errors = np.percentile(values[draws], [16, 50, 84], axis=1).std(axis=1, ddof=1)
        for label, value, error in zip(("p16", "median", "p84"), quantiles, errors, strict=True):
            metrics[f"sample.{name}.{label}"] = entry(value, error, n)
    for low, high in pairwise(config.z_edges):
        share = float(np.mean((z_spec >= low) & (z_spec < high)))
        error = float(np.sqrt(share * (1 - share) / n))
        metrics[f"sample.share_redshift_{low:g}_{high:g}"] = entry(share, error, n)
    return metrics


def main() -> None:
    """Read, measure, write."""
    paths = ["prepared", "predictions", "metrics"]
    arguments = parse(__doc__, section="evaluate", config=EvaluateConfig, paths=paths, numbers=["seed"])
    metrics = (
        score_experiments(arguments.predictions, arguments.config, seed=arguments.seed)
        | score_bins(arguments.predictions, arguments.config, seed=arguments.seed)
        | describe_sample(arguments.prepared, arguments.config, seed=arguments.seed)
    )
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
