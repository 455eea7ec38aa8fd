"""The order of the axes of a file's flat pixel maps, decided from the data.

NOvA's native order is view, plane, cell; public code that reads the course files uses plane, cell, view. Particles
leave neighbouring hits, so the right order has the most pairs of hits in adjacent planes and adjacent cells.
"""

from typing import Literal

import numpy as np

from common.errors import InputError

from ..prepared.pixel_map import MAP_CELLS, MAP_PLANES

N_PIXELS = 2 * MAP_PLANES * MAP_CELLS  # both views
AxisOrder = Literal["view, plane, cell", "plane, cell, view", "view, cell, plane"]
AXIS_ORDERS: tuple[AxisOrder, ...] = ("view, plane, cell", "plane, cell, view", "view, cell, plane")


def as_views(rows: np.ndarray, order: AxisOrder) -> np.ndarray:
    """Return the views (event, view, plane, cell) of flat maps (event, N_PIXELS); no copy in the native order."""
    n = len(rows)
    if order == "view, plane, cell":
        return rows.reshape(n, 2, MAP_PLANES, MAP_CELLS)
    if order == "plane, cell, view":
        return rows.reshape(n, MAP_PLANES, MAP_CELLS, 2).transpose(0, 3, 1, 2)
    return rows.reshape(n, 2, MAP_CELLS, MAP_PLANES).transpose(0, 1, 3, 2)


def n_neighbours(views: np.ndarray) -> int:
    """Return how many pairs of hits in (event, view, plane, cell) lie in adjacent planes and adjacent cells.

    Adjacent cells are the same, the next and the one before, so that tracks along the beam count as well as steep ones.
    """
    hit = views > 0
    here, after = hit[:, :, :-1], hit[:, :, 1:]
    return int((here & after).sum() + (here[..., :-1] & after[..., 1:]).sum() + (here[..., 1:] & after[..., :-1]).sum())


def infer_axis_order(rows: np.ndarray, *, min_ratio: float, where: str) -> AxisOrder:
    """Return the order of axes of flat maps.

    Args:
        rows: (event, N_PIXELS)
        min_ratio: How many times more neighbouring pairs the best order must have than the second best.
        where: The file, for the error message.

    Raises:
        InputError: If no order stands out.
    """
    pairs = {order: n_neighbours(as_views(rows, order)) for order in AXIS_ORDERS}
    best, second = sorted(pairs, key=lambda order: -pairs[order])[:2]
    if pairs[best] < min_ratio * max(pairs[second], 1):
        counts = "; ".join(f"({order}): {n}" for order, n in pairs.items())
        raise InputError(
            f"{where}: the order of the pixels' axes cannot be recognised from {len(rows)} events. Expected one order"
            f" with {min_ratio} times more neighbouring hits than any other, found {counts}. Are these pixel maps?"
        )
    return best
