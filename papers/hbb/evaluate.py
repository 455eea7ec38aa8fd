"""Measure all taggers of one seed on the test files (arXiv:1909.12285, evaluation and mass decorrelation).

Prepared files and scores.h5 of each tagger -> metrics.json, and decorrelated.h5 with what the mass-dependent cut
passes.

`<tagger>.` auc, accuracy, rejection_30, ... within the article's window; auc_all, rejection_30_all, ... without it;
djs_50, ... at true signal efficiencies, djs_mistag at the configured mistag rate, what these have beyond chance as
djs_excess_50, ... and its probability as djs_p_50, ...; n_parameters. `ddt.` is the interaction network with the
mass-dependent cut, fitted on validation QCD, `ddt_standardised.` that with standardised inputs. `best_variable` is the
one of the 27 variables, tau21 and tau32 that separates best on the validation files. `feature.` describes the jets, for
comparison with the record's own.
"""

import logging
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.stage import parse, run
from papers.hbb import branches, measures
from papers.hbb.cache import Array, Jets
from papers.hbb.decorrelation import DDT, Decorrelated, measure_plain
from papers.hbb.measures import Entry, entry
from papers.hbb.sample import Sample, read_sample
from papers.hbb.settings import EvaluateConfig

Metrics = dict[str, Entry]


def best_variable(valid: Sample, test: Sample) -> tuple[str, dict[str, Array]]:
    """Return the variable that separates best on the validation jets of the window, and its scores by split.

    The sign is chosen so that H is larger.
    """
    names = [*branches.DOUBLE_B, "fj_tau21", "fj_tau32"]

    def values(sample: Sample, name: str) -> Array:
        return sample.spectators[name] if name in sample.spectators else sample.variables[:, names.index(name)]

    kept = valid.in_window
    areas = {name: measures.area(valid.label[kept], values(valid, name)[kept])["value"] for name in names}
    chosen = max(areas, key=lambda name: abs(areas[name] - 0.5))
    sign = 1 if areas[chosen] > 0.5 else -1
    logging.info("best single variable: %s", chosen)
    return chosen, {"valid": sign * values(valid, chosen), "test": sign * values(test, chosen)}


def measure_tagger(test: Sample, name: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the figures of merit of one tagger."""
    inside, score = test.within(), test.scores[name]
    own, label = inside.scores[name], inside.label
    found = {
        "auc": measures.area(label, own),
        "auc_all": measures.area(test.label, score),
    }
    for efficiency in config.signal_efficiencies:
        key = f"rejection_{100 * efficiency:.0f}"
        found[key] = measures.rejection(label, own, efficiency=efficiency)
        found[f"{key}_all"] = measures.rejection(test.label, score, efficiency=efficiency)
    found |= measure_plain(inside, name, config, seed=seed)
    if name != "best_variable":  # probabilities
        right = (own > 0.5) == (label == 1)
        found["accuracy"] = entry(right.mean(), np.sqrt(right.mean() * (1 - right.mean()) / len(right)), len(right))
    return {f"{name}.{metric}": value for metric, value in found.items()}


def describe(test: Sample) -> Metrics:
    """Return what the record's own jets are known for: see `reference` in published.yaml."""
    found = {}
    for name, chosen in (("qcd", test.label == 0), ("higgs", test.label == 1)):
        n = int(chosen.sum())
        for metric, values in (("n_tracks", test.spectators["ntracks"]), ("npv", test.spectators["npv"])):
            own = values[chosen]
            found[f"feature.{name}.{metric}_mean"] = entry(own.mean(), own.std(ddof=1) / np.sqrt(n), n)
    npv, pt = test.spectators["npv"], test.spectators["fj_pt"]
    n, many = len(npv), (npv >= 15).mean()
    found["feature.npv_mean"] = entry(npv.mean(), npv.std(ddof=1) / np.sqrt(n), n)
    found["feature.npv_at_least_15"] = entry(many, np.sqrt(many * (1 - many) / n), n)
    found["feature.pt_mean"] = entry(pt.mean(), pt.std(ddof=1) / np.sqrt(n), n)
    return found


def largest_sip3d(jets: Jets) -> Array:
    """Return the largest Sip3dSig of the tracks of each jet (jet,), some thousand jets at a time."""
    feature, order = branches.TRACK_FEATURES.index("trackBTag_Sip3dSig"), np.arange(len(jets))
    batches = jets.batches(["tracks"], size=4096, order=order)
    return np.concatenate([found["tracks"][:, :, feature].max(axis=1) for found in batches])


def measure_sip(prepared: list[Path]) -> Metrics:
    """Return the median of the largest Sip3dSig of a jet's tracks, by class."""
    jets = Jets.open(prepared)
    largest, label = largest_sip3d(jets), jets.column("label")
    found = {}
    for name, chosen in (("qcd", label == 0), ("higgs", label == 1)):
        own = largest[chosen]
        spread = 1.2533 * np.subtract(*np.quantile(own, [0.84, 0.16])) / 2 / np.sqrt(len(own))  # of a median
        found[f"feature.{name}.largest_sip3d_significance"] = entry(np.median(own), spread, len(own))
    return found


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        path_lists=["valid", "test", "predictions"],
        paths=["metrics", "decorrelated"],
        numbers=["seed"],
    )
    config, seed = arguments.config, arguments.seed
    valid = read_sample(arguments.valid, arguments.predictions, "valid")
    test = read_sample(arguments.test, arguments.predictions, "test")
    chosen, scores = best_variable(valid, test)
    test.scores["best_variable"] = scores["test"]
    metrics = describe(test) | measure_sip(arguments.test)
    for name in test.scores:
        metrics |= measure_tagger(test, name, config, seed=seed)
    for path in arguments.predictions:
        with h5py.File(path) as file:
            metrics[f"{path.parent.name}.n_parameters"] = entry(int(file.attrs["n_parameters"]), 0.0, 1)
    cuts = {
        name: Decorrelated(valid.within(), test.within(), tagger, config)
        for tagger, name in DDT.items()
        if tagger in test.scores
    }
    for name, cut in cuts.items():
        metrics |= {f"{name}.{metric}": value for metric, value in cut.measure(seed=seed).items()}
    write_json(arguments.metrics, metrics)
    with atomic_output(arguments.decorrelated) as path, h5py.File(path, "w") as file:
        file.attrs["best_variable"] = chosen
        file["best_variable"] = scores["test"]
        for name, cut in cuts.items():
            file[f"{name}/roc"] = cut.roc
            for key, passed in cut.passed.items():
                file[f"{name}/passed_{key}"] = passed


if __name__ == "__main__":
    run(main)
