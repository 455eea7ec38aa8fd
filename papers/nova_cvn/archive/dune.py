"""Reader of the pixel maps that DUNE has released with a network like this one (github.com/DUNE/dune-cvn).

`partition.p` lists the events and their labels; beside it lies one `event<i>.gz` for each: zlib-compressed uint8
(3 views, 500 wires, 500 times). Five by five pixels become one by their largest value, and the window of NOvA's pixel
maps is cut out: 100 columns from the first one with a hit on, 80 rows around the median hit.
"""

import functools
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from common.errors import InputError, nearest
from common.pickles import read_pickle

from ..prepared.labels import NC
from ..prepared.pixel_map import MAP_CELLS, MAP_PLANES, Events

LABELS = "partition.p"
N_VIEWS, N_FINE, MERGED = 3, 500, 5
N_MODES = 4  # QE, RES, DIS, other: the interaction type is 4 flavour + mode
NC_FLAVOUR = 3


@functools.cache
def read_labels(path: Path) -> dict[str, list[int]]:
    """Return [is antineutrino, flavour, mode, protons, pions, π⁰, neutrons] by event.

    Raises:
        InputError: If the file is missing or is no such list.
    """
    if not path.exists():
        raise InputError(f"{path}: this list of events and labels is missing, so the events beside it cannot be used.")
    expected = "event names and their labels"
    content = read_pickle(path, expected=expected)
    try:
        _, labels = content
        return {str(name): [int(value) for value in values] for name, values in labels.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected a pickle of {expected}, found something else ({error}).") from None


def interaction_type(label: list[int]) -> int:
    """Return the index into labels.INTERACTIONS of a DUNE label.

    Raises:
        ValueError: If flavour or mode is unknown.
    """
    flavour, mode = label[1:3]
    if flavour == NC_FLAVOUR:
        return NC
    if not 0 <= flavour < NC_FLAVOUR or not 0 <= mode < N_MODES:
        raise ValueError(f"flavour {flavour} with mode {mode}")
    return N_MODES * flavour + mode


def read_maps(path: Path) -> np.ndarray:
    """Return the uncut views (view, wire, time) uint8 of one event.

    Raises:
        InputError: If the file is damaged or has another size.
    """
    try:
        content = zlib.decompress(path.read_bytes())
    except zlib.error as error:
        raise InputError(f"{path}: the file is damaged or incomplete ({error}). Fetch it again.") from None
    if len(content) != N_VIEWS * N_FINE**2:
        raise InputError(f"{path}: expected {N_VIEWS} x {N_FINE} x {N_FINE} bytes, found {len(content)}.")
    return np.frombuffer(content, np.uint8).reshape(N_VIEWS, N_FINE, N_FINE)


def as_pixel_map(fine: np.ndarray) -> np.ndarray:
    """Return the views (view, plane, cell) uint8 of NOvA's size from (view, wire, time)."""
    n = N_FINE // MERGED
    merged = fine.reshape(N_VIEWS, n, MERGED, n, MERGED).max(axis=(2, 4))
    views = np.zeros((N_VIEWS, MAP_PLANES, MAP_CELLS), np.uint8)
    for view, image in zip(views, merged, strict=True):
        columns, rows = np.nonzero(image)
        if not len(columns):
            continue
        first = int(columns.min())
        low = int(np.median(rows)) - MAP_CELLS // 2
        inside = (columns < first + MAP_PLANES) & (rows >= low) & (rows < low + MAP_CELLS)
        view[columns[inside] - first, rows[inside] - low] = image[columns[inside], rows[inside]]
    return views


def read_dune(path: Path) -> Iterator[Events]:
    """Yield the one event of a file `event<i>.gz`; the release has no energies, so they are 0.

    Raises:
        InputError: If the file or the list of labels beside it is missing or damaged, or if the event has no label
            or an unknown one.
    """
    labels = read_labels(path.with_name(LABELS))
    name = str(event_number(path))
    if name not in labels:
        raise InputError(f"{path}: {LABELS} has no label for this event.{nearest(name, labels)}")
    try:
        interaction = np.array([interaction_type(labels[name])])
    except ValueError as error:
        raise InputError(f"{path}: {LABELS} has an unknown label: {error}.") from None
    zero = np.zeros(1, np.float32)
    yield Events(as_pixel_map(read_maps(path))[None], interaction, zero, zero)


def event_number(path: Path) -> int:
    """Return 7 for `event7.gz`."""
    return int(path.name.removeprefix("event").removesuffix(".gz"))
