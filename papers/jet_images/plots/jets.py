"""The figures of arXiv:1511.05190: each function takes arrays and returns a figure and the numbers that it draws."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from scipy.signal import correlate2d

from common.plotting import new_figure
from papers.jet_images.reference import published_curves, published_distribution

Drawn = dict[str, Any]
Arrays = dict[str, np.ndarray]
KINDS = {"signal": "W boson", "background": "QCD"}
LABELS = {
    "mass": "mass [GeV]",
    "tau21": r"$\tau_{21}$",
    "delta_r": r"$\Delta R$",
    "fisher": "Fisher",
    "convnet": "ConvNet",
    "convnet_norm": "ConvNet-norm",
    "maxout": "MaxOut",
}
SHORT = LABELS | {"mass": "mass"}
SOURCE = "authors' figure"
EXTENT = (-1.25, 1.25, -1.25, 1.25)  # of an image: pseudorapidity, azimuth
JETS_FOR_FINE_BINS = 2000
STEPS = {  # of the preprocessing, in their order, as fig3 names them; the flip leaves each jet's mass as it is
    "step_particles": "no pixelation",
    "step_pixelation": "pixelation",
    "step_translation": "translation, flip",
    "step_quarter_turn": "quarter turn",
    "step_rotation": "rotation",
    "step_normalisation": "normalisation",
    "step_naive_translation": "naive translation",
}
TINY = 1e-12


def label_of(name: str) -> str:
    """Return the name of a curve as shown: "mass+tau21" becomes mass + tau_21."""
    return " + ".join((SHORT | STEPS)[part] for part in name.split("+"))


def figure_variables(values: Mapping[str, np.ndarray], label: np.ndarray, weight: np.ndarray) -> tuple[Figure, Drawn]:
    """Distributions of mass, tau_21 and Delta R (jet,), with those of the article dashed.

    A sample that is too small for the article's bins gets wider ones.
    """
    figure, grid = new_figure(figsize=(9.6, 3.2), ncols=3)
    drawn: Drawn = {}
    n_merged = 1 if len(label) >= JETS_FOR_FINE_BINS else 5
    for axes, name in zip(grid, ("mass", "tau21", "delta_r"), strict=True):
        for number, (kind, title) in enumerate(KINDS.items()):
            edges, theirs = published_distribution(name, kind)
            own = label == (kind == "signal")
            bins = edges[::n_merged]
            ours = np.histogram(values[name][own], bins, weights=weight[own], density=True)[0]
            axes.stairs(ours, bins, color=f"C{number}", label=title)
            axes.stairs(theirs, edges, color=f"C{number}", ls="--", lw=1, baseline=None)
            prefix = f"{name}_{kind}"
            drawn |= {f"{prefix}_bin": bins[:-1], f"{prefix}_density": ours}
            drawn |= {f"{prefix}_article_bin": edges[:-1], f"{prefix}_article": theirs}
        axes.set(xlabel=LABELS[name], ylabel="density")
    grid[1].plot([], [], color="0.3", ls="--", lw=1, label=SOURCE)
    grid[1].legend()
    grid[2].set_xlim(0, 1.3)
    return figure, drawn


def figure_images(images: Mapping[str, np.ndarray], *, symmetric: bool, unit: str) -> tuple[Figure, Drawn]:
    """Draw a few images (row, column) side by side with one scale, logarithmic or symmetric around zero."""
    figure, row = new_figure(figsize=(3.4 * len(images) + 1, 3.6), ncols=len(images), sharey=True)
    for axes, (title, image) in zip(row, images.items(), strict=True):
        shown = axes.imshow(
            image, extent=EXTENT, interpolation="nearest", **scale_of(images.values(), symmetric=symmetric)
        )
        axes.set(title=title, xlabel=r"$\eta'$")
    row[0].set_ylabel(r"$\phi'$")
    figure.colorbar(shown, ax=list(row), label=unit)
    return figure, {title: image.ravel() for title, image in images.items()}


def scale_of(images: Iterable[np.ndarray], *, symmetric: bool) -> dict[str, Any]:
    """Return colours for images that share a scale."""
    largest = max(float(np.nanmax(np.abs(image))) for image in images) or 1.0
    if symmetric:
        return {"vmin": -largest, "vmax": largest, "cmap": "RdBu_r"}
    return {"norm": SymLogNorm(largest * 1e-4, vmin=0.0, vmax=largest), "cmap": "viridis"}


def mosaic(images: np.ndarray, *, ncols: int) -> np.ndarray:
    """Return images (image, row, column) side by side in one array, with empty lines between them."""
    n_images, height, width = images.shape
    nrows = -(-n_images // ncols)
    found = np.full((nrows * (height + 1) - 1, ncols * (width + 1) - 1), np.nan)
    for number, image in enumerate(images):
        top, left = number // ncols * (height + 1), number % ncols * (width + 1)
        found[top : top + height, left : left + width] = image
    return found


def draw_mosaic(axes: Axes, images: np.ndarray, *, ncols: int, symmetric: bool, title: str) -> Any:
    """Draw images (image, row, column) beside each other, numbered from left to right and from top to bottom."""
    tiles = mosaic(images, ncols=ncols)
    shown = axes.imshow(tiles, interpolation="nearest", **scale_of([tiles], symmetric=symmetric))
    axes.set(title=title, xticks=[], yticks=[])
    return shown


def figure_rocs(
    ours: Mapping[str, Arrays], names: list[str], efficiency: np.ndarray, *, top: float
) -> tuple[Figure, Drawn]:
    """1/(background efficiency) against signal efficiency: ours with their errors, the article's dashed.

    Args:
        ours: "rejection" and "error" of each curve, (point,).
        names: Which curves to draw.
        efficiency: (point,) of the signal.
        top: Upper end of the axis.
    """
    figure, axes = new_figure(figsize=(6.0, 4.6))
    published = published_curves()
    drawn: Drawn = {"signal_efficiency": efficiency}
    for number, name in enumerate(name for name in names if name in ours):
        value, error = ours[name]["rejection"], ours[name]["error"]
        axes.plot(efficiency, value, color=f"C{number}", label=label_of(name))
        axes.fill_between(efficiency, value - error, value + error, color=f"C{number}", alpha=0.2, lw=0)
        drawn |= {name: value, f"{name}_error": error}
        if name in published:
            theirs = np.interp(efficiency, *published[name], left=np.nan)
            axes.plot(efficiency, theirs, color=f"C{number}", ls="--", lw=1)
            drawn[f"{name}_article"] = theirs
    axes.plot(efficiency, 1 / efficiency, color="0.7", lw=1, label="random")
    axes.plot([], [], color="0.3", ls="--", lw=1, label=SOURCE)
    axes.set(
        xlabel="signal efficiency", ylabel="1 / background efficiency", yscale="log", ylim=(1, top), xlim=(0.2, 0.8)
    )
    axes.legend(fontsize=8, ncols=2)
    return figure, drawn


def figure_mass_steps(
    steps: Mapping[str, np.ndarray], ours: Mapping[str, Arrays], efficiency: np.ndarray
) -> tuple[Figure, Drawn]:
    """Mass of the image after each step, and its curve; steps holds masses, signal and weight, each (jet,)."""
    figure, drawn = figure_rocs(ours, list(STEPS), efficiency, top=30)
    figure.set_size_inches(10.5, 4.6)
    figure.axes[0].set_position((0.08, 0.13, 0.40, 0.78))
    axes = figure.add_axes((0.57, 0.13, 0.40, 0.78))
    edges = np.linspace(40, 120, 41)
    drawn["mass_low"] = edges[:-1]
    for name in ("particles", "pixelation", "rotation", "naive_translation"):
        colour = f"C{list(STEPS).index(f'step_{name}')}"  # as on the left
        for label, style in ((1, "-"), (0, ":")):
            own = steps["signal"] == label
            content = np.histogram(steps[name][own], edges, weights=steps["weight"][own])[0]
            density = content / (steps["weight"][own].sum() * np.diff(edges))  # jets outside of the frame count, too
            title = label_of(f"step_{name}") if label else None
            axes.stairs(density, edges, color=colour, ls=style, label=title)
            drawn[f"{name}_{'signal' if label else 'background'}"] = density
    axes.set(xlabel="mass of the image [GeV]", ylabel="density (solid W, dotted QCD)")
    axes.legend()
    return figure, drawn


def figure_learned(values: Mapping[str, np.ndarray], score: np.ndarray, weight: np.ndarray) -> tuple[Figure, Drawn]:
    """Distribution of each variable in slices of a network's output; all arrays (jet,)."""
    figure, grid = new_figure(figsize=(10.5, 3.4), ncols=3)
    slices = np.linspace(0, 1, 21)
    drawn: Drawn = {"output_low": slices[:-1]}
    ranges = {"mass": (65, 95), "tau21": (0, 1), "delta_r": (0, 1.2)}
    for axes, (name, limits) in zip(grid, ranges.items(), strict=True):
        edges = np.linspace(*limits, 21)
        content = np.histogram2d(values[name], score, bins=(edges, slices), weights=weight)[0]
        total = content.sum(axis=0)
        content /= np.where(
            total > 0, total, np.nan
        )  # each slice of the output adds up to one; without jets, it is blank
        shown = axes.pcolormesh(slices, edges, content, cmap="viridis")
        axes.set(xlabel="output of MaxOut", ylabel=LABELS[name])
        figure.colorbar(shown, ax=axes, label="P(variable | output)")
        drawn |= {f"{name}_{low:.2f}": content[:, column] for column, low in enumerate(slices[:-1])}
    return figure, drawn


