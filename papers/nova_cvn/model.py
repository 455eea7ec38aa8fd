"""The networks of arXiv:1604.01444 in Keras: the two-tower CVN of Fig. on the architecture, and two smaller ones.

This module is imported by the stages train and predict only: TensorFlow takes seconds to start.

CVN, for each view (plane, cell, channel), with separate weights:
    (100, 80, 1) -> 7x7 / 2, 64    -> (50, 40, 64)  -> max 3 / 2 -> (25, 20, 64)  -> normalisation
                 -> 1x1, 64 -> 3x3, 192 -> (25, 20, 192) -> normalisation -> max 3 / 2 -> (12, 10, 192)
                 -> inception 3a   -> (12, 10, 256) -> inception 3b -> (12, 10, 480) -> max 3 / 2 -> (6, 5, 480)
                 -> inception 4a   -> (6, 5, 512)
both views: (6, 5, 1024) -> inception 5b -> (6, 5, 1024) -> mean -> (1024,) -> dropout -> softmax (15,)
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, layers

from papers.nova_cvn.classes import N_OUTPUTS
from papers.nova_cvn.settings import ExperimentConfig

BIAS = 0.2  # initial, of every convolution
LRN_SIZE, LRN_ALPHA, LRN_BETA = 5, 1e-4, 0.75
INCEPTIONS = {  # filters: 1x1; 3x3 reduction, 3x3; 5x5 reduction, 5x5; 1x1 after the pooling
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "5b": (384, 192, 384, 48, 128, 128),
}
FEATURES = "features"  # name of the layer with the pooled features


def set_up(*, threads: int, seed: int, precision: str) -> None:
    """Make runs repeatable, on a number of threads, in float32 or mixed with bfloat16."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)  # the operations of a layer follow each other anyway
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(precision)


