"""The pull plot: which numbers are in it, where, and that each of them is drawn."""

import re
from typing import get_args

import numpy as np
import pytest

from common.report import pulls, readme
from common.report.compare import Comparison, read_comparison
from common.report.verdict import Judged
from tests.lensing import EXPECTED


@pytest.fixture
def small(make_run):
    """The comparison of a run on the archive's data, of three seeds."""
    return read_comparison(make_run() / "comparison.json")


def changed(comparison, claim, **outcome):
    """Return a comparison with another outcome of one claim."""
    lines = [
        line.model_copy(update={"outcome": line.outcome.model_copy(update=outcome)}) if line.claim.id == claim else line
        for line in comparison.lines
    ]
    return Comparison(**{**dict(comparison), "lines": lines})


def drawn_ids(svg):
    return re.findall(r'<g id="(\w+\.\w+\.\w+)">', svg)


def position(svg, name):
    """Return where the marker of a claim is drawn, and how."""
    found = re.search(rf'<g id="{re.escape(name)}">.*?<use [^>]*? x="(\S+)" y="(\S+)" style="([^"]*)"', svg, re.DOTALL)
    return float(found[1]), float(found[2]), found[3]


def test_every_judged_number_is_a_point(small):
    points = {point.claim: point for point in pulls.points({"lensing": [small]})}
    assert {name: point.verdict for name, point in points.items()} == {
        name: EXPECTED[name] for name in ("shear", "depth", "far")
    }
    assert points["shear"].value == pytest.approx(0.01 / 0.0153, rel=0.2)
    assert all(point.is_pull and point.paper == "lensing" and point.run == "small" for point in points.values())


def test_judged_orders_are_counted_apart(small):
    assert pulls.without_number({"lensing": [small]}) == {"reproduced": 1}
    assert "no pull: 1 reproduced" in readme.pulls_block({"lensing": [small]}).replace("\n", " ")


def test_without_a_pull_the_difference_is_shown_in_units_of_what_is_allowed(small):
    single = changed(small, "shear", pull=None)
    point = next(point for point in pulls.points({"lensing": [single]}) if point.claim == "shear")
    assert point.value == pytest.approx(0.01 / (0.05 + 0.001)) and not point.is_pull
    svg = pulls.draw({"lensing": [single]})
    assert "fill: #ffffff" in position(svg, "lensing.small.shear")[2]
    assert "fill: #ffffff" not in position(svg, "lensing.small.depth")[2]


def test_every_point_is_drawn_once(small):
    svg = pulls.draw({"lensing": [small], "clusters": [small]})
    names = [point.name for point in pulls.points({"lensing": [small], "clusters": [small]})]
    assert sorted(drawn_ids(svg)) == sorted(names) and len(names) == 6


def test_points_stand_at_their_pulls(small):
    """Three pulls, of which one is in the middle of the two others, and one beyond the edge."""
    for claim, pull in (("shear", -2.0), ("depth", 2.0), ("far", 0.0)):
        small = changed(small, claim, pull=pull)
    svg = pulls.draw({"lensing": [small]})
    left, right, middle = (position(svg, f"lensing.small.{claim}")[0] for claim in ("shear", "depth", "far"))
    assert middle == pytest.approx((left + right) / 2, abs=0.02) and right > left
    beyond = pulls.draw({"lensing": [changed(small, "far", pull=pulls.EDGE * 7)]})
    edge, left, right = (position(beyond, f"lensing.small.{claim}")[0] for claim in ("far", "shear", "depth"))
    assert (edge - left) / (right - left) == pytest.approx((pulls.EDGE + 2) / 4, abs=0.01)
    assert beyond.count("<use ") == svg.count("<use ") + 1  # the arrow


def test_every_verdict_has_a_colour_and_a_marker_of_its_own():
    verdicts = get_args(Judged.model_fields["verdict"].annotation)
    assert set(verdicts) == set(pulls.STYLES)
    colours, markers = zip(*[*pulls.STYLES.values(), pulls.OTHER], strict=True)
    assert len(set(colours)) == len(colours) and len(set(markers)) == len(markers)


def test_points_of_a_row_keep_their_distance():
    values = list(np.random.default_rng(2).normal(size=60))
    rows = pulls.rows_of(values, distance=0.3)
    for row in set(rows):
        found = sorted(value for value, its in zip(values, rows, strict=True) if its == row)
        assert min(np.diff(found), default=1) >= 0.3
    assert pulls.rows_of([0.0, 5.0], distance=0.3) == [0, 0] and max(map(abs, rows)) < 15


def test_equal_numbers_give_equal_files(small):
    svg = pulls.draw({"lensing": [small]})
    assert svg == pulls.draw({"lensing": [small]})
    assert not re.search(r"20\d\d-\d\d-\d\d", svg)


def test_a_paper_without_a_judged_number_has_a_band_that_says_so(make_run):
    generated = read_comparison(make_run("generated", ["generated"]) / "comparison.json")
    assert pulls.points({"lensing": [generated]}) == []
    svg = pulls.draw({"lensing": [generated]})
    assert drawn_ids(svg) == [] and "<!-- 1 not attempted, 6 not comparable -->" in svg
    assert "<!-- no recorded run -->" in pulls.draw({"lensing": []})
