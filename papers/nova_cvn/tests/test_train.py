"""The schedule, Caffe's update rule, a killed training that continues, and the baselines."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.errors import InputError
from common.settings import load_settings
from common.training.epochs import Epochs
from common.training.keras_state import KerasState
from common.workflow.closure import ROOT
from papers.nova_cvn import train
from papers.nova_cvn.network.build import LAYERS
from papers.nova_cvn.network.optimiser import CaffeSGD, boundaries, learning_rate
from papers.nova_cvn.predict import first_filters, inner_maps, probabilities
from papers.nova_cvn.predict_baselines import coarse_images, score, vote
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.settings import AugmentConfig, ExperimentConfig, Settings
from papers.nova_cvn.tests.made_events import paint, write_prepared
from papers.nova_cvn.train import build_compiled, fit

SETTINGS = load_settings(ROOT / "papers/nova_cvn", "small", Settings)
SCHEDULE = SETTINGS.train.schedule


def test_the_articles_schedule():
    """0.01 x 0.96^41 = 0.0019 after 640,000 iterations of the full sample."""
    steps = boundaries(SCHEDULE, n_train=4_700_000, n_iterations=640_000)
    assert steps[:8] == [100_000, 150_000, 200_000, 225_000, 250_000, 275_000, 300_000, 310_000]
    rate = learning_rate(0.01, SCHEDULE, n_train=4_700_000, n_iterations=640_001)
    assert float(rate(640_001)) == pytest.approx(0.01 * 0.96**41, rel=1e-4)
    assert float(rate(99_000)) == pytest.approx(0.01)


def test_the_schedule_shrinks_with_the_sample():
    assert boundaries(SCHEDULE, n_train=47_000, n_iterations=3000)[:3] == [1000, 1500, 2000]
    assert learning_rate(0.01, SCHEDULE, n_train=47_000, n_iterations=900) == 0.01


def test_the_update_is_caffes():
    """v = m v - lr_mult lr (gradient + decay w), w += v, with lr_mult 1 and 2, decay for weights only."""
    dense = keras.layers.Dense(1)
    dense.build((None, 1))
    dense.set_weights([np.array([[2.0]]), np.array([1.0])])
    optimiser = CaffeSGD(0.1, decay=0.5, momentum=0.9)
    kernel, bias, v_kernel, v_bias = 2.0, 1.0, 0.0, 0.0
    for gradient in (1.0, -0.5, 0.25):
        optimiser.apply([np.float32([[gradient]]), np.float32([gradient])], dense.trainable_variables)
        v_kernel = 0.9 * v_kernel - 0.1 * (gradient + 0.5 * kernel)
        v_bias = 0.9 * v_bias - 0.2 * gradient
        kernel, bias = kernel + v_kernel, bias + v_bias
        assert np.allclose([w.item() for w in dense.get_weights()], [kernel, bias], atol=1e-6)


@pytest.fixture
def splits(tmp_path):
    return tuple(Prepared(write_prepared(tmp_path / f"{seed}.h5", paint(64, seed=seed))) for seed in (1, 2))


def config_of(**changes):
    """Return the settings of a small training; the plain network is quick to build."""
    one = SETTINGS.train.one("cvn")
    experiment = one.experiment.model_copy(update={"kind": "plain", "width": 0.2, "epochs": 3, "batch": 16, **changes})
    return one.model_copy(update={"experiment": experiment})


def fitted(config, splits, checkpoint, *, after=None):
    """Return the network and the history of a training; `after` is called after each batch with a count of them."""
    keras.utils.set_random_seed(5)
    tf.config.experimental.enable_op_determinism()
    network = build_compiled(splits[0], config)
    if after is not None:
        step, count = network.train_on_batch, itertools.count(1)
        network.train_on_batch = lambda *batch: (step(*batch), after(next(count)))[0]
    epochs = Epochs(KerasState(network), total=config.experiment.epochs, checkpoint=checkpoint)
    fit(network, splits, config, epochs, seed=5)
    return network, epochs.history


@pytest.mark.parametrize("formulation", ["article", "fast"])
def test_a_training_uses_the_formulation_of_the_settings(formulation, splits):
    config = config_of(kind="cvn", width=0.05).model_copy(update={"formulation": formulation})
    normalise, _ = LAYERS[formulation]
    layers = build_compiled(splits[0], config).layers
    candidates = tuple(layer for layer, _ in LAYERS.values())
    assert {type(layer) for layer in layers if isinstance(layer, candidates)} == {normalise}


class KilledError(Exception):
    """What ends a training in the middle of an epoch."""


@pytest.mark.parametrize("kind", ["plain", "modern", "cvn"])
def test_a_killed_training_ends_as_an_undisturbed_one(kind, splits, tmp_path):
    """Bit for bit; with dropout, batch normalisation, momentum, jitter and a falling learning rate."""
    config = config_of(kind=kind, width=0.05)
    whole, history = fitted(config, splits, tmp_path / "whole.state")

    def kill(n_batches):
        if n_batches == 6:  # the second of the second epoch
            raise KilledError

    with pytest.raises(KilledError):
        fitted(config, splits, tmp_path / "killed.state", after=kill)
    calls = []
    again, continued = fitted(config, splits, tmp_path / "killed.state", after=calls.append)
    assert len(calls) == 8  # two epochs of four batches
    for name in ("epoch", "train_loss", "valid_loss", "learning_rate"):
        assert continued[name] == history[name]
    for one, other in zip(again.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_loss_that_is_no_number_is_told(splits, tmp_path):
    with pytest.raises(InputError, match="smaller learning_rate"):
        fitted(config_of(learning_rate=1e30), splits, tmp_path / "a.state")


def test_losses_are_means_over_all_events(splits, tmp_path, monkeypatch):
    """Several batches, the last one smaller; the training takes no step and changes no image."""
    monkeypatch.setattr(train, "VALID_BATCH", 24)
    config = config_of(learning_rate=1e-12, dropout=0.0, batch=24)
    config = config.model_copy(update={"augment": AugmentConfig(mirror=False, jitter=0.0)})
    network, history = fitted(config, splits, tmp_path / "a.state")

    def cross_entropy(prepared):
        images = prepared.hits(0, len(prepared)).images(prepared.shape)
        return -np.mean(np.log(network.predict(images, verbose=0)[np.arange(len(prepared)), prepared.interaction]))

    assert len(splits[0]) == len(splits[1]) == 64
    assert history["train_loss"] == pytest.approx([cross_entropy(splits[0])] * 3)
    assert history["valid_loss"] == pytest.approx([cross_entropy(splits[1])] * 3)


def test_a_training_lowers_the_loss_and_is_repeatable(splits, tmp_path):
    config = config_of(learning_rate=0.02, epochs=4)
    losses = [fitted(config, splits, tmp_path / f"{run}.state")[1]["train_loss"] for run in range(2)]
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_what_predict_stores_of_the_inside(splits, precision):
    keras.config.set_dtype_policy(precision)
    try:
        network = build_compiled(splits[0], config_of(kind="cvn", width=0.05))
    finally:
        keras.config.set_dtype_policy("float32")
    n = network.get_layer("conv1_y").filters
    assert first_filters(network).shape == (2, 7, 7, n)
    maps = inner_maps(network, splits[0], [3, 1, 4])
    assert maps["feature_maps"].shape == (3, 50, 40, n)
    assert maps["inception"].shape[:3] == (3, 12, 10)
    if precision == "float32":
        check_inside(network, first_filters(network), maps["feature_maps"][0], splits[0].hits(3, 4))
    outputs = probabilities(network, splits[0])
    assert outputs.shape == (64, 15) and np.allclose(outputs.sum(axis=1), 1, atol=1e-5)


def check_inside(network, filters, maps, hits):
    """Check filters (view, plane, cell, filter) and an event's maps (plane, cell, filter) against its Y view."""
    for view, name in enumerate("xy"):
        assert np.array_equal(filters[view], network.get_layer(f"conv1_{name}").get_weights()[0][:, :, 0])
    image = np.pad(SETTINGS.train.one("cvn").experiment.input_scale * hits.images((2, 100, 80))[0, 1], 3)
    bias = network.get_layer("conv1_y").get_weights()[1]
    for plane, cell in [(2, 20), (4, 19), (4, 22), (40, 5)]:
        window = image[2 * plane : 2 * plane + 7, 2 * cell : 2 * cell + 7, None]
        wanted = np.maximum((window * filters[1]).sum(axis=(0, 1)) + bias, 0)
        assert maps[plane, cell] == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert np.ptp(maps) > 1