@keras.saving.register_keras_serializable("nova_cvn")
class LocalResponse(layers.Layer):
    """Normalisation across channels: x (1 + α/n Σ x²)^-β over the n = 5 nearest channels (Caffe's LRN).

    The sum is a 1x1 convolution with a band of ones, and the gradient is written out: d s^-β - 2αβ/n x Σ d y / s with
    s = 1 + α/n Σ x² and y = x s^-β. TensorFlow's own operation, and the automatic gradient of this one, are slower.
    """

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Return the normalised values, of the shape (event, plane, cell, channel) of the input."""
        place = np.arange(values.shape[-1])
        near = (np.abs(place[:, None] - place) <= LRN_SIZE // 2)[None, None]
        band = tf.constant(LRN_ALPHA / LRN_SIZE * near, values.dtype)
        back = tf.constant(2 * LRN_BETA * LRN_ALPHA / LRN_SIZE * near, values.dtype)

        @tf.custom_gradient
        def normalise(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            root = tf.math.rsqrt(1 + tf.nn.conv2d(tf.square(values), band, 1, "VALID"))
            factor = root * tf.sqrt(root)  # root^(3/2) = (...)^-3/4

            def gradient(change: tf.Tensor) -> tf.Tensor:
                kept = change * factor
                return kept - values * tf.nn.conv2d(kept * values * tf.square(root), back, 1, "VALID")

            return values * factor, gradient

        return normalise(values)


def ceil_pool(values: KerasTensor, name: str) -> KerasTensor:
    """Return the maxima of 3x3 windows in steps of 2, the last one cut off by the edge if need be (Caffe's way).

    Values are not negative here, so a zero beyond the edge never wins.
    """
    extra = [(size - 3) % 2 for size in values.shape[1:3]]
    if extra == [1, 1]:  # the same without a copy: TensorFlow's padding is then this one
        return layers.MaxPooling2D(3, 2, "same", name=name)(values)
    if any(extra):
        values = layers.ZeroPadding2D([(0, number) for number in extra])(values)
    return layers.MaxPooling2D(3, 2, name=name)(values)


class Builder:
    """Makes the CVN's layers with a factor on their widths."""

    def __init__(self, width: float) -> None:
        """Remember the factor."""
        self.width = width

    def convolve(self, values: KerasTensor, filters: int, size: int, name: str, *, stride: int = 1) -> KerasTensor:
        """Return a convolution with ReLU, started as Caffe's Xavier: uniform with variance 1 / inputs."""
        return layers.Conv2D(
            max(1, round(self.width * filters)),
            size,
            strides=stride,
            padding="valid" if stride > 1 else "same",
            activation="relu",
            kernel_initializer="lecun_uniform",
            bias_initializer=keras.initializers.Constant(BIAS),
            name=name,
        )(values)

    def inception(self, values: KerasTensor, module: str, name: str) -> KerasTensor:
        """Return the four branches of an inception module side by side."""
        one, reduce3, three, reduce5, five, pooled = INCEPTIONS[module]
        branches = [
            self.convolve(values, one, 1, f"{name}_1x1"),
            self.convolve(self.convolve(values, reduce3, 1, f"{name}_3x3_reduce"), three, 3, f"{name}_3x3"),
            self.convolve(self.convolve(values, reduce5, 1, f"{name}_5x5_reduce"), five, 5, f"{name}_5x5"),
            self.convolve(layers.MaxPooling2D(3, 1, "same")(values), pooled, 1, f"{name}_pool_proj"),
        ]
        return layers.Concatenate(name=name)(branches)

    def tower(self, view: KerasTensor, name: str) -> KerasTensor:
        """Return what one view (plane, cell, 1) becomes before the views are merged."""
        values = layers.ZeroPadding2D(3)(view)
        values = self.convolve(values, 64, 7, f"conv1_{name}", stride=2)
        values = LocalResponse()(ceil_pool(values, f"pool1_{name}"))
        values = self.convolve(values, 64, 1, f"conv2_reduce_{name}")
        values = LocalResponse()(self.convolve(values, 192, 3, f"conv2_{name}"))
        values = ceil_pool(values, f"pool2_{name}")
        values = self.inception(values, "3a", f"inception_3a_{name}")
        values = self.inception(values, "3b", f"inception_3b_{name}")
        return self.inception(ceil_pool(values, f"pool3_{name}"), "4a", f"inception_4a_{name}")


def classify(features: KerasTensor, dropout: float) -> KerasTensor:
    """Return the probabilities (event, N_OUTPUTS), in float32 whatever the precision of the layers."""
    values = layers.Dropout(dropout)(features)
    return layers.Dense(N_OUTPUTS, activation="softmax", kernel_initializer="lecun_uniform", dtype="float32")(values)


def split_views(images: KerasTensor, scale: float) -> list[KerasTensor]:
    """Return one scaled tensor (event, plane, cell, 1) for each view of (event, view, plane, cell)."""
    scaled = layers.Rescaling(scale, name="scaled")(images)
    return [scaled[:, view, :, :, None] for view in range(images.shape[1])]


def build_cvn(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return the CVN for images (view, plane, cell); one tower for each view."""
    builder = Builder(config.width)
    images = keras.Input(shape, name="images")
    names = ["x", "y", "z"]
    towers = [builder.tower(view, names[number]) for number, view in enumerate(split_views(images, config.input_scale))]
    merged = builder.inception(layers.Concatenate(name="merged")(towers), "5b", "inception_5b")
    features = layers.GlobalAveragePooling2D(name=FEATURES)(merged)
    return keras.Model(images, classify(features, config.dropout), name="cvn")


def build_modern(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return a small residual network with batch normalisation, whose one tower serves all views (ours)."""

    def unit(values: KerasTensor, filters: int, *, stride: int) -> KerasTensor:
        inner = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(values)
        inner = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(inner))
        inner = layers.Conv2D(filters, 3, padding="same", use_bias=False)(inner)
        inner = layers.BatchNormalization(momentum=0.9)(inner)
        if stride > 1:
            values = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(values)
        return layers.ReLU()(layers.Add()([inner, values]))

    view = keras.Input((*shape[1:], 1))
    filters = [max(1, round(config.width * number)) for number in (32, 64, 128)]
    # Without a bias, empty pixels stay zero. With one, its changes move nearly all pixels by more than their spread,
    # and the running averages of the first normalisation, which lag behind, are of no use for validation.
    values = layers.Conv2D(filters[0], 5, strides=4, padding="same", activation="relu", use_bias=False)(view)
    for number in filters:
        values = unit(values, number, stride=2 if number != filters[0] else 1)
    tower = keras.Model(view, values, name="tower")
    images = keras.Input(shape, name="images")
    merged = layers.Concatenate(name="merged")([tower(part) for part in split_views(images, config.input_scale)])
    features = layers.GlobalAveragePooling2D(name=FEATURES)(merged)
    return keras.Model(images, classify(features, config.dropout), name="modern")


def build_plain(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return three convolutions and a dense layer, all views as channels: the baseline of a first attempt."""
    images = keras.Input(shape, name="images")
    values = layers.Permute((2, 3, 1))(layers.Rescaling(config.input_scale)(images))
    for filters in (16, 32, 64):
        values = layers.Conv2D(max(1, round(config.width * filters)), 5, padding="same", activation="relu")(
            layers.MaxPooling2D(2)(values)
        )
    values = layers.Flatten()(layers.MaxPooling2D(2)(values))
    features = layers.Dense(64, activation="relu", name=FEATURES)(values)
    return keras.Model(images, classify(features, config.dropout), name="plain")


BUILDERS = {"cvn": build_cvn, "modern": build_modern, "plain": build_plain}


def build(shape: tuple[int, ...], config: ExperimentConfig) -> keras.Model:
    """Return the untrained network of one experiment for images (view, plane, cell)."""
    return BUILDERS[config.kind](shape, config)


def n_trained(network: keras.Model) -> int:
    """Return the number of trained parameters."""
    return int(sum(np.prod(weight.shape) for weight in network.trainable_weights))
