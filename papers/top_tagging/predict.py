"""Score the test jets with every trained tagger, beside the published scores (arXiv:1902.09914, Sec. 4).

prepared.h5 and <seed>/<tagger>/model.pt -> predictions.h5 with `label` (jet,), `scores/<tagger>` as published (jet,),
and `trained/<tagger>` (jet,), the probability of a top.
"""

from pathlib import Path

import h5py
import numpy as np
import torch

from common.atomic import atomic_output
from common.stage import parse, run
from papers.top_tagging.jets import JetSet, read_jets
from papers.top_tagging.model import load, probability
from papers.top_tagging.settings import PredictConfig


@torch.no_grad()
def score(network: torch.nn.Module, jets: JetSet, *, batch: int) -> np.ndarray:
    """Return the probability (jet,) that each jet is a top."""
    network.eval()
    parts = [probability(network(jets.batch(chosen))) for chosen in torch.arange(len(jets)).split(batch)]
    return torch.cat(parts).numpy()


def store_trained(group: h5py.Group, taggers: list[str], folder: Path, jets: JetSet, *, batch: int) -> None:
    """Store the scores of the taggers below `folder`."""
    for tagger in taggers:
        stored = torch.load(folder / tagger / "model.pt", weights_only=True)
        group[tagger] = score(load(stored), jets, batch=batch)
        group[tagger].attrs["n_parameters"] = stored["n_parameters"]


def main() -> None:
    """Copy the published scores, compute ours, write."""
    arguments = parse(
        __doc__, config=PredictConfig, paths=["prepared", "predictions"], texts=["taggers"], numbers=["threads"]
    )
    torch.set_num_threads(arguments.threads)
    taggers = [name for name in arguments.taggers.split(",") if name]
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        with h5py.File(arguments.prepared) as prepared:
            prepared.copy("label", file)
            prepared.copy("scores", file)
        trained = file.create_group("trained")
        if taggers:
            jets = read_jets(arguments.prepared, "test")
            store_trained(trained, taggers, arguments.predictions.parent, jets, batch=arguments.config.batch)


if __name__ == "__main__":
    run(main)
