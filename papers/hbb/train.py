"""Train one tagger with PyTorch: the interaction network, its variants, or the 27-variable network (arXiv:1909.12285).

Prepared files of the splits train and valid -> model.pt with weights and the scaling of the inputs, and history.csv.

The loss is the cross-entropy, the optimiser Adam. Training stops early on the validation loss, and the weights with the
lowest one are stored. With an adversary, the tagger also learns to hide the soft-drop mass of QCD jets. The state is
stored after each epoch, so a killed training continues with the next one.
"""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from common.atomic import write_text
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name
from common.training.epochs import Epochs

from .archive import branches
from .model.dense import Adversary, n_parameters
from .model.scaling import Scaling
from .model.taggers import build, store
from .prepared import Jets
from .settings import TrainOne

MASS_BINS = 40  # of the adversary; code
ADVERSARY_SPEED = 10  # learning rate of the adversary over that of the tagger; code
VALIDATION_BATCH = 64
SOFTDROP = branches.SPECTATORS.index("fj_sdmass")


class Training:
    """A tagger, its adversary, the optimisers of both, and its epochs."""

    def __init__(self, config: TrainOne, *, seed: int) -> None:
        """Build the network and its optimisers."""
        torch.manual_seed(seed)
        self.config, self.experiment = config, config.experiment
        self.network = build(config.experiment, config.formulation)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.experiment.learning_rate)
        self.adversary = Adversary(config.experiment.output, MASS_BINS)
        rate = ADVERSARY_SPEED * config.experiment.learning_rate
        self.adversary_optimiser = torch.optim.Adam(self.adversary.parameters(), lr=rate)
        names = ("optimiser", "adversary", "adversary_optimiser")
        self.epochs = Epochs(
            self.network,
            {name: getattr(self, name) for name in names},
            epochs=config.experiment.epochs,
            patience=config.experiment.patience,
            seed=seed,
            first_counted=config.experiment.adversary_start,
        )

    def step(self, batch: dict[str, Tensor], label: Tensor, mass_bin: Tensor) -> float:
        """Make one update with a batch; return its loss."""
        self.optimiser.zero_grad()
        if self.experiment.adversary_weight:
            loss = self._against_adversary(batch, label, mass_bin)
        else:
            loss = functional.cross_entropy(self.network(batch), label)
        loss.backward()
        self.optimiser.step()
        if self.experiment.adversary_weight:
            self.adversary_optimiser.step()
            self.adversary_optimiser.zero_grad()
        return float(loss.detach())

    def _against_adversary(self, batch: dict[str, Tensor], label: Tensor, mass_bin: Tensor) -> Tensor:
        """Return the loss of the tagger, and compute the gradient of the adversary, which has the opposite sign.

        The adversary sees QCD jets only. During the first `adversary_start` epochs only the adversary reacts.
        """
        summary, qcd, n_jets = self.network.summary(batch), label == 0, len(label)
        loss = functional.cross_entropy(self.network.classify(summary), label)
        if not qcd.any():
            return loss
        guess = functional.cross_entropy(self.adversary(summary[qcd].detach()), mass_bin[qcd], reduction="sum")
        (guess / n_jets).backward()
        if self.epochs.done < self.experiment.adversary_start:
            return loss
        frozen = {name: value.detach() for name, value in self.adversary.named_parameters()}
        adversary_loss = functional.cross_entropy(
            torch.func.functional_call(self.adversary, frozen, (summary[qcd],)), mass_bin[qcd], reduction="sum"
        )
        return loss - self.experiment.adversary_weight * adversary_loss / n_jets


def mass_bins(spectators: np.ndarray, mass_range_gev: tuple[float, float]) -> Tensor:
    """Return the adversary's bin (jet,) of the soft-drop mass; masses outside of the range count to the nearest bin."""
    edges = np.linspace(*mass_range_gev, MASS_BINS + 1)
    return torch.as_tensor(np.clip(np.searchsorted(edges, spectators[:, SOFTDROP]) - 1, 0, MASS_BINS - 1))


@torch.no_grad()
def validation_loss(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Return the mean cross-entropy of all validation jets, less the weighted loss of the adversary if there is one."""
    total, experiment = 0.0, training.experiment
    names = [*experiment.datasets(), "label", "spectators"]
    order = np.argsort(jets.column("n_tracks"), kind="stable")
    for arrays in jets.batches(names, size=VALIDATION_BATCH, order=order):
        label = torch.as_tensor(arrays.pop("label")).long()
        bins = mass_bins(arrays.pop("spectators"), training.config.mass_range_gev)
        batch = scaling.apply(arrays)
        total += float(functional.cross_entropy(training.network(batch), label, reduction="sum"))
        if experiment.adversary_weight and (label == 0).any():
            guess = training.adversary(training.network.summary(batch)[label == 0])
            total -= experiment.adversary_weight * float(
                functional.cross_entropy(guess, bins[label == 0], reduction="sum")
            )
    return total / len(jets)


def train_epoch(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Pass once over the training jets in random order; return the mean loss."""
    experiment = training.experiment
    names = [*experiment.datasets(), "label", "spectators"]
    order = torch.randperm(len(jets), generator=training.epochs.generator).numpy()
    # A small last batch would be noise, so it is left out.
    order = order[: max(len(order) // experiment.batch, 1) * experiment.batch]
    losses = []
    for arrays in jets.batches(names, size=experiment.batch, order=order):
        label = torch.as_tensor(arrays.pop("label")).long()
        bins = mass_bins(arrays.pop("spectators"), training.config.mass_range_gev)
        losses.append(training.step(scaling.apply(arrays), label, bins))
    return float(np.mean(losses))


def fit(training: Training, jets: dict[str, Jets], scaling: Scaling, checkpoint: Path) -> None:
    """Train until all epochs are done or patience is lost; resume from `checkpoint`.

    None of the epochs before the adversary starts can be the best, because their validation loss is on another scale.
    """
    training.epochs.run(
        lambda: train_epoch(training, jets["train"], scaling),
        lambda: validation_loss(training, jets["valid"], scaling),
        checkpoint=checkpoint,
    )


def main() -> None:
    """Train, write the model and its history, delete the checkpoint."""
    arguments = parse(
        __doc__,
        config=TrainOne,
        path_lists=["train", "valid"],
        paths=["model", "history"],
        numbers=["seed", "threads"],
    )
    torch.set_num_threads(arguments.threads)
    # The gradients of jets with a certain and right score are denormal numbers, which make processors many times
    # slower.
    torch.set_flush_denormal(True)
    config = arguments.config
    jets = {
        split: Jets.open(getattr(arguments, split), within_window=config.within_window) for split in ("train", "valid")
    }
    scaling = Scaling.of(jets["train"], config.experiment, seed=arguments.seed)
    training = Training(config, seed=arguments.seed)
    logging.info("%d parameters, %d training jets", n_parameters(training.network), len(jets["train"]))
    inputs = [*arguments.train, *arguments.valid]
    name = checkpoint_name(config, inputs, seed=arguments.seed, code=Path(__file__).parent)
    checkpoint = arguments.model.parent.parent / "checkpoints" / name
    fit(training, jets, scaling, checkpoint)
    store(arguments.model, training.epochs.best_state, scaling, config)
    write_text(arguments.history, as_csv(asdict(training.epochs.history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
