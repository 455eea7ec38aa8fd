"""The CSV of a figure has what is drawn, under its own name; figures leave out types that the test events lack."""

import numpy as np
import pytest

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn.figures import FIGURES
from papers.nova_cvn.metrics.event_weights import SIGNAL, components
from papers.nova_cvn.metrics.examples import choose_examples
from papers.nova_cvn.metrics.thesis_events import load_thesis_events
from papers.nova_cvn.plots.events import fig1_pixel_maps
from papers.nova_cvn.plots.inputs import Inputs
from papers.nova_cvn.plots.network import fig3_filters, fig4_inception, fig5_tsne
from papers.nova_cvn.plots.results import (
    COMPONENTS,
    MERIT_LABELS,
    fig6_scores,
    fig7_cuts,
    fig8_spectra,
    fig9_loss,
    fig10_confusion,
    fig11_classifiers,
)
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.prepared.labels import FLAVOURS, INTERACTIONS, NEUTRINO_CLASSES, SYMBOLS, flavour_index
from papers.nova_cvn.prepared.pixel_map import Events
from papers.nova_cvn.settings import Settings
from papers.nova_cvn.tests.made_events import paint, sample, write_prepared

CONFIG = load_settings(ROOT / "papers/nova_cvn", "smoke", Settings).evaluate


def inputs_with(types, path):
    """Return inputs whose test events have some interaction types only."""
    painted, random = paint(20), np.random.default_rng(0)
    interaction = np.resize(np.array(types), 20)
    test = Prepared(write_prepared(path, Events(painted.views, interaction, painted.energy_gev, painted.lepton_gev)))
    examples = choose_examples(interaction, np.diff(test.offset))
    cvn = {"examples": list(examples), "filters": random.normal(size=(2, 7, 7, 6))}
    if examples:
        cvn["feature_maps"] = random.random((len(examples), 50, 40, 6))
        cvn["inception"] = random.random((len(examples), 12, 10, 8))
    nothing = {"histories": {}, "metrics": {}, "names": ["cvn"]}
    return Inputs(config=CONFIG, valid=test, test=test, cvn=cvn, thesis=load_thesis_events(), **nothing)


@pytest.mark.parametrize(
    ("types", "maps", "inception"),
    [
        ([2, 0, 6, 4, 13], ["numu DIS", "nue DIS", "NC"], ["numu DIS", "numu QE", "NC"]),
        ([0, 13], ["NC"], ["numu QE", "NC"]),
        ([6], ["nue DIS"], []),
        ([14], [], []),
    ],
)
def test_a_missing_type_has_no_panel(types, maps, inception, tmp_path):
    inputs = inputs_with(types, tmp_path / "test.h5")
    assert list(dict.fromkeys(fig1_pixel_maps(inputs)[1]["event"])) == maps
    assert list(dict.fromkeys(fig4_inception(inputs)[1]["event"])) == inception
    assert ("image_plane" in fig3_filters(inputs)[1]) == (2 in types)


def test_every_figure_has_a_caption():
    assert all(len(figure.__doc__.split()) > 30 for figure in FIGURES)


