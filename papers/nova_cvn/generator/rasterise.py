"""From calibrated hits to the two images of arXiv:1604.01444, Sec. 3, in NOvA's layout of `cvnmap`.

Both views have 100 columns, which are their own planes from the most upstream plane with a hit on, and 80 cells around
the median cell of the hits in these planes. Energies are numbers of 8 bits.
"""

import numpy as np

from papers.nova_cvn.geometry import CELL_CM, PLANE_CM

N_COLUMNS, N_ROWS = 100, 80
WHITE = 255  # largest value of a pixel


def has_neighbour(planes: np.ndarray, cells: np.ndarray, *, reach_cm: float) -> np.ndarray:
    """Return a mask (hit,) of the hits with another one of their view within reach: in place of NOvA's slicing.

    A recoil far from all else, of a neutron mostly, does not get into a slice; upstream it would move the image.
    """
    z, across = planes * PLANE_CM, cells * CELL_CM
    near = (z[:, None] - z) ** 2 + (across[:, None] - across) ** 2 < reach_cm**2
    near &= planes[:, None] % 2 == planes % 2
    return near.sum(axis=1) > 1  # itself and another one


def window_of(planes: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the even plane that the window starts at, and a mask (hit,) of the hits within its 200 planes."""
    first = int(planes.min()) // 2 * 2
    return first, planes < first + 2 * N_COLUMNS


def lowest_cell(cells: np.ndarray) -> int:
    """Return the cell of the image's first row, such that the median of the cells (hit,) is in its middle."""
    return int(np.median(cells)) - N_ROWS // 2


def draw_maps(planes: np.ndarray, cells: np.ndarray, energies: np.ndarray, *, full_mev: float) -> np.ndarray:
    """Return the pixel maps (2, 100, 80) uint8, X view first, of at least one hit.

    Args:
        planes: (hit,) even in the X view.
        cells: (hit,)
        energies: (hit,) [MeV]
        full_mev: Energy of the value 255; higher ones have the same value.
    """
    maps = np.zeros((2, N_COLUMNS, N_ROWS), np.uint8)
    first, within = window_of(planes)
    for view in (0, 1):
        own = within & (planes % 2 == view)
        if not own.any():
            continue
        rows = cells[own] - lowest_cell(cells[own])
        columns = (planes[own] - first) // 2
        values = np.minimum(np.rint(energies[own] * (WHITE / full_mev)), WHITE).astype(np.uint8)
        seen = (rows >= 0) & (rows < N_ROWS)
        maps[view, columns[seen], rows[seen]] = values[seen]
    return maps
