"""Score the test jets with every trained tagger, beside the published scores (arXiv:1902.09914, Sec. 4).

prepared.h5 and <seed>/<method>/model.pt -> predictions.h5 with `label` (jet,), `scores/<tagger>` as published (jet,),
and `trained/<method>` (jet,), the probability of a top.
"""

from pathlib import Path

import h5py
import numpy as np
import torch

from common.atomic import atomic_output
from common.stage import parse, run

from .model import load, probability
from .prepared.jets import JetSet, read_jets
from .settings import PredictConfig


@torch.no_grad()
def score(network: torch.nn.Module, jets: JetSet, *, batch: int) -> np.ndarray:
    """Return the probability (jet,) that each jet is a top."""
    network.eval()
    return torch.cat([probability(network(part)) for part in jets.in_order(batch)]).numpy()


def store_trained(group: h5py.Group, methods: list[str], folder: Path, jets: JetSet, *, batch: int) -> None:
    """Store the scores of the trained taggers `folder`/<method>/model.pt."""
    for method in methods:
        stored = torch.load(folder / method / "model.pt", weights_only=True)
        group[method] = score(load(stored), jets, batch=batch)
        group[method].attrs["n_parameters"] = stored["n_parameters"]


def main() -> None:
    """Copy the published scores, compute those of our taggers, write."""
    arguments = parse(
        __doc__,
        section="predict",
        config=PredictConfig,
        paths=["prepared", "models", "predictions"],
        numbers=["threads"],
    )
    torch.set_num_threads(arguments.threads)
    methods = arguments.run.methods
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        with h5py.File(arguments.prepared) as prepared:
            prepared.copy("label", file)
            prepared.copy("scores", file)
        trained = file.create_group("trained")
        if methods:
            jets = read_jets(arguments.prepared, "test")
            store_trained(trained, methods, arguments.models, jets, batch=arguments.config.batch)


if __name__ == "__main__":
    run(main)
