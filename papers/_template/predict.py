"""Score the test events (arXiv:0000.00000, Sec. 4).

prepared.h5 and model.npz -> predictions.h5 with `label`, `feature` and `score` of the test events.
"""

import h5py
import numpy as np

from common.atomic import atomic_output
from common.stage import parse, run

from .model import score


def main() -> None:
    """Read, score, write."""
    arguments = parse(__doc__, paths=["prepared", "model", "predictions"])
    model = np.load(arguments.model)
    with h5py.File(arguments.prepared) as file:
        feature, label = file["feature"][model["is_test"]], file["label"][model["is_test"]]
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file["label"], file["feature"] = label, feature
        file["score"] = score(feature, model["parameters"])


if __name__ == "__main__":
    run(main)
