"""The published rejections are those of the stored curves, and no share counts what a coin has (arXiv:1511.05190)."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from common.report.published import load_published

from ..metrics.article_curves import published_curves

CLAIMS = [c for c in load_published(Path(__file__).parents[1] / "published.yaml").claims if c.kind == "number"]


def test_rejections_lie_on_the_authors_curves():
    """Two readings of one figure: the table of numbers and the curve; a typing error is ten times as large."""
    curves, compared = published_curves(), 0
    for claim in CLAIMS:
        match = re.fullmatch(r"roc\.(.+)\.rejection_(\d+)", claim.metric)
        if match and match[1] in curves and int(match[2]) < 80:
            on_curve = np.interp(int(match[2]) / 100, *curves[match[1]])
            assert claim.value == pytest.approx(on_curve, rel=0.01, abs=claim.error), claim.id
            compared += 1
    assert compared > 70


def test_tolerances_are_of_what_a_coin_lacks():
    for claim in CLAIMS:
        match = re.search(r"\.(area|rejection_(\d+))$", claim.metric)
        if match:
            coin = 100 / int(match[2]) if match[2] else math.log(0.8 / 0.2)
            assert claim.tolerance.rel and claim.tolerance.baseline == pytest.approx(coin, abs=1e-4), claim.id
            assert claim.tolerance.around(claim.value) <= 0.1001 * (claim.value - coin), claim.id


def test_rejections_fall_with_the_efficiency():
    rows = {}
    for claim in CLAIMS:
        match = re.fullmatch(r"(.+)\.rejection_(\d+)", claim.metric)
        if match and not claim.recomputed:
            rows.setdefault(match[1], {})[int(match[2])] = claim.value
    assert len(rows) == 24
    for name, row in rows.items():
        values = [row[efficiency] for efficiency in sorted(row)]
        assert values == sorted(values, reverse=True) and len(set(values)) == len(values), name
        assert all(value > 100 / efficiency for efficiency, value in row.items()), name
