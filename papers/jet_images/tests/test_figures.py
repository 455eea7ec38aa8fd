"""What a figure shows is what its CSV says, and both are of the class they name (arXiv:1511.05190)."""

from itertools import pairwise

import numpy as np
import pytest

from papers.jet_images.metrics.article_curves import published_curves, published_distribution
from papers.jet_images.metrics.roc import GRID
from papers.jet_images.plots.inputs import Inputs, Networks
from papers.jet_images.plots.jets import fig1_variables, fig2_average_images, fig3_mass_steps
from papers.jet_images.plots.legend import STEPS, label_of
from papers.jet_images.plots.networks import fig7_learned, fig8_filters, fig9_strongest, fig10_correlation
from papers.jet_images.plots.roc import COMBINED, PAIRS, SINGLE, fig4_roc_single, fig5_roc_pairs, fig6_roc_combined
from papers.jet_images.prepared import Jets

CLASSES = {"signal": (1, "W boson"), "background": (0, "QCD")}
STEP_NAMES = [name.removeprefix("step_") for name in STEPS]


def made_inputs():
    """Different numbers everywhere: no two classes, variables, curves or nodes look alike."""
    random = np.random.default_rng(8)
    label = np.arange(400) % 4 // 3
    variables = {"mass": random.normal(78 + 4 * label, 3), "tau21": random.beta(5 - 2 * label, 6)}
    variables["delta_r"] = random.normal(0.6 + 0.1 * label, 0.1)
    image = random.gamma(1 + label[:, None, None], 1.0, (400, 25, 25))
    jets = Jets(image, label, random.uniform(0.2, 2, 400), variables)
    names = {*SINGLE, *PAIRS, *COMBINED, *STEPS}
    curves = {
        name: {"rejection": (2 + k) / GRID, "error": 0.01 * (k + 1) / GRID} for k, name in enumerate(sorted(names))
    }
    steps = {name: random.normal(75 + k + 5 * (np.arange(300) % 3 > 1), 6, 300) for k, name in enumerate(STEP_NAMES)}
    steps |= {"signal": (np.arange(300) % 3 > 1).astype(int), "weight": random.uniform(0.2, 2, 300)}
    scores = {name: random.beta(2 + label, 3 - label) for name in ("convnet", "maxout")}
    networks = Networks(jets, scores, random.normal(size=(32, 11, 11)), random.gamma(1, size=(25, 25, 25)))
    return Inputs(jets, steps, GRID, curves, networks, {})


@pytest.fixture(scope="module")
def inputs():
    return made_inputs()


def stairs(axes):
    """Return label, contents and whether dashed, of each histogram in the order of drawing."""
    patches = [patch for patch in axes.patches if hasattr(patch, "get_data")]
    return [(patch.get_label(), patch.get_data().values, patch.get_linestyle()) for patch in patches]


def histogram(values, weight, chosen, edges):
    """Return the density of weighted jets in bins, counted one bin at a time."""
    inside = [weight[chosen & (values >= low) & (values < high)].sum() for low, high in pairwise(edges)]
    return np.array(inside) / np.diff(edges)


def test_fig1_has_the_variables_of_the_class_in_curve_and_csv(inputs):
    figure, drawn = fig1_variables(inputs)
    jets = inputs.jets
    for axes, name in zip(figure.axes, ("mass", "tau21", "delta_r"), strict=True):
        found = stairs(axes)
        for number, (kind, (label, title)) in enumerate(CLASSES.items()):
            edges, theirs = published_distribution(name, kind)
            bins = edges[::5]
            expected = histogram(jets.variables[name], jets.weight, jets.label == label, bins)
            expected /= np.sum(expected * np.diff(bins))
            (title_drawn, ours_drawn, _), (_, theirs_drawn, style) = found[2 * number : 2 * number + 2]
            assert title_drawn == title and style == "--"
            for values in (ours_drawn, drawn[f"{name}_{kind}_density"]):
                assert values == pytest.approx(expected, rel=1e-3), (name, kind)
            assert np.array_equal(theirs_drawn, theirs) and np.array_equal(drawn[f"{name}_{kind}_article"], theirs)
            assert np.array_equal(drawn[f"{name}_{kind}_bin"], bins[:-1])


def test_fig2_has_the_mean_image_of_the_class_in_its_title(inputs):
    figure, drawn = fig2_average_images(inputs)
    jets = inputs.jets
    for label, title in CLASSES.values():
        chosen = jets.label == label
        expected = np.average(jets.image[chosen], axis=0, weights=jets.weight[chosen])
        axes = next(axes for axes in figure.axes if axes.get_title() == title)
        assert np.asarray(axes.images[0].get_array()) == pytest.approx(expected)
        assert drawn[title] == pytest.approx(expected.ravel())


