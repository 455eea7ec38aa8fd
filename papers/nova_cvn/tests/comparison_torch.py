"""The two comparison networks in PyTorch, written from the docstrings of network/comparison.py: their oracles."""

import keras
import numpy as np
import torch
from torch.nn import functional

BATCH_EPSILON = 1e-3  # Keras's, added to the variance


def convolution(x, kernel, bias=None, *, stride=1):
    """Return a convolution with TensorFlow's padding `same`: the odd pixel of padding comes after the image."""
    sizes = kernel.shape[:2]
    totals = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(x.shape[2:], sizes, strict=True)]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in totals)
    x = functional.pad(x, (left, right, top, bottom))
    bias = None if bias is None else torch.tensor(bias)
    return functional.conv2d(x, torch.tensor(kernel.transpose(3, 2, 0, 1)), bias, stride)


def plain(network, images):
    """Return the outputs (event, 15) of the plain network for images (event, view, plane, cell).

    Three times the maximum of 2 x 2 pixels and a 5 x 5 convolution with ReLU, once more the maximum, a dense layer of
    64 with ReLU, and the outputs; the views are channels.
    """
    layers = [layer.get_weights() for layer in network.layers if layer.get_weights()]
    x = torch.tensor(images) * network.layers[1].scale
    for kernel, bias in layers[:3]:
        x = torch.relu(convolution(functional.max_pool2d(x, 2), kernel, bias))
    x = functional.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1).numpy()
    (first, first_bias), (last, last_bias) = layers[3:]
    return softmax(np.maximum(x @ first + first_bias, 0) @ last + last_bias)


def modern(network, images):
    """Return the outputs (event, 15) of the residual network for images (event, view, plane, cell).

    One tower for both views: a 5 x 5 convolution in steps of 4 with ReLU, then three residual units, the last two in
    steps of 2. Their features side by side are averaged over all pixels.
    """
    layers = network.get_layer("tower").layers
    kernels = {
        size: [layer.get_weights()[0] for layer in layers if getattr(layer, "kernel_size", None) == (size, size)]
        for size in (5, 3, 1)
    }
    norms = [layer.get_weights() for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    scale = network.get_layer("scaled").scale
    towers = [_tower(torch.tensor(images[:, [view]]) * scale, kernels, norms) for view in range(images.shape[1])]
    pooled = torch.cat(towers, dim=1).mean(dim=(2, 3)).numpy()
    kernel, bias = network.layers[-1].get_weights()
    return softmax(pooled @ kernel + bias)


def _tower(x, kernels, norms):
    x = torch.relu(convolution(x, kernels[5][0], stride=4))
    for unit, stride in enumerate((1, 2, 2)):
        inner = convolution(x, kernels[3][2 * unit], stride=stride)
        inner = torch.relu(_normalised(inner, norms[2 * unit]))
        inner = _normalised(convolution(inner, kernels[3][2 * unit + 1]), norms[2 * unit + 1])
        skipped = x if stride == 1 else convolution(x, kernels[1][unit - 1], stride=stride)
        x = torch.relu(inner + skipped)
    return x


def _normalised(x, weights):
    """Return the values with the running mean and variance of the training, not those of the batch."""
    gamma, beta, mean, variance = (torch.tensor(values)[:, None, None] for values in weights)
    return gamma * (x - mean) / torch.sqrt(variance + BATCH_EPSILON) + beta


def softmax(values):
    """Return the shares (event, class) of exponentials."""
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
