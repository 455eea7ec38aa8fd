"""Score the test jets with every network and with Fisher's discriminant (arXiv:1511.05190, Sec. 4 and 5).

prepared.h5 and seed<k>/<method>/model.pt -> predictions.h5: of the test jets `index`, `label`, `weight`, `variables`
and `scores/<method>`; the kernels of the first convolution, and the mean image of the jets that excite each node of the
last hidden layer most. Also what was decided without the test jets: `fisher/direction`, `fisher/offset` of each bin.
"""

from typing import Any

import h5py
import numpy as np
import torch

from common.atomic import atomic_output
from common.errors import InputError
from common.stage import parse, run

from .fisher import Discriminants
from .model import ConvNet, MaxOutNet, load
from .prepared import Jets, read_jets
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


def division(models: dict[str, dict[str, Any]], *, seed: int) -> dict[str, np.ndarray]:
    """Return the indices of the jets of "train", "valid" and "test" that all networks were trained with.

    Args:
        models: What stage train stored, by method.
        seed: That they must have.

    Raises:
        InputError: If a network belongs to another seed or another division, or if it has seen test jets.
    """
    splits = [stored["split"] for stored in models.values()]
    for name, stored in models.items():
        if stored["seed"] != seed:
            raise InputError(f"{name} was trained with seed {stored['seed']}, not {seed}: train it again.")
        if any(not torch.equal(stored["split"][part], index) for part, index in splits[0].items()):
            raise InputError(f"{name} was trained with another division of the jets than {next(iter(models))}.")
    split = {part: index.numpy() for part, index in splits[0].items()}
    if np.isin(split["test"], np.concatenate([split["train"], split["valid"]])).any():
        raise InputError("test jets are among the jets of the training: train again.")
    return split


def store_fisher(file: h5py.File, seen: Jets, test: Jets) -> None:
    """Store Fisher's discriminant of the test jets, and its directions, fitted to the jets that were `seen`."""
    fitted = Discriminants.fit(seen.image, seen.variables["delta_r"], seen.label, seen.weight)
    file["scores/fisher"] = fitted.score(test.image, test.variables["delta_r"])
    file["scores/fisher"].attrs["n_train"] = len(seen)
    file["fisher/direction"], file["fisher/offset"] = fitted.direction, fitted.offset


def store_network(file: h5py.File, name: str, stored: dict[str, Any], test: Jets, config: PredictConfig) -> None:
    """Store scores and pictures of one network, which stage train has stored."""
    network = load(stored)
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
    methods = arguments.run.methods
    models = {name: torch.load(arguments.models / name / "model.pt", weights_only=True) for name in methods}
    split = division(models, seed=arguments.seed)
    test = jets[split["test"]]
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        file["index"], file["label"], file["weight"] = split["test"], test.label, test.weight
        for name, values in test.variables.items():
            file[f"variables/{name}"] = values
        store_fisher(file, jets[np.concatenate([split["train"], split["valid"]])], test)
        for name, stored in models.items():
            store_network(file, name, stored, test, arguments.config)


if __name__ == "__main__":
    run(main)
