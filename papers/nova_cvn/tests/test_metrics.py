"""Weights, cuts and confusion matrices against numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from scipy.constants import c, e, hbar
from scipy.stats import norm

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn.evaluate import sample_metrics
from papers.nova_cvn.metrics.bootstrap import with_errors
from papers.nova_cvn.metrics.classifier import (
    ScoredEvents,
    choose_cuts,
    counted_classes,
    matrix_values,
    selection_values,
)
from papers.nova_cvn.metrics.confusion import (
    class_matrix,
    flavour_matrix,
    largest_other_mistake,
    mean_efficiency,
    mistaken,
)
from papers.nova_cvn.metrics.event_weights import SIGNAL, appearance, components
from papers.nova_cvn.metrics.examples import choose_examples
from papers.nova_cvn.metrics.selection import best_cut, cumulate, cut_grid, working_point
from papers.nova_cvn.metrics.thesis_events import load_thesis_events
from papers.nova_cvn.prepared.labels import FLAVOURS, INTERACTIONS, NEUTRINO_CLASSES, flavour_index, flavour_scores
from papers.nova_cvn.settings import Settings
from papers.nova_cvn.tests.chain import normal_moments

CONFIG = load_settings(ROOT / Path("papers/nova_cvn"), "small", Settings).evaluate


def test_the_enumeration_is_the_experiments():
    assert INTERACTIONS.index("numu QE") == 0 and INTERACTIONS.index("nue QE") == 4
    assert INTERACTIONS.index("nutau other") == 11 and INTERACTIONS.index("NC") == 13
    assert INTERACTIONS.index("cosmic") == 14 and len(INTERACTIONS) == 16
    assert len(NEUTRINO_CLASSES) == 13


def test_flavour_scores_are_sums_of_outputs():
    scores = flavour_scores(np.arange(15.0)[None])
    assert scores.tolist() == [[0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 8 + 9 + 10 + 11, 13, 14]]
    assert flavour_index(np.array([3, 4, 11, 12, 13, 14, 15])).tolist() == [0, 1, 2, -1, 3, 4, -1]


def test_the_oscillation_maximum_of_nova():
    """With 810 km and 2.45e-3 eV² the first maximum is at 1.6 GeV, a little below the beam's peak."""
    energy = np.linspace(0.9, 5, 2000)
    probability = appearance(energy, CONFIG.oscillation)
    assert energy[probability.argmax()] == pytest.approx(1.267 * 2.45e-3 * 810 * 2 / np.pi, rel=0.01)
    assert probability.max() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("selection", "counts"), [("nue", CONFIG.nue_counts), ("numu", CONFIG.numu_counts)])
def test_every_component_has_its_number_of_events(selection, counts):
    random = np.random.default_rng(0)
    interaction, energy = random.integers(15, size=3000), random.uniform(0.5, 5, 3000)
    weights = components(selection, interaction, energy, CONFIG)
    assert {name: float(weight.sum()) for name, weight in weights.items()} == pytest.approx(dict(counts))
    ignored = np.isin(interaction, [8, 9, 10, 11, 12, 14])
    assert not any(weight[ignored].any() for weight in weights.values())


@pytest.mark.parametrize("selection", ["nue", "numu"])
def test_weights_within_a_component_follow_the_oscillation(selection):
    """Between two energies: appearance as sin^2 of the phase, survival as its rest, NC and the beam's νe all alike."""
    energy = np.tile([1.2, 2.5], 3)
    weights = components(selection, np.repeat([0, 4, 13], 2), energy, CONFIG)
    length_m, mass2 = 1e3 * CONFIG.oscillation.baseline_km, CONFIG.oscillation.delta_m2_ev2
    phase = mass2 * length_m / (4 * 1e9 * energy[:2] * hbar * c / e)
    appeared = np.sin(phase) ** 2
    survived = 1 - appeared
    signal, other = ((2, appeared), (0, survived)) if selection == "nue" else ((0, survived), (2, appeared))
    shapes = {
        SIGNAL: signal,
        "numu" if selection == "nue" else "nue": other,
        "nc": (4, [1, 1]),
        "beam_nue": (2, [1, 1]),
    }
    for name, (first, shape) in shapes.items():
        ratio = weights[name][first] / weights[name][first + 1]
        assert ratio == pytest.approx(shape[0] / shape[1], rel=1e-3), name
        assert np.flatnonzero(weights[name]).tolist() == [first, first + 1]


def by_hand():
    """Four events with scores 0.1, 0.4, 0.6, 0.9; the second and the last are signal."""
    score = np.array([0.1, 0.4, 0.6, 0.9])
    weights = {SIGNAL: np.array([0, 2.0, 0, 8.0]), "nc": np.array([30.0, 0, 4.0, 0])}
    return cumulate(score, weights, np.array([0.0, 0.4, 0.5, 0.7, 0.95]))