# ---- what is drawn is what is stored ----


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return inputs with results that are all different: scores, losses, and numbers of three classifiers."""
    folder, random = tmp_path_factory.mktemp("figures"), np.random.default_rng(2)
    events = {split: sample(n, seed=seed) for seed, (split, n) in enumerate({"valid": 200, "test": 300}.items())}
    cvn = {}
    for split, some in events.items():
        raw = np.exp(random.normal(size=(len(some), 15)) + 3 * np.eye(15)[some.interaction])
        cvn[split] = raw / raw.sum(axis=1, keepdims=True)
    cvn["features"] = random.normal(size=(60, 8))
    examples = choose_examples(events["test"].interaction, (events["test"].views > 0).sum(axis=(1, 2, 3)))
    cvn |= {"examples": list(examples), "filters": random.normal(size=(2, 7, 7, 6))}
    cvn["feature_maps"] = random.random((len(examples), 12, 10, 6))
    cvn["inception"] = random.random((len(examples), 6, 5, 8))
    histories = {
        name: [{"epoch": np.arange(1, 5), "train_loss": random.random(4), "valid_loss": random.random(4)} for _ in "ab"]
        for name in ("cvn", "plain")
    }
    names = ["cvn", "library", "moments"]
    keys = ("nue.at_s_sqrt_sb.s_sqrt_sb", "numu.at_s_sqrt_sb.s_sqrt_sb", "mean_class_efficiency")
    metrics = {
        f"{name}.{key}": {"value": random.random(), "error": 0.1 * random.random(), "values": list(random.random(2))}
        for name in names
        for key in keys
    }
    files = {split: Prepared(write_prepared(folder / f"{split}.h5", some)) for split, some in events.items()}
    return Inputs(
        **{"config": CONFIG, **files, "cvn": cvn, "histories": histories, "metrics": metrics, "names": names},
        thesis=load_thesis_events(),
    )


def steps_of(axes):
    """Return the height of each filled or open step of a panel above its baseline, by label."""
    steps = {}
    for patch in axes.patches:
        values, _, baseline = patch.get_data()
        steps[patch.get_label()] = values - (0 if baseline is None else baseline)
    return steps


def test_the_csv_of_the_scores_has_each_component_under_its_name(results):
    figure, drawn = fig6_scores(results)
    edges = np.append(drawn["score_low"], 1.0)
    for axes, selection, symbol in zip(figure.axes, ("nue", "numu"), (r"$\nu_e$", r"$\nu_\mu$"), strict=True):
        names = {f"{symbol} signal": SIGNAL} | {label: name for name, label in COMPONENTS.items()}
        steps = steps_of(axes)
        assert len(steps) == 4 and symbol in axes.get_xlabel()
        test = results.test
        score = results.cvn["test"][:, list(FLAVOURS[selection])].sum(axis=1)
        weights = components(selection, test.interaction, test.energy_gev, CONFIG)
        for label, heights in steps.items():
            column = drawn[f"{selection}_{names[label]}"]
            assert np.allclose(heights, column)
            assert np.allclose(column, np.histogram(score, edges, weights=weights[names[label]])[0])


def test_the_csv_of_the_cuts_has_each_curve_under_its_name(results):
    figure, drawn = fig7_cuts(results)
    labels = {"efficiency": "efficiency", "purity": "purity"} | {text: kind for kind, text in MERIT_LABELS.items()}
    n_curves = 0
    for number, axes in enumerate(figure.axes):
        selection = ("nue", "numu")[number % 2]
        for line in axes.get_lines():
            if line.get_label() in labels:
                n_curves += 1
                assert np.allclose(line.get_xdata(), drawn[f"{selection}_cut"])
                assert np.allclose(line.get_ydata(), drawn[f"{selection}_{labels[line.get_label()]}"])
    assert n_curves == 8
    for selection in ("nue", "numu"):
        efficiency, purity = (drawn[f"{selection}_{name}"] for name in ("efficiency", "purity"))
        assert efficiency[0] == pytest.approx(1) and np.all(np.diff(efficiency) <= 1e-9)
        assert purity[len(purity) // 4] > purity[0]


def test_the_lines_of_the_cuts_are_best_for_the_validation_events(results):
    """On its own events no other cut has a larger s/√(s+b)."""
    _, drawn = fig7_cuts(Inputs(**(vars(results) | {"test": results.valid, "cvn": swapped(results.cvn)})))
    figure, _ = fig7_cuts(results)
    for column, selection in enumerate(("nue", "numu")):
        dotted = [line.get_xdata()[0] for line in figure.axes[2 + column].get_lines() if line.get_linestyle() == ":"]
        best = drawn[f"{selection}_cut"][np.argmax(drawn[f"{selection}_s_sqrt_sb"])]
        assert dotted[1] == pytest.approx(best)  # the second of MERITS


def swapped(cvn):
    """Return scores with those of the validation events in the place of the test events'."""
    return cvn | {"test": cvn["valid"]}


