"""The overlapping windows that the networks of arXiv:2005.06534 learn from, and how a run of them passes the network.

`one_pass_per_window` of model.py is what the authors' code does. Neighbouring windows overlap by more than 90 %, so it
computes nearly everything many times. The networks are convolutional: `one_pass_per_stretch` sends the whole stretch
through the network once and cuts the windows from its output. A trained network gives the same in both but for the
samples near the edges of a window: there it sees zeros in the first formulation, and the neighbouring data in the
second. In training every output of the autoencoder differs, because its batch normalisation counts a sample that
windows share once for each window in the first formulation, and once in the second. For single windows both are one.
"""

import numpy as np
import torch
from torch import Tensor, nn

from common.errors import InputError

from ..model import one_pass_per_window
from ..prepared import Split
from ..settings import Formulation


def cut(series: Tensor, *, length: int, step: int) -> Tensor:
    """Return the windows (stretch * window, time) of stretches (stretch, time)."""
    return series.unfold(-1, length, step).flatten(0, 1)  # (stretch * window, time)


def one_pass_per_stretch(network: nn.Module, witnesses: Tensor, *, length: int, step: int) -> Tensor:
    """Return the noise (window, time) like `one_pass_per_window`, cut from one pass of each whole stretch."""
    return cut(network(witnesses), length=length, step=step)  # (stretch * window, time)


FORMULATIONS = {"article": one_pass_per_window, "fast": one_pass_per_stretch}


class Windows:
    """The overlapping windows of a split, in stretches of neighbouring ones; nothing is copied to make them."""

    def __init__(
        self, split: Split, *, length: int, stride: int, formulation: Formulation, neighbours: int = 1
    ) -> None:
        """Make the views of all stretches.

        Args:
            split: Its arrays are shared, not copied.
            length: Samples of a window.
            stride: Samples between the beginnings of two windows.
            formulation: How the network predicts the windows of a stretch.
            neighbours: Windows of a stretch.

        Raises:
            InputError: If no stretch fits into a segment of the split.
        """
        self.length, self.stride = length, stride
        self._predict = FORMULATIONS[formulation]
        stretch = length + (neighbours - 1) * stride
        self.starts = torch.from_numpy(split.window_starts(stretch, stride))
        if not len(self.starts):
            longest = int(np.diff(split.segments, axis=1).max())
            raise InputError(
                f"no stretch of {stretch} samples, {neighbours} windows of {length}, fits into the split, whose longest"
                f" segment has {longest}. Lower train.window_s or train.neighbours, or use more data."
            )
        witnesses = torch.from_numpy(split.witnesses).unfold(1, stretch, 1)  # (witness, start, time), a view
        self._witnesses = witnesses.transpose(0, 1)  # (start, witness, time)
        self._target = torch.from_numpy(split.target).unfold(0, stretch, 1)  # (start, time)

    def __len__(self) -> int:
        return len(self.starts)

    def batch(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Return witnesses (stretch, witness, time) and target (stretch, time) of the chosen stretches."""
        starts = self.starts[chosen]
        return self._witnesses[starts], self._target[starts]

    def predict(self, network: nn.Module, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Return predicted noise and target, both (window, time), of the windows of the chosen stretches."""
        witnesses, target = self.batch(chosen)
        predicted = self._predict(network, witnesses, length=self.length, step=self.stride)
        return predicted, cut(target, length=self.length, step=self.stride)
