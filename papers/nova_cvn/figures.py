"""Draw the article's figures from stored predictions (arXiv:1604.01444).

Prepared events, scores and histories of all seeds and metrics.json -> figures/fig<N>_<what>.{pdf,png,csv}. What shows a
single network is that of the first seed. Neither TensorFlow nor a trained model is needed.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from common.download.receipts import origin_of, read_receipt
from common.plotting import save_figure
from common.stage import parse, run
from papers.nova_cvn.cache import FULL_SCALE, Prepared
from papers.nova_cvn.classes import flavour_index
from papers.nova_cvn.confusion import class_matrix
from papers.nova_cvn.drawing import draw_filters, draw_inception, draw_network, draw_pixel_maps
from papers.nova_cvn.examples import EXAMPLES, choose_examples
from papers.nova_cvn.measures import SELECTIONS, Scored, choose_cuts, selection_score
from papers.nova_cvn.real_events import REAL, REAL_TYPES
from papers.nova_cvn.result_plots import (
    Drawn,
    draw_classifiers,
    draw_confusion,
    draw_cuts,
    draw_loss,
    draw_scores,
    draw_spectra,
    draw_tsne,
)
from papers.nova_cvn.selection import cumulate, cut_grid
from papers.nova_cvn.settings import EvaluateConfig
from papers.nova_cvn.weights import components

HEADLINE = "cvn"
Y_VIEW = 1


@dataclass(frozen=True)
class Inputs:
    """What the figures are made from; `cvn` holds the first seed's stored outputs of the headline network."""

    config: EvaluateConfig
    valid: Prepared
    test: Prepared
    cvn: dict[str, Any]
    histories: dict[str, list[np.ndarray]]
    metrics: dict[str, Any]
    names: list[str]

    def scored(self) -> Scored:
        """Return the test events with the headline network's outputs."""
        return Scored.of(self.test, self.cvn["test"])

    def images(self, places: list[int]) -> np.ndarray:
        """Return test images (event, view, plane, cell) in 256 steps."""
        parts = [self.test.hits(place, place + 1).images(self.test.shape) for place in places]
        return np.rint(FULL_SCALE * np.concatenate(parts))


def pixel_maps(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw test events with the number of hits nearest to that of a real event of the same type."""
    n_hits, ours = np.diff(inputs.test.offset), {}
    for number, name in REAL_TYPES.items():
        places = np.flatnonzero(inputs.test.interaction == number)
        nearest = places[np.argmin(np.abs(n_hits[places] - REAL[name]["hits"]))] if len(places) else 0
        ours[name] = inputs.images([int(nearest)])[0][:2]
    return draw_pixel_maps(ours)


def network(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the network from its own table of layers."""
    return draw_network(inputs.cvn["layers"])


def example_images(inputs: Inputs) -> dict[str, np.ndarray]:
    """Return the Y view (plane, cell) of the example events by name."""
    chosen = choose_examples(inputs.test.interaction, np.diff(inputs.test.offset))
    images = inputs.images(list(chosen.values()))
    return {name: image[Y_VIEW] for name, image in zip(chosen, images, strict=True)}


def filters(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the first layer's filters and feature maps of a νμ event."""
    place = list(EXAMPLES).index("numu DIS")
    image = example_images(inputs)["numu DIS"]
    return draw_filters(inputs.cvn["filters"][Y_VIEW], image, inputs.cvn["feature_maps"][place])


def inception(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw what the first inception module makes of a DIS, a QE and an NC event."""
    shown = ["numu DIS", "numu QE", "NC"]
    images = example_images(inputs)
    maps = dict(zip(EXAMPLES, inputs.cvn["inception"], strict=True))
    return draw_inception({name: images[name] for name in shown}, {name: maps[name] for name in shown})


def tsne(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the plane of the pooled features."""
    features = inputs.cvn["features"]
    flavour = flavour_index(inputs.test.interaction[: len(features)])
    place = TSNE(perplexity=inputs.config.perplexity, init="pca", random_state=0).fit_transform(features)
    return draw_tsne(place[flavour >= 0], flavour[flavour >= 0])


def _weights(inputs: Inputs) -> dict[str, Any]:
    test = inputs.test
    return {s: components(s, test.interaction, test.energy_gev, inputs.config) for s in SELECTIONS}


def _scores(inputs: Inputs) -> dict[str, np.ndarray]:
    return {selection: selection_score(inputs.scored(), selection) for selection in SELECTIONS}


def scores(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the distributions of both scores."""
    return draw_scores(_scores(inputs), _weights(inputs))


def _chosen(inputs: Inputs) -> dict[Any, int]:
    return choose_cuts(Scored.of(inputs.valid, inputs.cvn["valid"]), inputs.config)


def cuts(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw efficiency, purity and figures of merit of the test events."""
    grid, weights = cut_grid(inputs.config.n_cuts), _weights(inputs)
    passed = {name: cumulate(score, weights[name], grid) for name, score in _scores(inputs).items()}
    return draw_cuts(passed, _chosen(inputs), min_background=inputs.config.min_background)


def spectra(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the energies before and after the cuts that maximise s/√(s+b) on the validation events."""
    grid, chosen = cut_grid(inputs.config.n_cuts), _chosen(inputs)
    best = {selection: float(grid[chosen[selection, "s_sqrt_sb"]]) for selection in SELECTIONS}
    return draw_spectra(inputs.test.energy_gev, _scores(inputs), _weights(inputs), best)


def loss(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the learning curves."""
    return draw_loss(inputs.histories)


def confusion(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw the 13 x 13 matrix."""
    return draw_confusion(class_matrix(inputs.test.interaction, inputs.cvn["test"]))


def classifiers(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Draw all classifiers side by side."""
    return draw_classifiers(inputs.metrics, inputs.names)


FIGURES: dict[str, Callable[[Inputs], tuple[Figure, Drawn]]] = {
    "fig1_pixel_maps": pixel_maps,
    "fig2_network": network,
    "fig3_filters": filters,
    "fig4_inception": inception,
    "fig5_tsne": tsne,
    "fig6_scores": scores,
    "fig7_cuts": cuts,
    "fig8_spectra": spectra,
    "fig9_loss": loss,
    "fig10_confusion": confusion,
    "fig11_classifiers": classifiers,
}


def read_inputs(arguments: argparse.Namespace) -> Inputs:
    """Read what the figures need."""
    first = next(path for path in arguments.predictions if path.parent.name == HEADLINE)
    with h5py.File(first) as file:
        cvn: dict[str, Any] = {name: file[name][:] for name in file}
        cvn["layers"] = json.loads(file.attrs["layers"])
    histories: dict[str, list[np.ndarray]] = {}
    for path in arguments.histories:
        table = np.genfromtxt(path, delimiter=",", names=True, ndmin=1)
        columns = np.column_stack([table[name] for name in ("epoch", "train_loss", "valid_loss")])
        histories.setdefault(path.parent.name, []).append(columns)
    return Inputs(
        config=arguments.config,
        valid=Prepared(arguments.valid),
        test=Prepared(arguments.test),
        cvn=cvn,
        histories=histories,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
        names=list(dict.fromkeys(path.parent.name for path in arguments.predictions)),
    )


def main() -> None:
    """Draw every figure."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        path_lists=["receipts", "predictions", "histories", "figures"],
        paths=["valid", "test", "metrics"],
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    inputs = read_inputs(arguments)
    for name, make in FIGURES.items():
        figure, drawn = make(inputs)
        save_figure(figure, arguments.figures[0].parent / name, drawn, origin=origin)


if __name__ == "__main__":
    run(main)
