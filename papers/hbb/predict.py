"""Score the validation and test jets with one trained tagger (arXiv:1909.12285).

model.pt and prepared files -> scores.h5 with `valid` and `test` (jet,), the probability of H to bb for every labelled
jet.
"""

from pathlib import Path

import h5py
import numpy as np
import torch

from common.atomic import atomic_output
from common.stage import parse, run
from papers.hbb.cache import Array, Jets
from papers.hbb.inputs import Scaling, build, dataset_names
from papers.hbb.settings import ExperimentConfig

BATCH = 64


@torch.no_grad()
def score(network: torch.nn.Module, jets: Jets, experiment: ExperimentConfig, scaling: Scaling) -> Array:
    """Return the probability (jet,) of H to bb; jets pass sorted by their number of tracks."""
    network.eval()
    probability = np.empty(len(jets), np.float32)
    order = np.argsort(jets.column("n_tracks"), kind="stable")
    start = 0
    for found in jets.batches(dataset_names(experiment), size=BATCH, order=order):
        values = network(scaling.apply(found)).softmax(dim=1)[:, 1]
        probability[order[start : start + len(values)]] = values.numpy()
        start += len(values)
    return probability


def load_model(path: Path) -> tuple[torch.nn.Module, ExperimentConfig, Scaling, int]:
    """Return network, settings, scaling and number of parameters of a model that stage train has written."""
    stored = torch.load(path, weights_only=False)
    experiment = ExperimentConfig(**stored["experiment"])
    network = build(experiment)
    network.load_state_dict(stored["weights"])
    return network, experiment, Scaling(**stored["scaling"]), stored["n_parameters"]


def main() -> None:
    """Read, score, write."""
    arguments = parse(__doc__, path_lists=["valid", "test"], paths=["model", "predictions"], numbers=["threads"])
    torch.set_num_threads(arguments.threads)
    network, experiment, scaling, n_parameters = load_model(arguments.model)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file.attrs["n_parameters"] = n_parameters
        for split in ("valid", "test"):
            file[split] = score(network, Jets.open(getattr(arguments, split)), experiment, scaling)


if __name__ == "__main__":
    run(main)
