"""Both networks against transcriptions in plain NumPy: every layer, activation and normalisation is there."""

import numpy as np
import pytest
import torch

from papers.gw_denoise.model import Autoencoder
from papers.gw_denoise.network.slow_fast import SlowFast

N_BATCH, LENGTH = 3, 64


def randomised(network, seed=0):
    """Give every parameter and every running mean and variance of a network another value, and return them."""
    generator = torch.Generator().manual_seed(seed)
    state = network.double().state_dict()
    for name, value in state.items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2, generator=generator)
        elif value.is_floating_point():
            value.normal_(0, 0.4, generator=generator)
    return {name: value.numpy().copy() for name, value in state.items()}


def convolved(series, weight, bias, *, stride):
    """(batch, in, time) to (batch, out, time / stride): kernel 7, three zeros at both ends."""
    padded = np.pad(series, ((0, 0), (0, 0), (3, 3)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=2)[:, :, ::stride]
    return np.einsum("bitk,oik->bot", pieces, weight) + bias[:, None]


def doubled(series, weight, bias):
    """(batch, in, time) to (batch, out, 2 time): the transpose of a convolution with stride 2."""
    n_batch, _, n_samples = series.shape
    out = np.zeros((n_batch, weight.shape[1], 2 * n_samples + 8))
    for time in range(n_samples):
        out[:, :, 2 * time : 2 * time + 7] += np.einsum("bi,iok->bok", series[:, :, time], weight)
    return out[:, :, 3 : 3 + 2 * n_samples] + bias[:, None]


def normalised(series, state, name, *, training):
    mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    if training:
        mean, variance = series.mean(axis=(0, 2)), series.var(axis=(0, 2))
    series = (series - mean[:, None]) / np.sqrt(variance[:, None] + 1e-5)
    return state[f"{name}.weight"][:, None] * series + state[f"{name}.bias"][:, None]


def deepclean(witnesses, state, *, training):
    """Nine layers of convolution, batch normalisation and tanh, and a last convolution alone (article and code)."""
    series = witnesses
    for layer in range(9):
        weights = state[f"layers.{layer}.0.weight"], state[f"layers.{layer}.0.bias"]
        series = doubled(series, *weights) if layer >= 5 else convolved(series, *weights, stride=1 + (layer > 0))
        series = np.tanh(normalised(series, state, f"layers.{layer}.1", training=training))
    return convolved(series, state["output.weight"], state["output.bias"], stride=1)[:, 0]


@pytest.mark.parametrize("training", [False, True])
def test_the_autoencoder_is_its_transcription(training):
    network = Autoencoder(5)
    state = randomised(network)
    witnesses = np.random.default_rng(1).standard_normal((N_BATCH, 5, LENGTH))
    with torch.no_grad():
        found = network.train(training)(torch.from_numpy(witnesses)).numpy()
    expected = deepclean(witnesses, state, training=training)
    assert found.shape == (N_BATCH, LENGTH) and expected.std() > 0.1
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("fast", [0, 2, 4])
@pytest.mark.parametrize(("rank", "phases"), [(1, 1), (3, 2)])
def test_slow_fast_is_its_formula(fast, rank, phases):
    """The formula of its docstring, sample by sample; the filter sees seven samples to both sides."""
    network = SlowFast(5, fast=fast, rank=rank, phases=phases)
    state = randomised(network)
    witnesses = np.random.default_rng(1).standard_normal((N_BATCH, 5, LENGTH))
    slow, mains = np.delete(witnesses, fast, axis=1), np.pad(witnesses[:, fast], ((0, 0), (7, 7)))
    expected = np.zeros((N_BATCH, LENGTH))
    for q in range(phases):
        filtered = sum(state["filters.weight"][q, 0, k] * mains[:, k : k + LENGTH] for k in range(15))
        amplitude = state["linear.bias"][q] + np.einsum("bst,s->bt", slow, state["linear.weight"][q, :, 0])
        for r in range(q * rank, (q + 1) * rank):
            left, right = (np.einsum("bst,s->bt", slow, state[f"{n}.weight"][r, :, 0]) for n in ("left", "right"))
            amplitude = amplitude + left * right
        expected += filtered * amplitude
    with torch.no_grad():
        assert network(torch.from_numpy(witnesses)).numpy() == pytest.approx(expected, abs=1e-9)
