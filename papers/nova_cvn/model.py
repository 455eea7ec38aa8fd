"""The article's network (arXiv:1604.01444): one tower for each view, merged before the last inception module.

`network/build.py` makes it for a run, by default with faster formulations of two kinds of layers. TensorFlow takes
seconds to start, so only the stages train and predict import this module.
"""

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import KerasTensor, layers

from .prepared.labels import N_OUTPUTS
from .settings import ExperimentConfig

Pool = Callable[[KerasTensor, str], KerasTensor]

BIAS = 0.2  # initial, of every convolution
LRN_SIZE, LRN_ALPHA, LRN_BETA = 5, 1e-4, 0.75
INCEPTIONS = {  # filters: 1x1; 3x3 reduction, 3x3; 5x5 reduction, 5x5; 1x1 after the pooling
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "5b": (384, 192, 384, 48, 128, 128),
}
VIEWS = ("x", "y", "z")
FEATURES = "features"  # name of the layer with the pooled features


class CVN:
    """The article's network as functions of Keras tensors; shapes are (plane, cell, channel) at width 1."""

    def __init__(self, config: ExperimentConfig, *, normalise: type[layers.Layer], pool: Pool) -> None:
        """Choose how the layers are computed.

        Args:
            config: Its `width` is a factor on all numbers of filters.
            normalise: Layer class of the normalisation across channels.
            pool: Maximum of 3x3 pixels in steps of 2, given the values and the name of the layer.
        """
        self.config, self.normalise, self.pool = config, normalise, pool

    def network(self, shape: tuple[int, ...]) -> keras.Model:
        """Return the network for images (view, plane, cell)."""
        images = keras.Input(shape, name="images")  # (view, 100, 80)
        views = split_views(images, self.config.input_scale)  # each (100, 80, 1)
        towers = [self.tower(view, name) for view, name in zip(views, VIEWS, strict=False)]  # each (6, 5, 512)
        x = layers.Concatenate(name="merged")(towers)  # (6, 5, 1024)
        x = self.inception(x, "5b", "inception_5b")  # (6, 5, 1024)
        x = layers.GlobalAveragePooling2D(name=FEATURES)(x)  # (1024,)
        return keras.Model(images, classify(x, self.config.dropout), name="cvn")  # (15,)

    def tower(self, view: KerasTensor, name: str) -> KerasTensor:
        """Return the features of one view, which has weights of its own."""
        x = layers.ZeroPadding2D(3)(view)  # (106, 86, 1)
        x = self.convolve(x, 64, 7, f"conv1_{name}", stride=2)  # (50, 40, 64)
        x = self.pool(x, f"pool1_{name}")  # (25, 20, 64)
        x = self.normalise()(x)
        x = self.convolve(x, 64, 1, f"conv2_reduce_{name}")  # (25, 20, 64)
        x = self.convolve(x, 192, 3, f"conv2_{name}")  # (25, 20, 192)
        x = self.normalise()(x)
        x = self.pool(x, f"pool2_{name}")  # (12, 10, 192)
        x = self.inception(x, "3a", f"inception_3a_{name}")  # (12, 10, 256)
        x = self.inception(x, "3b", f"inception_3b_{name}")  # (12, 10, 480)
        x = self.pool(x, f"pool3_{name}")  # (6, 5, 480)
        return self.inception(x, "4a", f"inception_4a_{name}")  # (6, 5, 512)

    def inception(self, x: KerasTensor, module: str, name: str) -> KerasTensor:
        """Return the four branches of an inception module side by side; planes and cells stay."""
        one, reduce3, three, reduce5, five, pooled = INCEPTIONS[module]
        branches = [
            self.convolve(x, one, 1, f"{name}_1x1"),
            self.convolve(self.convolve(x, reduce3, 1, f"{name}_3x3_reduce"), three, 3, f"{name}_3x3"),
            self.convolve(self.convolve(x, reduce5, 1, f"{name}_5x5_reduce"), five, 5, f"{name}_5x5"),
            self.convolve(layers.MaxPooling2D(3, 1, "same")(x), pooled, 1, f"{name}_pool_proj"),
        ]
        return layers.Concatenate(name=name)(branches)

    def convolve(self, x: KerasTensor, filters: int, size: int, name: str, *, stride: int = 1) -> KerasTensor:
        """Return a convolution with ReLU; weights start as Caffe's Xavier: uniform with variance 1 / inputs."""
        return layers.Conv2D(
            max(1, round(self.config.width * filters)),
            size,
            strides=stride,
            padding="valid" if stride > 1 else "same",
            activation="relu",
            kernel_initializer="lecun_uniform",
            bias_initializer=keras.initializers.Constant(BIAS),
            name=name,
        )(x)


@keras.saving.register_keras_serializable("nova_cvn")
class LocalResponseNormalization(layers.Layer):
    """Normalisation across channels, Caffe's LRN: x (1 + α/n Σ x²)^-β over the n nearest channels."""

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Return the normalised values (event, plane, cell, channel)."""
        return tf.nn.local_response_normalization(values, LRN_SIZE // 2, 1.0, LRN_ALPHA / LRN_SIZE, LRN_BETA)


def ceil_pool(x: KerasTensor, name: str) -> KerasTensor:
    """Return the maxima of 3x3 windows in steps of 2; the last window may reach over the edge (Caffe's way).

    Values are not negative here, so a zero beyond the edge never wins.
    """
    beyond = [(0, (size - 3) % 2) for size in x.shape[1:3]]
    return layers.MaxPooling2D(3, 2, name=name)(layers.ZeroPadding2D(beyond)(x))


def split_views(images: KerasTensor, scale: float) -> list[KerasTensor]:
    """Return one scaled tensor (event, plane, cell, 1) for each view of (event, view, plane, cell)."""
    scaled = layers.Rescaling(scale, name="scaled")(images)
    return [scaled[:, view, :, :, None] for view in range(images.shape[1])]


def classify(features: KerasTensor, dropout: float) -> KerasTensor:
    """Return the probabilities (event, N_OUTPUTS), in float32 whatever the precision of the layers."""
    x = layers.Dropout(dropout)(features)
    return layers.Dense(N_OUTPUTS, activation="softmax", kernel_initializer="lecun_uniform", dtype="float32")(x)
