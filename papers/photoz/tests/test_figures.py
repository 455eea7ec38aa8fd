"""What the figures show: computed here from the galaxies, found in the drawing itself, and in the CSV beside it."""

from itertools import pairwise

import numpy as np
import pytest

from papers.photoz import plots
from papers.photoz.settings import EvaluateConfig

HEADLINE = "deep/apercor/colours_i/forest"
FEATURES = ["u-g", "g-r", "r-i", "i-z", "z-y", "i"]
CONFIG = EvaluateConfig(n_bootstrap=2, min_per_bin=2, i_edges_mag=[18.0, 21.0, 23.0, 27.0], z_edges=[0.0, 0.5, 1.0])
BINS = {"i": [(18, 21), (23, 27)], "redshift": [(0, 0.5), (0.5, 1)]}  # one bin of i had too few galaxies
METRICS = ("sigma_nmad", "eta_percent", "bias")
NAMES = ("deep.apercor.colours_i.forest", "wide.auto.no_u.forest", "deep.apercor.no_y.nearest")


def entries(random):
    """Return metrics all of whose numbers are unequal."""
    keys = [f"{name}.{metric}" for name in NAMES for metric in METRICS]
    keys += [f"bins.{axis}_{low:g}_{high:g}.{m}" for axis, bins in BINS.items() for low, high in bins for m in METRICS]
    numbers = random.uniform(1, 2, (len(keys), 3))
    return {
        key: {"value": value, "error": error / 10, "sd": sd / 10, "n": 100 + number, "values": []}
        for number, (key, (value, error, sd)) in enumerate(zip(keys, numbers, strict=True))
    }


@pytest.fixture(scope="module")
def inputs():
    random = np.random.default_rng(0)
    z_spec = random.uniform(0, 1.6, 900)
    return plots.Inputs(
        config=CONFIG,
        metrics=entries(random),
        headline=HEADLINE,
        z_spec=z_spec,
        z_phot=z_spec + random.normal(0, 0.2, 900),
        survey=random.choice(["DEEP2", "DEEP3", "3D-HST"], 900),
        magnitudes=random.normal(22, 0.3, (900, 6)) + np.outer(z_spec, [3, 1, 2, 0, 1, 5]),
        importance=random.uniform(0, 1, (5, 6)) + np.array([0.1, 5, 2, 4, 1, 3]),
        features=FEATURES,
    )


def test_each_survey_s_galaxies_are_points_of_their_own(inputs):
    figure, drawn = plots.fig1_zphot_zspec(inputs)
    points = {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}
    assert set(points) == {"DEEP2", "DEEP3", "3D-HST"}
    for name, line in points.items():
        chosen = inputs.survey == name
        assert np.array_equal(line.get_xdata(), inputs.z_spec[chosen])
        assert np.array_equal(line.get_ydata(), inputs.z_phot[chosen])
    assert all(np.array_equal(drawn[name], getattr(inputs, name)) for name in ("z_spec", "z_phot", "survey"))


def test_lines_of_equality_and_of_outliers(inputs):
    figure, _ = plots.fig1_zphot_zspec(inputs)
    lines = [line for line in figure.axes[0].lines if line.get_label().startswith("_")]
    at_one = sorted(np.interp(1.0, line.get_xdata(), line.get_ydata()) for line in lines)
    at_zero = sorted(np.interp(0.0, line.get_xdata(), line.get_ydata()) for line in lines)
    assert at_one == pytest.approx([0.7, 1.0, 1.3]) and at_zero == pytest.approx([-0.15, 0, 0.15])


def test_the_panel_says_the_headline_s_numbers(inputs):
    figure, _ = plots.fig1_zphot_zspec(inputs)
    text = figure.axes[0].texts[0].get_text()
    values = {metric: inputs.metrics[f"{NAMES[0]}.{metric}"]["value"] for metric in METRICS}
    assert f"= {values['sigma_nmad']:.4f}" in text and f"= {values['eta_percent']:.2f} %" in text
    assert "MAG_APERCOR" in text


def bars_of(container):
    """Return values (point,) and half lengths (point,) of horizontal or vertical error bars."""
    line, _, (*_, last) = container
    segments = np.array(last.get_segments())  # (point, end, xy)
    return line, np.abs(segments[:, 1] - segments[:, 0]) / 2


def test_metrics_in_bins_with_their_errors(inputs):
    figure, drawn = plots.fig2_metrics(inputs)
    grid = np.array(figure.axes).reshape(3, 2)
    for row, metric in enumerate(METRICS):
        for column, (axis, bins) in enumerate(BINS.items()):
            found = [inputs.metrics[f"bins.{axis}_{low:g}_{high:g}.{metric}"] for low, high in bins]
            line, half = bars_of(grid[row, column].containers[0])
            assert line.get_ydata() == pytest.approx([entry["value"] for entry in found])
            assert half[:, 1] == pytest.approx([entry["error"] for entry in found])
            inside = [low < x < high for x, (low, high) in zip(line.get_xdata(), bins, strict=True)]
            assert all(inside)
            for key in ("value", "error", "n"):
                assert drawn[f"{axis}_{metric}_{key}"].tolist() == [entry[key] for entry in found]
            assert np.transpose([drawn[f"{axis}_{metric}_{end}"] for end in ("low", "high")]).tolist() == [
                list(edges) for edges in bins
            ]
    labels = [axes.get_ylabel() for axes in grid[:, 0]]
    assert "NMAD" in labels[0] and "eta" in labels[1] and "Delta z" in labels[2]


