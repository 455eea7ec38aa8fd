"""Draw the figures of arXiv:1511.05190 from stored files; the article's own curves are overlaid where they are known.

prepared.h5, predictions.h5 and curves.h5 of each seed, metrics.json -> figures/fig*.{pdf,png,csv}. Nothing is trained.
"""

import json
from pathlib import Path

import h5py
import numpy as np
from matplotlib.figure import Figure

from common.download.receipts import origin_of, read_receipt
from common.plotting import new_figure, save_figure
from common.stage import parse, run
from papers.jet_images.drawing import (
    Arrays,
    Drawn,
    correlation_image,
    figure_filters,
    figure_images,
    figure_learned,
    figure_mass_steps,
    figure_rocs,
    figure_strongest,
    figure_variables,
)
from papers.jet_images.learning_curve import figure_learning_curve
from papers.jet_images.splits import Jets, read_jets

SINGLE = ["mass", "delta_r", "tau21", "fisher", "convnet", "convnet_norm", "maxout"]
PAIRS = ["mass+delta_r", "tau21+delta_r", "mass+tau21", "convnet", "maxout"]
COMBINED = [f"{variable}+{tagger}" for tagger in ("convnet", "maxout") for variable in ("mass", "tau21", "delta_r")]


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


def mean_image(jets: Jets, kind: int) -> np.ndarray:
    """Return the weighted mean image (row, column) of one class, 1 or 0."""
    own = jets.label == kind
    return np.einsum("j,jrc->rc", jets.weight[own] / jets.weight[own].sum(), jets.image[own])


def figure_average(jets: Jets) -> tuple[Figure, Drawn]:
    """Mean images of W bosons and of QCD jets."""
    images = {"W boson": mean_image(jets, 1), "QCD": mean_image(jets, 0)}
    return figure_images(images, symmetric=False, unit="mean pT [GeV] per pixel")


def figures_of_networks(jets: Jets, predictions: Path) -> dict[str, tuple[Figure, Drawn]]:
    """Return the figures that need the first seed's networks."""
    with h5py.File(predictions) as file:
        test = jets[file["index"][:]]
        scores = {name: file[f"scores/{name}"][:] for name in file["scores"]}
        filters, nodes = file["filters/convnet"][:], file["strongest/maxout"][:]
    difference = mean_image(jets, 1) - mean_image(jets, 0)
    correlations = {
        name: correlation_image(test.image, scores[key], test.weight)
        for name, key in (("ConvNet", "convnet"), ("MaxOut", "maxout"))
    }
    return {
        "fig7_learned": figure_learned(test.variables, scores["maxout"], test.weight),
        "fig8_filters": figure_filters(filters, difference),
        "fig9_strongest": figure_strongest(nodes),
        "fig10_correlation": figure_images(correlations, symmetric=True, unit="correlation with the output"),
    }


def figure_steps(prepared: Path, ours: dict[str, Arrays], efficiency: np.ndarray) -> tuple[Figure, Drawn]:
    """Mass after each step of the preprocessing; the archive's file has images only, after the last step."""
    with h5py.File(prepared) as file:
        steps = {name: values[:] for name, values in file["steps"].items()}
    if steps:
        return figure_mass_steps(steps, ours, efficiency)
    figure, axes = new_figure()
    axes.text(0.5, 0.5, "the archive's file has no towers:\nmake them with run=generated", ha="center", va="center")
    axes.set_axis_off()
    return figure, {}


def main() -> None:
    """Read everything once, draw."""
    arguments = parse(
        __doc__, paths=["prepared", "metrics"], path_lists=["receipts", "predictions", "curves", "figures"]
    )
    jets = read_jets(arguments.prepared)
    efficiency, ours = mean_curves(arguments.curves)
    metrics = json.loads(arguments.metrics.read_text(encoding="utf-8"))
    figures = {
        "fig1_variables": figure_variables(jets.variables, jets.label, jets.weight),
        "fig2_average_images": figure_average(jets),
        "fig3_mass_steps": figure_steps(arguments.prepared, ours, efficiency),
        "fig4_roc_single": figure_rocs(ours, SINGLE, efficiency, top=200),
        "fig5_roc_pairs": figure_rocs(ours, PAIRS, efficiency, top=200),
        "fig6_roc_combined": figure_rocs(ours, COMBINED, efficiency, top=200),
        **figures_of_networks(jets, arguments.predictions[0]),
        "fig11_learning_curve": figure_learning_curve(metrics),
    }
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    for stem, (figure, drawn) in figures.items():
        save_figure(figure, arguments.figures[0].parent / stem, drawn, origin=origin)


if __name__ == "__main__":
    run(main)
