"""The CVN's table of layers and count, PyTorch as its oracle, and both formulations of its layers."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from common.settings import load_settings
from common.training.keras_state import n_trained
from common.workflow.closure import ROOT
from papers.nova_cvn.generator.event import Generator
from papers.nova_cvn.model import BIAS, LocalResponseNormalization, ceil_pool
from papers.nova_cvn.network.build import build, load
from papers.nova_cvn.network.fast import LocalResponse, fast_pool
from papers.nova_cvn.predict import layer_table
from papers.nova_cvn.prepared.labels import N_OUTPUTS
from papers.nova_cvn.settings import NETWORKS, ExperimentConfig, Settings
from papers.nova_cvn.tests import comparison_torch
from papers.nova_cvn.tests.cvn_torch import CVN
from papers.nova_cvn.tests.made_events import needs_real_events, paint, real_events, sample

SHAPE = (2, 100, 80)
TABLE = {  # name without view -> output (plane, cell, channel), prototxt of the authors
    "conv1": (50, 40, 64),
    "pool1": (25, 20, 64),
    "conv2_reduce": (25, 20, 64),
    "conv2": (25, 20, 192),
    "pool2": (12, 10, 192),
    "inception_3a": (12, 10, 256),
    "inception_3b": (12, 10, 480),
    "pool3": (6, 5, 480),
    "inception_4a": (6, 5, 512),
}


def make(*, formulation="fast", **changes):
    keras.utils.set_random_seed(1)
    config = ExperimentConfig(**{"kind": "cvn", "input_scale": 255, **changes})
    return build(SHAPE, config, formulation=formulation)


@pytest.fixture(scope="module")
def cvn():
    return make()


def test_the_number_of_parameters_is_that_of_the_article(cvn):
    assert n_trained(cvn) == 3_697_343
    table = layer_table(cvn)
    tower = sum(layer["n_parameters"] for layer in table if "_x" in layer["name"])
    merged = sum(layer["n_parameters"] for layer in table if layer["name"].startswith("inception_5b"))
    assert (tower, merged, table[-1]["n_parameters"]) == (1_046_752, 1_588_464, 15_375)


def test_the_table_of_layers(cvn):
    shapes = {layer["name"]: tuple(layer["shape"]) for layer in layer_table(cvn)}
    for view in "xy":
        assert {name: shapes[f"{name}_{view}"] for name in TABLE} == TABLE
    assert shapes["merged"] == (6, 5, 1024)
    assert shapes["inception_5b"] == (6, 5, 1024)
    assert shapes["features"] == (1024,)
    assert cvn.output_shape == (None, N_OUTPUTS)
    json.dumps(layer_table(cvn))


def test_the_towers_have_weights_of_their_own(cvn):
    one, other = (np.asarray(cvn.get_layer(f"conv1_{view}").kernel) for view in "xy")
    assert not np.allclose(one, other)


def test_the_first_weights(cvn):
    kernel, bias = map(np.asarray, cvn.get_layer("conv2_x").get_weights())
    n_in = kernel.shape[0] * kernel.shape[1] * kernel.shape[2]
    assert np.abs(kernel).max() <= np.sqrt(3 / n_in) and kernel.var() == pytest.approx(1 / n_in, rel=0.02)
    assert np.all(bias == np.float32(BIAS))


@pytest.mark.parametrize("pool", [ceil_pool, fast_pool])
@pytest.mark.parametrize("size", [(50, 40), (25, 20), (12, 10), (7, 9)])
def test_pooling_is_caffes(size, pool):
    values = np.abs(np.random.default_rng(0).normal(size=(3, *size, 4))).astype(np.float32)
    image = keras.Input((*size, 4))
    ours = np.asarray(keras.Model(image, pool(image, "pool"))(values))
    wanted = torch.nn.MaxPool2d(3, 2, ceil_mode=True)(torch.tensor(values).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert np.array_equal(ours, wanted.numpy())


@pytest.mark.parametrize("layer", [LocalResponseNormalization, LocalResponse])
def test_normalisation_is_caffes(layer):
    values = 300 * np.random.default_rng(0).random((2, 5, 4, 11)).astype(np.float32)
    wanted = torch.nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)(torch.tensor(values).permute(0, 3, 1, 2))
    assert np.allclose(np.asarray(layer()(values)), wanted.permute(0, 2, 3, 1).numpy(), rtol=1e-5)
    assert not np.allclose(np.asarray(layer()(values)), values, rtol=0.05)  # it does something


@pytest.mark.parametrize("n_channels", [3, 16])
def test_fast_normalisation_has_the_gradient_of_the_articles(n_channels):
    random = np.random.default_rng(0)
    values = tf.constant(300 * random.normal(size=(2, 5, 4, n_channels)), tf.float32)
    change = tf.constant(random.normal(size=values.shape), tf.float32)

    def both(normalise):
        with tf.GradientTape() as tape:
            tape.watch(values)
            normalised = normalise(values)
        return normalised, tape.gradient(normalised, values, change)

    for fast, article in zip(both(LocalResponse()), both(LocalResponseNormalization()), strict=True):
        assert np.allclose(fast, article, rtol=1e-4, atol=1e-5 * np.abs(article).max())


def test_both_formulations_are_one_network(tmp_path):
    """Weights that are stored in one load into the other, which then has the same outputs and gradients."""
    article, fast = (make(formulation=formulation, width=0.25) for formulation in ("article", "fast"))
    fast.layers[-1].bias.assign(np.linspace(-1, 1, N_OUTPUTS))
    fast.save_weights(tmp_path / "fast.weights.h5")
    article.load_weights(tmp_path / "fast.weights.h5")
    events = paint(4)
    images, labels = events.views / np.float32(255), events.interaction

    def both(network):
        with tf.GradientTape() as tape:
            outputs = network(images, training=False)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, outputs))
        return outputs, tape.gradient(loss, [weight.value for weight in network.trainable_weights])

    (wanted, wanted_gradients), (outputs, gradients) = both(article), both(fast)
    assert np.abs(outputs - wanted).max() < 1e-5
    for ours, theirs in zip(gradients, wanted_gradients, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    assert max(np.abs(theirs).max() for theirs in wanted_gradients) > 1e-3


@pytest.mark.parametrize("formulation", ["article", "fast"])
def test_a_stored_network_is_the_same_network(formulation, tmp_path):
    network = make(formulation=formulation, width=0.05)
    network.save(tmp_path / "model.keras")
    again = load(tmp_path / "model.keras")
    images = paint(2).views / np.float32(255)
    assert np.array_equal(network(images), again(images))


def test_every_kind_of_network_can_be_built():
    for kind in NETWORKS:
        assert build(SHAPE, ExperimentConfig(kind=kind, width=0.1), formulation="article").name == kind


def images_of(kind):
    if kind == "made":
        return paint(4).views / np.float32(255)
    if kind == "generated":
        generator = Generator(load_settings(ROOT / "papers/nova_cvn", "generated", Settings).simulate)
        return np.stack([generator.event(label, (3, label)).maps for label in (0, 6, 13)]) / np.float32(255)
    return np.stack(list(real_events().values())).astype(np.float32) / 255


@pytest.mark.parametrize("kind", ["made", "generated", pytest.param("real", marks=needs_real_events)])
@pytest.mark.parametrize("width", [1.0, 0.25])
def test_pytorch_agrees(kind, width):
    network = make(width=width)
    oracle = CVN(width=width, input_scale=255).eval()
    oracle.take(network)
    images = images_of(kind)
    with torch.no_grad():
        wanted = oracle(torch.tensor(images)).numpy()
    ours = np.asarray(network(images, training=False))
    assert np.abs(ours - wanted).max() < 1e-4
    assert np.ptp(ours, axis=0).max() > 1e-3  # the events are told apart, so that agreement means something


@pytest.mark.parametrize("shape", [(2, 24, 20), (2, 50, 40)])
@pytest.mark.parametrize("kind", ["plain", "modern"])
def test_pytorch_agrees_with_the_comparison_networks(kind, shape):
    """With weights, biases and running averages that are all different."""
    network = build(shape, ExperimentConfig(kind=kind, width=0.1, input_scale=3), formulation="fast")
    random = np.random.default_rng(4)
    for weight in network.weights:
        if "seed" not in weight.path:
            start = random.normal(size=weight.shape) / max(1, np.prod(weight.shape[:-1])) ** 0.5
            weight.assign(np.abs(start) + 0.1 if weight.path.endswith("variance") else start)
    images = random.random((5, *shape)).astype(np.float32) * (random.random((5, *shape)) < 0.3)
    images *= np.array([0.2, 0.5, 1, 2, 4], np.float32)[:, None, None, None]  # not all of them are alike
    wanted = getattr(comparison_torch, kind)(network, images)
    assert np.allclose(network(images, training=False), wanted, atol=1e-5)
    assert np.ptp(wanted, axis=0).max() > 0.01  # the events are told apart, so that agreement means something


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_tell_the_views_apart(kind):
    """Exchanged views, and views mirrored along the cells or the planes, are other events."""
    images = sample(6, seed=3).views / np.float32(255)
    keras.utils.set_random_seed(2)
    network = build(images.shape[1:], ExperimentConfig(kind=kind, width=0.1, input_scale=50), formulation="fast")
    outputs = np.asarray(network(images, training=False))
    for other in (images[:, ::-1], images[..., ::-1], images[:, :, ::-1]):
        assert np.abs(network(other, training=False) - outputs).max() > 1e-3


@pytest.mark.parametrize(("kind", "n_views"), [("cvn", 2), ("cvn", 3), ("modern", 2), ("modern", 3), ("plain", 3)])
def test_every_network_takes_any_number_of_views(kind, n_views):
    network = build((n_views, 100, 80), ExperimentConfig(kind=kind, width=0.1), formulation="fast")
    outputs = np.asarray(network(paint(2, n_views=n_views).views / np.float32(255)))
    assert outputs.shape == (2, N_OUTPUTS) and np.allclose(outputs.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("stage", ["fetch", "simulate", "prepare", "predict_baselines", "evaluate", "figures"])
def test_only_train_and_predict_import_tensorflow(stage):
    code = f"import sys, papers.nova_cvn.{stage}; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
