"""The CVN of arXiv:1604.01444 in PyTorch, written from the article's layer table: the oracle of the Keras network."""

import numpy as np
import torch
from torch import nn

BRANCHES = ("1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj")
INCEPTIONS = {  # outputs of these branches, from the authors' network file
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "5b": (384, 192, 384, 48, 128, 128),
}


def convolution(n_in, n_out, size, *, stride=1):
    return nn.Sequential(nn.Conv2d(n_in, n_out, size, stride, size // 2), nn.ReLU())


def pool():
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def normalisation():
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)


class Inception(nn.Module):
    def __init__(self, n_in, widths):
        super().__init__()
        one, reduce3, three, reduce5, five, pooled = widths
        self.parts = nn.ModuleDict(
            {
                "1x1": convolution(n_in, one, 1),
                "3x3_reduce": convolution(n_in, reduce3, 1),
                "3x3": convolution(reduce3, three, 3),
                "5x5_reduce": convolution(n_in, reduce5, 1),
                "5x5": convolution(reduce5, five, 5),
                "pool_proj": convolution(n_in, pooled, 1),
            }
        )
        self.pool = nn.MaxPool2d(3, 1, 1)

    def forward(self, x):
        p = self.parts
        branches = [p["1x1"](x), p["3x3"](p["3x3_reduce"](x)), p["5x5"](p["5x5_reduce"](x))]
        return torch.cat([*branches, p["pool_proj"](self.pool(x))], dim=1)


class Tower(nn.Module):
    def __init__(self, widths):
        super().__init__()
        first, second, third = widths["conv1"], widths["conv2_reduce"], widths["conv2"]
        sizes = {name: w[0] + w[2] + w[4] + w[5] for name, w in widths["inceptions"].items()}
        self.conv1 = convolution(1, first, 7, stride=2)
        self.conv2_reduce = convolution(first, second, 1)
        self.conv2 = convolution(second, third, 3)
        self.inception_3a = Inception(third, widths["inceptions"]["3a"])
        self.inception_3b = Inception(sizes["3a"], widths["inceptions"]["3b"])
        self.inception_4a = Inception(sizes["3b"], widths["inceptions"]["4a"])
        self.normalise, self.pool = normalisation(), pool()

    def forward(self, x):
        x = self.normalise(self.pool(self.conv1(x)))
        x = self.pool(self.normalise(self.conv2(self.conv2_reduce(x))))
        return self.inception_4a(self.pool(self.inception_3b(self.inception_3a(x))))


class CVN(nn.Module):
    """Probabilities (event, 15) from images (event, view, plane, cell) between 0 and 1."""

    def __init__(self, *, width, input_scale):
        super().__init__()
        narrow = [max(1, round(width * n)) for n in (64, 64, 192)]
        inceptions = {name: [max(1, round(width * n)) for n in widths] for name, widths in INCEPTIONS.items()}
        widths = dict(zip(("conv1", "conv2_reduce", "conv2"), narrow, strict=True)) | {"inceptions": inceptions}
        self.x, self.y = Tower(widths), Tower(widths)
        out = [w[0] + w[2] + w[4] + w[5] for w in (inceptions["4a"], inceptions["5b"])]
        self.inception_5b = Inception(2 * out[0], inceptions["5b"])
        self.classify = nn.Linear(out[1], 15)
        self.input_scale = input_scale

    def forward(self, images):
        x, y = (self.input_scale * images[:, view : view + 1] for view in (0, 1))
        merged = self.inception_5b(torch.cat([self.x(x), self.y(y)], dim=1))
        pooled = nn.functional.avg_pool2d(merged, (6, 5)).flatten(1)
        return torch.softmax(self.classify(pooled), dim=1)

    def take(self, network):
        """Copy the weights of a Keras network, layer by layer."""
        for view, tower in (("x", self.x), ("y", self.y)):
            for name in ("conv1", "conv2_reduce", "conv2"):
                _copy(network.get_layer(f"{name}_{view}"), getattr(tower, name)[0])
            for name in ("3a", "3b", "4a"):
                _copy_inception(network, f"inception_{name}_{view}", getattr(tower, f"inception_{name}"))
        _copy_inception(network, "inception_5b", self.inception_5b)
        _copy(network.layers[-1], self.classify)


def _copy_inception(network, name, inception):
    for branch in BRANCHES:
        _copy(network.get_layer(f"{name}_{branch}"), inception.parts[branch][0])


def _copy(layer, module):
    """Copy kernel (row, column, in, out) or (in, out), and bias."""
    kernel, bias = (np.asarray(values) for values in layer.get_weights())
    order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(kernel.transpose(order)))
        module.bias.copy_(torch.tensor(bias))
