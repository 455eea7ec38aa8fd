"""Draw the figures of arXiv:2005.06534, and ours beside them, from stored predictions and metrics.

prepared_<task>.h5, predictions.h5 and history.csv of each seed, metrics.json -> figures/fig*.{pdf,png,csv}. Spectra and
matched filters are those of the first seed; nothing is trained or predicted here.
"""

import json

from common.plotting import draw_all
from common.stage import parse, run

from .metrics.subtraction import read_test
from .plots.inputs import Inputs
from .plots.methods import fig4_loss, fig9_ranking, fig10_efficiency
from .plots.signals import fig5_signals, fig6_range
from .plots.strain import fig1_asd_lines, fig2_asd_broadband, fig3_sidebands, fig7_coherence, fig8_spectrogram
from .prepared import path_of, read_origin
from .settings import EvaluateConfig, tasks_of

FIGURES = (
    fig1_asd_lines,
    fig2_asd_broadband,
    fig3_sidebands,
    fig4_loss,
    fig5_signals,
    fig6_range,
    fig7_coherence,
    fig8_spectrogram,
    fig9_ranking,
    fig10_efficiency,
)


def main() -> None:
    """Read everything once, draw every figure."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["prepared", "seeds", "metrics", "figures"],
        optional=["only"],
    )
    run_facts, seeds = arguments.run, arguments.seeds
    prepared = {task: path_of(arguments.prepared, task) for task in tasks_of(run_facts.methods)}
    first = run_facts.each_seed(seeds, "predictions.h5")[0]
    inputs = Inputs(
        config=arguments.config,
        prepared=prepared,
        data={task: read_test(path, first) for task, path in prepared.items()},
        histories={name: run_facts.each_seed(seeds, f"{name}/history.csv") for name in run_facts.methods},
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
    )
    origin = read_origin(next(iter(prepared.values())))
    draw_all(FIGURES, inputs, arguments.figures, origin=origin, only=arguments.only)


if __name__ == "__main__":
    run(main)
