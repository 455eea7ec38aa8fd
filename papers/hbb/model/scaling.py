"""From the arrays of a batch to the tensors that a network reads, standardised or raw (the article's are raw)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..prepared import Array, Jets
from ..settings import ExperimentConfig

SCALING_JETS = 20_000  # training jets that centre and spread are measured on
LIMIT = 5.0  # standardised inputs are clipped to +- this: impact parameters span eight orders of magnitude


@dataclass(frozen=True)
class Scaling:
    """Centre and spread (feature,) of the used places of each collection, from training jets; empty for raw inputs."""

    mean: dict[str, Array]
    spread: dict[str, Array]

    @classmethod
    def of(cls, jets: Jets, experiment: ExperimentConfig, *, seed: int) -> "Scaling":
        """Measure it on some training jets, or return one that changes nothing."""
        mean, spread = {}, {}
        if experiment.inputs == "standardised":
            order = np.random.default_rng(seed).permutation(len(jets))[:SCALING_JETS]
            for name in experiment.collections():
                batch = jets.gather([name, f"n_{name}"], order)
                used = np.arange(batch[name].shape[1]) < batch[f"n_{name}"][:, None]  # (jet, place)
                values = batch[name][used].astype(float)  # (particle, feature)
                mean[name] = np.median(values, axis=0)
                # The tails are long, so the standard deviation says little about the bulk.
                low, high = np.quantile(values, [0.1, 0.9], axis=0)
                spread[name] = np.where(high > low, (high - low) / 2, np.maximum(values.std(axis=0), 1e-6))
        return cls(mean, spread)

    def apply(self, batch: dict[str, Array]) -> dict[str, Tensor]:
        """Return the batch as tensors; unused places stay 0."""
        tensors = {}
        for name, values in batch.items():
            if name in self.mean:
                scaled = (values - self.mean[name]) / self.spread[name]
                used = np.arange(values.shape[1]) < batch[f"n_{name}"][:, None]  # (jet, place)
                values = (np.clip(scaled, -LIMIT, LIMIT) * used[..., None]).astype(np.float32)
            tensors[name] = torch.as_tensor(values)
        return tensors
