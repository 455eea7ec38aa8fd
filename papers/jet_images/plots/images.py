"""Images side by side, with one colour scale."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm

from common.plotting import Drawing, new_figure

from ..image import HALF_WIDTH
from ..prepared import Jets

EXTENT = (-HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH, HALF_WIDTH)  # pseudorapidity, azimuth


def mean_image(jets: Jets, *, label: int) -> np.ndarray:
    """Return the weighted mean image (row, column) of one class."""
    in_class = jets.label == label
    return np.einsum("j,jrc->rc", jets.weight[in_class] / jets.weight[in_class].sum(), jets.image[in_class])


def draw_images(images: Mapping[str, np.ndarray], *, symmetric: bool, unit: str) -> Drawing:
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
    tiles = np.full((nrows * (height + 1) - 1, ncols * (width + 1) - 1), np.nan)
    for index, image in enumerate(images):
        top, left = index // ncols * (height + 1), index % ncols * (width + 1)
        tiles[top : top + height, left : left + width] = image
    return tiles


def draw_mosaic(axes: Axes, images: np.ndarray, *, ncols: int, symmetric: bool, title: str) -> Any:
    """Draw images (image, row, column) side by side, in order from left to right and from top to bottom."""
    tiles = mosaic(images, ncols=ncols)
    shown = axes.imshow(tiles, interpolation="nearest", **scale_of([tiles], symmetric=symmetric))
    axes.set(title=title, xticks=[], yticks=[])
    return shown
