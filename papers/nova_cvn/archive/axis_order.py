"""Which order of axes a file's flat pixel maps have, decided from the data.

NOvA's native order is view, plane, cell; public code that reads the course files uses plane, cell, view. Particles
leave neighbouring hits, so the right order has the most pairs of hits in adjacent planes and adjacent cells.
"""

from typing import Literal

import numpy as np

from common.errors import InputError
from papers.nova_cvn.events import N_CELLS, N_PLANES

N_PIXELS = 2 * N_PLANES * N_CELLS  # both views
Layout = Literal["view, plane, cell", "plane, cell, view", "view, cell, plane"]
LAYOUTS: tuple[Layout, ...] = ("view, plane, cell", "plane, cell, view", "view, cell, plane")


def as_views(rows: np.ndarray, layout: Layout) -> np.ndarray:
    """Return the views (event, view, plane, cell) of flat maps (event, N_PIXELS); no copy in the native order."""
    n = len(rows)
    if layout == "view, plane, cell":
        return rows.reshape(n, 2, N_PLANES, N_CELLS)
    if layout == "plane, cell, view":
        return rows.reshape(n, N_PLANES, N_CELLS, 2).transpose(0, 3, 1, 2)
    return rows.reshape(n, 2, N_CELLS, N_PLANES).transpose(0, 1, 3, 2)


def n_neighbours(views: np.ndarray) -> int:
    """Return how many pairs of hits in (event, view, plane, cell) lie in adjacent planes and adjacent cells.

    Adjacent cells are the same, the next and the one before, so that tracks along the beam count as well as steep ones.
    """
    hit = views > 0
    here, after = hit[:, :, :-1], hit[:, :, 1:]
    return int((here & after).sum() + (here[..., :-1] & after[..., 1:]).sum() + (here[..., 1:] & after[..., :-1]).sum())


def infer_layout(rows: np.ndarray, *, min_ratio: float, where: str) -> Layout:
    """Return the order of axes of flat maps.

    Args:
        rows: (event, N_PIXELS)
        min_ratio: How many times more neighbouring pairs the best order must have than the second best.
        where: The file, for the message.

    Raises:
        InputError: If no order stands out.
    """
    pairs = {layout: n_neighbours(as_views(rows, layout)) for layout in LAYOUTS}
    best, second = sorted(pairs, key=lambda layout: -pairs[layout])[:2]
    if pairs[best] < min_ratio * max(pairs[second], 1):
        found = "; ".join(f"({layout}): {n}" for layout, n in pairs.items())
        raise InputError(
            f"{where}: the order of the pixels' axes cannot be told from {len(rows)} events. Expected one order with"
            f" {min_ratio} times more neighbouring hits than any other, found {found}. Are these pixel maps?"
        )
    return best
