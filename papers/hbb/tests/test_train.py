"""Training learns, repeats itself, continues after a break, and works against its adversary (arXiv:1909.12285)."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from common.training.torch_state import n_parameters
from papers.hbb import train
from papers.hbb.model import taggers
from papers.hbb.model.fast import FastInteractionNetwork
from papers.hbb.model.interaction_network import InteractionNetwork
from papers.hbb.model.scaling import Scaling
from papers.hbb.predict import load
from papers.hbb.prepare import write_prepared
from papers.hbb.prepared import Jets
from papers.hbb.settings import ExperimentConfig, PrepareConfig, TrainOne
from papers.hbb.tests.made_jets import make_table, write

PREPARE = PrepareConfig(
    window={"pt_gev": (300, 2000), "softdrop_mass_gev": (40, 200), "rho": (-8, -1)}, chunk_jets=500, particles=False
)


def config(**changes):
    values = {"kind": "interaction", "learning_rate": 0.003, "batch": 16, "epochs": 3, "patience": 5, "hidden": (8, 8)}
    formulation = changes.pop("formulation", "fast")
    experiment = ExperimentConfig(**values | changes)
    return TrainOne(experiment=experiment, formulation=formulation, within_window=True, mass_range_gev=(40, 200))


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    """Other jets for training and validation, whose class shows in one track feature and in one of the 27 variables."""
    folder, jets = tmp_path_factory.mktemp("jets"), {}
    for seed, split in enumerate(("train", "valid")):
        table = make_table(160, seed=seed, max_tracks=12)
        shift = table["fj_isH"].astype(np.float32)
        table["track"]["ptrel"] = table["track"]["ptrel"] + 2 * shift
        table["fj_nSV"] = table["fj_nSV"] + 2 * shift
        path = folder / f"{split}.h5"
        write_prepared(path, write(folder / "x.root", table), PREPARE, origin="generated")
        jets[split] = Jets.open([path], within_window=True)
    return jets


def make_training(jets, *, seed=1, **changes):
    one = config(**changes)
    return train.Training(one, Scaling.of(jets["train"], one.experiment, seed=seed), seed=seed)


def fitted(jets, folder, **changes):
    """Return the epochs of a training from start to end."""
    training = make_training(jets, **changes)
    epochs = train.fit(training, jets, folder / "checkpoint")
    (folder / "checkpoint").unlink()
    return epochs


@pytest.mark.parametrize("changes", [{"inputs": "standardised", "epochs": 12}, {"kind": "variables", "epochs": 15}])
def test_the_loss_falls_and_the_same_seed_repeats_it(jets, tmp_path, changes):
    losses = fitted(jets, tmp_path, **changes).history["valid_loss"]
    assert losses[-1] < 0.8 * losses[0] or losses[-1] < 0.5
    assert fitted(jets, tmp_path, **changes).history["valid_loss"] == losses
    assert fitted(jets, tmp_path, seed=2, **changes).history["valid_loss"] != losses


@pytest.mark.parametrize(
    ("formulation", "network"), [("article", InteractionNetwork), ("fast", FastInteractionNetwork)]
)
def test_a_training_uses_the_formulation_of_the_settings(jets, formulation, network):
    assert type(make_training(jets, formulation=formulation).network) is network


def test_the_articles_formulation_trains_to_the_same_losses(jets, tmp_path):
    fast, article = (fitted(jets, tmp_path, formulation=name, epochs=1) for name in ("fast", "article"))
    assert article.history["valid_loss"] == pytest.approx(fast.history["valid_loss"], rel=1e-3)


def test_the_stored_model_is_that_of_the_best_epoch_and_scores_like_it(jets, tmp_path):
    training = make_training(jets, inputs="standardised", epochs=12, learning_rate=0.03)
    epochs = train.fit(training, jets, tmp_path / "checkpoint")
    losses = epochs.history["valid_loss"]
    assert losses[-1] > min(losses), "the last epoch must not be the best one"
    taggers.store(tmp_path / "model.pt", epochs.best_weights, training.scaling, training.config)
    stored = load(tmp_path / "model.pt", threads=1)
    score, label = stored.score(jets["valid"]), jets["valid"].column("label")
    assert -np.log(np.where(label == 1, score, 1 - score)).mean() == pytest.approx(min(losses), rel=1e-5)
    assert stored.n_parameters == n_parameters(training.network)


@pytest.mark.parametrize("changes", [{}, {"adversary_weight": 1.0, "adversary_start": 1}])
def test_a_killed_training_ends_like_an_undisturbed_one(jets, tmp_path, monkeypatch, changes):
    whole = fitted(jets, tmp_path, **changes)
    losses, n_batches = train.Training.losses, 0

    def killed(self, batch, *, reacts):
        nonlocal n_batches
        n_batches += 1
        if n_batches > 2.5 * (len(jets["train"]) // 16):
            raise KeyboardInterrupt
        return losses(self, batch, reacts=reacts)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train.Training, "losses", killed)
        train.fit(make_training(jets, **changes), jets, tmp_path / "checkpoint")
    resumed = train.fit(make_training(jets, **changes), jets, tmp_path / "checkpoint")
    for column in ("epoch", "train_loss", "valid_loss"):
        assert resumed.history[column] == whole.history[column]
    assert all(torch.equal(value, whole.best_weights[name]) for name, value in resumed.best_weights.items())


class EnoughError(Exception):
    """Ends a training in a test."""


def weights_after_one_epoch(jets, folder, **changes):
    """Return the weights of the tagger after the first of two epochs, from the saved state."""
    training = make_training(jets, **{"epochs": 2} | changes)
    training.state.save = lambda path, progress: (_ for _ in ()).throw(EnoughError)
    with pytest.raises(EnoughError):
        train.fit(training, jets, folder / "checkpoint")
    return training.network.state_dict()


def test_the_adversary_reaches_the_tagger_after_its_start_only(jets, tmp_path):
    plain = weights_after_one_epoch(jets, tmp_path)
    waiting = weights_after_one_epoch(jets, tmp_path, adversary_weight=10, adversary_start=1)
    against = weights_after_one_epoch(jets, tmp_path, adversary_weight=10)
    assert all(torch.allclose(waiting[name], value, atol=1e-5) for name, value in plain.items())
    assert any(not torch.allclose(against[name], value, atol=1e-4) for name, value in plain.items())


def test_a_step_of_the_tagger_makes_the_adversary_worse(jets):
    """The adversary stands still, and its weight drowns the loss of the tagger itself."""
    training = make_training(jets, inputs="standardised", adversary_weight=1e4, learning_rate=1e-4)
    n_jets = len(jets["train"])
    (batch,) = training.batches(jets["train"], size=n_jets, order=np.arange(n_jets))
    losses = []
    for _ in range(6):
        loss, adversary_loss = training.losses(batch, reacts=True)
        losses.append(float(adversary_loss.detach()))
        training.optimiser.zero_grad()
        loss.backward()
        training.optimiser.step()
    assert all(after > before for before, after in pairwise(losses))


def test_the_losses_of_tagger_and_adversary_have_separate_gradients(jets):
    training = make_training(jets, adversary_weight=10)
    (batch, *_) = training.random_batches(jets["train"])
    loss, adversary_loss = training.losses(batch, reacts=True)
    loss.backward()
    assert all(weight.grad is None for weight in training.adversary.parameters())
    training.network.zero_grad()
    adversary_loss.backward()
    assert all(weight.grad is None for weight in training.network.parameters())
    assert all(weight.grad is not None for weight in training.adversary.parameters())


def test_masses_outside_count_to_the_nearest_bin():
    spectators = np.zeros((4, 11))
    spectators[:, train.SOFTDROP] = [0, 41, 199, 500]
    assert train.mass_bins(spectators, (40, 200)).tolist() == [0, 0, 39, 39]


def test_the_network_of_variables_is_that_of_the_example_notebook():
    one = config(kind="variables")
    network = taggers.build(one.experiment, one.formulation)
    assert n_parameters(network) == 2 * 27 + 27 * 64 + 64 + 64 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2
