"""Train one tagger with PyTorch: the interaction network, its variants, or the 27-variable network (arXiv:1909.12285).

Prepared files of the splits train and valid -> model.pt with weights and the scaling of the inputs, and history.csv.

The loss is the cross-entropy, the optimiser Adam. Training stops early on the validation loss, and the weights with the
lowest one are stored. With an adversary, the tagger also learns to hide the soft-drop mass of QCD jets.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from common.stage import parse, run
from common.training.checkpoints import checkpoint_path
from common.training.epochs import Epochs
from common.training.history import write_history
from common.training.torch_state import TorchState, n_parameters

from .archive import branches
from .model.dense import Adversary
from .model.scaling import Scaling
from .model.taggers import build, store
from .prepared import Array, Jets, files_of
from .settings import TrainConfig, TrainOne

MASS_BINS = 40  # of the adversary; code
ADVERSARY_SPEED = 10  # learning rate of the adversary over that of the tagger; code
VALIDATION_BATCH = 64
SOFTDROP = branches.SPECTATORS.index("fj_sdmass")


class Batch(NamedTuple):
    """Some jets: inputs of the network by name, the classes (jet,), and the adversary's bins of the mass (jet,)."""

    inputs: dict[str, Tensor]
    label: Tensor
    mass_bin: Tensor


class Training:
    """A tagger and its adversary, with the optimisers of both."""

    def __init__(self, config: TrainOne, scaling: Scaling, *, seed: int) -> None:
        """Build the networks with random weights."""
        torch.manual_seed(seed)
        self.config, self.experiment, self.scaling = config, config.experiment, scaling
        self.network = build(config.experiment, config.formulation)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.experiment.learning_rate)
        self.adversary = Adversary(config.experiment.output, MASS_BINS)
        rate = ADVERSARY_SPEED * config.experiment.learning_rate
        self.adversary_optimiser = torch.optim.Adam(self.adversary.parameters(), lr=rate)
        parts = {name: getattr(self, name) for name in ("optimiser", "adversary", "adversary_optimiser")}
        self.state = TorchState(self.network, parts, seed=seed)

    def batches(self, jets: Jets, *, size: int, order: Array) -> Iterator[Batch]:
        """Yield batches of the jets in the given order (jet,)."""
        for arrays in jets.batches([*self.experiment.datasets(), "label", "spectators"], size=size, order=order):
            label = torch.as_tensor(arrays.pop("label")).long()
            mass_bin = mass_bins(arrays.pop("spectators"), self.config.mass_range_gev)
            yield Batch(self.scaling.apply(arrays), label, mass_bin)

    def random_batches(self, jets: Jets) -> Iterator[Batch]:
        """Yield the training batches of one epoch; a small last batch would be noise, so it is left out."""
        size = self.experiment.batch
        order = torch.randperm(len(jets), generator=self.state.generator).numpy()
        return self.batches(jets, size=size, order=order[: max(len(order) // size, 1) * size])

    def losses(self, batch: Batch, *, reacts: bool) -> tuple[Tensor, Tensor | None]:
        """Return the loss of the tagger, and that of its adversary on the QCD jets, if there is one.

        Each of them is the loss of one network alone: its gradient does not reach the other one.

        Args:
            batch: Training jets.
            reacts: Whether the tagger reacts to the adversary, whose loss is then subtracted from its own.
        """
        if not self.experiment.adversary_weight:
            return cross_entropy(self.network(batch.inputs), batch.label), None
        summary, qcd, n_jets = self.network.summary(batch.inputs), batch.label == 0, len(batch.label)
        loss = cross_entropy(self.network.classify(summary), batch.label)
        if not qcd.any():
            return loss, None
        mass_bin = batch.mass_bin[qcd]
        adversary_loss = cross_entropy(self.adversary(summary[qcd].detach()), mass_bin, reduction="sum") / n_jets
        if reacts:
            frozen = {name: value.detach() for name, value in self.adversary.named_parameters()}
            guess = torch.func.functional_call(self.adversary, frozen, (summary[qcd],))
            loss = loss - self.experiment.adversary_weight * cross_entropy(guess, mass_bin, reduction="sum") / n_jets
        return loss, adversary_loss

    @torch.no_grad()
    def validation_loss(self, jets: Jets) -> float:
        """Return the mean loss per validation jet, as if the tagger reacted to the adversary in all epochs."""
        self.network.eval()
        total, weight = 0.0, self.experiment.adversary_weight
        order = np.argsort(jets.column("n_tracks"), kind="stable")
        for batch in self.batches(jets, size=VALIDATION_BATCH, order=order):
            total += float(cross_entropy(self.network(batch.inputs), batch.label, reduction="sum"))
            qcd = batch.label == 0
            if weight and qcd.any():
                guess = self.adversary(self.network.summary(batch.inputs)[qcd])
                total -= weight * float(cross_entropy(guess, batch.mass_bin[qcd], reduction="sum"))
        return total / len(jets)


def mass_bins(spectators: Array, mass_range_gev: tuple[float, float]) -> Tensor:
    """Return the adversary's bin (jet,) of the soft-drop mass; masses outside of the range count to the nearest bin."""
    edges = np.linspace(*mass_range_gev, MASS_BINS + 1)
    return torch.as_tensor(np.clip(np.searchsorted(edges, spectators[:, SOFTDROP]) - 1, 0, MASS_BINS - 1))


def fit(training: Training, jets: dict[str, Jets], checkpoint: Path) -> Epochs:
    """Train until all epochs are done or patience is lost; continue from `checkpoint` if it exists.

    None of the epochs before the adversary starts can be the best, because their validation loss is on another scale.
    """
    experiment = training.experiment
    epochs = Epochs(
        training.state,
        total=experiment.epochs,
        patience=experiment.patience,
        first_counted=experiment.adversary_start,
        checkpoint=checkpoint,
    )
    for epoch in epochs:
        for batch in training.random_batches(jets["train"]):
            loss, adversary_loss = training.losses(batch, reacts=epoch.number > experiment.adversary_start)
            training.optimiser.zero_grad()
            loss.backward()
            training.optimiser.step()
            if adversary_loss is not None:
                training.adversary_optimiser.zero_grad()
                adversary_loss.backward()
                training.adversary_optimiser.step()
            epoch.add(loss.detach())
        rate = training.optimiser.param_groups[0]["lr"]
        epoch.validated(training.validation_loss(jets["valid"]), learning_rate=rate)
    return epochs


def main() -> None:
    """Train, write the model and its history, delete the checkpoint."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        paths=["prepared", "model", "history"],
        numbers=["seed", "threads"],
        texts=["method"],
    )
    torch.set_num_threads(arguments.threads)
    # The gradients of jets with a certain and right score are denormal numbers, which make processors far slower.
    torch.set_flush_denormal(True)
    config = arguments.config.one(arguments.method)
    files = {split: files_of(arguments.prepared, split, arguments.run) for split in ("train", "valid")}
    jets = {split: Jets.open(paths, within_window=config.within_window) for split, paths in files.items()}
    scaling = Scaling.of(jets["train"], config.experiment, seed=arguments.seed)
    training = Training(config, scaling, seed=arguments.seed)
    logging.info("%d parameters, %d training jets", n_parameters(training.network), len(jets["train"]))
    inputs = [*files["train"], *files["valid"]]
    checkpoint = checkpoint_path(arguments.model, config, inputs, seed=arguments.seed, stage="papers.hbb.train")
    epochs = fit(training, jets, checkpoint)
    store(arguments.model, epochs.best_weights, scaling, config)
    write_history(arguments.history, epochs.history)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
