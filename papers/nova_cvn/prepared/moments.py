"""Twelve numbers that describe the images of an event, the input of the boosted trees.

The collaboration's selectors before the network (LID, ReMId) rest on reconstructed tracks and showers; these moments
are a stand-in that needs the images alone.
"""

import numpy as np

MOMENTS = (
    "hits",  # of all views
    "value_sum",
    "value_per_hit",
    "largest_share",  # of the sum, in the largest hit
    "length",  # planes between the first and the last hit, mean of the views
    "hits_per_plane",  # among planes with hits
    "empty_planes",  # share of planes without a hit between the first and the last one
    "mean_plane",  # where along the length the energy is deposited, 0 to 1, weighted with the values
    "rms_plane",
    "rms_cell",
    "width",  # spread across the main axis, weighted with the values
    "elongation",  # variance along the main axis, as a share of that along both
)
SMALL = 1e-6


def image_moments(views: np.ndarray) -> np.ndarray:
    """Return the moments (event, MOMENTS) float32 of images (event, view, plane, cell); means over views with hits."""
    value = views.astype(np.float32)
    hit = views > 0
    total = value.sum(axis=(1, 2, 3))
    n_hits = hit.sum(axis=(1, 2, 3))
    per_view = np.stack(_of_each_view(value, hit), axis=-1)  # (event, view, 8)
    weight = hit.any(axis=(2, 3))[..., None]
    mean = (per_view * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1)
    largest = value.max(axis=(1, 2, 3))
    of_all_views = [n_hits, total, total / np.maximum(n_hits, 1), largest / np.maximum(total, 1)]
    return np.column_stack([*of_all_views, mean]).astype(np.float32)


def _of_each_view(value: np.ndarray, hit: np.ndarray) -> list[np.ndarray]:
    """Return the moments from "length" on, each (event, view)."""
    n_planes, n_cells = value.shape[2:]
    used = hit.any(axis=3)  # (event, view, plane)
    first, last = used.argmax(axis=2), n_planes - 1 - used[:, :, ::-1].argmax(axis=2)
    n_used = used.sum(axis=2)
    length = np.where(n_used > 0, last - first + 1, 0)
    total = np.maximum(value.sum(axis=(2, 3)), SMALL)
    along, across = value.sum(axis=3), value.sum(axis=2)
    plane, cell = np.arange(n_planes), np.arange(n_cells)
    mean_p, mean_c = (along * plane).sum(axis=2) / total, (across * cell).sum(axis=2) / total
    var_p = np.maximum((along * plane**2).sum(axis=2) / total - mean_p**2, 0)
    var_c = np.maximum((across * cell**2).sum(axis=2) / total - mean_c**2, 0)
    covariance = np.einsum("evpc,p,c->ev", value, plane, cell, optimize=True) / total - mean_p * mean_c
    root = np.sqrt((var_p - var_c) ** 2 / 4 + covariance**2)
    major, minor = (var_p + var_c) / 2 + root, np.maximum((var_p + var_c) / 2 - root, 0)
    return [
        length,
        hit.sum(axis=(2, 3)) / np.maximum(n_used, 1),
        1 - n_used / np.maximum(length, 1),
        (mean_p - first) / np.maximum(length, 1),
        np.sqrt(var_p),
        np.sqrt(var_c),
        np.sqrt(minor),
        major / np.maximum(major + minor, SMALL),
    ]
