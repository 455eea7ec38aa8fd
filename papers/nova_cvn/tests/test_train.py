"""The schedule, Caffe's update rule, a killed training that continues, and the baselines."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn import train
from papers.nova_cvn.network.optimiser import CaffeSGD, boundaries, learning_rate
from papers.nova_cvn.predict import first_filters, inner_maps, probabilities
from papers.nova_cvn.predict_baselines import coarse_images, score, vote
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.settings import AugmentConfig, ExperimentConfig, Settings
from papers.nova_cvn.tests.made_events import paint, write_prepared
from papers.nova_cvn.train import Checkpoint, History, build_untrained, compile_network, fit

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


def started(config, splits):
    keras.utils.set_random_seed(5)
    tf.config.experimental.enable_op_determinism()
    network = build_untrained(splits[0], config)
    compile_network(network, config, n_train=len(splits[0]))
    return network


def test_a_killed_training_continues_as_if_nothing_had_happened(splits, tmp_path):
    config = config_of()
    whole = History()
    list(fit(started(config, splits), splits, config, seed=5, history=whole))
    checkpoint = Checkpoint(tmp_path / "state/note.json")
    assert checkpoint.load() is None
    interrupted, history = started(config, splits), History()
    for _ in itertools.islice(fit(interrupted, splits, config, seed=5, history=history), 1):
        checkpoint.save(interrupted, history)
    again, history = checkpoint.load()
    for _ in fit(again, splits, config, seed=5, history=history):
        checkpoint.save(again, history)
    assert history.valid_loss == pytest.approx(whole.valid_loss, rel=1e-5)
    assert len(list((tmp_path / "state").iterdir())) == 2  # older states are gone
    checkpoint.drop(history)
    assert not list((tmp_path / "state").iterdir())


def test_losses_are_means_over_all_events(splits, monkeypatch):
    """Several batches, the last one smaller; the training takes no step and changes no image."""
    monkeypatch.setattr(train, "VALID_BATCH", 24)
    config = config_of(learning_rate=1e-12, dropout=0.0, batch=24)
    config = config.model_copy(update={"augment": AugmentConfig(mirror=False, jitter=0.0)})
    network = started(config, splits)

    def cross_entropy(prepared):
        images = prepared.hits(0, len(prepared)).images(prepared.shape)
        return -np.mean(np.log(network.predict(images, verbose=0)[np.arange(len(prepared)), prepared.interaction]))

    assert len(splits[0]) == len(splits[1]) == 64
    random = np.random.default_rng(0)
    assert train.train_epoch(network, splits[0], config, random=random) == pytest.approx(cross_entropy(splits[0]))
    assert train.validation_loss(network, splits[1]) == pytest.approx(cross_entropy(splits[1]))


def test_a_training_lowers_the_loss_and_is_repeatable(splits):
    config = config_of(learning_rate=0.02, epochs=4)
    runs = []
    for _ in range(2):
        history = History()
        list(fit(started(config, splits), splits, config, seed=5, history=history))
        runs.append(list(history.train_loss))
    assert runs[0] == runs[1]
    assert runs[0][-1] < runs[0][0]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_what_predict_stores_of_the_inside(splits, precision):
    keras.config.set_dtype_policy(precision)
    try:
        network = started(config_of(kind="cvn", width=0.05), splits)
    finally:
        keras.config.set_dtype_policy("float32")
    n = network.get_layer("conv1_y").filters
    assert first_filters(network).shape == (2, 7, 7, n)
    maps = inner_maps(network, splits[0], [3, 1, 4])
    assert maps["feature_maps"].shape == (3, 50, 40, n)
    assert maps["inception"].shape[:3] == (3, 12, 10)
    outputs = probabilities(network, splits[0])
    assert outputs.shape == (64, 15) and np.allclose(outputs.sum(axis=1), 1, atol=1e-5)


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
