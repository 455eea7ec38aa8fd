"""Figures of the network: its layers, what they make of events, and the features before the last layer."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from sklearn.manifold import TSNE

from common.plotting import Drawing, new_figure

from ..prepared.labels import FLAVOURS, SYMBOLS, flavour_index
from .events import draw_map, nothing_to_show
from .inputs import Y_VIEW, Inputs

Array = np.ndarray


def fig2_network(inputs: Inputs) -> Drawing:
    """The layers of the trained network, drawn from the network itself, from the images (top) to the outputs (bottom).

    Each box gives the name of a layer, the shape of its output (planes × cells × channels), and its number of
    parameters; an inception module is one box, and paddings and normalisations are left out. The two towers, one for
    each view, have separate weights. In a run with fewer filters than the article, the numbers of channels and of
    parameters are smaller than in the article.
    """
    layers = inputs.cvn["layers"]
    shown = [layer for layer in layers if _is_drawn(layer)]
    columns = {"_x": 0.0, "_y": 2.0}
    centre: dict[str, tuple[float, float]] = {}
    height = {0.0: 0, 1.0: 0, 2.0: 0}
    figure, axes = new_figure(figsize=(8, 9))
    for layer in shown:
        column = columns.get(str(layer["name"])[-2:], 1.0)
        start = 0 if layer["kind"] == "InputLayer" else 1
        level = max(height[column], start) if column != 1.0 else max([*height.values(), start])
        centre[str(layer["name"])] = (column, -float(level))
        height[column] = level + 1
        _box(axes, column, -float(level), layer, layers)
    for one, other in _arrows([str(layer["name"]) for layer in shown]):
        (x0, y0), (x1, y1) = centre[one], centre[other]
        arrow = {"arrowstyle": "-|>", "color": "0.4", "lw": 0.8}
        axes.annotate("", (x1, y1 + 0.3), (x0, y0 - 0.3), arrowprops=arrow)
    total = sum(int(layer["n_parameters"]) for layer in layers)
    axes.set(xlim=(-0.6, 2.6), ylim=(-max(height.values()), 0.8), title=f"{total:,} parameters")
    axes.axis("off")
    drawn: dict[str, Any] = {name: [layer[name] for layer in layers] for name in ("name", "kind", "n_parameters")}
    return figure, drawn | {"shape": ["x".join(map(str, layer["shape"])) for layer in layers]}


def _is_drawn(layer: Mapping[str, Any]) -> bool:
    """Tell whether a layer gets a box; the inner layers of an inception module, paddings and slices get none."""
    name, kind = str(layer["name"]), layer["kind"]
    if name.startswith("inception"):
        return kind == "Concatenate"
    return kind in ("InputLayer", "Conv2D", "Dense", "GlobalAveragePooling2D") or name.startswith(("pool", "merged"))


def _arrows(names: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of layers that follow each other."""
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


def fig3_filters(inputs: Inputs) -> Drawing:
    """The first convolution of the Y view, and what it makes of an event.

    On the left are its filters of 7 × 7 pixels (planes to the right, cells upwards, red positive, blue negative). In
    the centre is the Y view of a charged-current deep inelastic interaction of a muon neutrino from the test events.
    On the right are the outputs of all filters for this event, in the order of the filters. A trained filter responds
    to edges or to tracks in a direction.
    """
    filters = inputs.cvn["filters"][Y_VIEW]  # (7, 7, filter)
    n = filters.shape[-1]
    figure, (left, centre, right) = new_figure(figsize=(13, 4.4), ncols=3)
    limit = np.abs(filters).max()
    picture = left.imshow(_tiles(filters), cmap="RdBu_r", vmin=-limit, vmax=limit)
    left.set_title(f"{n} filters 7 × 7, Y view; planes to the right")
    figure.colorbar(picture, ax=left, shrink=0.8)
    for axes in (left, right):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.minorticks_off()
    drawn = _columns("filter", filters)
    image = inputs.example_images().get("numu DIS")
    if image is None:
        centre.set_title("no νμ DIS event among the test events")
        return figure, drawn
    maps = inputs.inner_maps("feature_maps")["numu DIS"]  # (plane, cell, filter)
    draw_map(centre, image)
    centre.set(title="νμ CC event, Y view", xlabel="plane of the view", ylabel="cell")
    right.imshow(_tiles(maps), cmap="viridis")
    right.set_title("feature maps of this event")
    return figure, drawn | _columns("map", maps) | _hits(image)


