"""Figures of what the networks have learned (arXiv:1511.05190, Sec. 6)."""

from typing import Any

import numpy as np
from scipy.signal import correlate2d

from common.plotting import Drawing, new_figure

from .images import draw_images, draw_mosaic, mean_image
from .inputs import Inputs
from .legend import AXES

RANGES = {"mass": (65, 95), "tau21": (0, 1), "delta_r": (0, 1.2)}
TINY = 1e-12


def fig7_learned(inputs: Inputs) -> Drawing:
    """Distribution of mass [GeV], τ₂₁ and ΔR of the test jets for each value of MaxOut's output.

    Every column of a panel, one slice of the output, is normalised to one; columns without jets are blank. Both classes
    and the first seed are drawn. Where the output says W boson, near one, mass and τ₂₁ are those of W bosons.
    """
    test, score = inputs.networks.test, inputs.networks.scores["maxout"]
    figure, grid = new_figure(figsize=(10.5, 3.4), ncols=3)
    slices = np.linspace(0, 1, 21)
    drawn: dict[str, Any] = {"output_low": slices[:-1]}
    for axes, (name, limits) in zip(grid, RANGES.items(), strict=True):
        edges = np.linspace(*limits, 21)
        content = np.histogram2d(test.variables[name], score, bins=(edges, slices), weights=test.weight)[0]
        total = content.sum(axis=0)
        content /= np.where(total > 0, total, np.nan)
        shown = axes.pcolormesh(slices, edges, content, cmap="viridis")
        axes.set(xlabel="output of MaxOut", ylabel=AXES[name])
        figure.colorbar(shown, ax=axes, label="P(variable | output)")
        drawn |= {f"{name}_{low:.2f}": content[:, column] for column, low in enumerate(slices[:-1])}
    return figure, drawn


def fig8_filters(inputs: Inputs) -> Drawing:
    """The 32 kernels of the ConvNet's first layer (top), and the mean W image minus the mean QCD image after each.

    Kernels are 11 × 11 pixels; both parts are in the same order, and each tile is in units of its largest absolute
    value. The differences are those of all jets of the run, the kernels those of the first seed; the empty margin of
    the full padding is not drawn. In the lower part, red marks where a kernel's response is larger for W jets, blue
    where it is larger for QCD jets.
    """
    filters = inputs.networks.filters  # (map, row, column)
    difference = mean_image(inputs.jets, label=1) - mean_image(inputs.jets, label=0)
    unit = filters / np.abs(filters).max(axis=(1, 2), keepdims=True)
    # What a network calls a convolution is a correlation: the kernel is not reflected.
    after = np.array([correlate2d(difference, kernel, mode="same") for kernel in filters])  # (map, row, column)
    after /= np.maximum(np.abs(after).max(axis=(1, 2), keepdims=True), TINY)
    figure, column = new_figure(figsize=(7.0, 7.0), nrows=2)
    draw_mosaic(column[0], unit, ncols=8, symmetric=True, title="32 kernels of 11 x 11 pixels")
    shown = draw_mosaic(column[1], after, ncols=8, symmetric=True, title="W − QCD after each of them")
    figure.colorbar(shown, ax=list(column), label="in units of each one's largest value")
    drawn = {f"kernel_{number}": kernel.ravel() for number, kernel in enumerate(filters)}
    return figure, drawn | {f"after_{number}": image.ravel() for number, image in enumerate(after)}


def fig9_strongest(inputs: Inputs) -> Drawing:
    """Mean image of the test jets that excite each of the 25 nodes before MaxOut's output most.

    The article takes 500 jets per node. Colour is the mean transverse momentum per pixel in GeV, on a logarithmic scale
    that is linear near zero; the first seed is drawn. Compare where the second subjet lies and how sharp it is.
    """
    nodes = inputs.networks.strongest  # (node, row, column)
    figure, axes = new_figure(figsize=(7.0, 6.2))
    shown = draw_mosaic(axes, nodes, ncols=5, symmetric=False, title="the 25 nodes before the output of MaxOut")
    figure.colorbar(shown, ax=axes, label="mean pT [GeV] per pixel")
    return figure, {f"node_{number}": image.ravel() for number, image in enumerate(nodes)}


def fig10_correlation(inputs: Inputs) -> Drawing:
    """Correlation of each pixel's transverse momentum with the output of the ConvNet (left) and of MaxOut (right).

    It is Pearson's coefficient over the test jets of the first seed, both classes together. The axes are distances in
    pseudorapidity and azimuth from the leading subjet. Momentum in a red pixel speaks for a W boson, in a blue one for
    QCD.
    """
    test, scores = inputs.networks.test, inputs.networks.scores
    correlations = {
        title: correlation_image(test.image, scores[name], test.weight)
        for title, name in (("ConvNet", "convnet"), ("MaxOut", "maxout"))
    }
    return draw_images(correlations, symmetric=True, unit="correlation with the output")


def correlation_image(images: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each pixel with a network's output, (row, column).

    Args:
        images: (jet, row, column)
        score: (jet,)
        weight: (jet,)
    """
    share = weight / weight.sum()
    output = score - share @ score
    centred = images - np.einsum("j,jrc->rc", share, images)
    covariance = np.einsum("j,jrc->rc", share * output, centred)
    spread = np.sqrt(np.einsum("j,jrc->rc", share, centred**2) * (share @ output**2))
    return covariance / np.maximum(spread, TINY)
