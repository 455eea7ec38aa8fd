"""What a network sees of a batch: tensors, standardised or raw (arXiv:1909.12285 feeds raw values)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from papers.hbb import branches
from papers.hbb.cache import Array, Jets
from papers.hbb.model import InteractionNetwork, VariablesNetwork
from papers.hbb.settings import ExperimentConfig

SCALING_JETS = 20_000  # training jets that mean and spread are taken from
LIMIT = 5.0  # standardised inputs are clipped to +- this: impact parameters span eight orders of magnitude
SIZES = {
    "tracks": (len(branches.TRACK_FEATURES), branches.MAX_TRACKS),
    "vertices": (len(branches.VERTEX_FEATURES), branches.MAX_VERTICES),
    "particles": (len(branches.PARTICLE_FEATURES), branches.MAX_PARTICLES),
}


def collections(experiment: ExperimentConfig) -> list[str]:
    """Return the collections that a tagger reads, the tracks first; none for the 27 variables."""
    if experiment.kind != "interaction":
        return []
    chosen = {"tracks": True, "vertices": experiment.vertices, "particles": experiment.particles}
    return [name for name, used in chosen.items() if used]


def dataset_names(experiment: ExperimentConfig) -> list[str]:
    """Return the datasets of the prepared files that a tagger reads."""
    chosen = collections(experiment)
    return [*chosen, *(f"n_{name}" for name in chosen)] or ["variables"]


def build(experiment: ExperimentConfig) -> nn.Module:
    """Return the untrained network of an experiment."""
    if experiment.kind == "variables":
        return VariablesNetwork(len(branches.DOUBLE_B))
    chosen = collections(experiment)
    return InteractionNetwork(
        {name: SIZES[name][0] for name in chosen},
        {name: SIZES[name][1] for name in chosen},
        effect=experiment.effect,
        output=experiment.output,
        hidden=experiment.hidden,
    )


@dataclass(frozen=True)
class Scaling:
    """Mean and spread (feature,) of the used places of each collection, from training jets; empty for raw inputs."""

    mean: dict[str, Array]
    spread: dict[str, Array]

    @classmethod
    def of(cls, jets: Jets, experiment: ExperimentConfig, *, seed: int) -> "Scaling":
        """Measure it on some training jets, or return one that changes nothing."""
        mean, spread = {}, {}
        if experiment.inputs == "standardised":
            order = np.random.default_rng(seed).permutation(len(jets))[:SCALING_JETS]
            for name in collections(experiment):
                found = jets.gather([name, f"n_{name}"], order)
                used = np.arange(found[name].shape[1]) < found[f"n_{name}"][:, None]
                values = found[name][used].astype(float)  # (particle, feature)
                centre = np.median(values, axis=0)
                low, high = np.quantile(
                    values, [0.1, 0.9], axis=0
                )  # tails are long: the standard deviation says little
                mean[name] = centre
                spread[name] = np.where(high > low, (high - low) / 2, np.maximum(values.std(axis=0), 1e-6))
        return cls(mean, spread)

    def apply(self, found: dict[str, Array]) -> dict[str, Tensor]:
        """Return tensors; unused places stay 0."""
        batch = {}
        for name, values in found.items():
            if name in self.mean:
                scaled = (values - self.mean[name]) / self.spread[name]
                used = np.arange(values.shape[1]) < found[f"n_{name}"][:, None]
                values = (np.clip(scaled, -LIMIT, LIMIT) * used[..., None]).astype(np.float32)
            batch[name] = torch.as_tensor(values)
        return batch