def test_what_passes_a_cut():
    passed = by_hand()
    assert passed.signal.tolist() == [10, 8, 8, 8, 0]  # a score equal to the cut does not pass
    assert passed.background.tolist() == [34, 4, 4, 0, 0]
    assert passed.efficiency.tolist() == [1, 0.8, 0.8, 0.8, 0]
    assert passed.purity.tolist() == pytest.approx([10 / 44, 8 / 12, 8 / 12, 1, 1])


def test_figures_of_merit_and_their_best_cuts():
    passed = by_hand()
    assert passed.merit("s_sqrt_sb", min_background=1).tolist() == pytest.approx(
        [10 / 44**0.5, 8 / 12**0.5, 8 / 12**0.5, 8**0.5, 0]
    )
    assert passed.merit("s_sqrt_b", min_background=1)[:3].tolist() == pytest.approx([10 / 34**0.5, 4, 4])
    assert passed.merit("s_sqrt_b", min_background=1)[3] == passed.signal[3]  # none left counts as one: a lower limit
    assert best_cut(passed, "s_sqrt_sb", min_background=1) == 3
    assert best_cut(passed, "s_sqrt_b", min_background=1) == 1
    row = working_point(passed, 1, min_background=1)
    assert row["signal"] == 8 and row["background_nc"] == 4 and row["purity"] == pytest.approx(2 / 3)


def test_the_grid_of_cuts_ascends_from_zero_to_near_one():
    grid = cut_grid(100)
    assert grid[0] == 0 and np.all(np.diff(grid) > 0) and 0.9998 < grid[-1] < 1


def certain(predicted):
    """Return outputs (event, 15) that are sure of one type for each event."""
    return np.eye(15)[predicted]


def test_the_class_matrix_has_true_classes_in_rows():
    true, predicted = np.array([0, 0, 0, 13, 13]), [0, 0, 4, 13, 0]
    matrix = class_matrix(true, certain(predicted))
    wanted = np.zeros((13, 13))
    numu_qe, nue_qe, nc = (NEUTRINO_CLASSES.index(number) for number in (0, 4, 13))
    wanted[numu_qe, numu_qe], wanted[numu_qe, nue_qe] = 2, 1
    wanted[nc, nc], wanted[nc, numu_qe] = 1, 1
    assert np.array_equal(matrix, wanted)


def test_other_types_are_left_out_of_the_class_matrix():
    """Elastic scattering, cosmic rays, and what has no type at all."""
    assert not class_matrix(np.array([12, 14, 15]), certain([0, 4, 13])).any()


def test_the_largest_of_the_13_outputs_decides():
    """A neutrino that looks like a cosmic ray counts for the class that comes second."""
    outputs = 0.6 * certain([14]) + 0.3 * certain([13]) + 0.1 * certain([0])
    matrix = class_matrix(np.array([4]), outputs)
    assert matrix[NEUTRINO_CLASSES.index(4), NEUTRINO_CLASSES.index(13)] == matrix.sum() == 1


def test_the_flavour_with_the_largest_sum_of_outputs_decides():
    """Here no single output of the muon neutrinos is as large as that of NC."""
    outputs = 0.3 * certain([0]) + 0.3 * certain([1]) + 0.4 * certain([13])
    matrix = flavour_matrix(np.array([13, 15]), outputs.repeat(2, axis=0))  # the second event belongs to no flavour
    names = list(FLAVOURS)
    assert matrix[names.index("nc"), names.index("numu")] == matrix.sum() == 1


BY_HAND = np.array([[8, 2, 0], [0, 3, 1], [1, 0, 0]])  # efficiencies 0.8, 0.75, 0


@pytest.mark.parametrize(("min_events", "mean"), [(1, (0.8 + 0.75 + 0) / 3), (4, (0.8 + 0.75) / 2), (5, 0.8), (11, 0)])
def test_classes_with_few_events_do_not_count_for_the_mean_efficiency(min_events, mean):
    assert mean_efficiency(BY_HAND, BY_HAND.sum(axis=1) >= min_events) == pytest.approx(mean)


def test_mistakes_are_counted_in_both_directions():
    matrix = np.diag([6, 8, 1, 10, 1])
    names = list(FLAVOURS)
    numu, nue, nc = (names.index(name) for name in ("numu", "nue", "nc"))
    matrix[nue, nc], matrix[nc, nue], matrix[numu, nc] = 2, 5, 4  # 2 of 10, 5 of 15, 4 of 10
    assert mistaken(matrix, "nc", "nue") == mistaken(matrix, "nue", "nc") == pytest.approx(2 / 10 + 5 / 15)
    assert largest_other_mistake(matrix, ("numu", "nue", "nc")) == pytest.approx(4 / 10)
    assert largest_other_mistake(matrix, ("numu", "nue")) == 0


