"""The guard of figures: what is drawn is in the CSV, and a mistake in either is noticed."""

import numpy as np
import pytest

from common.plotting import new_figure
from tests.drawn import faults

X = np.arange(5.0)
Y = np.array([3.0, 1.0, 4.0, 1.5, 9.0])
ERROR = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
OTHER = Y[::-1] + 0.25
IMAGE = np.arange(12.0).reshape(3, 4) ** 2


def figure_of(draw):
    figure, axes = new_figure()
    draw(axes)
    return figure


def test_a_figure_without_numbers_has_no_faults():
    assert faults(figure_of(lambda axes: axes.axhline(0)), {}) == []


RIGHT = {
    "line": (lambda axes: axes.plot(X, Y), {"y": Y}),
    "unit": (lambda axes: axes.plot(X, 1e23 * Y), {"y": Y}),
    "masked": (lambda axes: axes.plot(X, np.where(X == 1, np.nan, Y)), {"y": Y}),
    "rows": (lambda axes: axes.plot(X[::2], Y[::2], "."), {"y": Y}),
    "ratio": (lambda axes: axes.plot(X, Y / OTHER), {"y": Y, "other": OTHER}),
    "steps": (lambda axes: axes.stairs(Y, np.arange(6)), {"y": Y}),
    "stack": (lambda axes: axes.stairs(Y + OTHER, np.arange(6), baseline=OTHER), {"y": Y}),
    "bars": (lambda axes: axes.bar(X, Y, yerr=ERROR, capsize=2), {"y": Y, "error": ERROR}),
    "names": (lambda axes: axes.barh(list("abcde"), Y, xerr=ERROR), {"y": Y, "error": ERROR}),
    "error bars": (lambda axes: axes.errorbar(X + 0.5, Y, ERROR, xerr=0.5), {"y": Y, "error": ERROR}),
    "band": (lambda axes: axes.fill_between(X, Y - ERROR, Y + ERROR), {"y": Y, "error": ERROR}),
    "edges": (lambda axes: axes.fill_between(X, Y, Y + ERROR**2), {"low": Y, "high": Y + ERROR**2}),
    "image": (lambda axes: axes.imshow(IMAGE), {"image": IMAGE.ravel()}),
    "mesh": (lambda axes: axes.pcolormesh(IMAGE), {f"column_{k}": IMAGE[:, k] for k in range(4)}),
    "label": (lambda axes: axes.plot(X, Y, label="class 0"), {"class_0": Y, "class_1": OTHER}),
}
WRONG = {
    "line": (lambda axes: axes.plot(X, Y), {"y": OTHER}, "line '' is no column"),
    "offset": (lambda axes: axes.plot(X, Y + 1), {"y": Y}, "line '' is no column"),
    "rows": (lambda axes: axes.plot(X[:3], Y[2::-1], "."), {"y": Y}, "line '' is no column"),
    "steps": (lambda axes: axes.stairs(np.cumsum(Y), np.arange(6)), {"y": Y}, "steps '' is no column"),
    "bars": (lambda axes: axes.bar(X, Y), {"y": OTHER}, "bars '' is no column"),
    "error bars": (lambda axes: axes.errorbar(X, Y, ERROR), {"y": Y, "error": ERROR[::-1]}, "band '' is no column"),
    "named bars": (lambda axes: axes.barh(list("abcde"), Y, xerr=ERROR), {"y": Y, "e": ERROR**2}, "band '' is no"),
    "band": (lambda axes: axes.fill_between(X, Y - ERROR, Y + ERROR), {"y": Y, "e": ERROR**2}, "band '' is no"),
    "image": (lambda axes: axes.imshow(IMAGE), {"image": np.sqrt(IMAGE).ravel()}, "image '' is no column"),
    "exchanged": (
        lambda axes: axes.plot(X, Y, label="class 0"),
        {"class_1": Y, "class_0": OTHER},
        "line 'class 0' shows ['class_1'], and not ['class_0']",
    ),
    "percentiles": (lambda axes: None, {"p16": Y + 1, "median": Y}, "column p16 is above median"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_in_the_csv_passes(name):
    draw, drawn = RIGHT[name]
    assert faults(figure_of(draw), drawn) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_in_the_csv_is_named(name):
    draw, drawn, message = WRONG[name]
    found = faults(figure_of(draw), drawn)
    assert len(found) == 1 and message in found[0]


def test_tiles_of_a_mosaic_are_found_one_by_one():
    mosaic = np.full((3, 9), np.nan)
    mosaic[:, :4], mosaic[:, 5:] = IMAGE, -(IMAGE[::-1] ** 2)
    figure = figure_of(lambda axes: axes.imshow(mosaic))
    right = {"one": IMAGE.ravel(), "other": -(IMAGE.ravel() ** 2)}
    assert faults(figure, right) == []
    assert len(faults(figure, right | {"other": IMAGE.ravel() ** 3})) == 1
