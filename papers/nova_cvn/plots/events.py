"""Figures of events."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.plotting import Drawing, new_figure

from ..metrics.thesis_events import TYPES
from ..prepared.pixel_map import MAX_VALUE
from .inputs import Inputs

MAP_COLOURS = "gist_heat_r"


def draw_map(axes: Axes, image: np.ndarray) -> None:
    """Draw one view (plane, cell): the beam comes from the left, empty pixels are white, and all maps share a scale."""
    axes.imshow(
        image.T, origin="lower", cmap=MAP_COLOURS, aspect="auto", interpolation="nearest", vmin=0, vmax=MAX_VALUE
    )
    axes.minorticks_off()
    axes.tick_params(labelsize=7)


def nothing_to_show(reason: str) -> Figure:
    """Return a figure that only says why it is empty."""
    figure, axes = new_figure(figsize=(6, 2))
    axes.text(0.5, 0.5, reason, ha="center", va="center", wrap=True)
    axes.axis("off")
    return figure


def fig1_pixel_maps(inputs: Inputs) -> Drawing:
    """Three test events as the detector sees them.

    The X view (planes of vertical cells) is on the left, the Y view (planes of horizontal cells) on the right. The
    horizontal axis counts the planes of the view along the beam, which enters from the left; the vertical axis counts
    the cells; the colour is the calibrated energy. From top to bottom, the events are a charged-current interaction of
    a muon neutrino, one of an electron neutrino, and a neutral current, each with about as many hits as the example of
    its type in the thesis of D. Rocco. Compare the thin, long track of the muon with the broad, short shower of the
    electron.
    """
    n_hits, images = np.diff(inputs.test.offset), {}
    for number, name in TYPES.items():
        events = np.flatnonzero(inputs.test.interaction == number)
        if len(events):
            nearest = events[np.argmin(np.abs(n_hits[events] - inputs.thesis[name]["hits"]))]
            images[name] = inputs.images([int(nearest)])[0][:2]
    columns: dict[str, list] = {name: [] for name in ("event", "view", "plane", "cell", "value")}
    if not images:
        return nothing_to_show("The test events have none of the types that are shown here."), columns
    layout = {"nrows": len(images), "ncols": 2, "sharex": True, "sharey": True, "squeeze": False}
    figure, grid = new_figure(figsize=(8, 2.6 * len(images)), **layout)
    for row, (name, views) in zip(grid, images.items(), strict=True):
        for axes, view, label in zip(row, views, "XY", strict=True):
            draw_map(axes, view)
            axes.set_title(f"{name}, {label} view, {(view > 0).sum()} hits", fontsize=9)
            planes, cells = np.nonzero(view)
            columns["event"] += [name] * len(planes)
            columns["view"] += [label] * len(planes)
            columns["plane"] += list(planes)
            columns["cell"] += list(cells)
            columns["value"] += [int(value) for value in view[planes, cells]]
    for axes in grid[-1]:
        axes.set_xlabel("plane of the view")
    for axes in grid[:, 0]:
        axes.set_ylabel("cell")
    return figure, columns
