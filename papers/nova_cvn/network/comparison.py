"""Two smaller networks that are compared with the article's; both are our own choice."""

import keras
from keras import KerasTensor, layers

from ..model import FEATURES, classify, split_views
from ..settings import ExperimentConfig


def modern(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return a small residual network with batch normalisation, whose one tower serves all views."""
    view = keras.Input((*shape[1:], 1))
    filters = [max(1, round(config.width * number)) for number in (32, 64, 128)]
    # Without a bias, empty pixels stay zero. With one, its changes move nearly all pixels by more than their spread,
    # and the running averages of the first normalisation, which lag behind, are of no use for validation.
    x = layers.Conv2D(filters[0], 5, strides=4, padding="same", activation="relu", use_bias=False)(view)
    for number in filters:
        x = residual(x, number, stride=2 if number != filters[0] else 1)
    tower = keras.Model(view, x, name="tower")
    images = keras.Input(shape, name="images")
    merged = layers.Concatenate(name="merged")([tower(part) for part in split_views(images, config.input_scale)])
    features = layers.GlobalAveragePooling2D(name=FEATURES)(merged)
    return keras.Model(images, classify(features, config.dropout), name="modern")


def residual(x: KerasTensor, filters: int, *, stride: int) -> KerasTensor:
    """Return a residual unit of two 3x3 convolutions."""
    inner = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    inner = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(inner))
    inner = layers.Conv2D(filters, 3, padding="same", use_bias=False)(inner)
    inner = layers.BatchNormalization(momentum=0.9)(inner)
    if stride > 1:
        x = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
    return layers.ReLU()(layers.Add()([inner, x]))


def plain(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return three convolutions and a dense layer, all views as channels: the baseline of a first attempt."""
    images = keras.Input(shape, name="images")
    x = layers.Permute((2, 3, 1))(layers.Rescaling(config.input_scale)(images))  # (plane, cell, view)
    for filters in (16, 32, 64):
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(max(1, round(config.width * filters)), 5, padding="same", activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    features = layers.Dense(64, activation="relu", name=FEATURES)(x)
    return keras.Model(images, classify(features, config.dropout), name="plain")
