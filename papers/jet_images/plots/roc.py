"""Figures of background rejection against signal efficiency (arXiv:1511.05190, Sec. 5)."""

from typing import Any

import numpy as np

from common.plotting import Drawing, new_figure

from ..metrics.article_curves import published_curves
from ..metrics.roc import HIGH, LOW
from .inputs import Inputs
from .legend import SOURCE, label_of

SINGLE = ["mass", "delta_r", "tau21", "fisher", "convnet", "convnet_norm", "maxout"]
PAIRS = ["mass+delta_r", "tau21+delta_r", "mass+tau21", "convnet", "maxout"]
COMBINED = [f"{variable}+{network}" for network in ("convnet", "maxout") for variable in ("mass", "tau21", "delta_r")]


def fig4_roc_single(inputs: Inputs) -> Drawing:
    """Inverse background efficiency against signal efficiency: single variables, Fisher's discriminant, networks.

    Higher is better. Solid lines are means over the seeds with bands of one statistical error, dashed lines the
    article's curves, and the grey line is a random choice. Variables are measured on all jets, each jet with a
    likelihood ratio that was fitted to other jets; Fisher's discriminant and the networks are measured on the test
    jets. In the article the networks lie above Fisher's discriminant, and this above every single variable.
    """
    return draw_rocs(inputs, SINGLE, top=200)


def fig5_roc_pairs(inputs: Inputs) -> Drawing:
    """Inverse background efficiency against signal efficiency: likelihood ratios of pairs of variables, and networks.

    Solid lines are means over the seeds with bands of one statistical error, dashed lines the article's curves, and
    the grey line is a random choice. Pairs are measured on all jets, each jet with a likelihood ratio that was fitted
    to other jets; the networks are measured on the test jets. The question is whether a network knows more than the
    best pair, mass and τ₂₁; with the article's millions of jets it does.
    """
    return draw_rocs(inputs, PAIRS, top=200)


def fig6_roc_combined(inputs: Inputs) -> Drawing:
    """Inverse background efficiency against signal efficiency: networks, each combined with one variable.

    The likelihood ratio of a network's output and the variable is measured on the test jets; solid lines are ours with
    bands of one statistical error, dashed lines the article's. What a variable adds to a network, the network has not
    learned from the images: in the article the mass adds most.
    """
    return draw_rocs(inputs, COMBINED, top=200)


def draw_rocs(inputs: Inputs, names: list[str], *, top: float) -> Drawing:
    """Draw 1/(background efficiency) against signal efficiency: ours with their errors, the article's dashed.

    Args:
        inputs: What is drawn.
        names: Of the curves; those that the run does not have are left out.
        top: Upper end of the axis.
    """
    figure, axes = new_figure(figsize=(6.0, 4.6))
    efficiency, published = inputs.efficiency, published_curves()
    drawn: dict[str, Any] = {"signal_efficiency": efficiency}
    for number, name in enumerate(name for name in names if name in inputs.curves):
        value, error = inputs.curves[name]["rejection"], inputs.curves[name]["error"]
        axes.plot(efficiency, value, color=f"C{number}", label=label_of(name))
        axes.fill_between(efficiency, value - error, value + error, color=f"C{number}", alpha=0.2, lw=0)
        drawn |= {name: value, f"{name}_error": error}
        if name in published:
            theirs = np.interp(efficiency, *published[name], left=np.nan)
            axes.plot(efficiency, theirs, color=f"C{number}", ls="--", lw=1)
            drawn[f"{name}_article"] = theirs
    drawn["random"] = 1 / efficiency
    axes.plot(efficiency, drawn["random"], color="0.7", lw=1, label="random")
    axes.plot([], [], color="0.3", ls="--", lw=1, label=SOURCE)
    axes.set(xlabel="signal efficiency", ylabel="1 / background efficiency", yscale="log")
    axes.set(ylim=(1, top), xlim=(LOW, HIGH))
    axes.legend(fontsize=8, ncols=2)
    return figure, drawn
