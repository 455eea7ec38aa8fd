"""How the figures of the events and of the network's inside are drawn (arXiv:1604.01444): arrays in, columns out."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from common.plotting import new_figure

Array = np.ndarray
Drawn = dict[str, Any]
MAP_COLOURS = "gist_heat_r"


def draw_map(axes: Axes, image: Array) -> None:
    """One view (plane, cell) in 256 steps: beam from the left, empty pixels white, one scale for all."""
    axes.imshow(image.T, origin="lower", cmap=MAP_COLOURS, aspect="auto", interpolation="nearest", vmin=0, vmax=255)
    axes.minorticks_off()
    axes.tick_params(labelsize=7)


def draw_pixel_maps(images: Mapping[str, Array]) -> tuple[Figure, Drawn]:
    """Both views of some events, by name; each image (view, plane, cell)."""
    figure, grid = new_figure(figsize=(8, 2.6 * len(images)), nrows=len(images), ncols=2, sharex=True, sharey=True)
    drawn: Drawn = {name: [] for name in ("event", "view", "plane", "cell", "value")}
    for row, (name, views) in zip(grid, images.items(), strict=True):
        for axes, view, label in zip(row, views, "XY", strict=True):
            draw_map(axes, view)
            axes.set_title(f"{name}, {label} view, {(view > 0).sum()} hits", fontsize=9)
            planes, cells = np.nonzero(view)
            drawn["event"] += [name] * len(planes)
            drawn["view"] += [label] * len(planes)
            drawn["plane"] += list(planes)
            drawn["cell"] += list(cells)
            drawn["value"] += [int(value) for value in view[planes, cells]]
    for axes in grid[-1]:
        axes.set_xlabel("plane of the view")
    for axes in grid[:, 0]:
        axes.set_ylabel("cell")
    return figure, drawn


def draw_network(layers: list[dict[str, Any]]) -> tuple[Figure, Drawn]:
    """Boxes of the network's layers with their shapes, from its own table (name, kind, shape, inputs, n_parameters).

    Only what has parameters, pools or merges is drawn, and an inception module is one box. Towers lie side by side.
    """
    kept = [layer for layer in layers if _is_drawn(layer)]
    columns = {"_x": 0.0, "_y": 2.0}
    place: dict[str, tuple[float, float]] = {}
    height = {0.0: 0, 1.0: 0, 2.0: 0}
    figure, axes = new_figure(figsize=(8, 9))
    for layer in kept:
        column = columns.get(str(layer["name"])[-2:], 1.0)
        start = 0 if layer["kind"] == "InputLayer" else 1
        level = max(height[column], start) if column != 1.0 else max([*height.values(), start])
        place[str(layer["name"])] = (column, -float(level))
        height[column] = level + 1
        _box(axes, column, -float(level), layer, layers)
    for one, other in _arrows([str(layer["name"]) for layer in kept]):
        (x0, y0), (x1, y1) = place[one], place[other]
        arrow = {"arrowstyle": "-|>", "color": "0.4", "lw": 0.8}
        axes.annotate("", (x1, y1 + 0.3), (x0, y0 - 0.3), arrowprops=arrow)
    total = sum(int(layer["n_parameters"]) for layer in layers)
    axes.set(xlim=(-0.6, 2.6), ylim=(-max(height.values()), 0.8), title=f"{total:,} parameters")
    axes.axis("off")
    names = ("name", "kind", "n_parameters")
    drawn: Drawn = {name: [layer[name] for layer in layers] for name in names}
    return figure, drawn | {"shape": ["x".join(map(str, layer["shape"])) for layer in layers]}


def _is_drawn(layer: Mapping[str, Any]) -> bool:
    """Say whether a layer gets a box: not the inner layers of an inception module, nor paddings and slices."""
    name, kind = str(layer["name"]), layer["kind"]
    if name.startswith("inception"):
        return kind == "Concatenate"
    return kind in ("InputLayer", "Conv2D", "Dense", "GlobalAveragePooling2D") or name.startswith(("pool", "merged"))


def _arrows(names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of boxes that follow each other."""
    towers = [[name for name in names if name.endswith(view)] for view in ("_x", "_y")]
    middle = [name for name in names if not name.endswith(("_x", "_y"))]
    first, rest = middle[0], middle[1:]
    pairs = [pair for tower in towers for pair in zip([first, *tower], [*tower, rest[0]], strict=False)]
    return pairs + list(pairwise(rest))