# ---- baselines ----


def test_the_library_finds_the_event_itself(splits):
    images = coarse_images(splits[0], np.arange(64))
    assert np.allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)
    shares = vote(images, images, splits[0].interaction, n_neighbours=1)
    assert np.array_equal(shares.argmax(axis=1), splits[0].interaction)


def test_some_library_events_are_read_without_the_others(splits):
    chosen = np.array([3, 10, 60])
    assert np.allclose(coarse_images(splits[0], chosen), coarse_images(splits[0], np.arange(64))[chosen])


@pytest.mark.parametrize("kind", ["library", "moments"])
def test_baselines_tell_long_tracks_from_short_ones(kind, tmp_path):
    events = {
        name: Prepared(write_prepared(tmp_path / f"{name}.h5", paint(n, seed=seed)))
        for seed, (name, n) in enumerate({"train": 600, "valid": 20, "test": 200}.items())
    }
    config = ExperimentConfig(kind=kind, n_neighbours=10, n_library=500, max_iterations=40)
    scores = score(events, config, seed=0)
    assert scores["valid"].shape == (20, 15) and np.allclose(scores["test"].sum(axis=1), 1, atol=1e-5)
    is_muon = events["test"].interaction < 4
    muon = scores["test"][:, :4].sum(axis=1)
    assert muon[is_muon].mean() > muon[~is_muon].mean() + 0.5
