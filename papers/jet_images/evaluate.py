"""Measure variables, pairs and networks as the article does (arXiv:1511.05190, Sec. 5).

prepared.h5 and predictions.h5 -> metrics.json, and curves.h5 with 1/(background efficiency) and its error on the grid
of signal efficiencies 0.2 to 0.8, by name: a variable, a pair "mass+tau21", a network, a network with a variable, and
the mass after each step of the preprocessing, "step_<name>". curves.h5 also has the fits of the likelihood ratios.

Variables and pairs are measured on all jets: each fifth is scored by a likelihood ratio fitted to the other four.
Networks are measured on the test jets. For each ordering of the article there is the difference of both areas, with the
error of the difference: `gap.<smaller>.<larger>`.
"""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .metrics.article_curves import shape_distance
from .metrics.likelihood import CrossedRatio, cross
from .metrics.roc import GRID, Curve, poisson_draws, roc, roc_of_draws
from .prepared import VARIABLES, read_group, read_steps
from .settings import KINDS, EvaluateConfig

COMBINED = ("convnet", "maxout")  # networks that the article combines with a variable
WORKING_POINTS = (0.2, 0.5, 0.8)  # signal efficiencies
ORDERINGS = (  # of areas in the article, the smaller one first
    *(("tau21", "fisher"), ("fisher", "convnet"), ("convnet", "convnet_norm"), ("convnet_norm", "maxout")),
    *(("mass+tau21", "maxout"), ("convnet", "mass+convnet"), ("maxout", "mass+maxout")),
    *(("step_normalisation", "step_translation"), ("step_naive_translation", "step_translation")),
    ("step_pixelation", "step_particles"),
)


@dataclass(frozen=True)
class Measured:
    """What was measured: score, label and weight of the jets, each (jet,), and their numbers in the sample.

    Attributes:
        numbers: (jet,) of jets of the prepared file; None: all jets of a sample
    """

    score: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    numbers: np.ndarray | None


class Measurement:
    """Curves of scores and of likelihood ratios, by name."""

    def __init__(self, config: EvaluateConfig, *, seed: int) -> None:
        self.config, self.seed = config, seed
        self.curves: dict[str, Curve] = {}
        self.measured: dict[str, Measured] = {}
        self.ratios: dict[str, CrossedRatio] = {}

    def add(
        self,
        name: str,
        score: np.ndarray,
        label: np.ndarray,
        weight: np.ndarray,
        *,
        numbers: np.ndarray | None = None,
    ) -> None:
        """Measure a score (jet,) of the jets with the given numbers in the prepared file; None: of all jets."""
        self.curves[name] = roc(score, label, weight, n_bootstrap=self.config.n_bootstrap, seed=self.seed)
        self.measured[name] = Measured(score, label, weight, numbers)

    def add_ratio(
        self,
        name: str,
        values: list[np.ndarray],
        label: np.ndarray,
        weight: np.ndarray,
        *,
        numbers: np.ndarray | None = None,
    ) -> None:
        """Measure the likelihood ratio of one or two variables, each (jet,).

        The error comes from the measured jets alone, with the fit held fixed: refitting adds little (README).
        """
        self.ratios[name] = cross(np.column_stack(values), label, weight, seed=self.seed)
        self.add(name, self.ratios[name].log_ratio, label, weight, numbers=numbers)

    def areas_on_all_draws(self, name: str, n_all: int) -> np.ndarray:
        """Return the areas (sample,) of a score of some of `n_all` jets, in the bootstrap samples of all of them."""
        measured = self.measured[name]
        draws = poisson_draws(n_all, n_bootstrap=self.config.n_bootstrap, seed=self.seed)
        own = (copies[measured.numbers] for copies in draws)
        return roc_of_draws(measured.score, measured.label, measured.weight, own).areas

    def gaps(self) -> Metrics:
        """Return larger - smaller of the areas that the article orders, with errors of the same bootstrap samples.

        A variable is measured on all jets and a network on the test jets, which are among them.
        """
        metrics: Metrics = {}
        for smaller, larger in ORDERINGS:
            if smaller in self.curves and larger in self.curves:
                low, high = self.curves[smaller], self.curves[larger]
                low_on, high_on = self.measured[smaller], self.measured[larger]
                areas = high.areas
                if low_on.numbers is None and high_on.numbers is not None:
                    areas = self.areas_on_all_draws(larger, len(low_on.label))
                error = float(np.std(areas - low.areas, ddof=1))
                metrics[f"gap.{smaller}.{larger}"] = entry(high.area - low.area, error, len(high_on.label))
        return metrics

    def metrics(self) -> Metrics:
        """Return area and rejections of each curve."""
        metrics: Metrics = {}
        for name, curve in self.curves.items():
            n = len(self.measured[name].label)
            metrics[f"roc.{name}.area"] = entry(curve.area, curve.area_error, n)
            for point in WORKING_POINTS:
                index = int(np.argmin(np.abs(GRID - point)))
                rejection, error = float(curve.rejection[index]), float(curve.error[index])
                metrics[f"roc.{name}.rejection_{round(100 * point)}"] = entry(rejection, error, n)
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
        label, weight, numbers = file["label"][:], file["weight"][:], file["index"][:]
        scores, values = read_group(file, "scores"), read_group(file, "variables")
    for name, score in scores.items():
        measurement.add(name, score, label, weight, numbers=numbers)
    for method in (name for name in COMBINED if name in scores):
        for variable in VARIABLES:
            pair = [values[variable], scores[method]]
            measurement.add_ratio(f"{variable}+{method}", pair, label, weight, numbers=numbers)


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
    metrics = measurement.metrics() | measurement.gaps()
    metrics |= describe_sample(arguments.prepared) | training_sizes(arguments.predictions)
    with atomic_output(arguments.curves) as path, h5py.File(path, "w") as file:
        file["signal_efficiency"] = GRID
        for name, curve in measurement.curves.items():
            file[f"rejection/{name}"], file[f"error/{name}"] = curve.rejection, curve.error
        for name, ratio in measurement.ratios.items():
            file[f"likelihood/{name}/penalty"], file[f"likelihood/{name}/part"] = ratio.penalty, ratio.part
            file[f"likelihood/{name}/coefficients"] = ratio.coefficients
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
