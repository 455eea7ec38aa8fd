"""Draw the figures of arXiv:1903.08174, and ours beside them, from stored predictions and metrics.

prepared.h5, predictions.h5 of each seed, metrics.json -> figures/fig*.{pdf,png,csv}. Nothing is trained here.
"""

import json
from pathlib import Path

import h5py
import numpy as np

from common.plotting import draw_all
from common.stage import parse, run

from .plots import FIGURES, Inputs
from .settings import EvaluateConfig


def read_headline(predictions: list[Path]) -> tuple[str, dict[str, np.ndarray]]:
    """Return the headline's name; z_spec, z_phot (galaxy,) of the first seed, importance (seed and fold, feature)."""
    with h5py.File(predictions[0]) as file:
        headline = file.attrs["headline"]
        first = {key: file[headline][key][:] for key in ("z_spec", "z_phot", "features")}
    importance = []
    for path in predictions:
        with h5py.File(path) as file:
            importance.append(file[f"{headline}/importance"][:])
    return headline, {**first, "importance": np.concatenate(importance)}


def main() -> None:
    """Read everything once, draw six figures."""
    paths = ["prepared", "seeds", "metrics", "figures"]
    arguments = parse(__doc__, section="evaluate", config=EvaluateConfig, paths=paths, optional=["only"])
    name, headline = read_headline(arguments.run.each_seed(arguments.seeds, "predictions.h5"))
    depth, photometry = name.split("/")[:2]
    with h5py.File(arguments.prepared) as file:
        chosen = file["depth"][:].astype(str) == depth
        origin = file.attrs["origin"]
        survey, magnitudes = file["survey"][chosen].astype(str), file[f"magnitudes/{photometry}"][chosen]
    inputs = Inputs(
        config=arguments.config,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
        headline=name,
        z_spec=headline["z_spec"],
        z_phot=headline["z_phot"],
        survey=survey,
        magnitudes=magnitudes,
        importance=headline["importance"],
        features=headline["features"].astype(str).tolist(),
    )
    draw_all(FIGURES, inputs, arguments.figures, origin=origin, only=arguments.only)


if __name__ == "__main__":
    run(main)
