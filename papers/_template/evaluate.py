"""Measure the classifier on the test events (arXiv:0000.00000, Sec. 4).

predictions.h5 -> metrics.json with `auc`, the area under the ROC curve, and its bootstrap error.
"""

import h5py
import numpy as np
from sklearn.metrics import roc_auc_score

from common.atomic import write_json
from common.metrics import entry
from common.stage import parse, run

from .settings import EvaluateConfig


def bootstrap_auc(label: np.ndarray, score: np.ndarray, *, n_bootstrap: int, seed: int) -> tuple[float, float]:
    """Return the area under the ROC curve and its standard error.

    Args:
        label: (event,), 0 or 1
        score: (event,), larger for class 1
        n_bootstrap: Number of resamplings for the error.
        seed: Of the resampling.
    """
    generator = np.random.default_rng(seed)
    draws = generator.integers(len(label), size=(n_bootstrap, len(label)))
    scatter = np.std([roc_auc_score(label[draw], score[draw]) for draw in draws], ddof=1)
    return float(roc_auc_score(label, score)), float(scatter)


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__, section="evaluate", config=EvaluateConfig, paths=["predictions", "metrics"], numbers=["seed"]
    )
    with h5py.File(arguments.predictions) as file:
        label, feature, score = file["label"][:], file["feature"][:], file["score"][:]
    auc, error = bootstrap_auc(label, score, n_bootstrap=arguments.config.n_bootstrap, seed=arguments.seed)
    spread = float(feature[label == 0].std(ddof=1))
    n = len(label)
    metrics = {
        "auc": entry(auc, error, n),
        "chance": entry(0.5, 0.0, n),
        "feature.sd": entry(spread, spread / np.sqrt(n), n),
    }
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
