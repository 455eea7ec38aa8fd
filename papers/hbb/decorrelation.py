"""How far a cut on a tagger sculpts the QCD mass, without and with DDT (arXiv:1909.12285, mass decorrelation).

All samples are within the article's window. A mass-dependent cut is fitted on validation QCD jets and measured on test
jets.
"""

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


def measure_plain(test: Sample, tagger: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return what the same threshold at all masses does to the QCD mass: `djs_<key>` and so on.

    Chance is as many jets chosen at random as pass.
    """
    mass, score = qcd_of(test, tagger)
    signal = test.scores[tagger][test.label == 1]
    cuts = [measures.threshold_at(signal, efficiency) for efficiency in config.decorrelation_efficiencies]
    cuts.append(measures.threshold_at(score, config.mistag))
    found: Metrics = {}
    for key, cut in zip(keys_of(config), cuts, strict=True):
        passed = score >= cut
        chance = measures.blind_divergences(
            mass, int(passed.sum()), mass_edges(config), n_draws=config.n_bootstrap, seed=seed
        )
        found |= sculpting_of(mass, passed, chance, key, config, seed=seed)
    return found


def sculpting_of(mass: Array, passed: Array, chance: Array, key: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return `djs_<key>`, `djs_excess_<key>` and `djs_sigma_<key>` of QCD jets; see measures.sculpting_entries."""
    found = measures.sculpting_entries(
        mass, passed, mass_edges(config), chance, n_bootstrap=config.n_bootstrap, seed=seed
    )
    return {f"{metric}_{key}": value for metric, value in found.items()}


class Decorrelated:
    """A tagger with mass-dependent cuts, fitted on validation jets and applied to test jets."""

    def __init__(self, valid: Sample, test: Sample, tagger: str, config: EvaluateConfig) -> None:
        """Fit a series of cuts; the working points are found on the validation jets."""
        self.valid, self.test, self.tagger, self.config = valid, test, tagger, config
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
        return MassCut.fit(*qcd_of(self.valid, self.tagger), mistag=mistag, config=self.config.ddt)

    def passes(self, cut: MassCut, sample: Sample) -> Array:
        """Return which jets (jet,) pass a cut."""
        return cut.passes(sample.spectators["fj_sdmass"], sample.scores[self.tagger])

    def chance(self, mistag: float, *, seed: int) -> Array:
        """Return D_JS (draw,) of the same procedure where the mass means nothing: masses shuffled among the QCD jets.

        It is larger than that of jets chosen at random, because a fit to few jets follows their fluctuations.
        """
        random, divergences = np.random.default_rng(seed), []
        (mass, score), (test_mass, test_score) = (qcd_of(sample, self.tagger) for sample in (self.valid, self.test))
        for _ in range(self.config.n_shuffles):
            cut = MassCut.fit(random.permutation(mass), score, mistag=mistag, config=self.config.ddt)
            shuffled = random.permutation(test_mass)
            passed = cut.passes(shuffled, test_score)
            divergences.append(measures.sculpting(shuffled, passed, mass_edges(self.config)))
        return np.array(divergences)

    def measure(self, *, seed: int) -> Metrics:
        """Return D_JS and efficiencies at each working point, and D_JS of chance."""
        found: Metrics = {}
        qcd = self.test.label == 0
        mass = self.test.spectators["fj_sdmass"][qcd]
        for key, passed in self.passed.items():
            chance = self.chance(self.mistags[key], seed=seed)
            found |= sculpting_of(mass, passed[qcd], chance, key, self.config, seed=seed)
            found[f"chance_djs_{key}"] = entry(chance.mean(), chance.std(ddof=1), int(passed[qcd].sum()))
            for name, chosen in (("signal_efficiency", ~qcd), ("mistag", qcd)):
                rate, n = passed[chosen].mean(), int(chosen.sum())
                found[f"{name}_{key}"] = entry(rate, np.sqrt(rate * (1 - rate) / n), n)
        return found
