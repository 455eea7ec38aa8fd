"""The authors' own curves, read from their vector figures (arXiv:1511.05190; the files say which)."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("curves")


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one file of the folder curves."""
    with open(FOLDER / name, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def published_curves() -> dict[str, np.ndarray]:
    """Return signal efficiency and 1/(background efficiency), (2, point), of each curve by name."""
    found = defaultdict(list)
    for row in read_rows("roc.csv"):
        found[row["curve"]].append((float(row["signal_efficiency"]), float(row["rejection"])))
    return {name: np.array(points).T for name, points in found.items()}


def published_distribution(variable: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return edges (bin + 1,) and density (bin,) of a variable, for "signal" or "background"."""
    rows = [row for row in read_rows("distributions.csv") if (row["variable"], row["class"]) == (variable, kind)]
    edges = [float(row["low"]) for row in rows] + [float(rows[-1]["high"])]
    return np.array(edges), np.array([float(row["density"]) for row in rows])
