"""Measure variables, pairs and networks as the article does (arXiv:1511.05190, Sec. 5).

prepared.h5 and predictions.h5 -> metrics.json, and curves.h5 with 1/(background efficiency) and its error on the grid
of signal efficiencies 0.2 to 0.8, by name: a variable, a pair "mass+tau21", a network, a network with a variable, and
the mass after each step of the preprocessing, "step_<name>".

Variables and pairs use all jets: the likelihood ratio of each comes from the fifths that it does not belong to.
Networks use the test jets.
"""

from itertools import combinations

import h5py
import numpy as np

from common.atomic import atomic_output, write_json
from common.stage import parse, run
from papers.jet_images.likelihood import crossed_ratio
from papers.jet_images.reference import published_curves, published_distribution
from papers.jet_images.settings import EvaluateConfig
from papers.jet_images.weights import GRID, Curve, area_of, roc

VARIABLES = ("mass", "tau21", "delta_r")
TAGGERS = ("convnet", "maxout")  # those that the article combines with a variable
KINDS = ("background", "signal")
TOLERANCE = 0.05  # of an area, beside the statistical error
WORKING_POINTS = (0.2, 0.5, 0.8)  # signal efficiencies
Metrics = dict[str, dict[str, float | int]]


class Measurement:
    """Curves of scores and of likelihood ratios, by name."""

    def __init__(self, config: EvaluateConfig, *, seed: int) -> None:
        """Start without any."""
        self.config, self.seed = config, seed
        self.curves: dict[str, Curve] = {}
        self.sizes: dict[str, int] = {}

    def add(self, name: str, score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> None:
        """Measure a score (jet,)."""
        self.curves[name] = roc(score, label, weight, n_bootstrap=self.config.n_bootstrap, seed=self.seed)
        self.sizes[name] = len(label)

    def add_ratio(self, name: str, values: list[np.ndarray], label: np.ndarray, weight: np.ndarray) -> None:
        """Measure the likelihood ratio of one or two variables, each (jet,).

        The error is that of the jets that are measured, with the fit held fixed: refitting adds little (README).
        """
        ratio = crossed_ratio(np.column_stack(values), label, weight, seed=self.seed)
        self.add(name, ratio, label, weight)

    def metrics(self) -> Metrics:
        """Return area and rejections of each curve, and its distance from the article's."""
        found: Metrics = {}
        published = published_curves()
        for name, curve in self.curves.items():
            n = self.sizes[name]
            found[f"roc.{name}.area"] = {"value": curve.area, "error": curve.area_error, "n": n}
            for point in WORKING_POINTS:
                index = int(np.argmin(np.abs(GRID - point)))
                found[f"roc.{name}.rejection_{round(100 * point)}"] = {
                    "value": float(curve.rejection[index]),
                    "error": float(curve.error[index]),
                    "n": n,
                }
            if name in published and published[name][0, 0] <= GRID[0] + 1e-9:
                found[f"agreement.{name}"] = agreement(curve, published[name], n)
        return found


def agreement(curve: Curve, published: np.ndarray, n: int) -> dict[str, float | int]:
    """Return the difference of both areas in units of the allowed one: the statistical error and 5 %.

    Args:
        curve: Ours.
        published: (2, point) efficiency and rejection of the article.
        n: Number of jets.
    """
    theirs = area_of(np.interp(GRID, *published))
    allowed = TOLERANCE * theirs + curve.area_error
    return {"value": abs(curve.area - theirs) / allowed, "error": 0.0, "n": n}


def read_group(file: h5py.File, name: str) -> dict[str, np.ndarray]:
    """Return all arrays of one group."""
    return {key: values[:] for key, values in file[name].items()}


def measure_variables(measurement: Measurement, prepared: h5py.File) -> None:
    """Measure the three variables, their pairs, and the mass after each step of the preprocessing."""
    label, weight = prepared["label"][:], prepared["weight"][:]
    values = read_group(prepared, "variables")
    for n_variables in (1, 2):
        for names in combinations(VARIABLES, n_variables):
            measurement.add_ratio("+".join(names), [values[name] for name in names], label, weight)
    steps = read_group(prepared, "steps")
    if steps:
        label, weight = steps.pop("signal").astype(int), steps.pop("weight")
        for name, mass in steps.items():
            measurement.add_ratio(f"step_{name}", [mass], label, weight)


def measure_taggers(measurement: Measurement, predictions: h5py.File) -> None:
    """Measure all taggers on the test jets, and the article's two with each variable."""
    label, weight = predictions["label"][:], predictions["weight"][:]
    scores, values = read_group(predictions, "scores"), read_group(predictions, "variables")
    for name, score in scores.items():
        measurement.add(name, score, label, weight)
    for tagger in (name for name in TAGGERS if name in scores):
        for variable in VARIABLES:
            pair = [values[variable], scores[tagger]]
            measurement.add_ratio(f"{variable}+{tagger}", pair, label, weight)


def describe_sample(prepared: h5py.File) -> Metrics:
    """Return mean and spread of the variables of both classes, and how well their shapes agree with the article's."""
    label, weight = prepared["label"][:], prepared["weight"][:]
    found: Metrics = {}
    for number, kind in enumerate(KINDS):
        own = label == number
        share = weight[own] / weight[own].sum()
        n_effective = 1 / np.sum(share**2)
        for name in VARIABLES:
            values = prepared[f"variables/{name}"][:][own]
            mean = float(share @ values)
            spread = float(np.sqrt(share @ (values - mean) ** 2))
            error = spread / np.sqrt(n_effective)
            found[f"sample.{kind}.{name}.mean"] = {"value": mean, "error": error, "n": int(own.sum())}
            found[f"sample.{kind}.{name}.sd"] = {"value": spread, "error": error / np.sqrt(2), "n": int(own.sum())}
            found[f"shape.{kind}.{name}"] = shape_distance(values, share, name, kind)
        found[f"sample.{kind}.n_effective"] = {"value": float(n_effective), "error": 0.0, "n": int(own.sum())}
    return found


def shape_distance(values: np.ndarray, share: np.ndarray, name: str, kind: str) -> dict[str, float | int]:
    """Return the largest difference of the cumulated distributions, ours and the article's (Kolmogorov's distance)."""
    edges, density = published_distribution(name, kind)
    theirs = np.cumsum(density * np.diff(edges))
    inside = np.histogram(values, edges, weights=share)[0]
    ours = np.cumsum(inside) / inside.sum()
    distance = float(np.max(np.abs(ours - theirs / theirs[-1])))
    return {"value": distance, "error": float(0.5 * np.sqrt(np.sum(share**2))), "n": len(values)}


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__, config=EvaluateConfig, paths=["prepared", "predictions", "metrics", "curves"], numbers=["seed"]
    )
    measurement = Measurement(arguments.config, seed=arguments.seed)
    with h5py.File(arguments.prepared) as prepared, h5py.File(arguments.predictions) as predictions:
        measure_variables(measurement, prepared)
        measure_taggers(measurement, predictions)
        metrics = measurement.metrics() | describe_sample(prepared)
        for name, values in predictions["scores"].items():
            n_train = int(values.attrs["n_train"])
            metrics[f"n_train.{name}"] = {"value": n_train, "error": 0.0, "n": n_train}
    with atomic_output(arguments.curves) as path, h5py.File(path, "w") as file:
        file["signal_efficiency"] = GRID
        for name, curve in measurement.curves.items():
            file[f"rejection/{name}"], file[f"error/{name}"] = curve.rejection, curve.error
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
