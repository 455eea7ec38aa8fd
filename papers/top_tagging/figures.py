"""Draw the figures of arXiv:1902.09914, and our own, from stored predictions and metrics.

prepared.h5, predictions.h5 and history.csv of each seed, metrics.json, published.yaml -> figures/fig*.{pdf,png,csv}.
Nothing is trained or predicted here. Where a run has no taggers of its own or no jets, the figure says so.
"""

from common.download.receipts import origin_of, read_receipt
from common.plotting import draw_all
from common.report.compare import read_metrics
from common.report.published import load_published
from common.stage import parse, run

from .plots import Inputs, fig1_roc, fig2_rejection, fig3_agreement, fig4_jets, fig5_training, fig6_comparison

FIGURES = (fig1_roc, fig2_rejection, fig3_agreement, fig4_jets, fig5_training, fig6_comparison)


def main() -> None:
    """Read the inputs, draw every figure."""
    arguments = parse(
        __doc__, path_lists=["receipts", "predictions", "figures"], paths=["prepared", "metrics", "published"]
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    inputs = Inputs(
        prepared=arguments.prepared,
        predictions=arguments.predictions,
        metrics=read_metrics(arguments.metrics),
        published=load_published(arguments.published),
        is_toy=origin == "generated",
    )
    draw_all(FIGURES, inputs, arguments.figures[0].parent, origin=origin)


if __name__ == "__main__":
    run(main)
