"""Measure every classifier on the test events (arXiv:1604.01444, Tables 1-2 and figure of the confusion matrix).

Prepared valid and test events and all scores of a seed -> metrics.json. Cuts are chosen on the validation events and
quoted on the test events, with each class weighted to its number of events in a far detector.
"""

from pathlib import Path

import h5py
import numpy as np

from common.atomic import write_json
from common.stage import parse, run
from papers.nova_cvn.cache import Prepared
from papers.nova_cvn.measures import (
    Metric,
    Scored,
    choose_cuts,
    counted_classes,
    matrix_values,
    selection_values,
    with_errors,
)
from papers.nova_cvn.moments import MOMENTS
from papers.nova_cvn.real_events import REAL, REAL_TYPES
from papers.nova_cvn.settings import EvaluateConfig


def classifier_metrics(
    file: h5py.File, valid: Prepared, test: Prepared, config: EvaluateConfig, *, seed: int
) -> dict[str, Metric]:
    """Return the numbers of one classifier."""
    cuts = choose_cuts(Scored.of(valid, file["valid"][:]), config)
    events = Scored.of(test, file["test"][:])
    counted = counted_classes(events, min_events=config.min_class_events)

    def measure(drawn: Scored) -> dict[str, float]:
        return matrix_values(drawn, counted) | selection_values(drawn, cuts, config)

    found = with_errors(events, measure, n_bootstrap=config.n_bootstrap, seed=seed)
    if "n_parameters" in file.attrs:
        found["n_parameters"] = {"value": float(file.attrs["n_parameters"]), "error": 0.0, "n": 1}
    return found


def sample_metrics(test: Prepared) -> dict[str, Metric]:
    """Return what the images look like beside the three real events of the same types.

    `median` and, per type, `smallest_tail`: the share of events beyond the real one on its rarer side, for the quantity
    where it is smallest. A generator that does not bracket the real events has a tail of zero.
    """
    found = {}
    for number, name in REAL_TYPES.items():
        ours, key = test.moments[test.interaction == number], f"sample.{name.lower().replace(' ', '_')}"
        n = len(ours)
        if n < 2:
            continue
        tails = []
        for quantity, wanted in REAL[name].items():
            values = ours[:, MOMENTS.index(quantity)]
            error = float(1.25 * values.std(ddof=1) / np.sqrt(n))  # of the median of a normal distribution
            found[f"{key}.{quantity}_median"] = {"value": float(np.median(values)), "error": error, "n": n}
            tails.append(min(np.mean(values <= wanted), np.mean(values >= wanted)))
        tail = float(min(tails))
        found[f"{key}.smallest_tail"] = {"value": tail, "error": float(np.sqrt(tail * (1 - tail) / n)), "n": n}
    return found


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        paths=["valid", "test", "metrics"],
        path_lists=["predictions"],
        numbers=["seed"],
    )
    valid, test = Prepared(arguments.valid), Prepared(arguments.test)
    metrics = sample_metrics(test)
    for path in arguments.predictions:
        with h5py.File(path) as file:
            found = classifier_metrics(file, valid, test, arguments.config, seed=arguments.seed)
        metrics |= {f"{name_of(path)}.{key}": value for key, value in found.items()}
    write_json(arguments.metrics, metrics)


def name_of(scores: Path) -> str:
    """Return the classifier's name: the folder of its scores."""
    return scores.parent.name


if __name__ == "__main__":
    run(main)
