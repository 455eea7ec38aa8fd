"""Russian roulette leaves expectation values as they are (arXiv:1511.05190, Sec. 3)."""

import numpy as np
import pytest
from scipy.stats import chi2

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.jet_images.settings import Settings

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

from common.physics.kinematics import mass, pt
from common.physics.pythia import start_pythia
from papers.jet_images.archive import ratio
from papers.jet_images.generator.detector import n_subjettiness, towers, trimmed_jets
from papers.jet_images.generator.pythia import (
    HARD,
    BosonRoulette,
    NoRoulette,
    Roulette,
    generate_events,
    outside,
    settings_of,
    start,
)
from papers.jet_images.simulate import generate

SETTINGS = load_settings(ROOT / "papers/jet_images", "smoke", Settings).simulate


def with_roulette(**changes):
    return SETTINGS.model_copy(update={"roulette": SETTINGS.roulette.model_copy(update=changes)})


class FakeEvent:
    """An event whose hard process has a pz."""

    def __init__(self, number):
        self.number = number

    def __getitem__(self, index):
        return self

    def pz(self):
        return float(self.number)


def test_the_mean_weight_of_all_events_is_one():
    roulette = Roulette(SETTINGS, seed=1)
    distances = np.random.default_rng(2).exponential(1.5, 20_000)
    survived = [number for number, d in enumerate(distances) if not roulette.ends(FakeEvent(number), d)]
    weight = roulette.weights_of(np.array(survived, float))
    assert weight.sum() / len(distances) == pytest.approx(1, abs=5 * np.sqrt(np.sum(weight**2)) / len(distances))
    assert len(survived) < 0.6 * len(distances)
    near = distances[survived] < 0.5
    expected = np.sum(distances < 0.5)
    assert weight[near].sum() == pytest.approx(expected, rel=0.05)


def test_events_keep_their_own_weights_when_pythia_drops_one():
    roulette = Roulette(SETTINGS, seed=1)
    for number in range(3):
        roulette.ends(FakeEvent(number), float(number))
    assert roulette.weights_of(np.array([0.0, 2.0])) == pytest.approx([1, np.exp(2)])


def test_the_mean_weight_is_one_if_pythia_repeats_the_evolution_of_events():
    """Three of ten survivors fail afterwards and are looked at again, with another distance."""
    roulette, random = Roulette(SETTINGS, seed=1), np.random.default_rng(3)
    n_events, survived = 20_000, []
    for number in range(n_events):
        survives = not roulette.ends(FakeEvent(number), random.exponential(1.5))
        while survives and random.random() < 0.3:
            survives = not roulette.ends(FakeEvent(number), random.exponential(1.5))
        if survives:
            survived.append(number)
    weight = roulette.weights_of(np.array(survived, float))
    assert roulette.n_tried == n_events
    assert weight.sum() / n_events == pytest.approx(1, abs=4 * np.sqrt(np.sum(weight**2)) / n_events)


def test_distance_from_a_window():
    assert [outside(value, (2.0, 3.0)) for value in (1.5, 2.5, 4.0)] == [0.5, 0.0, 1.0]


def leading_jets(config, kind, *, n_events, seed):
    """Return pT, mass and tau_21 of the leading trimmed jets, weights, and how many events they stand for."""
    pythia, roulette = start(kind, config, seed=seed)
    rows = []
    while roulette.n_tried < n_events:
        particles, weight = generate_events(pythia, roulette, n_events=25)
        jets = trimmed_jets(towers(particles, config.jets), config.jets, n_events=len(weight), lowest_pt_gev=150)
        tau = n_subjettiness(jets.constituents, radius=config.jets.radius)
        rows.append((pt(jets.p4), mass(jets.p4), ratio(tau[:, 1], tau[:, 0]), weight[jets.event]))
        if config.roulette.smallest_chance == 1:
            roulette.n_tried += len(weight)
    return *(np.concatenate(column) for column in zip(*rows, strict=True)), roulette.n_tried


def probability(first, second):
    """Return the p-values of a chi-squared test for each variable: rates in eight bins, with their weights' errors."""
    p_values = []
    for values, others in zip(first[:-2], second[:-2], strict=True):
        edges = np.quantile(np.concatenate([values, others]), np.linspace(0, 1, 9))
        rates, variances = [], []
        for jets, (*_, weight, n_tried) in ((values, first), (others, second)):
            rates.append(np.histogram(jets, edges, weights=weight)[0] / n_tried)
            variances.append(np.histogram(jets, edges, weights=weight**2)[0] / n_tried**2)
        p_values.append(chi2.sf(np.sum((rates[0] - rates[1]) ** 2 / np.sum(variances, axis=0)), len(edges) - 1))
    return np.array(p_values)


@pytest.mark.parametrize(("kind", "n_events"), [("background", 400), ("signal", 300)])
def test_rates_and_shapes_with_roulette_are_those_of_plain_generation(kind, n_events):
    """Per tried event, far from the window too, which holds 3 % of QCD: tests/benchmarks/bench_jet_images.py does more.

    Weights of one must fail.
    """
    plain, early = with_roulette(smallest_chance=1.0), with_roulette(smallest_chance=0.2)
    plain_jets, early_jets = (
        leading_jets(config, kind, n_events=n_events, seed=seed) for config, seed in ((plain, 11), (early, 12))
    )
    assert np.all(probability(plain_jets, early_jets) > 1e-3)
    *variables, weight, n_tried = early_jets
    assert np.max(probability(plain_jets, (*variables, np.ones_like(weight), n_tried))) < 1e-6


def test_heavy_bosons_are_not_made_light_by_the_roulette():
    """Masses of W', which Pythia fixes before the roulette, with weights are those of events without roulette."""
    off = ["PartonLevel:all = off", "HadronLevel:all = off"]
    rates = []
    for kind in (BosonRoulette, NoRoulette):
        hooks = kind(SETTINGS, seed=1)
        pythia = start_pythia([*settings_of("signal", SETTINGS), *off], seed=5, hooks=hooks)
        masses, hard_pz = [], []
        while len(masses) < 4000 and hooks.n_tried < 4000:
            if pythia.next():
                masses.append(pythia.process[HARD].m())
                hard_pz.append(pythia.process[HARD].pz())
        weight, n_tried = hooks.weights_of(np.array(hard_pz)), hooks.n_tried or len(masses)
        edges = [0, 500, 700, 790, 810, 14_000]
        sums = [np.histogram(masses, edges, weights=weight**power)[0] for power in (1, 2)]
        rates.append((sums[0] / n_tried, np.sqrt(sums[1]) / n_tried))
    (rate, error), (expected, other) = rates
    assert len(masses) == 4000 and expected.sum() == pytest.approx(1)
    assert np.all(np.abs(rate - expected) < 4 * np.hypot(error, other))


def test_the_same_seed_gives_the_same_jets():
    first, second = (generate("signal", SETTINGS, n_jets=5, seed=3).images for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.weight, second.weight)
