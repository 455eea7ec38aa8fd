"""Draw the figures of arXiv:1511.05190 from stored files; the article's own curves are overlaid where they are known.

prepared.h5, predictions.h5 and curves.h5 of each seed, metrics.json -> figures/fig*.{pdf,png,csv} and the captions.
Nothing is trained.
"""

import json
from pathlib import Path

import h5py
import numpy as np

from common.plotting import draw_all
from common.stage import parse, run

from .plots.inputs import Arrays, Inputs, Networks
from .plots.jets import fig1_variables, fig2_average_images, fig3_mass_steps
from .plots.learning_curve import fig11_learning_curve
from .plots.networks import fig7_learned, fig8_filters, fig9_strongest, fig10_correlation
from .plots.roc import fig4_roc_single, fig5_roc_pairs, fig6_roc_combined
from .prepared import Jets, read_group, read_jets, read_origin, read_steps

FIGURES = (
    fig1_variables,
    fig2_average_images,
    fig3_mass_steps,
    fig4_roc_single,
    fig5_roc_pairs,
    fig6_roc_combined,
    fig7_learned,
    fig8_filters,
    fig9_strongest,
    fig10_correlation,
    fig11_learning_curve,
)


def mean_curves(paths: list[Path]) -> tuple[np.ndarray, dict[str, Arrays]]:
    """Return signal efficiency (point,), and rejection and error (point,) of each curve, averaged over the seeds."""
    seeds: list[dict[str, Arrays]] = []
    for path in paths:
        with h5py.File(path) as file:
            efficiency = file["signal_efficiency"][:]
            names = list(file["rejection"])
            seeds.append({name: {key: file[f"{key}/{name}"][:] for key in ("rejection", "error")} for name in names})
    mean = {
        name: {key: np.mean([seed[name][key] for seed in seeds], axis=0) for key in ("rejection", "error")}
        for name in seeds[0]
    }
    return efficiency, mean


def read_networks(predictions: Path, jets: Jets) -> Networks:
    """Return what the networks of one seed make of their test jets."""
    with h5py.File(predictions) as file:
        test = jets[file["index"][:]]
        return Networks(test, read_group(file, "scores"), file["filters/convnet"][:], file["strongest/maxout"][:])


def main() -> None:
    """Read everything once, draw."""
    arguments = parse(__doc__, section="run", paths=["prepared", "metrics", "seeds", "figures"], optional=["only"])
    jets = read_jets(arguments.prepared)
    efficiency, curves = mean_curves(arguments.run.each_seed(arguments.seeds, "curves.h5"))
    first = arguments.run.each_seed(arguments.seeds, "predictions.h5")[0]
    networks = read_networks(first, jets)
    metrics = json.loads(arguments.metrics.read_text(encoding="utf-8"))
    inputs = Inputs(jets, read_steps(arguments.prepared), efficiency, curves, networks, metrics)
    draw_all(FIGURES, inputs, arguments.figures, origin=read_origin(arguments.prepared), only=arguments.only)


if __name__ == "__main__":
    run(main)
