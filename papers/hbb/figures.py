"""Draw the figures of the article from stored scores, and the inputs beside numbers of the record (arXiv:1909.12285).

Prepared test files, predictions.h5 and history.csv of each method and seed, decorrelated.h5, metrics.json, and the
reference numbers of published.yaml -> figures/fig*.{pdf,png,csv} and the captions. Scores are those of the first seed.
"""

import json
from argparse import Namespace

import h5py

from common.plotting import draw_all
from common.report.published import load_published
from common.stage import parse, run
from common.training.history import read_history

from .metrics.decorrelation import DDT
from .metrics.scored_jets import read_sample
from .plots.decorrelation import fig2_sculpting, fig3_decorrelation
from .plots.jets import fig6_inputs
from .plots.losses import fig7_loss
from .plots.sources import Inputs
from .plots.tagging import fig1_roc, fig4_pileup, fig5_kinematics
from .prepared import Jets, files_of, origin
from .settings import EvaluateConfig

FIGURES = (fig1_roc, fig2_sculpting, fig3_decorrelation, fig4_pileup, fig5_kinematics, fig6_inputs, fig7_loss)


def read_inputs(arguments: Namespace) -> Inputs:
    """Read everything once; scores are those of the first seed."""
    test, facts = files_of(arguments.prepared, "test", arguments.run), arguments.run
    of_method = {method: facts.each_seed(arguments.seeds, f"{method}/predictions.h5") for method in facts.methods}
    everything = read_sample(test, "test", {method: files[0] for method, files in of_method.items()})
    with h5py.File(facts.each_seed(arguments.seeds, "decorrelated.h5")[0]) as file:
        everything.scores["best_variable"] = file["best_variable"][:]
        decorrelated = {cut: {key: file[cut][key][:] for key in file[cut]} for cut in DDT.values() if cut in file}
    return Inputs(
        config=arguments.config,
        test=everything.within(),
        everything=everything,
        jets=Jets.open(test),
        decorrelated=decorrelated,
        histories={
            method: [read_history(path) for path in facts.each_seed(arguments.seeds, f"{method}/history.csv")]
            for method in facts.methods
        },
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
        reference={entry.metric: entry.value for entry in load_published(arguments.published).reference},
    )


def main() -> None:
    """Draw every figure, or the one that --only names."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["prepared", "seeds", "metrics", "published", "figures"],
        optional=["only"],
    )
    inputs = read_inputs(arguments)
    draw_all(FIGURES, inputs, arguments.figures, origin=origin(inputs.jets.paths[0]), only=arguments.only)


if __name__ == "__main__":
    run(main)
