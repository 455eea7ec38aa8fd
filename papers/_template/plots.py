"""The figures of arXiv:0000.00000: one function each, whose docstring is the caption."""

from dataclasses import dataclass

import numpy as np

from common.plotting import Drawing, new_figure


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from: test events of the first seed, label and score (event,)."""

    label: np.ndarray
    score: np.ndarray


def fig1_score(inputs: Inputs) -> Drawing:
    """Score of the first seed's test events, for both classes. The less they overlap, the better the classifier."""
    edges = np.linspace(0, 1, 21)
    counts = {f"class_{value}": np.histogram(inputs.score[inputs.label == value], edges)[0] for value in (0, 1)}
    figure, axes = new_figure()
    for name, count in counts.items():
        axes.stairs(count, edges, label=name.replace("_", " "))
    axes.set(xlabel="score", ylabel="events per bin")
    axes.legend()
    return figure, {"score_low": edges[:-1], "score_high": edges[1:], **counts}


FIGURES = (fig1_score,)
