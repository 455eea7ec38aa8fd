"""Three events of the collaboration's simulation, the examples of an author's thesis (arXiv:1604.01444, pixel maps)."""

import csv
from pathlib import Path

import numpy as np

from papers.nova_cvn.events import N_CELLS, N_PLANES

EVENTS = Path(__file__).with_name("real_events.csv")  # says where they come from
REAL_TYPES = {2: "numu DIS", 6: "nue DIS", 13: "NC"}  # place in classes.INTERACTIONS


def real_events() -> dict[str, np.ndarray]:
    """Return the images (view, plane, cell) of three real events by name, the largest pixel of each view being 255."""
    images = {name: np.zeros((2, N_PLANES, N_CELLS)) for name in REAL_TYPES.values()}
    with open(EVENTS, encoding="utf-8", newline="") as stream:
        for hit in csv.DictReader(line for line in stream if not line.startswith("#")):
            place = "xy".index(hit["view"]), int(hit["plane"]), int(hit["cell"])
            images[REAL_TYPES[int(hit["type"])]][place] = int(hit["value"])
    return images