def _tiles(images: Array) -> Array:
    """Return images (plane, cell, number) in one picture, side by side with NaN in between; planes to the right."""
    images = images.transpose(1, 0, 2)[::-1]  # (row, column, number)
    rows, columns, n = images.shape
    side = int(np.ceil(np.sqrt(n)))
    picture = np.full((side * (rows + 1) - 1, side * (columns + 1) - 1), np.nan)
    for number in range(n):
        top, left = number // side * (rows + 1), number % side * (columns + 1)
        picture[top : top + rows, left : left + columns] = images[..., number]
    return picture


def _hits(image: Array) -> dict[str, Array]:
    """Return the columns of the CSV for the hits of an image (plane, cell)."""
    hits = np.nonzero(image)
    return {"image_plane": hits[0], "image_cell": hits[1], "image_value": image[hits]}


def _columns(name: str, images: Array) -> dict[str, Array]:
    """Return the columns of the CSV for images (plane, cell, number)."""
    planes, cells, number = np.indices(images.shape).reshape(3, -1)
    return {name: number, f"{name}_plane": planes, f"{name}_cell": cells, f"{name}_value": images.ravel()}


def fig4_inception(inputs: Inputs) -> Drawing:
    """Outputs of four channels of the first inception module of the Y view, for test events of three types.

    Each event has a row, whose first panel is the Y view. The events are a deep inelastic and a quasi-elastic
    charged-current interaction of a muon neutrino, and a neutral current. Planes are to the right and cells upwards; a
    channel has the same colour scale in all rows. Shown are the channels whose mean output differs most between the
    events; look for channels that respond to hadronic activity, and others that respond to tracks.
    """
    shown = ("numu DIS", "numu QE", "NC")
    images = {name: image for name, image in inputs.example_images().items() if name in shown}
    names = ("event", "channel", "plane", "cell", "output", "image_event", "image_plane", "image_cell", "image_value")
    columns: dict[str, list] = {name: [] for name in names}
    if not images:
        return nothing_to_show("The test events have none of the types that are shown here."), columns
    maps = inputs.inner_maps("inception")  # each (plane, cell, channel)
    channels = _different_channels([maps[name] for name in images])
    size = {"figsize": (13, 2.6 * len(images)), "nrows": len(images), "ncols": 1 + len(channels)}
    figure, grid = new_figure(**size, squeeze=False)
    top = {channel: max(float(maps[name][..., channel].max()) for name in images) for channel in channels}
    for row, (name, image) in zip(grid, images.items(), strict=True):
        draw_map(row[0], image)
        row[0].set_title(name)
        for column, values in _hits(image).items():
            columns[column] += list(values)
        columns["image_event"] += [name] * np.count_nonzero(image)
        for axes, channel in zip(row[1:], channels, strict=True):
            values = maps[name][..., channel]
            axes.imshow(values.T, origin="lower", cmap="viridis", aspect="auto", vmin=0, vmax=top[channel])
            axes.set_title(f"inception 3a, channel {channel}", fontsize=9)
            axes.minorticks_off()
            plane, cell = np.indices(values.shape).reshape(2, -1)
            columns["event"] += [name] * values.size
            columns["channel"] += [int(channel)] * values.size
            columns["plane"] += list(plane)
            columns["cell"] += list(cell)
            columns["output"] += [float(value) for value in values.ravel()]
    return figure, columns


def _different_channels(maps: list[Array]) -> Array:
    """Return the four channels of maps (plane, cell, channel) whose mean differs most between the events."""
    means = np.stack([values.mean(axis=(0, 1)) for values in maps])  # (event, channel)
    contrast = means.std(axis=0) / (means.mean(axis=0) + 1e-6)
    return np.argsort(-contrast * (means.max(axis=0) > np.median(means)))[:4]


def fig5_tsne(inputs: Inputs) -> Drawing:
    """Test events in the plane in which t-SNE arranges them by the network's features after the last inception module.

    Each point is an event, coloured by its true flavour; neighbours have similar features. The axes have no meaning of
    their own. Flavours that the network can tell apart form regions; look for the overlap of NC with the others.
    """
    features = inputs.cvn["features"]
    flavour = flavour_index(inputs.test.interaction[: len(features)])
    points = TSNE(perplexity=inputs.config.perplexity, init="pca", random_state=0).fit_transform(features)
    points, flavour = points[flavour >= 0], flavour[flavour >= 0]
    figure, axes = new_figure(figsize=(5.5, 5))
    for number, name in enumerate(FLAVOURS):
        axes.plot(*points[flavour == number].T, ".", ms=3, label=SYMBOLS[name], color=f"C{number}")
    axes.set(xlabel="t-SNE 1", ylabel="t-SNE 2")
    axes.legend(markerscale=3)
    return figure, {"tsne_1": points[:, 0], "tsne_2": points[:, 1], "flavour": [list(FLAVOURS)[n] for n in flavour]}
