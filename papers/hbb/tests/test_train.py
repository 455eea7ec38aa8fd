"""Training learns, repeats itself, continues after a break, and works against its adversary (arXiv:1909.12285)."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from papers.hbb import train
from papers.hbb.model import taggers
from papers.hbb.model.dense import n_parameters
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
    """Jets whose class shows in one track feature and in one of the 27 variables."""
    folder = tmp_path_factory.mktemp("jets")
    table = make_table(160, max_tracks=12)
    shift = table["fj_isH"].astype(np.float32)
    table["track"]["ptrel"] = table["track"]["ptrel"] + 2 * shift
    table["fj_nSV"] = table["fj_nSV"] + 2 * shift
    write_prepared(folder / "x.h5", write(folder / "x.root", table), PREPARE)
    prepared = Jets.open([folder / "x.h5"], within_window=True)
    return {"train": prepared, "valid": prepared}


def fitted(jets, folder, seed=1, **changes):
    training = train.Training(config(**changes), seed=seed)
    scaling = Scaling.of(jets["train"], training.experiment, seed=seed)
    train.fit(training, jets, scaling, folder / "checkpoint.pt")
    (folder / "checkpoint.pt").unlink()
    return training


@pytest.mark.parametrize("changes", [{"inputs": "standardised", "epochs": 12}, {"kind": "variables", "epochs": 15}])
def test_the_loss_falls_and_the_same_seed_repeats_it(jets, tmp_path, changes):
    first = fitted(jets, tmp_path, **changes)
    assert (
        first.epochs.history.valid_loss[-1] < 0.8 * first.epochs.history.valid_loss[0]
        or first.epochs.history.valid_loss[-1] < 0.5
    )
    assert fitted(jets, tmp_path, **changes).epochs.history.valid_loss == first.epochs.history.valid_loss
    assert fitted(jets, tmp_path, seed=2, **changes).epochs.history.valid_loss != first.epochs.history.valid_loss


def test_the_articles_formulation_trains_to_the_same_losses(jets, tmp_path):
    fast, article = (fitted(jets, tmp_path, formulation=name, epochs=1) for name in ("fast", "article"))
    assert article.epochs.history.valid_loss == pytest.approx(fast.epochs.history.valid_loss, rel=1e-3)


def test_a_stored_model_gives_the_scores_of_the_trained_one(jets, tmp_path):
    training = fitted(jets, tmp_path, inputs="standardised", epochs=1)
    scaling = Scaling.of(jets["train"], training.experiment, seed=1)
    taggers.store(tmp_path / "model.pt", training.network.state_dict(), scaling, training.config)
    stored = load(tmp_path / "model.pt", threads=1)
    expected = taggers.Tagger(training.network, training.experiment, scaling).score(jets["valid"])
    assert np.array_equal(stored.score(jets["valid"]), expected) and np.ptp(expected) > 0
    assert stored.n_parameters == n_parameters(training.network)


def test_an_interrupted_training_ends_like_an_undisturbed_one(jets, tmp_path, monkeypatch):
    whole = fitted(jets, tmp_path)
    training = train.Training(config(), seed=1)
    scaling = Scaling.of(jets["train"], training.experiment, seed=1)
    epoch = train.train_epoch

    def killed(training, *arguments):
        if training.epochs.done == 2:
            raise KeyboardInterrupt
        return epoch(training, *arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train, "train_epoch", killed)
        train.fit(training, jets, scaling, tmp_path / "checkpoint.pt")
    resumed = train.Training(config(), seed=1)
    train.fit(resumed, jets, scaling, tmp_path / "checkpoint.pt")
    assert resumed.epochs.history.valid_loss == whole.epochs.history.valid_loss
    for name, value in resumed.epochs.best_state.items():
        assert torch.equal(value, whole.epochs.best_state[name])


def after_one_pass(jets, **changes):
    training = train.Training(config(**changes), seed=1)
    train.train_epoch(training, jets["train"], Scaling.of(jets["train"], training.experiment, seed=1))
    return training


def test_the_adversary_reaches_the_tagger_after_its_start_only(jets):
    plain = after_one_pass(jets)
    waiting = after_one_pass(jets, adversary_weight=10, adversary_start=1)
    against = after_one_pass(jets, adversary_weight=10)
    for name, value in plain.network.state_dict().items():
        assert torch.allclose(waiting.network.state_dict()[name], value, atol=1e-5)
    assert any(
        not torch.allclose(against.network.state_dict()[name], value, atol=1e-4)
        for name, value in plain.network.state_dict().items()
    )


def test_a_step_of_the_tagger_makes_the_adversary_worse(jets):
    """The adversary stands still, and its weight drowns the tagger's own loss."""
    training = train.Training(config(inputs="standardised", adversary_weight=1e4, learning_rate=1e-4), seed=1)
    training.adversary_optimiser = torch.optim.SGD(training.adversary.parameters(), lr=0.0)
    arrays = jets["train"].gather(
        ["tracks", "n_tracks", "vertices", "n_vertices", "label", "spectators"], np.arange(len(jets["train"]))
    )
    label = torch.as_tensor(arrays.pop("label")).long()
    bins = train.mass_bins(arrays.pop("spectators"), training.config.mass_range_gev)
    batch = Scaling.of(jets["train"], training.experiment, seed=1).apply(arrays)

    @torch.no_grad()
    def ignorance():
        guess = training.adversary(training.network.summary(batch)[label == 0])
        return float(torch.nn.functional.cross_entropy(guess, bins[label == 0]))

    losses = [ignorance()]
    for _ in range(5):
        training.step(batch, label, bins)
        losses.append(ignorance())
    assert all(after > before for before, after in pairwise(losses))


def test_masses_outside_count_to_the_nearest_bin():
    spectators = np.zeros((4, 11))
    spectators[:, train.SOFTDROP] = [0, 41, 199, 500]
    assert train.mass_bins(spectators, (40, 200)).tolist() == [0, 0, 39, 39]


def test_the_keras_baseline_has_the_size_of_the_reference():
    pytest.importorskip("tensorflow", reason="needs the extra tensorflow")
    from papers.hbb.model.deep_double_b import build, n_parameters

    assert n_parameters(build()) == 40_344


def test_the_network_of_variables_is_that_of_the_example_notebook():
    network = train.Training(config(kind="variables"), seed=0).network
    assert n_parameters(network) == 2 * 27 + 27 * 64 + 64 + 64 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2
