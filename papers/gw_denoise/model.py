"""DeepClean, the network of arXiv:2005.06534, and its loss, as three public versions of the authors' code have them.

An autoencoder of convolutions (kernel 7) turns C witnesses into the noise that they cause. There is no dropout and no
skip connection. 43,873 parameters for C = 21 witnesses. An output sample depends on 193 input samples.
"""

from typing import Any

import torch
from torch import Tensor, nn

from common.errors import InputError

from .network.slow_fast import SlowFast

KERNEL = 7
STRIDE = 16  # the four halvings need lengths that are a multiple of this


class Block(nn.Sequential):
    """Convolution, batch norm, tanh; keeps the length for stride 1, else halves it, or doubles it if `up`."""

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1, up: bool = False) -> None:
        convolution = (
            nn.ConvTranspose1d(n_in, n_out, KERNEL, stride, KERNEL // 2, output_padding=1)
            if up
            else nn.Conv1d(n_in, n_out, KERNEL, stride, KERNEL // 2)
        )
        super().__init__(convolution, nn.BatchNorm1d(n_out), nn.Tanh())


class Autoencoder(nn.Module):
    """DeepClean: witnesses (batch, witness, time) to the noise that they cause (batch, time)."""

    def __init__(self, n_witnesses: int) -> None:
        super().__init__()
        # behind each layer its output; C witnesses, T samples
        self.layers = nn.Sequential(
            Block(n_witnesses, n_witnesses),  # (batch, C, T)
            Block(n_witnesses, 8, stride=2),  # (batch, 8, T/2)
            Block(8, 16, stride=2),  # (batch, 16, T/4)
            Block(16, 32, stride=2),  # (batch, 32, T/8)
            Block(32, 64, stride=2),  # (batch, 64, T/16)
            Block(64, 32, stride=2, up=True),  # (batch, 32, T/8)
            Block(32, 16, stride=2, up=True),  # (batch, 16, T/4)
            Block(16, 8, stride=2, up=True),  # (batch, 8, T/2)
            Block(8, n_witnesses, stride=2, up=True),  # (batch, C, T)
        )
        self.output = nn.Conv1d(n_witnesses, 1, KERNEL, 1, KERNEL // 2)  # (batch, 1, T)

    def forward(self, witnesses: Tensor) -> Tensor:
        """Return the predicted noise (batch, time)."""
        return self.output(self.layers(witnesses)).squeeze(1)  # (batch, time)


def one_pass_per_window(network: nn.Module, witnesses: Tensor, *, length: int, step: int) -> Tensor:
    """Return the noise (window, time) that the network predicts for each window by itself, as the authors' code does.

    Args:
        network: Maps (batch, witness, time) to (batch, time).
        witnesses: (stretch, witness, time), each stretch a run of overlapping windows.
        length: Samples of a window.
        step: Samples between the beginnings of two windows.
    """
    windows = witnesses.unfold(-1, length, step)  # (stretch, witness, window, time)
    windows = windows.transpose(1, 2).flatten(0, 1)  # (stretch * window, witness, time)
    return network(windows)  # (stretch * window, time)


class CompositeLoss(nn.Module):
    """w_psd times the mean over the band of PSD(target - predicted) / PSD(target), plus w_mse times the MSE.

    The band is low < f < high. The denominator is the PSD of the same window, as in the authors' code, or that of the
    whole training split if `set_reference` was called. The first one prefers windows in which noise happens to cancel
    the line's sidebands, so that its minimum lies at too small an amplitude; the second has no such bias.

    Welch's PSD as scipy.signal.welch(..., detrend=False): Hann window, 50 % overlap, mean.
    """

    def __init__(
        self, *, rate_hz: float, band_hz: tuple[float, float], psd_s: float, psd_weight: float, mse_weight: float
    ) -> None:
        super().__init__()
        self.psd_weight, self.mse_weight = psd_weight, mse_weight
        self.n_fft = round(psd_s * rate_hz)
        frequency = torch.fft.rfftfreq(self.n_fft, 1 / rate_hz, dtype=torch.float64)
        used = torch.nonzero((frequency > band_hz[0]) & (frequency < band_hz[1])).squeeze(1)
        if not len(used):
            raise InputError(f"a spectrum of {psd_s} s has no bin in {band_hz} Hz: raise train.psd_window_s.")
        self.bins = slice(int(used[0]), int(used[-1]) + 1)
        window = torch.hann_window(self.n_fft, dtype=torch.float64)
        self.norm = float(2 / (rate_hz * window.square().sum()))
        self.register_buffer("window", window.float())
        self.register_buffer("reference", None)

    def set_reference(self, target: Tensor, segments: Tensor) -> None:
        """Divide by the mean PSD of this target (time,) from now on; no FFT crosses a join of segments (segment, 2)."""
        parts = [target[begin:end] for begin, end in segments.tolist()]
        weights = torch.tensor([len(part.unfold(-1, self.n_fft, self.n_fft // 2)) for part in parts])
        psds = torch.cat([self.psd(part[None]) for part in parts])  # (segment, frequency)
        self.reference = (weights[:, None] * psds).sum(dim=0, keepdim=True) / weights.sum()

    def psd(self, series: Tensor) -> Tensor:
        """Return the one-sided PSD (batch, frequency in the band) of series (batch, time)."""
        segments = series.unfold(-1, self.n_fft, self.n_fft // 2)  # (batch, segment, time)
        parts = torch.fft.rfft(segments * self.window)[..., self.bins]  # (batch, segment, frequency)
        return self.norm * (parts.real.square() + parts.imag.square()).mean(dim=1)  # (batch, frequency)

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predicted noise, a scalar; both (batch, time)."""
        residual = target - predicted
        loss = self.mse_weight * residual.square().mean()
        if self.psd_weight:
            denominator = self.psd(target) if self.reference is None else self.reference
            loss = loss + self.psd_weight * (self.psd(residual) / denominator).mean()
        return loss


def build(kind: str, *, n_witnesses: int, fast: int | None, rank: int, phases: int) -> nn.Module:
    """Return an untrained network of a kind: "autoencoder", which treats all witnesses alike, or "slow_fast"."""
    if kind == "autoencoder" or fast is None:
        return Autoencoder(n_witnesses)
    return SlowFast(n_witnesses, fast=fast, rank=rank, phases=phases)


def load(stored: dict[str, Any]) -> nn.Module:
    """Return the network of a stored model, ready to predict."""
    network = build(**stored["arguments"])
    network.load_state_dict(stored["state"])
    return network.eval()
