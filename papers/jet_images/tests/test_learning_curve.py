"""The learning curve's fits on areas that follow a law, and the figure's numbers (arXiv:1511.05190, Sec. 5)."""

from types import SimpleNamespace

import numpy as np
import pytest

from papers.jet_images.plots.learning_curve import Points, extrapolate, fig11_learning_curve, points_of, ratio_to

SIZE = np.array([600.0, 1700.0, 5000.0])
FAR = np.array([5000.0, 8e6])


def points(area, *, error=0.0):
    return Points(SIZE, np.array(area), np.full(3, error))


@pytest.mark.parametrize(
    ("law", "function", "slope"),
    [("power_law", lambda n: 3 * n**0.15, 0.15), ("logarithm", lambda n: 2 + 1.5 * np.log(n), 1.5)],
)
def test_areas_that_follow_a_law_are_continued_by_it(law, function, slope):
    fit = extrapolate(points([function(SIZE), function(SIZE)]), law, FAR)
    assert fit.area == pytest.approx(function(FAR))
    assert fit.slope == pytest.approx(slope)
    assert fit.error == pytest.approx(0, abs=1e-9)


def test_both_laws_describe_the_same_points_and_part_far_away():
    areas = points([3 * SIZE**0.15] * 2)
    near, far = zip(*(extrapolate(areas, law, FAR).area for law in ("power_law", "logarithm")), strict=True)
    assert near[0] == pytest.approx(near[1], rel=0.01)
    assert far[0] > 1.3 * far[1]


def test_errors_are_those_of_seeds_and_of_test_jets():
    """Two seeds with slopes of 0.1 and 0.2 through the same smallest size; the error is half the difference."""
    areas = [10 * (SIZE / 600) ** slope for slope in (0.1, 0.2)]
    fit = extrapolate(points(areas), "power_law", FAR)
    assert (fit.slope, fit.slope_error) == pytest.approx((0.15, 0.05))
    ends = [10 * (8e6 / 600) ** slope for slope in (0.1, 0.2)]
    assert fit.error[1] == pytest.approx(abs(ends[1] - ends[0]) / 2)
    tested = extrapolate(points([areas[0]] * 2, error=0.1 * areas[0][-1]), "power_law", FAR)
    assert tested.error / tested.area == pytest.approx(0.1)


def entries(name, areas):
    """Return the metrics of a network: areas by size, (seed,) each; the largest size has the bare name."""
    metrics = {}
    for size, values in areas.items():
        key = name if size == max(areas) else f"{name}_n{size}"
        metrics[f"n_train.{key}"] = {"value": float(size)}
        metrics[f"roc.{key}.area"] = {"value": np.mean(values), "error": 0.5, "values": list(values)}
    return metrics


METRICS = {
    **entries("convnet", {600: (5.0, 7.0), 1700: (8.0, 8.0), 5000: (10.0, 10.0)}),
    **entries("convnet_norm", {600: (6.0, 6.0), 5000: (9.0, 9.0)}),
    **entries("maxout", {600: (8.0, 8.0), 1700: (9.0, 9.0), 5000: (12.0, 10.0)}),
    **entries("fisher", {6000: (6.0, 5.0)}),
}


def test_points_are_those_of_one_network_in_the_order_of_their_sizes():
    areas = points_of(METRICS, "convnet")
    assert areas.size.tolist() == [600, 1700, 5000]
    assert areas.area.tolist() == [[5, 8, 10], [7, 8, 10]]
    assert areas.total_error == pytest.approx([np.hypot(1, 0.5), 0.5, 0.5])


def test_ratios_are_of_the_same_seed_and_size():
    best = points_of(METRICS, "maxout")
    size, ratio = ratio_to(best, points_of(METRICS, "convnet_norm"))
    assert size.tolist() == [600, 5000]
    assert ratio == pytest.approx(np.array([[6 / 8, 9 / 12], [6 / 8, 9 / 10]]))
    size, ratio = ratio_to(best, points_of(METRICS, "fisher"))
    assert size.tolist() == [6000]
    assert ratio[:, 0] == pytest.approx([0.5, 0.5])


def test_nothing_is_extrapolated_from_two_sizes():
    _, drawn = fig11_learning_curve(SimpleNamespace(metrics=METRICS))
    assert "maxout_power_law_slope_and_error" in drawn
    assert not any(name.startswith(("convnet_norm_power", "convnet_norm_log")) for name in drawn)
