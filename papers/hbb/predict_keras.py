"""Score the validation and test jets with the DeepDoubleB-like baseline (arXiv:1909.12285, baseline).

model.keras and prepared files -> scores.h5 with `valid` and `test` (jet,), the probability of H to bb.
"""

import h5py
import keras

from common.atomic import atomic_output
from common.stage import parse, run
from papers.hbb.cache import Jets
from papers.hbb.double_b_network import Batches, n_trained, set_up

BATCH = 1024


def main() -> None:
    """Read, score, write."""
    arguments = parse(__doc__, path_lists=["valid", "test"], paths=["model", "predictions"], numbers=["threads"])
    set_up(threads=arguments.threads, seed=0)
    network = keras.saving.load_model(arguments.model)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["n_parameters"] = n_trained(network)
        for split in ("valid", "test"):
            batches = Batches(Jets.open(getattr(arguments, split)), size=BATCH, seed=None)
            file[split] = network.predict(batches, verbose=0)[:, 1]


if __name__ == "__main__":
    run(main)
