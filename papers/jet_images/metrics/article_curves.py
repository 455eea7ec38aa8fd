"""The authors' curves and histograms, read from their vector figures, and how far ours are from them.

The files in curves/ say which figures of arXiv:1511.05190 they come from.
"""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from ..settings import Kind
from .roc import GRID, area_of

FOLDER = Path(__file__).parents[1] / "curves"


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one file of the folder curves."""
    with open(FOLDER / name, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def published_curves() -> dict[str, np.ndarray]:
    """Return signal efficiency and 1/(background efficiency), (2, point), of each curve by name."""
    curves = defaultdict(list)
    for row in read_rows("roc.csv"):
        curves[row["curve"]].append((float(row["signal_efficiency"]), float(row["rejection"])))
    return {name: np.array(points).T for name, points in curves.items()}


def published_area(name: str) -> float:
    """Return the area below one of the article's curves, on our grid of signal efficiencies."""
    return area_of(np.interp(GRID, *published_curves()[name]))


def published_distribution(variable: str, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """Return edges (bin + 1,) and density (bin,) of a variable of one class."""
    rows = [row for row in read_rows("distributions.csv") if (row["variable"], row["class"]) == (variable, kind)]
    edges = [float(row["low"]) for row in rows] + [float(rows[-1]["high"])]
    return np.array(edges), np.array([float(row["density"]) for row in rows])


def shape_distance(values: np.ndarray, share: np.ndarray, variable: str, kind: Kind) -> float:
    """Return the largest difference of the cumulated distributions, ours and the article's (Kolmogorov's distance).

    Args:
        values: (jet,) of the variable
        share: (jet,) of the weight, which add up to one
        variable: Its name.
        kind: Class of the jets.
    """
    edges, density = published_distribution(variable, kind)
    theirs = np.cumsum(density * np.diff(edges))
    inside = np.histogram(values, edges, weights=share)[0]
    ours = np.cumsum(inside) / inside.sum()
    return float(np.max(np.abs(ours - theirs / theirs[-1])))
