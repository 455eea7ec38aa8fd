"""From calibrated hits to the two images of an event, as in `cvnmap` of NOvA's files.

Each view has 100 columns, which are its planes from the most upstream plane with a hit on, and 80 rows, which are the
cells around the median cell of the hits in these planes. Energies are stored in 8 bits.
"""

import numpy as np

from ..prepared.pixel_map import MAP_CELLS, MAP_PLANES, MAX_VALUE
from .geometry import CELL_CM, PLANE_CM


def has_neighbour(planes: np.ndarray, cells: np.ndarray, *, reach_cm: float) -> np.ndarray:
    """Return a mask (hit,) of the hits that have another hit of the same view within reach.

    This replaces NOvA's slicing, which drops lonely recoils, mostly of neutrons; upstream they would move the image.
    """
    z, across = planes * PLANE_CM, cells * CELL_CM
    near = (z[:, None] - z) ** 2 + (across[:, None] - across) ** 2 < reach_cm**2
    near &= planes[:, None] % 2 == planes % 2
    return near.sum(axis=1) > 1  # every hit is near itself


def window_of(planes: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the even plane that the window starts at, and a mask (hit,) of the hits within its 200 planes."""
    first = int(planes.min()) // 2 * 2
    return first, planes < first + 2 * MAP_PLANES


def lowest_cell(cells: np.ndarray) -> int:
    """Return the cell of the image's first row, such that the median of the cells (hit,) is in its middle."""
    return int(np.median(cells)) - MAP_CELLS // 2


def rasterise(planes: np.ndarray, cells: np.ndarray, energies: np.ndarray, *, full_mev: float) -> np.ndarray:
    """Return the pixel maps (2, 100, 80) uint8, X view first, from at least one hit.

    Args:
        planes: (hit,) even in the X view.
        cells: (hit,)
        energies: (hit,) [MeV]
        full_mev: Energy that gets the largest value, as do higher ones.
    """
    maps = np.zeros((2, MAP_PLANES, MAP_CELLS), np.uint8)
    first, within = window_of(planes)
    for view in (0, 1):
        hit = within & (planes % 2 == view)
        if not hit.any():
            continue
        rows = cells[hit] - lowest_cell(cells[hit])
        columns = (planes[hit] - first) // 2
        values = np.minimum(np.rint(energies[hit] * (MAX_VALUE / full_mev)), MAX_VALUE).astype(np.uint8)
        inside = (rows >= 0) & (rows < MAP_CELLS)
        maps[view, columns[inside], rows[inside]] = values[inside]
    return maps