def test_colour_tracks_are_percentiles_of_the_colours(inputs):
    figure, drawn = plots.fig3_colours(inputs)
    edges = np.linspace(0, 1.6, 17)
    assert drawn["z_middle"] == pytest.approx((edges[:-1] + edges[1:]) / 2)
    for number, (axes, (blue, red)) in enumerate(zip(figure.axes, pairwise("ugriz"), strict=True)):
        colour = inputs.magnitudes[:, number] - inputs.magnitudes[:, number + 1]
        bins = [colour[(inputs.z_spec >= low) & (inputs.z_spec < high)] for low, high in pairwise(edges)]
        points, median = axes.lines
        assert np.array_equal(points.get_xdata(), inputs.z_spec) and np.array_equal(points.get_ydata(), colour)
        band = axes.collections[0].get_paths()[0].vertices
        for label, percent in (("p16", 16), ("median", 50), ("p84", 84)):
            expected = [np.percentile(values, percent) for values in bins]
            assert drawn[f"{blue}-{red}_{label}"] == pytest.approx(expected)
            shown = median.get_ydata() if label == "median" else band[:, 1]
            assert np.isin(np.round(expected, 9), np.round(shown, 9)).all(), label
        assert axes.get_ylabel() == f"{blue}−{red} [mag]"


def test_few_galaxies_have_no_percentiles():
    assert np.isnan(plots.running_percentiles(np.arange(9.0))).all()
    assert plots.running_percentiles(np.arange(101.0)).tolist() == [16, 50, 84]


def test_distributions_count_every_galaxy_in_its_own_bin(inputs):
    figure, drawn = plots.fig4_nz(inputs)
    steps = {patch.get_label(): patch.get_data() for patch in figure.axes[0].patches}
    for label, name in (("spectroscopic", "z_spec"), ("photometric", "z_phot")):
        values, (heights, edges, _) = getattr(inputs, name), steps[label]
        expected = [((values >= low) & (values < high)).sum() for low, high in pairwise(edges)]
        assert heights.tolist() == expected == drawn[name].tolist()
        assert [*drawn["z_low"], 2.0] == edges.tolist() == [0.0, *drawn["z_high"].tolist()]


def test_importance_is_shown_beside_its_own_feature(inputs):
    figure, drawn = plots.fig5_importance(inputs)
    axes = figure.axes[0]
    assert drawn["feature"].tolist() == ["u-g", "z-y", "r-i", "i", "i-z", "g-r"], "in order of importance"
    columns = [FEATURES.index(name) for name in drawn["feature"]]
    assert drawn["rise"] == pytest.approx(inputs.importance.mean(axis=0)[columns])
    assert drawn["scatter_of_folds"] == pytest.approx(inputs.importance.std(axis=0, ddof=1)[columns])
    assert [patch.get_width() for patch in axes.patches] == pytest.approx(drawn["rise"])
    labels = [label.get_text().replace("−", "-") for label in axes.get_yticklabels()]
    assert labels == drawn["feature"].tolist()
    segments = np.array(axes.collections[0].get_segments())
    assert (segments[:, 1, 0] - segments[:, 0, 0]) / 2 == pytest.approx(drawn["scatter_of_folds"])


def test_every_experiment_has_its_own_numbers(inputs):
    figure, drawn = plots.fig6_experiments(inputs)
    assert sorted(drawn["experiment"]) == sorted(NAMES)
    assert (np.diff(drawn["sigma_nmad"]) <= 0).all(), "the best one is on top"
    for axes, metric in zip(figure.axes, ("sigma_nmad", "eta_percent"), strict=True):
        found = [inputs.metrics[f"{name}.{metric}"] for name in drawn["experiment"]]
        errors = [max(entry["error"], entry["sd"]) for entry in found]
        line, half = bars_of(axes.containers[0])
        assert line.get_xdata().tolist() == drawn[metric].tolist() == [entry["value"] for entry in found]
        assert half[:, 0] == pytest.approx(errors) and drawn[f"{metric}_error"] == pytest.approx(errors)
    labels = [label.get_text().replace(" · ", ".") for label in figure.axes[0].get_yticklabels()]
    assert labels == drawn["experiment"]


def test_an_error_without_a_scatter_of_seeds_is_the_bootstrap_s(inputs):
    metrics = {key: entry | {"sd": None} for key, entry in inputs.metrics.items()}
    _, drawn = plots.fig6_experiments(plots.Inputs(**(vars(inputs) | {"metrics": metrics})))
    errors = [metrics[f"{name}.eta_percent"]["error"] for name in drawn["experiment"]]
    assert drawn["eta_percent_error"] == pytest.approx(errors)