def _box(axes: Axes, x: float, y: float, layer: Mapping[str, Any], layers: list[dict[str, Any]]) -> None:
    name = str(layer["name"])
    inner = [other for other in layers if str(other["name"]).startswith(f"{name}_") or other is layer]
    n = sum(int(other["n_parameters"]) for other in inner)
    shape = " × ".join(map(str, layer["shape"]))
    text = f"{name}\n{shape}" + (f", {n:,} par." if n else "")
    box = FancyBboxPatch((x - 0.45, y - 0.3), 0.9, 0.6, boxstyle="round,pad=0.01", fc="#e8f0f8" if n else "w", ec="0.3")
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center", fontsize=7)


def draw_filters(filters: Array, image: Array, maps: Array) -> tuple[Figure, Drawn]:
    """The first layer's filters of the Y view, one event, and what the filters make of it.

    Args:
        filters: (7, 7, filter)
        image: (plane, cell), the event.
        maps: (plane, cell, filter), after the first convolution.
    """
    n = filters.shape[-1]
    side = int(np.ceil(np.sqrt(n)))
    figure, (left, centre, right) = new_figure(figsize=(13, 4.4), ncols=3)
    limit = np.abs(filters).max()
    shown = left.imshow(_tiles(filters.transpose(1, 0, 2)[::-1], side), cmap="RdBu_r", vmin=-limit, vmax=limit)
    left.set_title(f"{n} filters 7 × 7, Y view; planes to the right")
    figure.colorbar(shown, ax=left, shrink=0.8)
    draw_map(centre, image)
    centre.set(title="νμ CC event, Y view", xlabel="plane of the view", ylabel="cell")
    right.imshow(_tiles(maps.transpose(1, 0, 2)[::-1], side), cmap="viridis")
    right.set_title("feature maps of this event")
    for axes in (left, right):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.minorticks_off()
    drawn: Drawn = {}
    for name, values in (("filter", filters), ("map", maps)):
        planes, cells, number = np.indices(values.shape).reshape(3, -1)
        drawn |= {name: number, f"{name}_plane": planes, f"{name}_cell": cells, f"{name}_value": values.ravel()}
    hits = np.nonzero(image)
    return figure, drawn | {"image_plane": hits[0], "image_cell": hits[1], "image_value": image[hits]}


def _tiles(images: Array, side: int) -> Array:
    """Return images (row, column, number) side by side in one picture, NaN in between."""
    rows, columns, n = images.shape
    picture = np.full((side * (rows + 1) - 1, side * (columns + 1) - 1), np.nan)
    for number in range(n):
        top, left = number // side * (rows + 1), number % side * (columns + 1)
        picture[top : top + rows, left : left + columns] = images[..., number]
    return picture


def draw_inception(images: Mapping[str, Array], maps: Mapping[str, Array]) -> tuple[Figure, Drawn]:
    """Outputs of four channels of the first inception module for events by name.

    Shown are the channels whose mean output differs most between the events: the hadronic-activity and track filters.

    Args:
        images: (plane, cell), Y view, by event.
        maps: (plane, cell, channel), by event.
    """
    means = np.stack([values.mean(axis=(0, 1)) for values in maps.values()])  # (event, channel)
    contrast = means.std(axis=0) / (means.mean(axis=0) + 1e-6)
    chosen = np.argsort(-contrast * (means.max(axis=0) > np.median(means)))[:4]
    figure, grid = new_figure(figsize=(13, 2.6 * len(images)), nrows=len(images), ncols=1 + len(chosen))
    drawn: Drawn = {name: [] for name in ("event", "channel", "plane", "cell", "output")}
    top = {channel: max(float(values[..., channel].max()) for values in maps.values()) for channel in chosen}
    for row, (name, image) in zip(grid, images.items(), strict=True):
        draw_map(row[0], image)
        row[0].set_title(name)
        for axes, channel in zip(row[1:], chosen, strict=True):
            values = maps[name][..., channel]
            axes.imshow(values.T, origin="lower", cmap="viridis", aspect="auto", vmin=0, vmax=top[channel])
            axes.set_title(f"inception 3a, channel {channel}", fontsize=9)
            axes.minorticks_off()
            plane, cell = np.indices(values.shape).reshape(2, -1)
            drawn["event"] += [name] * values.size
            drawn["channel"] += [int(channel)] * values.size
            drawn["plane"] += list(plane)
            drawn["cell"] += list(cell)
            drawn["output"] += [float(value) for value in values.ravel()]
    return figure, drawn
