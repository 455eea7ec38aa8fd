"""Runs of the real stages whose numbers are known without them: a pattern of one view, and scores made by hand."""

import json
import math

import h5py
import numpy as np
import pytest
from scipy.constants import c, e, hbar

from papers.nova_cvn.prepared.pixel_map import Events
from papers.nova_cvn.tests.chain import PACKAGE, PaperChain, settings
from papers.nova_cvn.tests.made_events import MADE_SHAPE, write_prepared
from tests.guards.chain import call
from tests.run_settings import write_settings

NUE, NUMU = settings().evaluate.nue_counts, settings().evaluate.numu_counts  # contained events of the tables
OSCILLATION = settings().evaluate.oscillation
GEV_OF_PHASE = OSCILLATION.delta_m2_ev2 * OSCILLATION.baseline_km * 1e3 / (4 * 1e9 * hbar * c / e)  # phase times energy
NUMU_QE, NUE_QE, NUTAU_DIS, NC, COSMIC = 0, 4, 10, 13, 14


def energy_at(probability):
    """Return the energy [GeV] above the first maximum at which a muon neutrino has become an electron neutrino."""
    return GEV_OF_PHASE / math.asin(math.sqrt(probability))


# ---- a pattern that only the Y view tells ----

PATTERNS = {NUMU_QE: (0, 5), NUE_QE: (8, 13), NC: (17, 24)}  # type -> planes of the Y view with hits


def patterned(n_events, *, seed):
    """Return events whose Y view tells their type, while the X view has the pattern of any type, fainter."""
    random = np.random.default_rng(seed)
    interaction = random.choice(list(PATTERNS), size=n_events)
    views = np.zeros((n_events, *MADE_SHAPE), np.uint8)
    for view, shown in enumerate((random.choice(list(PATTERNS), size=n_events), interaction)):
        for event, number in enumerate(shown):
            planes = slice(*PATTERNS[number])
            row = int(random.integers(2, 16))
            views[event, view, planes, row : row + 3] = random.integers(100, 250) // (1 if view else 8)
    energy = random.choice([1.0, 2.0, 4.0], size=n_events).astype(np.float32)
    return Events(views, interaction, energy, energy / 2)


class PatternChain(PaperChain):
    """The chain with patterned events, and a training that is long enough to learn them."""

    def training(self):
        """Return the settings: without a step of the rate, and with all filters."""
        config = super().training()
        one = config.experiments["cvn"].model_copy(
            update={"epochs": 6, "learning_rate": 0.02, "dropout": 0.1, "width": 1.0, "input_scale": 1.0}
        )
        schedule = config.schedule.model_copy(update={"full_events": 1})
        return config.model_copy(update={"experiments": config.experiments | {"cvn": one}, "schedule": schedule})

    def draw(self, split, *, seed):
        """Return patterned events."""
        return patterned({"train": 400, "valid": 90, "test": 120}[split], seed=seed)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    made = PatternChain(tmp_path_factory.mktemp("pattern"))
    made.make()
    made.run()
    return made


@pytest.mark.parametrize("method", ["cvn", "library"])
def test_the_view_that_tells_decides(pattern, method):
    """The X view alone would be right in a third of the events."""
    right = pattern.scores()[method].argmax(axis=1) == pattern.events["test"].interaction
    assert right.mean() > 0.95
    assert pattern.metrics()[f"{method}.accuracy"] == pytest.approx(right.mean())


def test_a_classifier_without_mistakes_has_the_numbers_of_the_tables(pattern):
    """Only the electron neutrinos of the beam remain among those that appeared; all muon neutrinos are found."""
    found = {key.removeprefix("library."): value for key, value in pattern.metrics().items()}
    assert [found[f"flavour.{name}"] for name in ("numu", "nue", "nc")] == [1, 1, 1]
    assert found["nue.auc"] == found["numu.auc"] == 1
    nue = {key: found[f"nue.at_s_sqrt_sb.{key}"] for key in ("signal", "background", "background_beam_nue", "purity")}
    signal, beam = NUE["signal"], NUE["beam_nue"]
    assert nue == pytest.approx(
        {"signal": signal, "background": beam, "background_beam_nue": beam, "purity": signal / (signal + beam)}
    )
    assert found["nue.at_s_sqrt_b.s_sqrt_b"] == pytest.approx(signal / math.sqrt(beam))
    assert found["numu.at_s_sqrt_sb.s_sqrt_sb"] == pytest.approx(math.sqrt(NUMU["signal"]))
    for key in ("efficiency", "purity"):
        assert found[f"numu.at_s_sqrt_sb.{key}"] == pytest.approx(1, rel=1e-6)  # energies are stored in float32


# ---- scores made by hand ----

# Per type of event: numbers of events by energy, by the probability of oscillation there, and by score.
HIGH, MIDDLE, LOW = 0.9, 0.45, 0.1
HALF, QUARTER = 0.5, 0.25
VALID = {  # (type, probability) -> events with a high, middle and low score of the signal
    **{(NUE_QE, HALF): (6, 2, 2), (NUE_QE, QUARTER): (2, 4, 4)},
    **{(NC, HALF): (0, 1, 39), (NUMU_QE, HALF): (0, 0, 20), (NUMU_QE, QUARTER): (0, 0, 20)},
}
TEST = {  # a cut below the middle scores would be far worse here
    **{(NUE_QE, HALF): (8, 1, 1), (NUE_QE, QUARTER): (5, 5, 10)},
    **{(NC, HALF): (1, 30, 9), (NUMU_QE, HALF): (0, 0, 10), (NUMU_QE, QUARTER): (2, 0, 18)},
    **{(NUTAU_DIS, HALF): (6, 0, 0), (COSMIC, HALF): (4, 0, 0)},  # in neither table, nor in the areas
}


