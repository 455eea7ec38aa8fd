"""Score the test jets with every network and with Fisher's discriminant (arXiv:1511.05190, Sec. 4 and 5).

prepared.h5 and seed<k>/<method>/model.pt -> predictions.h5: of the test jets `index`, `label`, `weight`, `variables`
and `scores/<method>`; the kernels of the first convolution, and the mean image of the jets that excite each node of the
last hidden layer most.
"""

from pathlib import Path

import h5py
import numpy as np
import torch

from common.atomic import atomic_output
from common.stage import parse, run

from .fisher import fit_and_score
from .model import ConvNet, MaxOutNet, load
from .prepared import Jets, read_jets, read_split
from .settings import PredictConfig


@torch.no_grad()
def score(network: torch.nn.Module, inputs: np.ndarray, *, batch: int) -> np.ndarray:
    """Return the output (jet, ...) of a network, or of a part of it, for images (jet, 25, 25)."""
    parts = torch.from_numpy(inputs).float().split(batch)
    return torch.cat([network(part) for part in parts]).numpy()


def strongest(network: MaxOutNet, jets: Jets, *, normalised: bool, n_jets: int, batch: int) -> np.ndarray:
    """Return the mean image (node, row, column) of the jets that excite each node of the last hidden layer most."""
    excitation = score(network.last, jets.inputs(normalised=normalised), batch=batch)  # (jet, node)
    best = np.argsort(-excitation, axis=0)[:n_jets]
    return jets.image[best].mean(axis=0)  # from (rank, node, row, column)


def fisher_scores(jets: Jets, split: dict[str, np.ndarray]) -> np.ndarray:
    """Return the discriminant of the test jets (jet,), fitted to those for training and validation."""
    train, test = jets[np.concatenate([split["train"], split["valid"]])], jets[split["test"]]
    training = (train.image, train.variables["delta_r"], train.label, train.weight)
    return fit_and_score(training, test.image, test.variables["delta_r"])


def store_network(file: h5py.File, model: Path, test: Jets, config: PredictConfig) -> None:
    """Store scores and pictures of one network."""
    stored = torch.load(model, weights_only=True)
    network, name = load(stored), model.parent.name
    logit = score(network, test.inputs(normalised=stored["normalised"]), batch=config.batch)
    file[f"scores/{name}"] = 1 / (1 + np.exp(-logit.astype(np.float64)))
    file[f"scores/{name}"].attrs["n_train"] = stored["n_train"]
    if isinstance(network, ConvNet):
        file[f"filters/{name}"] = network.filters().detach().numpy()
    else:
        file[f"strongest/{name}"] = strongest(
            network, test, normalised=stored["normalised"], n_jets=config.n_strongest, batch=config.batch
        )


def main() -> None:
    """Read, score, write."""
    arguments = parse(
        __doc__,
        section="predict",
        config=PredictConfig,
        paths=["prepared", "models", "predictions"],
        numbers=["seed", "threads"],
    )
    torch.set_num_threads(arguments.threads)
    jets = read_jets(arguments.prepared)
    split = read_split(arguments.prepared, seed=arguments.seed)
    test = jets[split["test"]]
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file["index"], file["label"], file["weight"] = split["test"], test.label, test.weight
        for name, values in test.variables.items():
            file[f"variables/{name}"] = values
        file["scores/fisher"] = fisher_scores(jets, split)
        file["scores/fisher"].attrs["n_train"] = len(jets) - len(test)
        for method in arguments.run.methods:
            store_network(file, arguments.models / method / "model.pt", test, arguments.config)


if __name__ == "__main__":
    run(main)
