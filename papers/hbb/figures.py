"""Draw the figures of the article from stored scores, and the inputs beside numbers of the record (arXiv:1909.12285).

Prepared test files, predictions.h5 and history.csv of each method and seed, decorrelated.h5, metrics.json, and the
reference numbers of published.yaml -> figures/fig*.{pdf,png,csv}. Scores are those of the first seed.
"""

import json
from typing import Any

import h5py

from common.download.receipts import origin_of, read_receipt
from common.plotting import draw_all
from common.report.published import load_published
from common.stage import parse, run

from .metrics.decorrelation import DDT
from .metrics.scored_jets import read_sample
from .plots.decorrelation import fig2_sculpting, fig3_decorrelation
from .plots.jets import fig6_inputs
from .plots.losses import fig7_loss
from .plots.sources import Inputs
from .plots.tagging import fig1_roc, fig4_pileup, fig5_kinematics
from .prepared import Jets
from .settings import EvaluateConfig

FIGURES = (fig1_roc, fig2_sculpting, fig3_decorrelation, fig4_pileup, fig5_kinematics, fig6_inputs, fig7_loss)


def read_inputs(arguments: Any) -> Inputs:
    """Read everything once; scores are those of the first seed."""
    first_seed = arguments.predictions[0].parents[1]
    predictions = [path for path in arguments.predictions if path.parents[1] == first_seed]
    everything = read_sample(arguments.test, predictions, "test")
    with h5py.File(arguments.decorrelated[0]) as file:
        everything.scores["best_variable"] = file["best_variable"][:]
        decorrelated = {cut: {key: file[cut][key][:] for key in file[cut]} for cut in DDT.values() if cut in file}
    return Inputs(
        config=arguments.config,
        test=everything.within(),
        everything=everything,
        jets=Jets.open(arguments.test),
        decorrelated=decorrelated,
        histories=arguments.histories,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
        reference={entry.metric: entry.value for entry in load_published(arguments.published).reference},
    )


def main() -> None:
    """Draw every figure."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        path_lists=["receipts", "test", "predictions", "histories", "decorrelated", "figures"],
        paths=["metrics", "published"],
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    draw_all(FIGURES, read_inputs(arguments), arguments.figures[0].parent, origin=origin)


if __name__ == "__main__":
    run(main)
