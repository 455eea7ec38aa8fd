"""Figures of the jets: variables, average images, and the mass after each step (arXiv:1511.05190, Sec. 3)."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from common.plotting import Drawing, new_figure

from ..metrics.article_curves import published_distribution
from ..prepared import VARIABLES
from .images import draw_images, mean_image
from .inputs import Arrays, Inputs
from .legend import AXES, KINDS, SOURCE, STEPS, label_of
from .roc import draw_rocs

JETS_FOR_FINE_BINS = 2000
MERGED_BINS = 5  # of the article's bins, for smaller samples


def fig1_variables(inputs: Inputs) -> Drawing:
    """Mass, N-subjettiness ratio τ₂₁ and subjet distance ΔR of W jets and QCD jets, each normalised to one.

    All jets of the run are drawn (solid), with the weights that give both classes the same pT spectrum; dashed are the
    histograms of the article. W jets have a peak in the mass near 80 GeV and smaller τ₂₁: they consist of two prongs. A
    sample of fewer than 2,000 jets is drawn in wider bins.
    """
    jets = inputs.jets
    figure, grid = new_figure(figsize=(9.6, 3.2), ncols=3)
    drawn: dict[str, Any] = {}
    n_merged = 1 if len(jets) >= JETS_FOR_FINE_BINS else MERGED_BINS
    for axes, name in zip(grid, VARIABLES, strict=True):
        for number, (kind, title) in enumerate(KINDS.items()):
            edges, theirs = published_distribution(name, kind)
            in_class = jets.label == (kind == "signal")
            bins = edges[::n_merged]
            ours = np.histogram(jets.variables[name][in_class], bins, weights=jets.weight[in_class], density=True)[0]
            axes.stairs(ours, bins, color=f"C{number}", label=title)
            axes.stairs(theirs, edges, color=f"C{number}", ls="--", lw=1, baseline=None)
            prefix = f"{name}_{kind}"
            drawn |= {f"{prefix}_bin": bins[:-1], f"{prefix}_density": ours}
            drawn |= {f"{prefix}_article_bin": edges[:-1], f"{prefix}_article": theirs}
        axes.set(xlabel=AXES[name], ylabel="density")
    grid[1].plot([], [], color="0.3", ls="--", lw=1, label=SOURCE)
    grid[1].legend()
    grid[2].set_xlim(0, 1.3)
    return figure, drawn


def fig2_average_images(inputs: Inputs) -> Drawing:
    """Average images of W jets (left) and QCD jets (right) after translation, rotation and reflection.

    Colour is the mean transverse momentum per pixel in GeV, on a logarithmic scale that is linear near zero; the axes
    are distances in pseudorapidity and azimuth from the leading subjet. All jets of the run enter, with the weights
    that give both classes the same pT spectrum. Both classes have a second subjet below the first; that of QCD jets is
    broader.
    """
    images = {"W boson": mean_image(inputs.jets, label=1), "QCD": mean_image(inputs.jets, label=0)}
    return draw_images(images, symmetric=False, unit="mean pT [GeV] per pixel")


def fig3_mass_steps(inputs: Inputs) -> Drawing:
    """What each step of the preprocessing does to the mass of a jet and its image, for 240 < pT < 260 GeV.

    The left panel shows the inverse background efficiency against the signal efficiency if jets are classified by this
    mass alone; bands are statistical errors, dashed lines the article's curves. The right panel shows the distribution
    of the mass in GeV after four of the steps, for W jets (solid) and QCD jets (dotted). Pixels cost resolution; unit
    norm, or a translation that is no boost ("naive"), spoils the mass. Only generated runs have the towers that this
    needs.
    """
    if not inputs.steps:
        figure, axes = new_figure()
        axes.text(0.5, 0.5, "the archive's file has no towers:\nmake them with run=generated", ha="center", va="center")
        axes.set_axis_off()
        return figure, {}
    figure, drawn = draw_rocs(inputs, list(STEPS), top=30)
    figure.set_size_inches(10.5, 4.6)
    figure.axes[0].set_position((0.08, 0.13, 0.40, 0.78))
    axes = figure.add_axes((0.57, 0.13, 0.40, 0.78))
    return figure, {**drawn, **draw_masses(axes, inputs.steps)}


def draw_masses(axes: Axes, steps: Arrays) -> dict[str, np.ndarray]:
    """Draw the distribution of the mass after four of the steps; steps holds masses, signal and weight, each (jet,)."""
    edges = np.linspace(40, 120, 41)
    drawn = {"mass_low": edges[:-1]}
    for name in ("particles", "pixelation", "rotation", "naive_translation"):
        colour = f"C{list(STEPS).index(f'step_{name}')}"  # the same as in the left panel
        for label, style in ((1, "-"), (0, ":")):
            in_class = steps["signal"] == label
            content = np.histogram(steps[name][in_class], edges, weights=steps["weight"][in_class])[0]
            density = content / (
                steps["weight"][in_class].sum() * np.diff(edges)
            )  # of all jets, also outside the frame
            title = label_of(f"step_{name}") if label else None
            axes.stairs(density, edges, color=colour, ls=style, label=title)
            drawn[f"{name}_{'signal' if label else 'background'}"] = density
    axes.set(xlabel="mass of the image [GeV]", ylabel="density (solid W, dotted QCD)")
    axes.legend()
    return drawn
