"""Train one tagger with PyTorch: interaction network, its variants, or the 27-variable network (arXiv:1909.12285).

Prepared files of the splits train and valid -> model.pt with weights and inputs' scaling, and history.csv.

Cross-entropy, Adam, early stopping on the validation loss; the weights with the best one are kept. With an adversary,
the tagger also unlearns what tells the soft-drop mass of QCD jets. The state is kept beside the output after each
epoch, so a killed training goes on where it stopped.
"""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from common.atomic import atomic_output, write_text
from common.stage import parse, run
from common.tables import as_csv
from common.training.checkpoints import checkpoint_name
from common.training.epochs import Epochs
from papers.hbb import branches
from papers.hbb.cache import Jets
from papers.hbb.inputs import Scaling, build, dataset_names
from papers.hbb.model import Adversary, n_parameters
from papers.hbb.settings import TrainOne

MASS_BINS = np.linspace(40, 200, 41)  # [GeV] of the adversary; code
ADVERSARY_SPEED = 10  # its learning rate over that of the tagger; code
VALIDATION_BATCH = 64
SOFTDROP = branches.SPECTATORS.index("fj_sdmass")


class Training:
    """A tagger, its adversary, the optimisers of both, and its epochs."""

    def __init__(self, config: TrainOne, *, seed: int) -> None:
        """Build the network and its optimisers."""
        torch.manual_seed(seed)
        self.config, self.experiment = config, config.experiment
        self.network = build(config.experiment)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.experiment.learning_rate)
        self.adversary = Adversary(config.experiment.output, len(MASS_BINS) - 1)
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
        """Make one update from a batch; return its loss."""
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
        """Return the loss of the tagger; the adversary gets its own gradient, of the opposite sign, on the way.

        The adversary sees QCD jets only. For the first epochs it learns without the tagger's noticing.
        """
        summary, qcd, n_jets = self.network.summary(batch), label == 0, len(label)
        loss = functional.cross_entropy(self.network.classify(summary), label)
        if not qcd.any():
            return loss
        own = functional.cross_entropy(self.adversary(summary[qcd].detach()), mass_bin[qcd], reduction="sum")
        (own / n_jets).backward()
        if self.epochs.done < self.experiment.adversary_start:
            return loss
        frozen = {name: value.detach() for name, value in self.adversary.named_parameters()}
        told = functional.cross_entropy(
            torch.func.functional_call(self.adversary, frozen, (summary[qcd],)), mass_bin[qcd], reduction="sum"
        )
        return loss - self.experiment.adversary_weight * told / n_jets


def mass_bins(spectators: np.ndarray) -> Tensor:
    """Return the adversary's bin (jet,) of the soft-drop mass; masses outside count to the nearest bin."""
    index = np.searchsorted(MASS_BINS, spectators[:, SOFTDROP]) - 1
    return torch.as_tensor(np.clip(index, 0, len(MASS_BINS) - 2))


@torch.no_grad()
def validation_loss(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Return the mean cross-entropy over all validation jets, plus what the adversary's part amounts to."""
    total, experiment = 0.0, training.experiment
    names = [*dataset_names(experiment), "label", "spectators"]
    order = np.argsort(jets.column("n_tracks"), kind="stable")
    for found in jets.batches(names, size=VALIDATION_BATCH, order=order):
        label, bins = torch.as_tensor(found.pop("label")).long(), mass_bins(found.pop("spectators"))
        batch = scaling.apply(found)
        total += float(functional.cross_entropy(training.network(batch), label, reduction="sum"))
        if experiment.adversary_weight and (label == 0).any():
            told = training.adversary(training.network.summary(batch)[label == 0])
            total -= experiment.adversary_weight * float(
                functional.cross_entropy(told, bins[label == 0], reduction="sum")
            )
    return total / len(jets)


def train_epoch(training: Training, jets: Jets, scaling: Scaling) -> float:
    """Pass once over the training jets in random order; return the mean loss."""
    experiment = training.experiment
    names = [*dataset_names(experiment), "label", "spectators"]
    order = torch.randperm(len(jets), generator=training.epochs.generator).numpy()
    order = order[: max(len(order) // experiment.batch, 1) * experiment.batch]  # a small last batch would be noise
    losses = []
    for found in jets.batches(names, size=experiment.batch, order=order):
        label, bins = torch.as_tensor(found.pop("label")).long(), mass_bins(found.pop("spectators"))
        losses.append(training.step(scaling.apply(found), label, bins))
    return float(np.mean(losses))


def fit(training: Training, jets: dict[str, Jets], scaling: Scaling, checkpoint: Path) -> None:
    """Train until all epochs are done or patience is lost; resume from `checkpoint`.

    The validation loss of the epochs before the adversary starts is on another scale: none of them can be the best.
    """
    training.epochs.run(
        lambda: train_epoch(training, jets["train"], scaling),
        lambda: validation_loss(training, jets["valid"], scaling),
        checkpoint=checkpoint,
    )


def main() -> None:
    """Train, write the model and its history, drop the checkpoint."""
    arguments = parse(
        __doc__,
        config=TrainOne,
        path_lists=["train", "valid"],
        paths=["model", "history"],
        numbers=["seed", "threads"],
    )
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # gradients of jets that are surely right are denormal numbers: many times slower
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
    stored = {"experiment": config.experiment.model_dump(mode="json"), "weights": training.epochs.best_state}
    with atomic_output(arguments.model) as path:
        torch.save(stored | {"scaling": asdict(scaling), "n_parameters": n_parameters(training.network)}, path)
    write_text(arguments.history, as_csv(asdict(training.epochs.history)))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
