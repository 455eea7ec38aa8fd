"""What a jet image is (arXiv:1511.05190, Sec. 3.1): 25 x 25 pixels that hold transverse momentum.

An image is (row, column): the column grows with pseudorapidity, the row with falling azimuth, so that the array looks
like the article's pictures when its first row is drawn at the top. Its centre is the leading subjet.
"""

import numpy as np

N_PIXELS = 25  # of a row and of a column
HALF_WIDTH = 1.25  # from the centre to the edge, in pseudorapidity and azimuth


def normalise(images: np.ndarray) -> np.ndarray:
    """Return images (..., row, column) whose squared pixels sum up to one."""
    norm = np.sqrt(np.sum(images**2, axis=(-2, -1), keepdims=True))  # (..., 1, 1)
    return images / np.maximum(norm, 1e-12)