def knowing(n, *, seed, strength):
    """Return events whose outputs know the truth more or less well."""
    random = np.random.default_rng(seed)
    interaction = random.choice(14, size=n, p=np.r_[np.full(12, 0.05), 0.0, 0.4])
    logits = random.normal(size=(n, 15)) + strength * np.eye(15)[interaction]
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return ScoredEvents(interaction, random.uniform(1, 3, n), probability)


def test_a_better_classifier_gets_better_numbers():
    numbers = {}
    for strength in (1, 4):
        valid, test = (knowing(3000, seed=seed, strength=strength) for seed in (0, 1))
        numbers[strength] = matrix_values(test, counted_classes(test, min_events=1)) | selection_values(
            test, choose_cuts(valid, CONFIG), CONFIG
        )
    keys = ("accuracy", "mean_class_efficiency", "nue.auc", "numu.auc", "nue.at_s_sqrt_sb.s_sqrt_sb")
    for key in (*keys, "numu.at_s_sqrt_sb.s_sqrt_sb", "nue.at_s_sqrt_b.purity"):
        assert numbers[4][key] > numbers[1][key], key


def test_bootstrap_errors_are_binomial():
    events = knowing(2000, seed=0, strength=2)
    found = with_errors(
        events, lambda e: {"accuracy": matrix_values(e, np.ones(13, bool))["accuracy"]}, n_bootstrap=200, seed=0
    )
    p = found["accuracy"]["value"]
    assert found["accuracy"]["error"] == pytest.approx(np.sqrt(p * (1 - p) / 2000), rel=0.2)


def test_a_draw_without_a_number_does_not_count_for_its_error():
    events = knowing(100, seed=0, strength=2)
    calls = iter([{"a": 1.0}, {"a": 2.0, "b": 1.0}, {"a": 4.0}, {"a": 3.0, "b": 7.0}])  # three draws, then all events
    found = with_errors(events, lambda _: next(calls), n_bootstrap=3, seed=0)
    assert found["a"]["value"] == 3 and found["a"]["error"] == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert found["b"] == {"value": 7.0, "error": 0.0, "n": 100}


def test_all_seeds_have_the_same_numbers():
    """Of a class with just as many events as it needs, bootstrap draws have more or fewer."""
    events = knowing(400, seed=0, strength=2)
    smallest = int(np.bincount(events.interaction, minlength=14)[[*range(12), 13]].min())
    counted = counted_classes(events, min_events=smallest)
    keys = {
        frozenset(with_errors(events, lambda drawn: matrix_values(drawn, counted), n_bootstrap=5, seed=seed))
        for seed in range(6)
    }
    assert counted.all() and len(keys) == 1


def test_a_cut_that_leaves_no_background_on_the_test_events_keeps_its_merit():
    passed = by_hand()
    row = working_point(passed, 3, min_background=1)
    assert row["background"] == 0 and row["s_sqrt_b"] == row["signal"] == 8


# ---- the sample ----


def test_medians_and_tails_of_normal_moments():
    """The thesis event lies one deviation above the mean of the hits: beyond it are 15.9 % of the events."""
    thesis, n = load_thesis_events(), 4000
    found = sample_metrics(normal_moments(n, thesis, np.random.default_rng(5)))
    for name in ("numu DIS", "nue DIS", "NC"):
        key = f"sample.{name.lower().replace(' ', '_')}"
        for quantity, value in thesis[name].items():
            median = found[f"{key}.{quantity}_median"]
            assert median["value"] == pytest.approx(value - (quantity == "hits"), abs=5 * median["error"])
            assert median["error"] == pytest.approx(np.sqrt(np.pi / 2 / n), rel=0.05)  # of a normal distribution
        tail = found[f"{key}.smallest_tail"]
        assert tail["value"] == pytest.approx(norm.sf(1), abs=5 * tail["error"])
        assert tail["error"] == pytest.approx(np.sqrt(0.159 * 0.841 / n), rel=0.1)


# ---- examples ----


def test_an_example_has_the_median_number_of_hits_of_its_type():
    interaction, n_hits = np.array([13, 13, 2, 13]), np.array([50, 10, 7, 30])
    assert choose_examples(interaction, n_hits) == {"numu DIS": 2, "NC": 3}


def test_a_type_without_events_has_no_example():
    assert choose_examples(np.array([14, 14]), np.array([5, 6])) == {}


def test_the_thesis_events_are_the_references_of_the_report():
    events = load_thesis_events()
    assert list(events) == ["numu DIS", "nue DIS", "NC"] and events["nue DIS"]["hits"] == 270
