"""Figures of merit against closed forms, and the memory of stage prepare (arXiv:1909.12285, evaluation)."""

import subprocess
import sys

import awkward as ak
import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.hbb.archive import branches
from papers.hbb.evaluate import best_variable
from papers.hbb.metrics.decorrelation import Decorrelated, measure_plain
from papers.hbb.metrics.mass_cut import MassCut, best_depth
from papers.hbb.metrics.scored_jets import Sample
from papers.hbb.metrics.sculpting import blind_divergences, jensen_shannon, sculpting, sculpting_entries
from papers.hbb.metrics.tagging import area, binned_efficiency, threshold_at
from papers.hbb.settings import DdtConfig, Settings
from papers.hbb.tests.made_jets import make_table, write

EDGES = np.linspace(40, 200, 9)
DDT = DdtConfig(n_estimators=50, min_samples_leaf=200, max_depth=[3], seed=42)


def two_gaussians(n=40_000, distance=1.5):
    label = np.repeat([0, 1], n)
    return label, np.random.default_rng(0).normal(label * distance)


def test_the_area_of_two_gaussians():
    label, score = two_gaussians()
    found = area(label, score)
    assert found["value"] == pytest.approx(norm.cdf(1.5 / np.sqrt(2)), abs=4 * found["error"])
    assert 0.0005 < found["error"] < 0.004


def test_the_divergence_is_scipys():
    first, second = np.array([1.0, 5, 2, 0]), np.array([4.0, 0, 1, 3])
    assert jensen_shannon(first, second) == pytest.approx(jensenshannon(first, second, base=2) ** 2)
    assert jensen_shannon(first, 7 * first) == pytest.approx(0)
    assert jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(1)


def sculpted(n, seed):
    """QCD jets whose score knows the mass."""
    random = np.random.default_rng(seed)
    mass = 40 + random.exponential(50, n) % 160
    return mass, 1 / (1 + np.exp(-(random.normal(size=n) + 3 * np.exp(-(((mass - 120) / 25) ** 2)) - 3)))


@pytest.mark.parametrize("mistag", [0.05, 0.3])
def test_a_mass_dependent_cut_takes_the_sculpting_away(mistag):
    mass, score = sculpted(6000, 1)
    cut = MassCut.fit(mass, score, mistag=mistag, depth=3, config=DDT)
    other_mass, other = sculpted(20_000, 2)
    plain = sculpting(other_mass, other > threshold_at(other, mistag), EDGES)
    passed = cut.passes(other_mass, other)
    assert passed.mean() == pytest.approx(mistag, rel=0.2)
    assert sculpting(other_mass, passed, EDGES) < plain / 5


def test_chance_gives_less_sculpting_the_more_jets_pass():
    mass, _ = sculpted(5000, 3)
    few, many = (blind_divergences(mass, n, EDGES, n_draws=30, seed=0).mean() for n in (50, 1000))
    assert 0 < many < few / 5


def test_the_excess_over_chance_is_nothing_without_sculpting_and_nearly_all_of_it_with():
    mass, score = sculpted(5000, 4)
    blind = np.random.default_rng(6).random(len(mass)) < 0.02
    seeing = score > threshold_at(score, 0.02)
    chance = blind_divergences(mass, 100, EDGES, n_draws=200, seed=1)
    none, some = (sculpting_entries(mass, passed, EDGES, chance, n_bootstrap=40, seed=1) for passed in (blind, seeing))
    assert none["djs"]["value"] > 0.005, "even a blind cut has one"
    assert abs(none["djs_excess"]["value"]) < 3 * none["djs_excess"]["error"]
    assert none["djs_p"]["value"] > 0.02
    assert some["djs_excess"]["value"] > 5 * some["djs_excess"]["error"]
    assert some["djs_p"]["value"] == pytest.approx(1 / 201)
    assert some["djs_excess"]["value"] < some["djs"]["value"]


def evaluation(**changes):
    config = load_settings(ROOT / "papers/hbb", "generated", Settings).evaluate
    return config.model_copy(update={"decorrelation_efficiencies": [0.9], "n_shuffles": 12, **changes})


def sample_of(n, seed, *, blind):
    """QCD jets whose score knows the mass, or a shuffled one, and H jets that all have a high score."""
    mass, score = sculpted(n, seed)
    if blind:
        mass = np.random.default_rng(seed).permutation(mass)
    random = np.random.default_rng([seed, 1])
    n_signal = n // 4
    spectators = {"fj_sdmass": np.r_[mass, random.normal(120, 10, n_signal)]}
    scores = {"interaction": np.r_[score, random.uniform(0.6, 1, n_signal)]}
    label = np.repeat([0, 1], [n, n_signal])
    return Sample(label, np.ones(len(label), bool), spectators, np.zeros((len(label), 27)), scores)


