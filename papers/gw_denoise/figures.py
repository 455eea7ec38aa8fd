"""Draw the figures of arXiv:2005.06534, and ours beside them, from stored predictions and metrics.

prepared_<task>.h5, predictions.h5 and history.csv of each seed, metrics.json -> figures/fig*.{pdf,png,csv}. Spectra and
matched filters are those of the first seed; nothing is trained or predicted here.
"""

import json

from common.download.receipts import origin_of, read_receipt
from common.plotting import draw_all
from common.stage import parse, run

from .metrics.subtraction import read_test
from .plots.inputs import Inputs
from .plots.methods import fig4_loss, fig9_ranking, fig10_efficiency
from .plots.signals import fig5_signals, fig6_range
from .plots.strain import fig1_asd_lines, fig2_asd_broadband, fig3_sidebands, fig7_coherence, fig8_spectrogram
from .settings import EvaluateConfig

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
        config=EvaluateConfig,
        path_lists=["receipts", "prepared", "predictions", "histories", "figures"],
        paths=["metrics"],
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    data = [read_test(prepared, arguments.predictions[0]) for prepared in arguments.prepared]
    tasks = [entry.attributes["task"] for entry in data]
    inputs = Inputs(
        config=arguments.config,
        prepared=dict(zip(tasks, arguments.prepared, strict=True)),
        data=dict(zip(tasks, data, strict=True)),
        histories=arguments.histories,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
    )
    draw_all(FIGURES, inputs, arguments.figures[0].parent, origin=origin)


if __name__ == "__main__":
    run(main)