def by_hand(table):
    """Return events and outputs (event, 15): the score goes to νe in two parts, the rest of 1 to NC."""
    rows = [
        (number, energy_at(probability), score)
        for (number, probability), counts in table.items()
        for score, n in zip((HIGH, MIDDLE, LOW), counts, strict=True)
        for _ in range(n)
    ]
    interaction, energy, score = map(np.array, zip(*rows, strict=True))
    outputs = np.zeros((len(rows), 15))
    outputs[:, NUE_QE], outputs[:, NUE_QE + 2], outputs[:, NC] = 0.7 * score, 0.3 * score, 1 - score
    views = np.zeros((len(rows), *MADE_SHAPE), np.uint8)
    views[:, :, :3, 10] = 100
    return Events(views, interaction, energy, 0 * energy), outputs


def passed(table, threshold):
    """Return the events of the νe table above a score, by component: counts times the shares of the weights."""
    kept = [score > threshold for score in (HIGH, MIDDLE, LOW)]
    weights = {
        "signal": {(NUE_QE, HALF): HALF, (NUE_QE, QUARTER): QUARTER},
        "beam_nue": {(NUE_QE, HALF): 1, (NUE_QE, QUARTER): 1},
        "nc": {(NC, HALF): 1},
        "numu": {(NUMU_QE, HALF): 1 - HALF, (NUMU_QE, QUARTER): 1 - QUARTER},
    }
    sums = {}
    for name, each in weights.items():
        total = sum(weight * sum(table[group]) for group, weight in each.items())
        above = sum(weight * np.dot(kept, table[group]) for group, weight in each.items())
        sums[name] = NUE[name] * above / total
    return sums


def merit(table, threshold):
    """Return s/√(s+b) of the νe selection."""
    sums = passed(table, threshold)
    return sums["signal"] / math.sqrt(sum(sums.values()))


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Return metrics.json of the made scores, by key."""
    folder, files = tmp_path_factory.mktemp("hand"), {}
    scores = folder / "network/hand/predictions.h5"
    scores.parent.mkdir(parents=True)
    with h5py.File(scores, "w") as file:
        for split, table in {"valid": VALID, "test": TEST}.items():
            events, file[split] = by_hand(table)
            files[split] = write_prepared(folder / f"{split}.h5", events)
    config = settings().evaluate.model_dump(mode="json") | {"n_bootstrap": 200, "n_cuts": 200}
    path = write_settings(folder / "settings.yaml", facts={"methods": ["network/hand"]}, evaluate=config)
    call(f"{PACKAGE}.evaluate", settings=path, **files, predictions=folder, metrics=folder / "metrics.json", seed=3)
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def test_the_best_cut_of_the_validation_events_is_quoted_on_the_test_events(evaluated):
    assert merit(VALID, 0.3) > 1.1 * max(merit(VALID, 0.7), merit(VALID, 0.0))  # what is best, in both splits
    assert merit(TEST, 0.7) > 1.1 * max(merit(TEST, 0.3), merit(TEST, 0.0))
    row = {key: evaluated[f"hand.nue.at_s_sqrt_sb.{key}"]["value"] for key in ("cut", "s_sqrt_sb")}
    assert LOW < row["cut"] < MIDDLE and row["s_sqrt_sb"] == pytest.approx(merit(TEST, 0.3), rel=1e-4)


def test_efficiency_and_purity_have_the_weights_of_a_far_detector(evaluated):
    """Signal with the appearance at its energy, muon neutrinos with their survival, NC and the beam as they are."""
    sums = passed(TEST, 0.3)
    background = sum(sums.values()) - sums["signal"]
    wanted = {
        **{"signal": sums["signal"], "background": background, "efficiency": sums["signal"] / NUE["signal"]},
        **{"purity": sums["signal"] / sum(sums.values()), "s_sqrt_b": sums["signal"] / math.sqrt(background)},
        **{f"background_{name}": sums[name] for name in ("nc", "numu", "beam_nue")},
    }
    found = {key: evaluated[f"hand.nue.at_s_sqrt_sb.{key}"]["value"] for key in wanted}
    assert found == pytest.approx(wanted, rel=1e-4)  # 1.267 instead of 1/(4 ħc) is 3e-5 off
    assert wanted["efficiency"] != pytest.approx(19 / 30, rel=0.05)  # the share of events without weights


def test_the_area_counts_pairs_of_beam_events(evaluated):
    """The share of pairs of a νe and another event in which the νe has the higher score, and half of the ties."""
    events, outputs = by_hand(TEST)
    score, is_nue = outputs[:, NUE_QE] + outputs[:, NUE_QE + 2], events.interaction == NUE_QE
    is_other = np.isin(events.interaction, [NUMU_QE, NC])
    pairs = np.sign(score[is_nue][:, None] - score[is_other])
    assert evaluated["hand.nue.auc"]["value"] == pytest.approx((1 + pairs.mean()) / 2)


def test_errors_of_shares_are_binomial(evaluated):
    """Of the νe that are recognised, 13 of 30, whose number scatters too; and of NC that pass."""
    nue = evaluated["hand.flavour.nue"]
    assert nue["value"] == pytest.approx(13 / 30)  # with a middle score NC wins
    assert nue["error"] == pytest.approx(math.sqrt(13 / 30 * 17 / 30 / 30), rel=0.2)
    nc = evaluated["hand.nue.at_s_sqrt_sb.background_nc"]
    share = 31 / 40
    assert nc["error"] == pytest.approx(NUE["nc"] * math.sqrt(share * (1 - share) / 40), rel=0.2)
