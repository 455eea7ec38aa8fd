"""Sculpting of the QCD mass by cuts on a tagger, without and with DDT (arXiv:1909.12285, mass decorrelation).

All jets are within the article's window. A mass-dependent cut is fitted on validation QCD jets and measured on test
jets.
"""

import logging

import numpy as np

from common.metrics import Metrics, entry

from ..prepared import Array
from ..settings import EvaluateConfig
from .mass_cut import MassCut, best_depth
from .scored_jets import Sample
from .sculpting import blind_divergences, removed, sculpting, sculpting_entries
from .tagging import threshold_at

DDT = {"interaction": "ddt", "interaction_standardised": "ddt_standardised"}  # method -> the same with DDT
MISTAGS = np.geomspace(0.005, 0.9, 16)  # of the ROC curve of the mass-dependent cut


def keys_of(config: EvaluateConfig) -> list[str]:
    """Return the names of the working points: each signal efficiency in percent, and "mistag"."""
    return [*(f"{100 * efficiency:.0f}" for efficiency in config.decorrelation_efficiencies), "mistag"]


def mass_edges(config: EvaluateConfig) -> Array:
    """Return the bins of the mass [GeV]."""
    return np.linspace(*config.mass_range_gev, config.mass_bins + 1)


def qcd_of(sample: Sample, method: str) -> tuple[Array, Array]:
    """Return soft-drop mass [GeV] and score of the QCD jets, each (jet,)."""
    qcd = sample.label == 0
    return sample.spectators["fj_sdmass"][qcd], sample.scores[method][qcd]


def cuts_of(test: Sample, method: str, config: EvaluateConfig) -> dict[str, float]:
    """Return the mass-independent threshold of each working point, determined on the test jets themselves."""
    score, signal = test.scores[method], test.label == 1
    cuts = [threshold_at(score[signal], efficiency) for efficiency in config.decorrelation_efficiencies]
    return dict(zip(keys_of(config), [*cuts, threshold_at(score[~signal], config.mistag)], strict=True))


def measure_cut(test: Sample, key: str, passed: Array, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the measures of `sculpting_entries` and both efficiencies of one cut, each named `<metric>_<key>`.

    Args:
        test: The jets.
        key: Name of the working point.
        passed: (jet,) mask.
        config: Bins, and numbers of draws.
        seed: Seed of the draws.
    """
    qcd = test.label == 0
    mass, edges = test.spectators["fj_sdmass"][qcd], mass_edges(config)
    n_passed = int(passed[qcd].sum())
    chance = blind_divergences(mass, n_passed, edges, n_draws=config.n_chance, seed=seed)
    metrics = sculpting_entries(mass, passed[qcd], edges, chance, n_bootstrap=config.n_bootstrap, seed=seed)
    for name, mask in (("signal_efficiency", ~qcd), ("mistag", qcd)):
        rate, n = passed[mask].mean(), int(mask.sum())
        metrics[name] = entry(rate, np.sqrt(rate * (1 - rate) / n), n)
    return {f"{metric}_{key}": value for metric, value in metrics.items()}


def measure_plain(test: Sample, method: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the sculpting by the same threshold at all masses, at each working point."""
    metrics: Metrics = {}
    for key, cut in cuts_of(test, method, config).items():
        metrics |= measure_cut(test, key, test.scores[method] >= cut, config, seed=seed)
    return metrics


class Decorrelated:
    """A tagger with mass-dependent cuts, fitted on validation jets and applied to test jets."""

    def __init__(self, valid: Sample, test: Sample, method: str, config: EvaluateConfig) -> None:
        """Fit a series of cuts, and one cut for each working point, which the validation jets define."""
        self.valid, self.test, self.method, self.config = valid, test, method, config
        self.depth = best_depth(*qcd_of(valid, method), mistag=config.mistag, config=config.ddt)
        logging.info("DDT of %s: trees of depth %d", method, self.depth)
        series = [self.fit(mistag) for mistag in MISTAGS]
        on_valid, on_test = ([self.passes(cut, sample) for cut in series] for sample in (valid, test))
        self.roc = np.array([[mask[test.label == label].mean() for label in (1, 0)] for mask in on_test])
        efficiency = np.array([mask[valid.label == 1].mean() for mask in on_valid])
        order = np.argsort(efficiency, kind="stable")
        logs = np.interp(config.decorrelation_efficiencies, efficiency[order], np.log(MISTAGS)[order])
        self.mistags = dict(zip(keys_of(config), [*np.exp(logs), config.mistag], strict=True))
        self.cuts = {key: self.fit(mistag) for key, mistag in self.mistags.items()}
        self.passed = {key: self.passes(cut, test) for key, cut in self.cuts.items()}

    def fit(self, mistag: float) -> MassCut:
        """Return the cut that a share `mistag` of the validation QCD jets passes at every mass."""
        mass, score = qcd_of(self.valid, self.method)
        return MassCut.fit(mass, score, mistag=mistag, depth=self.depth, config=self.config.ddt)

    def passes(self, cut: MassCut, sample: Sample) -> Array:
        """Return a mask (jet,) of the jets that pass a cut."""
        return cut.passes(sample.spectators["fj_sdmass"], sample.scores[self.method])

    def shuffled(self, mistag: float, *, seed: int) -> Array:
        """Return D_JS (draw,) of the same procedure with the masses shuffled among the QCD jets, so without sculpting.

        It is larger than that of random jets, because a fit to few jets follows their fluctuations.
        """
        random, divergences = np.random.default_rng(seed), []
        (mass, score), (test_mass, test_score) = (qcd_of(sample, self.method) for sample in (self.valid, self.test))
        for _ in range(self.config.n_shuffles):
            moved = random.permutation(mass)
            cut = MassCut.fit(moved, score, mistag=mistag, depth=self.depth, config=self.config.ddt)
            moved = random.permutation(test_mass)
            divergences.append(sculpting(moved, cut.passes(moved, test_score), mass_edges(self.config)))
        return np.array(divergences)

    def measure(self, *, seed: int) -> Metrics:
        """Return the sculpting by the cuts at each working point, and two comparisons.

        `shuffled_djs_<key>`: D_JS of the same fit with shuffled masses, with its scatter as error.
        `djs_removed_<key>`: D_JS of the same threshold at all masses minus that of the mass-dependent cut, with the
        bootstrap error of the difference.
        """
        metrics: Metrics = {}
        mass, _ = qcd_of(self.test, self.method)
        qcd, edges = self.test.label == 0, mass_edges(self.config)
        plain = cuts_of(self.test, self.method, self.config)
        for key, passed in self.passed.items():
            metrics |= measure_cut(self.test, key, passed, self.config, seed=seed)
            shuffled = self.shuffled(self.mistags[key], seed=seed)
            metrics[f"shuffled_djs_{key}"] = entry(shuffled.mean(), shuffled.std(), int(passed[qcd].sum()))
            both = (self.test.scores[self.method][qcd] >= plain[key], passed[qcd])
            metrics[f"djs_removed_{key}"] = removed(mass, both, edges, n_bootstrap=self.config.n_bootstrap, seed=seed)
        return metrics