def test_the_csv_of_the_spectra_has_each_spectrum_under_its_name(results):
    figure, drawn = fig8_spectra(results)
    for number, selection in enumerate(("nue", "numu")):
        upper, lower = figure.axes[number], figure.axes[2 + number]
        steps = steps_of(upper)
        assert len(steps) == 4
        for label, heights in steps.items():
            name, state = label.split(", ")
            column = f"{selection}_{name}_{'before' if state == 'contained' else 'after'}"
            assert np.allclose(heights, drawn[column])
        ratio = drawn[f"{selection}_signal_after"] / np.maximum(drawn[f"{selection}_signal_before"], 1e-9)
        assert np.allclose(lower.patches[0].get_data().values, ratio)
        assert np.allclose(drawn[f"{selection}_efficiency"], ratio)
    check_selected(results, drawn)
    counts = {"nue": CONFIG.nue_counts, "numu": CONFIG.numu_counts}
    for selection, components_of in counts.items():
        assert drawn[f"{selection}_signal_before"].sum() == pytest.approx(components_of["signal"], rel=1e-5)
        rest = sum(components_of.values()) - components_of["signal"]
        assert drawn[f"{selection}_background_before"].sum() == pytest.approx(rest, rel=1e-5)


def check_selected(results, drawn):
    """Check the spectra of the signal that passes: events above the cut of figure 7, with their own weights."""
    _, cuts = fig7_cuts(Inputs(**(vars(results) | {"test": results.valid, "cvn": swapped(results.cvn)})))
    test, edges = results.test, np.append(drawn["energy_low_gev"], drawn["energy_high_gev"][-1])
    for selection in ("nue", "numu"):
        cut = cuts[f"{selection}_cut"][np.argmax(cuts[f"{selection}_s_sqrt_sb"])]
        passed = results.cvn["test"][:, list(FLAVOURS[selection])].sum(axis=1) > cut
        weights = components(selection, test.interaction, test.energy_gev, CONFIG)[SIGNAL]
        wanted = np.histogram(test.energy_gev[passed], edges, weights=weights[passed])[0]
        assert np.allclose(drawn[f"{selection}_signal_after"], wanted)


def test_the_csv_of_the_losses_has_each_curve_under_its_name(results):
    figure, drawn = fig9_loss(results)
    lines = iter(figure.axes[0].get_lines())
    for name, seeds in results.histories.items():
        for seed, history in enumerate(seeds):
            dashed, solid = next(lines), next(lines)
            assert (dashed.get_linestyle(), solid.get_linestyle()) == ("--", "-")
            for line, kind in ((dashed, "train"), (solid, "valid")):
                assert np.array_equal(line.get_ydata(), drawn[f"{name}_{seed}_{kind}"])
                assert np.array_equal(drawn[f"{name}_{seed}_{kind}"], history[f"{kind}_loss"])


def test_the_csv_of_the_confusion_has_true_classes_in_rows(results):
    figure, drawn = fig10_confusion(results)
    names = [INTERACTIONS[number] for number in NEUTRINO_CLASSES]
    table = np.stack([drawn[f"as_{name.replace(' ', '_')}"] for name in names], axis=1)
    assert np.array_equal(figure.axes[0].images[0].get_array(), table) and drawn["true"] == names
    true = results.test.interaction
    predicted = np.array(NEUTRINO_CLASSES)[results.cvn["test"][:, list(NEUTRINO_CLASSES)].argmax(axis=1)]
    for row, number in enumerate(NEUTRINO_CLASSES):
        assert drawn["n"][row] == (true == number).sum()
        wanted = [np.sum((true == number) & (predicted == other)) for other in NEUTRINO_CLASSES]
        assert np.allclose(table[row], np.array(wanted) / max(1, drawn["n"][row]))


