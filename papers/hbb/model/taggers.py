"""The PyTorch taggers: from the settings of an experiment to a network, from a stored model to scores."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from common.atomic import atomic_output
from common.training.torch_state import n_parameters

from ..archive import branches
from ..prepared import Array, Jets
from ..settings import ExperimentConfig, Formulation, TrainOne
from .dense import VariablesNetwork
from .fast import FastInteractionNetwork
from .scaling import Scaling

SCORING_BATCH = 64
N_FEATURES = {
    "tracks": len(branches.TRACK_FEATURES),
    "vertices": len(branches.VERTEX_FEATURES),
    "particles": len(branches.PARTICLE_FEATURES),
}


def build(experiment: ExperimentConfig, formulation: Formulation) -> nn.Module:
    """Return the untrained network of an experiment."""
    if experiment.kind == "variables":
        return VariablesNetwork(len(branches.DOUBLE_B))
    n_features = {name: N_FEATURES[name] for name in experiment.collections()}
    sizes = {"effect": experiment.effect, "output": experiment.output, "hidden": experiment.hidden}
    if formulation == "fast":
        return FastInteractionNetwork(n_features, **sizes)
    from .interaction_network import InteractionNetwork  # PyTorch Geometric takes seconds to import

    return InteractionNetwork(n_features, **sizes)


@dataclass(frozen=True)
class Tagger:
    """A trained network with what belongs to its inputs."""

    network: nn.Module
    experiment: ExperimentConfig
    scaling: Scaling

    @property
    def n_parameters(self) -> int:
        """Return the number of trained parameters."""
        return n_parameters(self.network)

    @torch.no_grad()
    def score(self, jets: Jets) -> Array:
        """Return the probability (jet,) of H to bb; batches hold jets of similar numbers of tracks."""
        self.network.eval()
        probability = np.empty(len(jets), np.float32)
        order = np.argsort(jets.column("n_tracks"), kind="stable")
        start = 0
        for batch in jets.batches(self.experiment.datasets(), size=SCORING_BATCH, order=order):
            values = self.network(self.scaling.apply(batch)).softmax(dim=1)[:, 1]
            probability[order[start : start + len(values)]] = values.numpy()
            start += len(values)
        return probability


def store(path: Path, weights: dict[str, Tensor], scaling: Scaling, config: TrainOne) -> None:
    """Write a trained model with all that `load` needs."""
    with atomic_output(path) as temporary:
        torch.save(
            {"config": config.model_dump(mode="json"), "weights": weights, "scaling": asdict(scaling)}, temporary
        )


def load(path: Path, *, threads: int) -> Tagger:
    """Return the tagger that `store` has written; it works on a number of threads."""
    torch.set_num_threads(threads)
    stored = torch.load(path, weights_only=False)
    config = TrainOne(**stored["config"])
    network = build(config.experiment, config.formulation)
    network.load_state_dict(stored["weights"])
    return Tagger(network, config.experiment, Scaling(**stored["scaling"]))
