"""Measure all taggers of one seed on the test files (arXiv:1909.12285, evaluation and mass decorrelation).

Prepared files and scores.h5 of each tagger -> metrics.json, and decorrelated.h5 with what the mass-dependent cut
passes.

`<tagger>.` auc, accuracy, rejection_30, ... within the article's window; auc_all, rejection_30_all, ... without it;
djs_50, ... at true signal efficiencies, djs_mistag at the configured mistag rate, and what these have beyond chance as
djs_excess_50, ...; n_parameters. `ddt.` is the interaction network with the mass-dependent cut, fitted on validation
QCD. `best_variable` is the one of the 27 variables, tau21 and tau32 that separates best on the validation files.
`feature.` describes the jets, for comparison with the record's own.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.stage import parse, run
from papers.hbb import branches, measures
from papers.hbb.cache import Array, Jets
from papers.hbb.measures import Entry, MassCut, entry
from papers.hbb.settings import EvaluateConfig

HEADLINE = "interaction"
MASS_RANGE_GEV = (40.0, 200.0)
MISTAGS = np.geomspace(0.005, 0.9, 16)  # of the mass-dependent cut's ROC curve
Metrics = dict[str, Entry]


@dataclass(frozen=True)
class Sample:
    """Labelled jets of one split.

    Attributes:
        label: (jet,) 1 for H.
        in_window: (jet,)
        spectators: (jet,) by branch.
        variables: (jet, 27)
        scores: (jet,) by tagger.
    """

    label: Array
    in_window: Array
    spectators: dict[str, Array]
    variables: Array
    scores: dict[str, Array]

    def within(self) -> "Sample":
        """Return the jets of the window."""
        kept = self.in_window
        return Sample(
            self.label[kept],
            kept[kept],
            {name: values[kept] for name, values in self.spectators.items()},
            self.variables[kept],
            {name: values[kept] for name, values in self.scores.items()},
        )


def read_sample(prepared: list[Path], predictions: list[Path], split: str) -> Sample:
    """Return the jets of a split with the scores of all taggers."""
    jets = Jets.open(prepared)
    scores = {}
    for path in predictions:
        with h5py.File(path) as file:
            scores[path.parent.name] = file[split][:]
    table = jets.column("spectators")
    spectators = {name: table[:, k] for k, name in enumerate(branches.SPECTATORS)}
    return Sample(jets.column("label"), jets.column("in_window"), spectators, jets.column("variables"), scores)


def best_variable(valid: Sample, test: Sample) -> tuple[str, dict[str, Array]]:
    """Return the variable that separates best on the validation jets of the window, and its scores by split.

    The sign is chosen so that H is larger.
    """
    names = [*branches.DOUBLE_B, "fj_tau21", "fj_tau32"]

    def values(sample: Sample, name: str) -> Array:
        return sample.spectators[name] if name in sample.spectators else sample.variables[:, names.index(name)]

    kept = valid.in_window
    areas = {name: measures.area(valid.label[kept], values(valid, name)[kept]) for name in names}
    chosen = max(areas, key=lambda name: abs(areas[name] - 0.5))
    sign = 1 if areas[chosen] > 0.5 else -1
    logging.info("best single variable: %s", chosen)
    return chosen, {"valid": sign * values(valid, chosen), "test": sign * values(test, chosen)}


def measure_tagger(test: Sample, name: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the figures of merit of one tagger."""
    inside, score = test.within(), test.scores[name]
    own, label = inside.scores[name], inside.label
    found = {
        "auc": measures.bootstrap_auc(label, own, n_bootstrap=config.n_bootstrap, seed=seed),
        "auc_all": measures.bootstrap_auc(test.label, score, n_bootstrap=config.n_bootstrap, seed=seed),
    }
    for efficiency in config.signal_efficiencies:
        key = f"rejection_{100 * efficiency:.0f}"
        found[key] = measures.rejection(label, own, efficiency=efficiency)
        found[f"{key}_all"] = measures.rejection(test.label, score, efficiency=efficiency)
    qcd = label == 0
    thresholds = {f"{100 * e:.0f}": measures.threshold_at(own[~qcd], e) for e in config.decorrelation_efficiencies}
    thresholds["mistag"] = measures.threshold_at(own[qcd], config.mistag)
    for key, threshold in thresholds.items():
        found |= sculpting_of(inside, own >= threshold, key, config, seed=seed)
    if name != "best_variable":  # probabilities
        right = (own > 0.5) == (label == 1)
        found["accuracy"] = entry(right.mean(), np.sqrt(right.mean() * (1 - right.mean()) / len(right)), len(right))
    return {f"{name}.{metric}": value for metric, value in found.items()}


