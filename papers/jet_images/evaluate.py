"""Measure variables, pairs and networks as the article does (arXiv:1511.05190, Sec. 5).

prepared.h5 and predictions.h5 -> metrics.json, and curves.h5 with 1/(background efficiency) and its error on the grid
of signal efficiencies 0.2 to 0.8, by name: a variable, a pair "mass+tau21", a network, a network with a variable, and
the mass after each step of the preprocessing, "step_<name>".

Variables and pairs are measured on all jets: each fifth is scored by a likelihood ratio fitted to the other four.
Networks are measured on the test jets.
"""

from itertools import combinations
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .metrics.article_curves import area_distance, published_curves, shape_distance
from .metrics.likelihood import crossed_ratio
from .metrics.roc import GRID, Curve, roc
from .prepared import VARIABLES, read_group, read_steps
from .settings import KINDS, EvaluateConfig

COMBINED = ("convnet", "maxout")  # networks that the article combines with a variable
WORKING_POINTS = (0.2, 0.5, 0.8)  # signal efficiencies


class Measurement:
    """Curves of scores and of likelihood ratios, by name."""

    def __init__(self, config: EvaluateConfig, *, seed: int) -> None:
        self.config, self.seed = config, seed
        self.curves: dict[str, Curve] = {}
        self.n_jets: dict[str, int] = {}

    def add(self, name: str, score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> None:
        """Measure a score (jet,)."""
        self.curves[name] = roc(score, label, weight, n_bootstrap=self.config.n_bootstrap, seed=self.seed)
        self.n_jets[name] = len(label)

    def add_ratio(self, name: str, values: list[np.ndarray], label: np.ndarray, weight: np.ndarray) -> None:
        """Measure the likelihood ratio of one or two variables, each (jet,).

        The error comes from the measured jets alone, with the fit held fixed: refitting adds little (README).
        """
        ratio = crossed_ratio(np.column_stack(values), label, weight, seed=self.seed)
        self.add(name, ratio, label, weight)

    def metrics(self) -> Metrics:
        """Return area and rejections of each curve, and the distance of its area from the article's."""
        metrics: Metrics = {}
        published = published_curves()
        for name, curve in self.curves.items():
            n = self.n_jets[name]
            metrics[f"roc.{name}.area"] = entry(curve.area, curve.area_error, n)
            for point in WORKING_POINTS:
                index = int(np.argmin(np.abs(GRID - point)))
                rejection, error = float(curve.rejection[index]), float(curve.error[index])
                metrics[f"roc.{name}.rejection_{round(100 * point)}"] = entry(rejection, error, n)
            if name in published and published[name][0, 0] <= GRID[0] + 1e-9:  # the article's frame clips one curve
                metrics[f"agreement.{name}"] = entry(area_distance(curve, published[name]), 0.0, n)
        return metrics


def measure_variables(measurement: Measurement, prepared: Path) -> None:
    """Measure the three variables, their pairs, and the mass after each step of the preprocessing."""
    with h5py.File(prepared) as file:
        label, weight, values = file["label"][:], file["weight"][:], read_group(file, "variables")
    for n_variables in (1, 2):
        for names in combinations(VARIABLES, n_variables):
            measurement.add_ratio("+".join(names), [values[name] for name in names], label, weight)
    steps = read_steps(prepared)
    if steps:
        label, weight = steps.pop("signal").astype(int), steps.pop("weight")
        for name, mass in steps.items():
            measurement.add_ratio(f"step_{name}", [mass], label, weight)


def measure_methods(measurement: Measurement, predictions: Path) -> None:
    """Measure Fisher's discriminant and all networks on the test jets, and the article's two with each variable."""
    with h5py.File(predictions) as file:
        label, weight = file["label"][:], file["weight"][:]
        scores, values = read_group(file, "scores"), read_group(file, "variables")
    for name, score in scores.items():
        measurement.add(name, score, label, weight)
    for method in (name for name in COMBINED if name in scores):
        for variable in VARIABLES:
            measurement.add_ratio(f"{variable}+{method}", [values[variable], scores[method]], label, weight)


def describe_sample(prepared: Path) -> Metrics:
    """Return mean and spread of the variables of both classes, and how well their shapes agree with the article's."""
    with h5py.File(prepared) as file:
        label, weight, values = file["label"][:], file["weight"][:], read_group(file, "variables")
    metrics: Metrics = {}
    for number, kind in enumerate(KINDS):
        in_class = label == number
        share, n = weight[in_class] / weight[in_class].sum(), int(in_class.sum())
        n_effective = 1 / np.sum(share**2)
        for name in VARIABLES:
            ours = values[name][in_class]
            mean = float(share @ ours)
            spread = float(np.sqrt(share @ (ours - mean) ** 2))
            error = spread / np.sqrt(n_effective)
            metrics[f"sample.{kind}.{name}.mean"] = entry(mean, error, n)
            metrics[f"sample.{kind}.{name}.sd"] = entry(spread, error / np.sqrt(2), n)
            distance_error = float(0.5 * np.sqrt(np.sum(share**2)))
            metrics[f"shape.{kind}.{name}"] = entry(shape_distance(ours, share, name, kind), distance_error, n)
        metrics[f"sample.{kind}.n_effective"] = entry(float(n_effective), 0.0, n)
    return metrics


def training_sizes(predictions: Path) -> Metrics:
    """Return the number of training jets of each method."""
    with h5py.File(predictions) as file:
        sizes = {name: int(values.attrs["n_train"]) for name, values in file["scores"].items()}
    return {f"n_train.{name}": entry(size, 0.0, size) for name, size in sizes.items()}


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__,
        section="evaluate",
        config=EvaluateConfig,
        paths=["prepared", "predictions", "metrics", "curves"],
        numbers=["seed"],
    )
    measurement = Measurement(arguments.config, seed=arguments.seed)
    measure_variables(measurement, arguments.prepared)
    measure_methods(measurement, arguments.predictions)
    metrics = measurement.metrics() | describe_sample(arguments.prepared) | training_sizes(arguments.predictions)
    with atomic_output(arguments.curves) as path, h5py.File(path, "w") as file:
        file["signal_efficiency"] = GRID
        for name, curve in measurement.curves.items():
            file[f"rejection/{name}"], file[f"error/{name}"] = curve.rejection, curve.error
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
