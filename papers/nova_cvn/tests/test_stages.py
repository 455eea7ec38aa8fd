"""What the stages train and what they store, against the events themselves: no reader, batch or weight is trusted."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter1d
from sklearn.ensemble import HistGradientBoostingClassifier

from common.training.history import read_history
from papers.nova_cvn.network.build import build, load
from papers.nova_cvn.predict_baselines import score
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.prepared.moments import image_moments
from papers.nova_cvn.settings import ExperimentConfig
from papers.nova_cvn.tests.chain import EPOCHS, N_EVENTS, N_NEIGHBOURS, N_TREES, PACKAGE, PaperChain, started
from papers.nova_cvn.tests.made_events import MADE_SHAPE
from papers.nova_cvn.train import build_compiled
from tests.guards.chain import call
from tests.run_settings import write_settings


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Return the chain after all its stages."""
    made = PaperChain(tmp_path_factory.mktemp("chain"))
    made.make()
    made.run(seed=2)
    return made


def images(events):
    """Return what a network sees of events: pixels between 0 and 1."""
    return events.views / np.float32(255)


# ---- training ----


def test_the_stored_network_is_that_of_the_last_epoch(chain):
    """As in the article; its loss is that on the validation events, not on the training events."""
    history = chain.history("cvn")
    assert history["epoch"].tolist() == list(range(1, EPOCHS + 1))
    assert chain.loss_of_stored_network() == pytest.approx(history["valid_loss"][-1], rel=1e-5)
    assert len(set(history["valid_loss"])) == EPOCHS
    on_training = np.asarray(load(chain.network_file())(images(chain.events["train"]), training=False))
    true = on_training[np.arange(N_EVENTS["train"]), chain.events["train"].interaction]
    assert history["valid_loss"][-1] != pytest.approx(-np.log(true).mean(), rel=1e-3)


def test_the_rate_falls_at_the_steps_of_the_settings(chain):
    found = chain.history("cvn")["learning_rate"]
    assert found == pytest.approx(chain.learning_rate("cvn"), rel=1e-6)
    assert len(set(found)) == EPOCHS  # it does fall


def train_briefly(chain, folder, *, seed, **changes):
    """Return the trained weights of a network of one epoch with other settings, and its history."""
    experiment = chain.config.experiments["cvn"].model_copy(update={"epochs": 1, **changes})
    config = chain.config.model_copy(update={"experiments": {"cvn": experiment}})
    settings = write_settings(folder / "settings.yaml", train=config.model_dump(mode="json"))
    files = {"model": folder / "network/cvn/model.keras", "history": folder / "network/cvn/history.csv"}
    splits = {split: chain.prepared(split) for split in ("train", "valid")}
    with started():
        call(f"{PACKAGE}.train", settings=settings, **splits, **files, method="cvn", seed=seed, threads=1)
    weights = [np.asarray(weight) for weight in load(files["model"]).trainable_weights]
    return weights, read_history(files["history"])


def test_a_network_starts_from_the_weights_of_its_seed(chain, tmp_path):
    """At a rate of almost zero the trained weights are the first ones: no two kernels of two seeds are alike."""
    (one, first), (other, second) = (
        train_briefly(chain, tmp_path / str(seed), seed=seed, learning_rate=1e-9) for seed in (1, 2)
    )
    kernels = [pair for pair in zip(one, other, strict=True) if pair[0].ndim > 1]
    assert len(kernels) == 5
    for pair in kernels:
        assert abs(np.corrcoef(*(kernel.ravel() for kernel in pair))[0, 1]) < 0.5
    assert first["train_loss"][0] != second["train_loss"][0]


def test_the_optimiser_has_the_numbers_of_the_settings(chain):
    """Of the experiment, each another one."""
    experiment = chain.config.experiments["cvn"].model_copy(
        update={"weight_decay": 0.125, "momentum": 0.75, "dropout": 0.375}
    )
    one = chain.config.one("cvn").model_copy(update={"experiment": experiment})
    network = build_compiled(Prepared(chain.prepared("train")), one)
    optimiser = network.optimizer
    assert (optimiser.decay, optimiser.momentum) == (0.125, 0.75)
    assert float(optimiser.learning_rate) == pytest.approx(experiment.learning_rate)
    (dropout,) = (layer for layer in network.layers if isinstance(layer, keras.layers.Dropout))
    assert dropout.rate == 0.375


# ---- prediction ----


