"""The stored curves are those that were read from the authors' figures (arXiv:1511.05190)."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from papers.jet_images.reference import published_curves

REAL = Path(__file__).parents[4] / "shared/real/jet_images"
NAMES = {"mass": "mass", "tau21": "tau21", "dR": "delta_r", "Convnet": "convnet", "MaxOut": "maxout"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the curves as read are not beside this checkout")
def test_stored_curves_pass_through_the_points_as_read():
    points = defaultdict(list)
    with open(REAL / "digitized_rocs_arxiv_v1.csv", encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if row[0] == "ROC_1" and row[1] in NAMES:
                points[NAMES[row[1]]].append((float(row[2]), float(row[3])))
    stored = published_curves()
    assert set(points) == set(NAMES.values())
    for name, found in points.items():
        efficiency, rejection = np.array(found).T
        inside = efficiency < 0.79
        assert np.interp(efficiency[inside], *stored[name]) == pytest.approx(rejection[inside], rel=0.01), name


def test_a_clipped_curve_begins_where_the_frame_ends():
    assert published_curves()["mass+maxout"][0, 0] == pytest.approx(0.22)
