"""Measure every classifier on the test events (arXiv:1604.01444, Tables 1-2 and figure of the confusion matrix).

Prepared valid and test events and the predictions of all classifiers of a seed -> metrics.json. Cuts are chosen on the
validation events and quoted on the test events, with each class weighted to its number of events in a far detector.
"""

from pathlib import Path

import h5py
import numpy as np

from common.atomic import write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .metrics.bootstrap import with_errors
from .metrics.classifier import (
    ScoredEvents,
    choose_cuts,
    counted_classes,
    matrix_values,
    selection_values,
)
from .metrics.thesis_events import TYPES, load_thesis_events, metric_of
from .prepared.file import Prepared
from .prepared.moments import MOMENTS
from .settings import EvaluateConfig


def classifier_metrics(
    file: h5py.File, valid: Prepared, test: Prepared, config: EvaluateConfig, *, seed: int
) -> Metrics:
    """Return the numbers of one classifier."""
    cuts = choose_cuts(ScoredEvents.of(valid, file["valid"][:]), config)
    events = ScoredEvents.of(test, file["test"][:])
    counted = counted_classes(events, min_events=config.min_class_events)

    def measure(drawn: ScoredEvents) -> dict[str, float]:
        return matrix_values(drawn, counted) | selection_values(drawn, cuts, config)

    metrics = with_errors(events, measure, n_bootstrap=config.n_bootstrap, seed=seed)
    if "n_parameters" in file.attrs:
        metrics["n_parameters"] = entry(file.attrs["n_parameters"], 0.0, 1)
    return metrics


def sample_metrics(test: Prepared) -> Metrics:
    """Return how the test images compare with the three thesis events of the same types.

    `<quantity>_median`: of the test events.
    `smallest_tail`: the share of test events beyond the thesis event, on the side where there are fewer, for the
        quantity where this share is smallest. It is zero for a generator that does not bracket the thesis event.
    """
    metrics: Metrics = {}
    thesis = load_thesis_events()
    for number, name in TYPES.items():
        ours, key = test.moments[test.interaction == number], metric_of(name)
        n = len(ours)
        if n < 2:
            continue
        tails = []
        for quantity, theirs in thesis[name].items():
            values = ours[:, MOMENTS.index(quantity)]
            error = float(1.25 * values.std(ddof=1) / np.sqrt(n))  # of the median of a normal distribution
            metrics[f"{key}.{quantity}_median"] = entry(np.median(values), error, n)
            tails.append(min(np.mean(values <= theirs), np.mean(values >= theirs)))
        tail = float(min(tails))
        metrics[f"{key}.smallest_tail"] = entry(tail, np.sqrt(tail * (1 - tail) / n), n)
    return metrics


def main() -> None:
    """Measure the sample and every classifier."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["valid", "test", "predictions", "metrics"],
        numbers=["seed"],
    )
    valid, test = Prepared(arguments.valid), Prepared(arguments.test)
    metrics = sample_metrics(test)
    for method in arguments.run.methods:
        with h5py.File(arguments.predictions / method / "predictions.h5") as file:
            numbers = classifier_metrics(file, valid, test, arguments.config, seed=arguments.seed)
        metrics |= {f"{Path(method).name}.{key}": value for key, value in numbers.items()}
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
