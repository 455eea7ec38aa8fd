"""Measure every tagger on the test jets (arXiv:1902.09914, Sec. 4 and Table 1).

prepared.h5 and predictions.h5 -> metrics.json with, per tagger,
    scores.<tagger>.{auc, accuracy, rejection_30, rejection_50}    from published scores; not in generated runs
    trained.<tagger>.{the same, n_parameters}                      from taggers that we train
    jets.<class>.{multiplicity, pt, mass}.<mean or median>, jets.pt.below_window, test.top_share    of the test jets
The toy scores of a generated run are drawn with the published areas, which they would only give back.
Errors: DeLong for areas, binomial for accuracies, the passing background jets for rejections.
"""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from common.atomic import write_json
from common.metrics import Metrics, entry
from common.stage import parse, run

from .labels import CLASSES
from .metrics import mean, measure_tagger, median
from .prepared.file import read_origin, read_properties
from .settings import EvaluateConfig

GROUPS = ("scores", "trained")  # of predictions.h5
LOW_PT_GEV = 480.0  # the reference jets start at 550 GeV; only jets with more than 200 constituents can lie below this


def measured_groups(origin: str) -> tuple[str, ...]:
    """Return the groups of predictions.h5 that a run measures; nothing may be made from a published value."""
    return ("trained",) if origin == "generated" else GROUPS


def measure_taggers(predictions: Path, efficiencies: list[float], *, groups: Sequence[str] = GROUPS) -> Metrics:
    """Return the metrics of all published and all trained taggers, or of one of these groups."""
    metrics: Metrics = {}
    with h5py.File(predictions) as file:
        label = file["label"][:]
        for group in groups:
            for tagger, scores in file[group].items():
                measured = measure_tagger(label, scores[:], efficiencies=efficiencies)
                if "n_parameters" in scores.attrs:
                    measured["n_parameters"] = entry(scores.attrs["n_parameters"], 0.0, 1)
                metrics |= {f"{group}.{tagger}.{name}": metric for name, metric in measured.items()}
    top_share = float(label.mean())
    error = np.sqrt(top_share * (1 - top_share) / len(label))
    metrics["test.top_share"] = entry(top_share, error, len(label))
    return metrics


def measure_jets(prepared: Path) -> Metrics:
    """Return properties of the test jets, or nothing where the run has scores but no jets."""
    jets = read_properties(prepared, "test")
    if jets is None:
        return {}
    metrics = {
        "jets.multiplicity.mean": mean(jets.n_constituents),
        "jets.pt.below_window": mean((jets.kinematics[:, 0] < LOW_PT_GEV).astype(float)),
    }
    for number, name in enumerate(CLASSES):
        of_class = jets.label == number
        metrics[f"jets.{name}.multiplicity.mean"] = mean(jets.n_constituents[of_class])
        metrics[f"jets.{name}.pt.mean"] = mean(jets.kinematics[of_class, 0])
        metrics[f"jets.{name}.mass.median"] = median(jets.kinematics[of_class, 2])
    return metrics


def main() -> None:
    """Read, measure, write."""
    arguments = parse(__doc__, section="evaluate", config=EvaluateConfig, paths=["prepared", "predictions", "metrics"])
    groups = measured_groups(read_origin(arguments.prepared))
    metrics = measure_taggers(arguments.predictions, arguments.config.efficiencies, groups=groups)
    write_json(arguments.metrics, metrics | measure_jets(arguments.prepared))


if __name__ == "__main__":
    run(main)