@pytest.mark.parametrize("blind", [True, False])
def test_sculpting_is_seen_if_there_is_any_and_ddt_takes_most_of_it_away(blind):
    valid, test = (sample_of(3000, seed, blind=blind) for seed in (7, 8))
    config = evaluation()
    plain = measure_plain(test, "interaction", config, seed=0)
    found = Decorrelated(valid, test, "interaction", config).measure(seed=0)
    for key in ("90", "mistag"):
        before, after = (metrics[f"djs_{key}"]["value"] for metrics in (plain, found))
        shuffled, removed = found[f"shuffled_djs_{key}"], found[f"djs_removed_{key}"]
        assert removed["value"] == pytest.approx(before - after)
        if blind:
            assert plain[f"djs_p_{key}"]["value"] > 0.02
            assert after < shuffled["value"] + 4 * shuffled["error"]
            assert abs(removed["value"]) < 4 * removed["error"]
        else:
            assert plain[f"djs_p_{key}"]["value"] < 0.01
            assert after < before / 8
            assert removed["value"] > 10 * removed["error"]
    assert found["mistag_mistag"]["value"] == pytest.approx(config.mistag, rel=0.3)


def test_the_depth_of_the_trees_follows_what_the_jets_can_tell():
    config = DDT.model_copy(update={"max_depth": [1, 4]})
    random = np.random.default_rng(9)
    mass = random.uniform(40, 200, 3000)
    waves = np.sin(mass / 6) + random.normal(0, 0.3, len(mass))
    for score, depth in ((1 / (1 + np.exp(-waves)), 4), (random.random(len(mass)), 1)):
        assert best_depth(mass, score, mistag=0.2, config=config) == depth


def test_each_bin_has_a_threshold_of_its_own():
    """The score drifts with pile-up in both classes alike, so the efficiency at a fixed mistag rate does not."""
    label, score = two_gaussians()
    npv = np.random.default_rng(1).uniform(0, 40, len(label))
    found = binned_efficiency(npv, label, score + npv, [0, 1, 20, 21], mistag=0.1)
    assert found["efficiency"][[0, 2]] == pytest.approx(norm.sf(norm.isf(0.1) - 1.5), abs=0.1)
    assert len(binned_efficiency(npv[:4], label[:4], score[:4], [0, 40], mistag=0.1)["low"]) == 0


def test_the_best_variable_is_chosen_on_the_validation_jets_with_its_sign():
    random = np.random.default_rng(5)
    samples = []
    for informative in (3, 8):  # another one would be best on the test jets
        label = np.repeat([0, 1], 300)
        variables = random.normal(size=(600, 27))
        variables[:, informative] -= 2 * label
        spectators = {name: random.normal(size=600) for name in ("fj_tau21", "fj_tau32")}
        samples.append(Sample(label, np.ones(600, bool), spectators, variables, {}))
    name, sign, scores = best_variable(*samples)
    assert (name, sign) == (branches.DOUBLE_B[3], -1)
    assert np.array_equal(scores["test"], -samples[1].variables[:, 3])


PREPARE_AND_REPORT = """
import sys
from pathlib import Path
from papers.hbb.prepare import write_prepared
from papers.hbb.settings import PrepareConfig
window = {"pt_gev": (300, 2000), "softdrop_mass_gev": (40, 200), "rho": (-8, -1)}
config = PrepareConfig(window=window, chunk_jets=int(sys.argv[1]), particles=False)
write_prepared(Path(sys.argv[2]).with_suffix(".h5"), Path(sys.argv[2]), config, origin="generated")
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak_megabytes(path, *, chunk_jets):
    """Return the largest memory of a process that prepares a file.

    Not by ru_maxrss: a process inherits that of the one which has started it.
    """
    command = [sys.executable, "-c", PREPARE_AND_REPORT, str(chunk_jets), str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return int(found.split()[1]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_does_not_grow_with_the_number_of_jets(tmp_path):
    """Chunks bound it: ten times as many jets, the same peak; without chunks they would show."""
    table, paths = make_table(500), []
    for copies in (1, 10):
        many = {
            name: np.tile(v, copies) if isinstance(v, np.ndarray) else ak.concatenate([v] * copies)
            for name, v in table.items()
        }
        paths.append(write(tmp_path / f"{copies}.root", many, basket_jets=250))
    few, many = (peak_megabytes(path, chunk_jets=250) for path in paths)
    assert many - few < 15
    assert peak_megabytes(paths[1], chunk_jets=5000) - many > 30
