"""Draw the article's figures from stored predictions (arXiv:1604.01444).

Prepared events, predictions and histories of all seeds and metrics.json -> figures/fig<N>_<what>.{pdf,png,csv}. Figures
of a single network show that of the first seed. Neither TensorFlow nor a trained model is needed.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import h5py

from common.plotting import draw_all
from common.stage import parse, run
from common.training.history import read_history

from .metrics.thesis_events import load_thesis_events
from .plots.events import fig1_pixel_maps
from .plots.inputs import Inputs
from .plots.network import fig2_network, fig3_filters, fig4_inception, fig5_tsne
from .plots.results import fig6_scores, fig7_cuts, fig8_spectra, fig9_loss, fig10_confusion, fig11_classifiers
from .prepared.file import Prepared
from .settings import NETWORK_FOLDER, EvaluateConfig, is_network

HEADLINE = f"{NETWORK_FOLDER}/cvn"
FIGURES = (
    *(fig1_pixel_maps, fig2_network, fig3_filters, fig4_inception, fig5_tsne, fig6_scores, fig7_cuts, fig8_spectra),
    *(fig9_loss, fig10_confusion, fig11_classifiers),
)


def read_inputs(arguments: argparse.Namespace) -> Inputs:
    """Read what the figures need."""
    facts, seeds = arguments.run, arguments.seeds
    with h5py.File(facts.each_seed(seeds, f"{HEADLINE}/predictions.h5")[0]) as file:
        cvn: dict[str, Any] = {name: file[name][:] for name in file}
        cvn |= {"layers": json.loads(file.attrs["layers"]), "examples": list(file.attrs["examples"])}
    networks = filter(is_network, facts.methods)
    return Inputs(
        config=arguments.config,
        valid=Prepared(arguments.valid),
        test=Prepared(arguments.test),
        cvn=cvn,
        histories={
            Path(method).name: [read_history(path) for path in facts.each_seed(seeds, f"{method}/history.csv")]
            for method in networks
        },
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
        names=[Path(method).name for method in facts.methods],
        thesis=load_thesis_events(),
    )


def main() -> None:
    """Draw every figure."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["valid", "test", "metrics", "seeds", "figures"],
        optional=["only"],
    )
    inputs = read_inputs(arguments)
    draw_all(FIGURES, inputs, arguments.figures, origin=inputs.test.origin, only=arguments.only)


if __name__ == "__main__":
    run(main)
