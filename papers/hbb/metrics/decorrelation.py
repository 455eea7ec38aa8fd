"""How far a cut on a tagger sculpts the QCD mass, without and with DDT (arXiv:1909.12285, mass decorrelation).

All samples are within the article's window. A mass-dependent cut is fitted on validation QCD jets and measured on test
jets.
"""

import logging

import numpy as np

from papers.hbb import measures
from papers.hbb.cache import Array
from papers.hbb.measures import Entry, MassCut, entry
from papers.hbb.sample import Sample
from papers.hbb.settings import EvaluateConfig

DDT = {"interaction": "ddt", "interaction_standardised": "ddt_standardised"}  # tagger -> the same with DDT
MASS_RANGE_GEV = (40.0, 200.0)
MISTAGS = np.geomspace(0.005, 0.9, 16)  # of the mass-dependent cut's ROC curve
Metrics = dict[str, Entry]


def keys_of(config: EvaluateConfig) -> list[str]:
    """Return what names a working point: a signal efficiency in percent, and "mistag"."""
    return [*(f"{100 * efficiency:.0f}" for efficiency in config.decorrelation_efficiencies), "mistag"]


def mass_edges(config: EvaluateConfig) -> Array:
    """Return the bins of the mass [GeV]."""
    return np.linspace(*MASS_RANGE_GEV, config.mass_bins + 1)


def qcd_of(sample: Sample, tagger: str) -> tuple[Array, Array]:
    """Return soft-drop mass [GeV] and score of the QCD jets, each (jet,)."""
    qcd = sample.label == 0
    return sample.spectators["fj_sdmass"][qcd], sample.scores[tagger][qcd]


def cuts_of(test: Sample, tagger: str, config: EvaluateConfig) -> dict[str, float]:
    """Return by working point the threshold that is the same at all masses, found on the test jets themselves."""
    score, signal = test.scores[tagger], test.label == 1
    cuts = [measures.threshold_at(score[signal], efficiency) for efficiency in config.decorrelation_efficiencies]
    return dict(zip(keys_of(config), [*cuts, measures.threshold_at(score[~signal], config.mistag)], strict=True))


def measure_cut(test: Sample, key: str, passed: Array, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return `djs_<key>` and what belongs to it (see measures.sculpting_entries), and both efficiencies, of one cut.

    Args:
        test: The jets.
        key: Of the working point.
        passed: (jet,)
        config: Bins, and numbers of draws.
        seed: Of these.
    """
    qcd = test.label == 0
    mass, edges = test.spectators["fj_sdmass"][qcd], mass_edges(config)
    n_passed = int(passed[qcd].sum())
    chance = measures.blind_divergences(mass, n_passed, edges, n_draws=config.n_chance, seed=seed)
    found = measures.sculpting_entries(mass, passed[qcd], edges, chance, n_bootstrap=config.n_bootstrap, seed=seed)
    for name, chosen in (("signal_efficiency", ~qcd), ("mistag", qcd)):
        rate, n = passed[chosen].mean(), int(chosen.sum())
        found[name] = entry(rate, np.sqrt(rate * (1 - rate) / n), n)
    return {f"{metric}_{key}": value for metric, value in found.items()}


def measure_plain(test: Sample, tagger: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return what the same threshold at all masses does to the QCD mass, at each working point."""
    found: Metrics = {}
    for key, cut in cuts_of(test, tagger, config).items():
        found |= measure_cut(test, key, test.scores[tagger] >= cut, config, seed=seed)
    return found


class Decorrelated:
    """A tagger with mass-dependent cuts, fitted on validation jets and applied to test jets."""

    def __init__(self, valid: Sample, test: Sample, tagger: str, config: EvaluateConfig) -> None:
        """Fit a series of cuts; the working points are found on the validation jets."""
        self.valid, self.test, self.tagger, self.config = valid, test, tagger, config
        self.depth = measures.best_depth(*qcd_of(valid, tagger), mistag=config.mistag, config=config.ddt)
        logging.info("DDT of %s: trees of depth %d", tagger, self.depth)
        series = [self.fit(mistag) for mistag in MISTAGS]
        on_valid, on_test = ([self.passes(cut, sample) for cut in series] for sample in (valid, test))
        self.roc = np.array([[mask[test.label == label].mean() for label in (1, 0)] for mask in on_test])
        efficiency = np.array([mask[valid.label == 1].mean() for mask in on_valid])
        order = np.argsort(efficiency, kind="stable")
        logs = np.interp(config.decorrelation_efficiencies, efficiency[order], np.log(MISTAGS)[order])
        self.mistags = dict(zip(keys_of(config), [*np.exp(logs), config.mistag], strict=True))
        self.passed = {key: self.passes(self.fit(mistag), test) for key, mistag in self.mistags.items()}

    def fit(self, mistag: float) -> MassCut:
        """Return the cut that passes a share of the validation QCD jets at every mass."""
        mass, score = qcd_of(self.valid, self.tagger)
        return MassCut.fit(mass, score, mistag=mistag, depth=self.depth, config=self.config.ddt)

    def passes(self, cut: MassCut, sample: Sample) -> Array:
        """Return which jets (jet,) pass a cut."""
        return cut.passes(sample.spectators["fj_sdmass"], sample.scores[self.tagger])

    def shuffled(self, mistag: float, *, seed: int) -> Array:
        """Return D_JS (draw,) of the same procedure where the mass means nothing: masses shuffled among the QCD jets.

        It is larger than that of jets chosen at random, because a fit to few jets follows their fluctuations.
        """
        random, divergences = np.random.default_rng(seed), []
        (mass, score), (test_mass, test_score) = (qcd_of(sample, self.tagger) for sample in (self.valid, self.test))
        for _ in range(self.config.n_shuffles):
            moved = random.permutation(mass)
            cut = MassCut.fit(moved, score, mistag=mistag, depth=self.depth, config=self.config.ddt)
            moved = random.permutation(test_mass)
            divergences.append(measures.sculpting(moved, cut.passes(moved, test_score), mass_edges(self.config)))
        return np.array(divergences)

    def measure(self, *, seed: int) -> Metrics:
        """Return what the cuts do to the QCD mass at each working point, beside two comparisons.

        `shuffled_djs_<key>` is D_JS of the same fit where the mass means nothing, with its scatter as error;
        `djs_removed_<key>` what the same threshold at all masses has more, with the bootstrap error of the difference.
        """
        found: Metrics = {}
        mass, _ = qcd_of(self.test, self.tagger)
        qcd, edges = self.test.label == 0, mass_edges(self.config)
        plain = cuts_of(self.test, self.tagger, self.config)
        for key, passed in self.passed.items():
            found |= measure_cut(self.test, key, passed, self.config, seed=seed)
            shuffled = self.shuffled(self.mistags[key], seed=seed)
            found[f"shuffled_djs_{key}"] = entry(shuffled.mean(), shuffled.std(), int(passed[qcd].sum()))
            both = (self.test.scores[self.tagger][qcd] >= plain[key], passed[qcd])
            found[f"djs_removed_{key}"] = measures.removed(
                mass, both, edges, n_bootstrap=self.config.n_bootstrap, seed=seed
            )
        return found
