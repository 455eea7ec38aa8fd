"""Whether what a figure shows is what its CSV says: the arrays of its artists against the columns beside it.

An array of more than two numbers has to be a column, up to a factor (a unit), or the ratio of two. Rows may be left
out, such as those of other classes. Bands and error bars may be given by their edges or by their half widths, images by
tiles or columns of their own, and without empty pixels.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

SHORTEST = 3
ORDERED = (("low", "high"), ("lower", "upper"), ("p16", "median"), ("median", "p84"))  # endings of names


def faults(figure: Figure, drawn: Mapping[str, Any]) -> list[str]:
    """Return what a figure shows and its CSV does not have, and columns that contradict their names."""
    columns = {name: np.atleast_1d(np.asarray(values)) for name, values in drawn.items()}
    numbers = {name: values.astype(float) for name, values in columns.items() if values.dtype.kind in "iufb"}
    shown = [artist for axes in figure.axes if axes.get_label() != "<colorbar>" for artist in artists(axes)]
    found = [fault for artist in shown for fault in missing(*artist, numbers=numbers)]
    return found + disordered(numbers)


def missing(label: str, kind: str, arrays: list[np.ndarray], *, numbers: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield a fault if nothing of what an artist says is in the CSV, or only what its label does not name."""
    names = FINDERS[kind](arrays, numbers)
    if not names:
        yield f"{kind} {label!r} is no column: {np.array2string(arrays[0].ravel()[:4], precision=4)} ..."
        return
    named = {name for name in numbers if label and plain(label) in plain(name)}
    if named and not named & set(names):
        yield f"{kind} {label!r} shows {names}, and not {sorted(named)}"


def of_one(arrays: list[np.ndarray], numbers: Mapping[str, np.ndarray]) -> list[str]:
    """Return the columns that any of some alternatives is, or a ratio of two."""
    names = [name for array in arrays for name, column in numbers.items() if is_column(array, column)]
    if names:
        return names
    equal = [(name, column) for name, column in numbers.items() if len(column) == len(arrays[0])]
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = itertools.permutations(equal, 2)
        return [name for (one, a), (other, b) in pairs if is_column(arrays[0], a / b) for name in (one, other)]


def of_band(arrays: list[np.ndarray], numbers: Mapping[str, np.ndarray]) -> list[str]:
    """Return the columns of both edges of a band, or that of half its width."""
    edges = [[name for name, column in numbers.items() if is_column(array, column)] for array in arrays]
    if all(edges):
        return [name for names in edges for name in names]
    half = (arrays[1] - arrays[0]) / 2
    return [name for name, column in numbers.items() if is_column(half, column)]


def of_image(arrays: list[np.ndarray], numbers: Mapping[str, np.ndarray]) -> list[str]:
    """Return the columns that hold an image (row, column): all of it, every tile of it, or every column of it."""
    (image,) = arrays
    tiles = tiles_of(image)
    for parts in ([image], tiles, [column[:, None] for column in image.T], [row[:, None] for row in image]):
        found = [[name for name, column in numbers.items() if is_tile(part, column)] for part in parts]
        if all(found):
            return [name for names in found for name in names]
    return []


def tiles_of(image: np.ndarray) -> list[np.ndarray]:
    """Return the parts of an image between rows and columns without a number."""
    full = np.isfinite(image)
    rows, columns = (spans(full.any(axis=axis)) for axis in (1, 0))
    tiles = [image[top:bottom, left:right] for top, bottom in rows for left, right in columns]
    return [tile for tile in tiles if np.isfinite(tile).any()]


