"""The networks of arXiv:2005.06534 and after it, and their loss. Shapes: witnesses (batch, witness, time).

DeepClean's autoencoder, as three public versions of its code have it; T must be a multiple of 16. Each block is
convolution (kernel 7, padding 3), batch norm, tanh; there is no dropout and no skip connection.

    block    layer                                    channels            stride  length
    input    Conv1d                                   C -> C              1       T
    down     4 x Conv1d                               C -> 8 -> 16 -> 32 -> 64    2   T/2 ... T/16
    up       4 x ConvTranspose1d (output padding 1)   64 -> 32 -> 16 -> 8 -> C    2   T/8 ... T
    output   Conv1d, no norm, no tanh                 C -> 1              1       T

43,873 parameters for C = 21 witnesses. An output sample depends on 193 input samples.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from common.errors import InputError

KERNEL = 7
HIDDEN = (8, 16, 32, 64)
STRIDE = 2 ** len(HIDDEN)  # lengths must be a multiple of this
DELAYS = 15  # samples that the fast filters of the slow x fast network see


class Block(nn.Sequential):
    """Convolution, batch norm, tanh; keeps the length for stride 1, else halves it, or doubles it if `up`."""

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1, up: bool = False) -> None:
        """Build the three layers."""
        convolution = (
            nn.ConvTranspose1d(n_in, n_out, KERNEL, stride, KERNEL // 2, output_padding=1)
            if up
            else nn.Conv1d(n_in, n_out, KERNEL, stride, KERNEL // 2)
        )
        super().__init__(convolution, nn.BatchNorm1d(n_out), nn.Tanh())


class Autoencoder(nn.Module):
    """DeepClean: witnesses (batch, witness, time) to the noise that they cause (batch, time)."""

    def __init__(self, n_witnesses: int) -> None:
        """Build the layers of the table above."""
        super().__init__()
        down = (n_witnesses, *HIDDEN)
        up = (*reversed(HIDDEN), n_witnesses)
        self.layers = nn.Sequential(
            Block(n_witnesses, n_witnesses),
            *(Block(n_in, n_out, stride=2) for n_in, n_out in pairwise(down)),
            *(Block(n_in, n_out, stride=2, up=True) for n_in, n_out in pairwise(up)),
        )
        self.output = nn.Conv1d(n_witnesses, 1, KERNEL, 1, KERNEL // 2)

    def forward(self, witnesses: Tensor) -> Tensor:
        """Return the predicted noise (batch, time)."""
        return self.output(self.layers(witnesses)).squeeze(1)


class SlowFast(nn.Module):
    """The product written out: filters of one fast witness times amplitudes made of the slow ones.

    noise = sum_q (f_q * m) a_q,  a_q = c_q + w_q s + sum_r (u_qr s) (v_qr s)

    One filter is enough if the slow motions change only the size of the coupling; two (q = 1, 2) also let them change
    its phase. The idea is that of Yu & Adhikari (2022), Front. Artif. Intell. 5, 811563 (explicit slow x fast
    structure); this form, with its quadratic term of rank r, is ours.
    """

    def __init__(self, n_witnesses: int, *, fast: int, rank: int, phases: int) -> None:
        """Build the layers; `fast` is the index of the fast witness, `phases` the number of filters."""
        super().__init__()
        self.fast_index, self.phases = fast, phases
        n_slow = n_witnesses - 1
        self.filters = nn.Conv1d(1, phases, DELAYS, 1, DELAYS // 2, bias=False)
        self.linear = nn.Conv1d(n_slow, phases, 1)
        self.left = nn.Conv1d(n_slow, phases * rank, 1, bias=False)
        self.right = nn.Conv1d(n_slow, phases * rank, 1, bias=False)
        nn.init.zeros_(self.linear.weight)  # begin with the line alone
        nn.init.ones_(self.linear.bias)
        self.right.weight.data *= 0.1

    def forward(self, witnesses: Tensor) -> Tensor:
        """Return the predicted noise (batch, time) from witnesses (batch, witness, time)."""
        k = self.fast_index
        slow = torch.cat([witnesses[:, :k], witnesses[:, k + 1 :]], dim=1)
        quadratic = self.left(slow) * self.right(slow)  # (batch, phases * rank, time)
        batch, _, length = quadratic.shape
        amplitudes = self.linear(slow) + quadratic.view(batch, self.phases, -1, length).sum(dim=2)
        return (self.filters(witnesses[:, k : k + 1]) * amplitudes).sum(dim=1)


def build(kind: str, *, n_witnesses: int, fast: int | None, rank: int, phases: int) -> nn.Module:
    """Return an untrained network: "autoencoder", which treats all witnesses alike, or "slow_fast"."""
    if kind == "autoencoder" or fast is None:
        return Autoencoder(n_witnesses)
    return SlowFast(n_witnesses, fast=fast, rank=rank, phases=phases)


def n_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


class CompositeLoss(nn.Module):
    """w_psd times the mean over the band of PSD(target - predicted) / PSD(target), plus w_mse times the MSE.

    The denominator is the PSD of the same window, as in the authors' code, or that of the whole training split if
    `set_reference` was called. The first one prefers windows in which noise happens to cancel the line's sidebands, so
    that its minimum lies at too small an amplitude; the second has no such bias.

    Welch's PSD as scipy.signal.welch(..., detrend=False): Hann window, 50 % overlap, mean.
    """

    def __init__(
        self, *, rate_hz: float, band_hz: tuple[float, float], psd_s: float, psd_weight: float, mse_weight: float
    ) -> None:
        """Choose the bins with low < f < high."""
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
        """Divide by the mean PSD of this target (time,) from now on; no FFT crosses the joins of its (segment, 2)."""
        parts = [target[begin:end] for begin, end in segments.tolist()]
        weights = torch.tensor([len(part.unfold(-1, self.n_fft, self.n_fft // 2)) for part in parts])
        psds = torch.cat([self.psd(part[None]) for part in parts])  # (segment, frequency)
        self.reference = (weights[:, None] * psds).sum(dim=0, keepdim=True) / weights.sum()

    def psd(self, series: Tensor) -> Tensor:
        """Return the one-sided PSD (batch, frequency in the band) of series (batch, time)."""
        segments = series.unfold(-1, self.n_fft, self.n_fft // 2)  # (batch, segment, time)
        parts = torch.fft.rfft(segments * self.window)[..., self.bins]
        return self.norm * (parts.real.square() + parts.imag.square()).mean(dim=1)

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predicted noise, a scalar; both (batch, time)."""
        residual = target - predicted
        loss = self.mse_weight * residual.square().mean()
        if self.psd_weight:
            denominator = self.psd(target) if self.reference is None else self.reference
            loss = loss + self.psd_weight * (self.psd(residual) / denominator).mean()
        return loss


def load(stored: dict[str, Any]) -> nn.Module:
    """Return the network of a stored model, ready to predict."""
    network = build(**stored["arguments"])
    network.load_state_dict(stored["state"])
    return network.eval()
