"""Small samples of jets for the coverage of the errors: each function draws one and returns values and errors."""

import numpy as np

from papers.hbb.evaluate import measure_tagger
from papers.hbb.metrics.decorrelation import measure_cut
from papers.hbb.metrics.features import describe, measure_sip
from papers.hbb.metrics.scored_jets import Sample
from papers.hbb.metrics.sculpting import removed
from papers.hbb.settings import Settings


def make_toys(settings):
    """Return the functions by name; `settings` is the content of section evaluate."""
    config = Settings.model_fields["evaluate"].annotation(**settings)
    few = config.model_copy(update={"n_bootstrap": 2})
    edges = np.linspace(40, 200, 9)

    def tagging(random):
        sample = toy_sample(random, 4000, share=0.93)  # the error is that of the QCD jets alone
        metrics = measure_tagger(sample, "toy", few, seed=int(random.integers(10**6)))
        names = ("auc", "auc_all", "accuracy", "rejection_50_all")
        return pairs(metrics, [f"toy.{name}" for name in names])

    def sculpted(random):
        sample, seed = toy_sample(random, 1200), int(random.integers(10**6))
        passed = sample.scores["toy"] > 0.6
        metrics = measure_cut(sample, "mistag", passed, config, seed=seed)
        names = ("djs", "djs_excess", "signal_efficiency", "mistag")
        return pairs(metrics, [f"{name}_mistag" for name in names])

    def decorrelated(random):
        sample, seed = toy_sample(random, 1200), int(random.integers(10**6))
        qcd = sample.label == 0
        mass, score = sample.spectators["fj_sdmass"][qcd], sample.scores["toy"][qcd]
        both = score > 0.6, score > np.where(mass > 130, 0.6, 0.4)
        return pairs({"djs_removed": removed(mass, both, edges, n_bootstrap=60, seed=seed)}, ["djs_removed"])

    def features(random):
        return pairs(metrics := describe(toy_sample(random, 200)) | measure_sip(ToyJets(random, 300)), list(metrics))

    return {"tagging": tagging, "sculpting": sculpted, "DDT": decorrelated, "features": features}


def toy_sample(random, n_jets, *, share=0.5):
    """Return jets whose score depends on the class and strongly on the mass; `share` of them are H."""
    label = (random.random(n_jets) < share).astype(int)
    mass = random.uniform(40, 200, len(label))
    score = 1 / (1 + np.exp(-random.normal(1.2 * (2 * label - 1) + np.where(mass > 130, 1.5, -0.5))))
    spectators = {
        "fj_sdmass": mass,
        "npv": random.poisson(20, len(label)),
        "ntracks": random.poisson(22 + 4 * label),
        "fj_pt": random.exponential(500, len(label)) + 300,
    }
    inside = np.ones(len(label), bool)
    return Sample(label, inside, spectators, np.zeros((len(label), 27)), {"toy": score})


class ToyJets:
    """As much of `prepared.Jets` as the largest impact parameter of a jet needs."""

    def __init__(self, random, n_jets):
        self.label = np.arange(n_jets) % 2
        self.tracks = random.exponential(20 + 10 * self.label[:, None, None], (n_jets, 3, 30))

    def __len__(self):
        return len(self.label)

    def column(self, name):
        return getattr(self, name)

    def batches(self, names, *, size, order):
        yield {name: getattr(self, name)[order] for name in names}


def pairs(metrics, names):
    """Return value and error of some metrics."""
    return {name: (metrics[name]["value"], metrics[name]["error"]) for name in names}
