"""Draw the article's figures from stored predictions (arXiv:1604.01444).

Prepared events, predictions and histories of all seeds and metrics.json -> figures/fig<N>_<what>.{pdf,png,csv}. Figures
of a single network show that of the first seed. Neither TensorFlow nor a trained model is needed.
"""

import argparse
import json
from typing import Any

import h5py
import numpy as np

from common.download.receipts import origin_of, read_receipt
from common.plotting import draw_all
from common.stage import parse, run

from .metrics.thesis_events import load_thesis_events
from .plots.events import fig1_pixel_maps
from .plots.inputs import Inputs
from .plots.network import fig2_network, fig3_filters, fig4_inception, fig5_tsne
from .plots.results import fig6_scores, fig7_cuts, fig8_spectra, fig9_loss, fig10_confusion, fig11_classifiers
from .prepared.file import Prepared
from .settings import EvaluateConfig

HEADLINE = "cvn"
FIGURES = (
    *(fig1_pixel_maps, fig2_network, fig3_filters, fig4_inception, fig5_tsne, fig6_scores, fig7_cuts, fig8_spectra),
    *(fig9_loss, fig10_confusion, fig11_classifiers),
)


def read_inputs(arguments: argparse.Namespace) -> Inputs:
    """Read what the figures need."""
    first = next(path for path in arguments.predictions if path.parent.name == HEADLINE)
    with h5py.File(first) as file:
        cvn: dict[str, Any] = {name: file[name][:] for name in file}
        cvn |= {"layers": json.loads(file.attrs["layers"]), "examples": list(file.attrs["examples"])}
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
        thesis=load_thesis_events(),
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
    draw_all(FIGURES, read_inputs(arguments), arguments.figures[0].parent, origin=origin)


if __name__ == "__main__":
    run(main)
