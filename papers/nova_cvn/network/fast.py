"""Faster formulations of two kinds of layers of `model.py`, with the same values and gradients."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, layers

from ..model import LRN_ALPHA, LRN_BETA, LRN_SIZE, ceil_pool


@keras.saving.register_keras_serializable("nova_cvn")
class LocalResponse(layers.Layer):
    """Normalisation across channels, y = x s^-β with s = 1 + α/n Σ x², for β = 3/4.

    The sum is a 1x1 convolution with a band of ones, and the gradient is written out: for dy it is
    dy s^-β - 2αβ/n x Σ dy y / s. TensorFlow's own operation, and the automatic gradient of this one, are slower.
    """

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Return the normalised values (event, plane, cell, channel)."""
        channel = np.arange(values.shape[-1])
        near = (np.abs(channel[:, None] - channel) <= LRN_SIZE // 2)[None, None]  # (1, 1, channel, channel)
        band = tf.constant(LRN_ALPHA / LRN_SIZE * near, values.dtype)
        back = tf.constant(2 * LRN_BETA * LRN_ALPHA / LRN_SIZE * near, values.dtype)

        @tf.custom_gradient
        def normalise(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            root = tf.math.rsqrt(1 + tf.nn.conv2d(tf.square(values), band, 1, "VALID"))  # s^-1/2
            factor = root * tf.sqrt(root)  # s^-3/4

            def gradient(change: tf.Tensor) -> tf.Tensor:
                scaled = change * factor
                return scaled - values * tf.nn.conv2d(scaled * values * tf.square(root), back, 1, "VALID")

            return values * factor, gradient

        return normalise(values)


def fast_pool(x: KerasTensor, name: str) -> KerasTensor:
    """Return `ceil_pool` of values, without a padded copy where TensorFlow's padding is the same as Caffe's."""
    extra = [(size - 3) % 2 for size in x.shape[1:3]]
    if extra == [1, 1]:
        return layers.MaxPooling2D(3, 2, "same", name=name)(x)
    if not any(extra):
        return layers.MaxPooling2D(3, 2, name=name)(x)
    return ceil_pool(x, name)
