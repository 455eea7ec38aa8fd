"""Measure all taggers of one seed on the test files (arXiv:1909.12285, evaluation and mass decorrelation).

Prepared files and predictions.h5 of each method -> metrics.json, and decorrelated.h5 with the jets that pass the
mass-dependent cuts, and with what was decided on the validation files: the best variable and its sign, and of each cut
the depth of its trees, the mistag rates of its working points, and its thresholds.

Metrics of a method, `<method>.<metric>`:
    auc, accuracy, rejection_30, ...  within the article's window
    auc_all, rejection_30_all, ...    without the window
    djs_50, ...        D_JS at a true signal efficiency
    djs_excess_50, ... D_JS minus its mean under random cuts
    djs_p_50, ...      share of random cuts with at least this D_JS
    djs_mistag, ...    the same at the configured mistag rate
    n_parameters       number of trained parameters
`ddt` is the interaction network with the mass-dependent cut, fitted on validation QCD; `ddt_standardised` is the one
with standardised inputs. `best_variable` is the one of the 27 variables, tau21 and tau32 that separates best on the
validation files. `feature.<metric>` describes the jets, for a comparison with those of the record.
"""

import logging
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.metrics import Metrics, entry
from common.physics.roc import rejection
from common.stage import parse, run

from .archive import branches
from .metrics.decorrelation import DDT, Decorrelated, measure_plain
from .metrics.features import describe, measure_sip
from .metrics.scored_jets import Sample, read_sample
from .metrics.tagging import area
from .prepared import Array, Jets, files_of
from .settings import EvaluateConfig

STEP_GEV = 5  # between the masses at which thresholds are stored


def best_variable(valid: Sample, test: Sample) -> tuple[str, int, dict[str, Array]]:
    """Return the variable that separates best on the validation jets of the window, its sign, and its scores by split.

    The sign, 1 or -1, is chosen so that H is larger.
    """
    names = [*branches.DOUBLE_B, "fj_tau21", "fj_tau32"]

    def values(sample: Sample, name: str) -> Array:
        return sample.spectators[name] if name in sample.spectators else sample.variables[:, names.index(name)]

    inside = valid.in_window
    areas = {name: area(valid.label[inside], values(valid, name)[inside])["value"] for name in names}
    best = max(areas, key=lambda name: abs(areas[name] - 0.5))
    sign = 1 if areas[best] > 0.5 else -1
    logging.info("best single variable: %s", best)
    return best, sign, {"valid": sign * values(valid, best), "test": sign * values(test, best)}


def measure_tagger(test: Sample, name: str, config: EvaluateConfig, *, seed: int) -> Metrics:
    """Return the figures of merit of one tagger."""
    window = test.within()
    label, score = window.label, window.scores[name]
    label_all, score_all = test.label, test.scores[name]
    metrics = {"auc": area(label, score), "auc_all": area(label_all, score_all)}
    for efficiency in config.signal_efficiencies:
        key = f"rejection_{100 * efficiency:.0f}"
        metrics[key] = rejection(label, score, efficiency)
        metrics[f"{key}_all"] = rejection(label_all, score_all, efficiency)
    metrics |= measure_plain(window, name, config, seed=seed)
    if name != "best_variable":  # the scores of all others are probabilities
        right = (score > 0.5) == (label == 1)
        metrics["accuracy"] = entry(right.mean(), np.sqrt(right.mean() * (1 - right.mean()) / len(right)), len(right))
    return {f"{name}.{metric}": value for metric, value in metrics.items()}


def write_decorrelated(path: Path, cuts: dict[str, Decorrelated], best: tuple[str, int], scores: Array) -> None:
    """Write the mass-dependent cuts with their decisions and the test jets that pass, and the best variable.

    Args:
        path: The file.
        cuts: By name.
        best: Name and sign of the best variable.
        scores: (jet,) of the best variable.
    """
    with h5py.File(path, "w") as file:
        file.attrs["best_variable"], file.attrs["best_variable_sign"] = best
        file["best_variable"] = scores
        for name, cut in cuts.items():
            low, high = cut.config.mass_range_gev
            masses = np.arange(low, high + STEP_GEV / 2, STEP_GEV)  # [GeV]
            file[f"{name}/roc"] = cut.roc
            file[name].attrs["depth"] = cut.depth
            file[f"{name}/mass_gev"] = masses
            for key, passed in cut.passed.items():
                file[f"{name}/passed_{key}"] = passed
                file[f"{name}/passed_{key}"].attrs["mistag"] = cut.mistags[key]
                file[f"{name}/threshold_{key}"] = cut.cuts[key].threshold(masses)  # of the log odds


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["prepared", "seeds", "metrics", "decorrelated"],
        numbers=["seed"],
    )
    config, seed = arguments.config, arguments.seed
    folder = arguments.seeds / f"seed{seed}"
    predictions = {method: folder / method / "predictions.h5" for method in arguments.run.methods}
    files = {split: files_of(arguments.prepared, split, arguments.run) for split in ("valid", "test")}
    valid, test = (read_sample(paths, split, predictions) for split, paths in files.items())
    best, sign, scores = best_variable(valid, test)
    test.scores["best_variable"] = scores["test"]
    metrics = describe(test) | measure_sip(Jets.open(files["test"]))
    for name in test.scores:
        metrics |= measure_tagger(test, name, config, seed=seed)
    for method, path in predictions.items():
        with h5py.File(path) as file:
            metrics[f"{method}.n_parameters"] = entry(int(file.attrs["n_parameters"]), 0.0, 1)
    cuts = {
        name: Decorrelated(valid.within(), test.within(), method, config)
        for method, name in DDT.items()
        if method in test.scores
    }
    for name, cut in cuts.items():
        metrics |= {f"{name}.{metric}": value for metric, value in cut.measure(seed=seed).items()}
    write_json(arguments.metrics, metrics)
    with atomic_output(arguments.decorrelated) as path:
        write_decorrelated(path, cuts, (best, sign), scores["test"])


if __name__ == "__main__":
    run(main)