def sculpting_of(inside: Sample, passed: Array, key: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return `djs_<key>` and `djs_excess_<key>` of the QCD jets among those that pass (jet,)."""
    qcd, edges = inside.label == 0, np.linspace(*MASS_RANGE_GEV, config.mass_bins + 1)
    mass = inside.spectators["fj_sdmass"][qcd]
    found = measures.sculpting_entries(mass, passed[qcd], edges, n_bootstrap=config.n_bootstrap, seed=seed)
    return {f"{metric}_{key}": value for metric, value in found.items()}


def cut_at(valid: Sample, config: EvaluateConfig, *, mistag: float) -> MassCut:
    """Return the mass-dependent cut that passes a share of the validation QCD jets; `valid` is within the window."""
    qcd = valid.label == 0
    mass, score = valid.spectators["fj_sdmass"][qcd], valid.scores[HEADLINE][qcd]
    return MassCut.fit(mass, score, mistag=mistag, config=config.ddt)


def passes(cut: MassCut, sample: Sample) -> Array:
    """Return which jets pass a mass-dependent cut of the headline tagger."""
    return cut.passes(sample.spectators["fj_sdmass"], sample.scores[HEADLINE])


def decorrelate(valid: Sample, test: Sample, config: EvaluateConfig) -> dict[str, Array]:
    """Return what the mass-dependent cut does to the test jets; both samples are within the window.

    `roc` (cut, 2): signal and background efficiency for a series of cuts; `passed_<n>` (jet,): the cut whose signal
    efficiency on the validation jets is n percent; `passed_mistag`: the cut at the configured mistag rate.
    """
    series = [cut_at(valid, config, mistag=mistag) for mistag in MISTAGS]
    valid_efficiency = np.array([passes(cut, valid)[valid.label == 1].mean() for cut in series])
    passed = [passes(cut, test) for cut in series]
    roc = [[mask[test.label == 1].mean(), mask[test.label == 0].mean()] for mask in passed]
    found = {"roc": np.array(roc), "passed_mistag": passes(cut_at(valid, config, mistag=config.mistag), test)}
    order = np.argsort(valid_efficiency, kind="stable")
    for efficiency in config.decorrelation_efficiencies:
        mistag = float(np.exp(np.interp(efficiency, valid_efficiency[order], np.log(MISTAGS)[order])))
        found[f"passed_{100 * efficiency:.0f}"] = passes(cut_at(valid, config, mistag=mistag), test)
    return found


def measure_decorrelation(test: Sample, found: dict[str, Array], config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return D_JS, the efficiencies of the mass-dependent cut, and D_JS of as many jets chosen at random."""
    metrics, qcd = {}, test.label == 0
    mass, edges = test.spectators["fj_sdmass"][qcd], np.linspace(*MASS_RANGE_GEV, config.mass_bins + 1)
    for key in [*(f"{100 * efficiency:.0f}" for efficiency in config.decorrelation_efficiencies), "mistag"]:
        passed = found[f"passed_{key}"]
        signal, background = passed[~qcd].mean(), passed[qcd].mean()
        own = sculpting_of(test, passed, key, config, seed=seed)
        metrics |= {f"ddt.{metric}": value for metric, value in own.items()}
        n_passed = int(passed[qcd].sum())
        floor = measures.sculpting_floor(mass, n_passed, edges, n_draws=config.n_bootstrap, seed=seed)
        metrics[f"chance.djs_{key}"] = floor
        error = np.sqrt(signal * (1 - signal) / (~qcd).sum())
        metrics[f"ddt.signal_efficiency_{key}"] = entry(signal, error, int((~qcd).sum()))
        error = np.sqrt(background * (1 - background) / qcd.sum())
        metrics[f"ddt.mistag_{key}"] = entry(background, error, int(qcd.sum()))
    return metrics


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


def measure_sip(prepared: list[Path]) -> Metrics:
    """Return the median of the largest Sip3dSig of a jet's tracks, by class."""
    jets = Jets.open(prepared)
    feature, label = branches.TRACK_FEATURES.index("trackBTag_Sip3dSig"), jets.column("label")
    largest = np.concatenate(
        [
            found["tracks"][:, :, feature].max(axis=1)
            for found in jets.batches(["tracks"], size=4096, order=np.arange(len(jets)))
        ]
    )
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
    found = decorrelate(valid.within(), test.within(), config)
    metrics |= measure_decorrelation(test.within(), found, config, seed=seed)
    write_json(arguments.metrics, metrics)
    with atomic_output(arguments.decorrelated) as path, h5py.File(path, "w") as file:
        file.attrs["best_variable"] = chosen
        file["best_variable"] = scores["test"]
        for name, values in found.items():
            file[name] = values


if __name__ == "__main__":
    run(main)