def spans(used: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of the stretches that are true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def is_tile(tile: np.ndarray, column: np.ndarray) -> bool:
    """Whether a column holds a tile in one of the orders in which it can be read, empty pixels or not."""
    return any(
        is_column(read, column) or (read.any() and is_column(read[read != 0], column))
        for read in (tile.ravel(), tile.T.ravel(), tile[::-1].ravel(), tile[::-1].T.ravel())
    )


FINDERS = {"line": of_one, "steps": of_one, "bars": of_one, "points": of_one, "band": of_band, "image": of_image}


def plain(text: str) -> str:
    """Return a label or the name of a column without what they write in other ways."""
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def disordered(numbers: Mapping[str, np.ndarray]) -> list[str]:
    """Return pairs of columns of which the lower one is above the upper one."""
    pairs = [(name, name.removesuffix(low) + high) for name in numbers for low, high in ORDERED if name.endswith(low)]
    return [
        f"column {low} is above {high}"
        for low, high in pairs
        if high in numbers and len(numbers[low]) == len(numbers[high]) and np.any(numbers[low] > numbers[high])
    ]


# ---- what is shown ----


def artists(axes: Any) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Yield label, kind, and the arrays that say the same of everything that shows more than two numbers."""
    caps = {id(cap) for container in axes.containers for cap in caps_of(container)}
    for line in axes.lines:
        values = [np.asarray(line.get_ydata(orig=True)), np.asarray(line.get_xdata(orig=True))]
        if len(values[0]) >= SHORTEST and id(line) not in caps and (shown := values_of(*values)):
            yield label_of(line), "line", shown
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, _, below = patch.get_data()
            above_below = values if below is None or np.ndim(below) == 0 else values - below
            yield label_of(patch), "steps", [above_below, values]
    for container in axes.containers:
        yield from of_container(container)
    for image in axes.images:
        yield label_of(image), "image", [np.ma.filled(image.get_array().astype(float), np.nan)]
    for collection in axes.collections:
        yield from of_collection(collection)


def label_of(artist: Any) -> str:
    """Return the label, "" for one that Matplotlib made up."""
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def values_of(y: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
    """Return what a line shows: y, or x where y is only a place (names, rows), or either where y is constant."""
    is_place = y.dtype.kind not in "iufb" or np.array_equal(y, np.arange(len(y)))
    shown = [x] if is_place else [y, x] if np.all(y == y[0]) else [y]
    return [values.astype(float) for values in shown if values.dtype.kind in "iufb"]


def caps_of(container: Any) -> list[Any]:
    """Return the lines that end error bars."""
    errors = container.errorbar if isinstance(container, BarContainer) else container
    return list(errors.lines[1]) if isinstance(errors, ErrorbarContainer) else []


def of_container(container: Any) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Yield the values of bars and the lengths of error bars; the values of error bars are lines of their axes."""
    if isinstance(container, BarContainer) and len(container.datavalues) >= SHORTEST:
        yield label_of(container), "bars", [np.asarray(container.datavalues, dtype=float)]
    if isinstance(container, ErrorbarContainer):
        for bars in container.lines[2]:
            yield from of_error_bars(bars)


def of_error_bars(bars: LineCollection) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Yield both ends of error bars; horizontal ones are widths of bins, unless their rows have names."""
    segments = np.array([segment for segment in bars.get_segments() if len(segment) == 2])  # (bar, end, x and y)
    if len(segments) < SHORTEST:
        return
    begin, end = segments[:, 0], segments[:, 1]  # (bar, x and y)
    if np.ptp(segments[..., 1], axis=1).any():
        yield "", "band", [begin[:, 1], end[:, 1]]
    elif np.array_equal(begin[:, 1], np.arange(len(begin))):
        yield "", "band", [begin[:, 0], end[:, 0]]


def of_collection(collection: Collection) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Yield the edges of a band, the points of a scatter plot, or the cells of a mesh."""
    label = label_of(collection)
    if isinstance(collection, QuadMesh):
        yield label, "image", [np.ma.filled(np.ma.asarray(collection.get_array(), dtype=float), np.nan)]
    elif isinstance(collection, PathCollection) and len(collection.get_offsets()) >= SHORTEST:
        yield label, "points", [np.asarray(collection.get_offsets())[:, 1]]
    elif isinstance(collection, PolyCollection):
        edges = [edges_of_band(path.vertices) for path in collection.get_paths()]
        lower, upper = (np.concatenate([pair[k] for pair in edges] or [[]]) for k in (0, 1))
        if len(lower) >= SHORTEST:
            yield label, "band", [lower, upper]


def edges_of_band(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both edges of what fill_between drew: along one with n points, and back along the other."""
    n = (len(vertices) - 3) // 2
    return vertices[1 : n + 1, 1], vertices[n + 2 : 2 * n + 2, 1][::-1]


# ---- comparing ----


def is_column(array: np.ndarray, column: np.ndarray) -> bool:
    """Whether an array is a column up to a factor, or such rows of it as are finite or of one kind."""
    if len(array) == len(column):
        finite = np.isfinite(array)
        return bool(np.isfinite(column[finite]).all()) and is_multiple(array[finite], column[finite])
    array, column = array[np.isfinite(array)], column[np.isfinite(column)]
    if len(array) == len(column):
        return is_multiple(array, column)
    return len(array) < len(column) and is_part(array, column)


def is_multiple(array: np.ndarray, column: np.ndarray) -> bool:
    """Whether two arrays are equal up to a factor."""
    if not array.any() or not column.any():
        return not array.any() and not column.any()
    largest = np.argmax(np.abs(column))
    factor = array[largest] / column[largest]
    return bool(factor != 0 and np.allclose(array, factor * column, rtol=1e-5, atol=1e-7 * abs(array[largest])))


def is_part(array: np.ndarray, column: np.ndarray) -> bool:
    """Whether an array is a column without some of its rows."""
    places = iter(column.tolist())
    return all(any(math.isclose(value, other, rel_tol=1e-5) for other in places) for value in array.tolist())