def figure_filters(filters: np.ndarray, difference: np.ndarray) -> tuple[Figure, Drawn]:
    """First kernels (map, row, column), and the difference of both mean images (row, column) after each of them.

    Drawn without the margin that full padding adds: it is empty.
    """
    unit = filters / np.abs(filters).max(axis=(1, 2), keepdims=True)
    # What a network calls a convolution is a correlation: the kernel is not turned round.
    after = np.array([correlate2d(difference, kernel, mode="same") for kernel in filters])
    after /= np.maximum(np.abs(after).max(axis=(1, 2), keepdims=True), TINY)
    figure, column = new_figure(figsize=(7.0, 7.0), nrows=2)
    draw_mosaic(column[0], unit, ncols=8, symmetric=True, title="32 kernels of 11 x 11 pixels")
    shown = draw_mosaic(column[1], after, ncols=8, symmetric=True, title="W − QCD after each of them")
    figure.colorbar(shown, ax=list(column), label="in units of each one's largest value")
    return figure, {f"kernel_{number}": kernel.ravel() for number, kernel in enumerate(filters)}


def figure_strongest(nodes: np.ndarray) -> tuple[Figure, Drawn]:
    """Mean image (node, row, column) of the jets that excite each of the last nodes most."""
    figure, axes = new_figure(figsize=(7.0, 6.2))
    shown = draw_mosaic(axes, nodes, ncols=5, symmetric=False, title="the 25 nodes before the output of MaxOut")
    figure.colorbar(shown, ax=axes, label="mean pT [GeV] per pixel")
    return figure, {f"node_{number}": image.ravel() for number, image in enumerate(nodes)}


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
