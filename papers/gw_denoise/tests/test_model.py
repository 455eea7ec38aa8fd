"""The network is the published one, and its loss is Welch's."""

import numpy as np
import pytest
import torch
from scipy.signal import welch

from common.errors import InputError
from common.training.torch_state import n_parameters
from papers.gw_denoise.model import Autoencoder, CompositeLoss
from papers.gw_denoise.network.slow_fast import SlowFast

RATE, BAND = 128, (20.0, 40.0)


def loss_of(**changes):
    settings = {"rate_hz": RATE, "band_hz": BAND, "psd_s": 2, "psd_weight": 1.0, "mse_weight": 0.0} | changes
    return CompositeLoss(**settings)


@pytest.mark.parametrize(("witnesses", "expected"), [(1, 38_293), (3, 38_599), (21, 43_873), (23, 44_739)])
def test_parameters_are_those_of_the_authors_code(witnesses, expected):
    assert n_parameters(Autoencoder(witnesses)) == expected


def test_lengths_halve_four_times_and_come_back():
    network = Autoencoder(5).eval()
    lengths = []
    for block in network.layers:
        block.register_forward_hook(lambda module, given, output: lengths.append(tuple(output.shape[1:])))
    assert network(torch.zeros(2, 5, 64)).shape == (2, 64)
    assert lengths == [(5, 64), (8, 32), (16, 16), (32, 8), (64, 4), (32, 8), (16, 16), (8, 32), (5, 64)]


def test_receptive_field_is_at_most_193_samples():
    """Counted where the strides make it largest; a wider or a narrower network would not be DeepClean."""
    torch.manual_seed(0)
    network = Autoencoder(2).eval()
    widths = []
    for position in range(240, 256):
        inputs = torch.randn(1, 2, 512, requires_grad=True)
        network(inputs)[0, position].backward()
        touched = np.flatnonzero(inputs.grad.abs().sum(dim=(0, 1)).numpy())
        widths.append(touched[-1] - touched[0] + 1)
    assert max(widths) == 193


def test_psd_agrees_with_scipy():
    series = np.random.default_rng(0).standard_normal((3, 8 * RATE)).astype(np.float32)
    frequency, expected = welch(series, RATE, nperseg=2 * RATE, detrend=False)
    inside = (frequency > BAND[0]) & (frequency < BAND[1])
    assert loss_of().psd(torch.from_numpy(series)).numpy() == pytest.approx(expected[:, inside], rel=1e-4)


def test_loss_is_one_for_no_prediction_and_zero_for_a_perfect_one():
    target = torch.randn(4, 8 * RATE, generator=torch.Generator().manual_seed(1))
    both = loss_of(psd_weight=0.5, mse_weight=0.5)
    assert float(loss_of()(torch.zeros_like(target), target)) == pytest.approx(1.0)
    assert float(both(target, target)) == pytest.approx(0.0, abs=1e-6)
    mse = float(target.square().mean())
    assert float(both(torch.zeros_like(target), target)) == pytest.approx(0.5 + 0.5 * mse, rel=1e-5)


def best_amplitude(loss, noise, target):
    amplitudes = np.linspace(0.5, 1.2, 71)
    return amplitudes[np.argmin([float(loss(a * noise, target)) for a in amplitudes])]


def test_the_ratio_in_each_window_prefers_too_small_an_amplitude():
    """Found while building this: the authors' loss shrinks what it predicts; dividing by the record's PSD does not."""
    generator = torch.Generator().manual_seed(2)
    noise = torch.randn(400, 4 * RATE, generator=generator)
    target = noise + 0.8 * torch.randn(400, 4 * RATE, generator=generator)
    window, record = loss_of(), loss_of()
    record.set_reference(target.flatten(), torch.tensor([[0, target.numel()]]))
    assert best_amplitude(window, noise, target) < 0.93
    assert best_amplitude(record, noise, target) == pytest.approx(1.0, abs=0.02)


def test_the_reference_does_not_look_across_a_gap():
    """As Welch's method on each segment by itself: samples after the last whole FFT of a segment do not count."""
    generator, loss = torch.Generator().manual_seed(0), loss_of()
    hop = loss.n_fft // 2
    join = 9 * hop + 13
    target = torch.randn(20 * hop, generator=generator)
    two = torch.tensor([[0, join], [join, len(target)]])
    loss.set_reference(target, two)
    before = loss.reference
    first, second = loss.psd(target[None, :join]), loss.psd(target[None, join:])  # 8 and 9 FFTs
    assert torch.allclose(before, (8 * first + 9 * second) / 17)
    target[join - 13 : join] += 100.0 * torch.randn(13, generator=generator)
    loss.set_reference(target, two)
    assert torch.equal(loss.reference, before)
    loss.set_reference(target, torch.tensor([[0, len(target)]]))
    assert float((loss.reference / before).mean()) > 1.1


def test_a_band_without_a_bin_is_refused():
    with pytest.raises(InputError, match=r"a spectrum of 0\.1 s has no bin in \(61, 64\) Hz"):
        CompositeLoss(rate_hz=256, band_hz=(61, 64), psd_s=0.1, psd_weight=0.5, mse_weight=0.5)


@pytest.mark.parametrize(("rank", "phases", "expected"), [(2, 1, 15 + 21 + 80), (3, 2, 30 + 42 + 240)])
def test_slow_fast_is_small(rank, phases, expected):
    assert n_parameters(SlowFast(21, fast=20, rank=rank, phases=phases)) == expected <= 5000


def test_slow_fast_can_be_the_product_of_three_witnesses():
    network = SlowFast(3, fast=1, rank=1, phases=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.filters.weight[0, 0, 7] = 1  # no delay
        network.linear.bias[0], network.linear.weight[0, 1, 0] = 2.0, 0.5
        network.left.weight[0, 0, 0], network.right.weight[0, 1, 0] = 3.0, 1.0
        witnesses = torch.randn(2, 3, 64)
        first, fast, second = witnesses.unbind(dim=1)
        expected = fast * (2 + 0.5 * second + 3 * first * second)
        assert torch.allclose(network(witnesses), expected, atol=1e-5)
