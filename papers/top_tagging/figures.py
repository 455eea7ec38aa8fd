"""Draw the figures of arXiv:1902.09914, and our own, from stored predictions and metrics.

prepared.h5, predictions.h5 and history.csv of each seed, metrics.json, published.yaml -> figures/fig*.{pdf,png,csv},
and the captions. Nothing is trained or predicted here. Where a run has no taggers of its own or no jets, the figure
says so.
"""

from common.plotting import draw_all
from common.report.compare import read_metrics
from common.report.published import load_published
from common.stage import parse, run

from .plots import FIGURES, Inputs
from .prepared.file import read_origin


def main() -> None:
    """Read the inputs, draw every figure."""
    arguments = parse(
        __doc__, section="run", paths=["prepared", "metrics", "published", "seeds", "figures"], optional=["only"]
    )
    each_seed, methods = arguments.run.each_seed, sorted(arguments.run.methods)
    origin = read_origin(arguments.prepared)
    inputs = Inputs(
        prepared=arguments.prepared,
        predictions=each_seed(arguments.seeds, "predictions.h5"),
        histories={method: each_seed(arguments.seeds, f"{method}/history.csv") for method in methods},
        metrics=read_metrics(arguments.metrics),
        published=load_published(arguments.published),
        is_toy=origin == "generated",
    )
    draw_all(FIGURES, inputs, arguments.figures, origin=origin, only=arguments.only)


if __name__ == "__main__":
    run(main)