def test_the_csv_of_the_classifiers_has_each_bar_under_its_name(results):
    figure, drawn = fig11_classifiers(results)
    keys = [key for key in drawn if f"{key}_error" in drawn]
    assert len(keys) == 3 and drawn["classifier"] == results.names
    for axes, key in zip(figure.axes, keys, strict=True):
        entries = [results.metrics[f"{name}.{key}"] for name in results.names]
        assert [bar.get_width() for bar in axes.patches] == list(drawn[key]) == [entry["value"] for entry in entries]
        (errors,) = axes.collections
        half = [(segment[1][0] - segment[0][0]) / 2 for segment in errors.get_segments()]
        assert half == pytest.approx(drawn[f"{key}_error"])
        assert drawn[f"{key}_error"] == [entry["error"] for entry in entries]


def test_points_of_the_features_have_the_colour_of_their_true_flavour(results):
    inputs = Inputs(**(vars(results) | {"config": CONFIG.model_copy(update={"perplexity": 5})}))
    figure, drawn = fig5_tsne(inputs)
    index = flavour_index(results.test.interaction[:60])
    assert drawn["flavour"] == [list(FLAVOURS)[number] for number in index if number >= 0]
    for name, line in zip(FLAVOURS, figure.axes[0].get_lines(), strict=True):
        chosen = np.array(drawn["flavour"]) == name
        assert line.get_label() == SYMBOLS[name]
        assert np.array_equal(line.get_xdata(), drawn["tsne_1"][chosen])
        assert np.array_equal(line.get_ydata(), drawn["tsne_2"][chosen])


def test_the_csv_of_the_pixel_maps_has_both_views_as_they_are_drawn(results):
    figure, drawn = fig1_pixel_maps(results)
    columns = {name: np.array(values) for name, values in drawn.items()}
    events = list(dict.fromkeys(drawn["event"]))
    for number, axes in enumerate(figure.axes):
        chosen = (columns["event"] == events[number // 2]) & (columns["view"] == "XY"[number % 2])
        image = np.zeros_like(axes.images[0].get_array())  # (cell, plane)
        image[columns["cell"][chosen], columns["plane"][chosen]] = columns["value"][chosen]
        assert np.array_equal(axes.images[0].get_array(), image) and image.any()
    first = sample(300, seed=1)
    shown = [np.array_equal(figure.axes[0].images[0].get_array(), views[0].T) for views in first.views]
    assert sum(shown) == 1 and INTERACTIONS[first.interaction[shown.index(True)]] == events[0]


def test_the_csv_of_the_filters_has_the_y_view(results):
    figure, drawn = fig3_filters(results)
    n_filters = results.cvn["filters"].shape[-1]
    for number in range(n_filters):
        chosen = np.array(drawn["filter"]) == number
        wanted = results.cvn["filters"][1, :, :, number]
        found = np.zeros((7, 7))
        found[drawn["filter_plane"][chosen], drawn["filter_cell"][chosen]] = drawn["filter_value"][chosen]
        assert np.array_equal(found, wanted)
    picture = figure.axes[0].images[0].get_array()
    assert np.allclose(picture[:7, :7], results.cvn["filters"][1, :, ::-1, 0].T)


def test_the_csv_of_the_inception_module_has_each_event_s_maps(results):
    _, drawn = fig4_inception(results)
    columns = {name: np.array(values) for name, values in drawn.items()}
    for event in ("numu DIS", "numu QE", "NC"):
        maps = results.cvn["inception"][results.cvn["examples"].index(event)]
        for channel in set(columns["channel"].tolist()):
            chosen = (columns["event"] == event) & (columns["channel"] == channel)
            found = np.zeros(maps.shape[:2])
            found[columns["plane"][chosen], columns["cell"][chosen]] = columns["output"][chosen]
            assert np.allclose(found, maps[..., channel])