def test_fig3_has_the_masses_of_the_step_and_the_class(inputs):
    figure, drawn = fig3_mass_steps(inputs)
    found, edges = stairs(figure.axes[-1]), np.linspace(40, 120, 41)
    steps = inputs.steps
    expected = {}
    for name in ("particles", "pixelation", "rotation", "naive_translation"):
        for kind, (label, _) in CLASSES.items():
            chosen = steps["signal"] == label
            density = histogram(steps[name], steps["weight"], chosen, edges) / steps["weight"][chosen].sum()
            assert drawn[f"{name}_{kind}"] == pytest.approx(density)
            expected[name, label] = density
    titled = [(title, values) for title, values, _ in found]
    for (name, label), density in expected.items():
        index = list(expected).index((name, label))
        assert titled[index][1] == pytest.approx(density)
        assert not label or titled[index][0] == label_of(f"step_{name}")


@pytest.mark.parametrize(
    ("figure", "names"),
    [(fig4_roc_single, SINGLE), (fig5_roc_pairs, PAIRS), (fig6_roc_combined, COMBINED), (fig3_mass_steps, list(STEPS))],
)
def test_curves_are_those_that_their_labels_and_columns_name(figure, names, inputs):
    drawing, drawn = figure(inputs)
    axes, published = drawing.axes[0], published_curves()
    lines = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    for name in names:
        curve = inputs.curves[name]
        assert np.array_equal(lines[label_of(name)].get_ydata(), curve["rejection"]), name
        assert np.array_equal(drawn[name], curve["rejection"]) and np.array_equal(
            drawn[f"{name}_error"], curve["error"]
        )
        if name in published:
            dashed = [line for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata())]
            own = next(line for line in dashed if line.get_color() == lines[label_of(name)].get_color())
            theirs = np.interp(GRID, *published[name], left=np.nan)
            assert np.array_equal(own.get_ydata(), theirs, equal_nan=True)
            assert np.array_equal(drawn[f"{name}_article"], theirs, equal_nan=True)
    bands = axes.collections
    for band, name in zip(bands, names, strict=True):
        heights = band.get_paths()[0].vertices[:, 1]
        curve = inputs.curves[name]
        assert heights.max() == pytest.approx((curve["rejection"] + curve["error"]).max())
        assert heights.min() == pytest.approx((curve["rejection"] - curve["error"]).min())


def test_fig7_normalises_each_slice_of_the_output(inputs):
    figure, drawn = fig7_learned(inputs)
    jets, output = inputs.networks.test, inputs.networks.scores["maxout"]
    chosen = (output >= 0.5) & (output < 0.55)
    edges = np.linspace(65, 95, 21)
    expected = np.histogram(jets.variables["mass"][chosen], edges, weights=jets.weight[chosen])[0]
    assert drawn["mass_0.50"] == pytest.approx(expected / expected.sum())
    shown = np.asarray(figure.axes[0].collections[0].get_array()).reshape(20, 20)
    assert shown[:, 10] == pytest.approx(drawn["mass_0.50"])


def test_kernels_and_nodes_are_in_their_order(inputs):
    figure, drawn = fig8_filters(inputs)
    tiles = np.asarray(figure.axes[0].images[0].get_array())
    for number in (0, 9, 31):
        kernel = inputs.networks.filters[number]
        row, column = divmod(number, 8)
        tile = tiles[12 * row : 12 * row + 11, 12 * column : 12 * column + 11]
        assert tile == pytest.approx(kernel / np.abs(kernel).max())
        assert np.array_equal(drawn[f"kernel_{number}"], kernel.ravel())
    figure, drawn = fig9_strongest(inputs)
    tiles = np.asarray(figure.axes[0].images[0].get_array())
    assert tiles[26:51, 52:77] == pytest.approx(inputs.networks.strongest[7])
    assert np.array_equal(drawn["node_7"], inputs.networks.strongest[7].ravel())


def test_fig10_is_pearson_s_coefficient_with_the_network_in_its_title(inputs):
    figure, drawn = fig10_correlation(inputs)
    jets = inputs.networks.test
    for title, name in (("ConvNet", "convnet"), ("MaxOut", "maxout")):
        pair = np.stack([jets.image[:, 3, 20], inputs.networks.scores[name]])
        covariance = np.cov(pair, aweights=jets.weight)
        expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
        axes = next(axes for axes in figure.axes if axes.get_title() == title)
        assert np.asarray(axes.images[0].get_array())[3, 20] == pytest.approx(expected)
        assert drawn[title].reshape(25, 25)[3, 20] == pytest.approx(expected)