@pytest.mark.parametrize("split", ["valid", "test"])
def test_predictions_are_the_networks_outputs_of_each_event(chain, split):
    """In the order of the file, whatever else is in the batch, with the pixels as they are."""
    network, events = load(chain.network_file()), chain.events[split]
    found = chain.stored("cvn")[split]
    wanted = np.asarray(network(images(events), training=False))
    alone = np.concatenate([network(images(events)[[event]], training=False) for event in range(20)])
    assert np.allclose(found, wanted, atol=1e-6) and np.allclose(found[:20], alone, atol=1e-6)
    for other in (images(events)[:, ::-1], images(events)[..., ::-1]):  # views exchanged; mirrored
        assert np.abs(network(other, training=False) - wanted).max() > 1e-3


def test_the_features_are_those_of_the_first_test_events(chain):
    """The dense layer before the outputs: with the last layer's weights they give the outputs."""
    kernel, bias = load(chain.network_file()).layers[-1].get_weights()
    features = chain.stored("cvn")["features"]
    exponentials = np.exp(features @ kernel + bias)
    assert features.shape[0] == 20
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert np.allclose(shares, chain.stored("cvn")["test"][:20], atol=1e-5)


@pytest.mark.parametrize("kind", ["modern", "cvn"])
def test_every_kind_of_network_is_scored_event_by_event(chain, kind, tmp_path):
    """Neither dropout nor the averages of a batch enter."""
    config = ExperimentConfig(kind=kind, width=0.05, input_scale=20, dropout=0.5)
    network = build(MADE_SHAPE, config, formulation="fast")
    network.save(tmp_path / "model.keras")
    files = {"model": tmp_path / "model.keras", "predictions": tmp_path / "predictions.h5"}
    splits = {split: chain.prepared(split) for split in ("valid", "test")}
    tf.config.run_functions_eagerly(True)  # quicker here than tracing each function once
    try:
        with started():
            call(f"{PACKAGE}.predict", settings=chain.settings, **splits, **files, threads=1)
    finally:
        tf.config.run_functions_eagerly(False)
    for split in splits:
        wanted = np.asarray(network(images(chain.events[split]), training=False))
        assert np.allclose(chain.read(files["predictions"])[split], wanted, atol=1e-5)
        assert np.ptp(wanted, axis=0).max() > 1e-3


# ---- baselines ----


def unit(views):
    """Return the coarse, smeared images (event, pixel) of views (event, view, plane, cell), each of length 1."""
    n_events, n_views, n_planes, n_cells = views.shape
    blocks = (views / 255).reshape(n_events, n_views, n_planes // 4, 4, n_cells // 4, 4)
    image = np.sqrt(blocks.sum(axis=(3, 5)))
    for axis in (2, 3):
        image = gaussian_filter1d(image, 1.0, axis=axis)
    image = image.reshape(n_events, -1)
    return image / np.linalg.norm(image, axis=1, keepdims=True)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_only_training_events_vote(chain, split):
    """One event after another, with its nearest training events, and with no event of its own split."""
    stored = chain.stored("library")
    train, learnt = chain.events["train"], stored["learnt"]
    library, label = unit(train.views)[learnt], train.interaction[learnt]
    for image, found in zip(unit(chain.events[split].views), stored[split], strict=True):
        similarity = library @ image
        nearest = np.argsort(-similarity, kind="stable")[:N_NEIGHBOURS]
        votes = np.zeros(15)
        np.add.at(votes, label[nearest], 1 / (1e-3 + 1 - similarity[nearest]))
        ties = np.sum(np.isclose(similarity, similarity[nearest[-1]], atol=1e-6))
        if ties == 1:  # else either of two equal events may vote
            assert found == pytest.approx(votes / votes.sum(), abs=2e-3)
    assert np.mean(stored[split].max(axis=1)) < 0.99  # an event that voted on itself would win each vote


def test_trees_learn_from_the_moments_of_the_training_events(chain):
    stored, train = chain.stored("moments"), chain.events["train"]
    trees = HistGradientBoostingClassifier(
        max_iter=N_TREES, learning_rate=0.05, early_stopping=False, random_state=chain.seed
    ).fit(image_moments(train.views)[stored["learnt"]], train.interaction[stored["learnt"]])
    for split in ("valid", "test"):
        wanted = trees.predict_proba(image_moments(chain.events[split].views))
        assert np.allclose(stored[split][:, trees.classes_], wanted, atol=1e-6)


@pytest.mark.parametrize("method", ["library", "moments"])
def test_training_events_are_drawn_with_repetition(chain, method):
    learnt = chain.stored(method)["learnt"]
    assert len(learnt) == N_EVENTS["train"] and learnt.min() >= 0 and learnt.max() < N_EVENTS["train"]
    assert len(set(learnt)) / len(learnt) == pytest.approx(1 - np.exp(-1), abs=0.1)
    splits = {split: Prepared(chain.prepared(split)) for split in N_EVENTS}
    one, other = (score(splits, chain.config.experiments[method], seed=seed)["learnt"] for seed in (chain.seed, 0))
    assert np.array_equal(learnt, one) and not np.array_equal(one, other)
