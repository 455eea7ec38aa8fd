"""Windows are views that cross no gap, and where both formulations of a pass through the network are equal."""

import numpy as np
import pytest
import torch

from common.errors import InputError
from papers.gw_denoise.model import Autoencoder, CompositeLoss, build, one_pass_per_window
from papers.gw_denoise.network.windows import Windows, cut, one_pass_per_stretch
from papers.gw_denoise.tests.made_files import RATE, split


def test_windows_share_the_memory_of_the_record():
    data = split()
    windows = Windows(data, length=2 * RATE, stride=1, formulation="fast")
    assert windows._witnesses.data_ptr() == data.witnesses.__array_interface__["data"][0]
    witnesses, target = windows.batch(torch.tensor([0, 100]))
    assert np.array_equal(witnesses[1].numpy(), data.witnesses[:, 100 : 100 + 2 * RATE])
    assert np.array_equal(target[1].numpy(), data.target[100 : 100 + 2 * RATE])


def test_a_stretch_is_cut_into_the_windows_that_it_is_made_of():
    data = split()
    alone = Windows(data, length=2 * RATE, stride=16, formulation="fast")
    together = Windows(data, length=2 * RATE, stride=16, formulation="fast", neighbours=3)
    assert len(together) == len(alone) - 2
    _, stretches = together.batch(torch.tensor([0, 7]))
    _, windows = alone.batch(torch.tensor([0, 1, 2, 7, 8, 9]))
    assert stretches.shape == (2, 2 * RATE + 2 * 16) and torch.equal(cut(stretches, length=2 * RATE, step=16), windows)


def test_no_window_crosses_a_gap():
    starts = split(segments=[[0, 300], [300, 1000]]).window_starts(128, 16)
    assert all(end <= 300 or begin >= 300 for begin, end in zip(starts, starts + 128, strict=True))
    assert starts.max() == 300 + (700 - 128) // 16 * 16


def test_a_split_that_is_too_short_is_refused():
    with pytest.raises(InputError, match=r"no stretch of 3200 samples.*longest segment has 2560"):
        Windows(split(), length=50 * RATE, stride=16, formulation="fast")


# --- one pass per window, as the article, and one per stretch ---

LENGTH, STEP = 512, 64
REACH = {"autoencoder": 96, "slow_fast": 7}  # samples to the left and right that an output depends on


def outputs_and_gradients(kind, formulation, neighbours, *, edge=0, training=False):
    """Return what a network predicts for its windows, and the gradients of a loss of all but their edges."""
    torch.manual_seed(0)
    network = build(kind, n_witnesses=3, fast=0, rank=2, phases=1).double()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    network.train(training)
    witnesses = torch.randn(2, 3, LENGTH + (neighbours - 1) * STEP, dtype=torch.float64)
    predicted = formulation(network, witnesses, length=LENGTH, step=STEP)
    inner = predicted[:, edge : LENGTH - edge]
    inner.square().mean().backward()
    return predicted.detach(), [parameter.grad for parameter in network.parameters()]


@pytest.mark.parametrize("kind", ["autoencoder", "slow_fast"])
def test_formulations_agree_where_no_edge_of_a_window_is_seen(kind):
    edge = REACH[kind]
    article, article_gradients = outputs_and_gradients(kind, one_pass_per_window, 3, edge=edge)
    fast, fast_gradients = outputs_and_gradients(kind, one_pass_per_stretch, 3, edge=edge)
    assert article.shape == fast.shape == (2 * 3, LENGTH)
    inner = slice(edge, LENGTH - edge)
    assert torch.allclose(article[:, inner], fast[:, inner], rtol=0, atol=1e-12)
    assert not torch.allclose(article, fast, rtol=0, atol=1e-3), "at the edges they see zeros and the neighbours"
    for ours, theirs in zip(fast_gradients, article_gradients, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_formulations_differ_everywhere_while_the_autoencoder_learns():
    """Batch normalisation counts the samples that windows share once, or once for each window."""
    inner = slice(REACH["autoencoder"], LENGTH - REACH["autoencoder"])
    formulations = (one_pass_per_window, one_pass_per_stretch)
    article, fast = (outputs_and_gradients("autoencoder", each, 3, training=True)[0][:, inner] for each in formulations)
    differs = (article - fast).abs() > 1e-6 * article.abs().max()
    assert differs.double().mean() > 0.99


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", ["autoencoder", "slow_fast"])
def test_formulations_are_one_for_windows_without_neighbours(kind, training):
    article, article_gradients = outputs_and_gradients(kind, one_pass_per_window, 1, training=training)
    fast, fast_gradients = outputs_and_gradients(kind, one_pass_per_stretch, 1, training=training)
    assert torch.equal(article, fast)
    assert all(torch.equal(a, b) for a, b in zip(article_gradients, fast_gradients, strict=True))


def test_both_formulations_have_the_loss_of_the_windows_one_by_one():
    """Exactly, for a network without memory: it sees no edges."""
    loss = CompositeLoss(rate_hz=RATE, band_hz=(5, 25), psd_s=1, psd_weight=0.5, mse_weight=0.5)

    def network(witnesses):
        return 0.7 * witnesses[:, 0] * (1 + witnesses[:, 1])

    alone = Windows(split(), length=2 * RATE, stride=16, formulation="article")
    expected = loss(*alone.predict(network, torch.tensor([0, 1, 2, 7, 8, 9]))).item()
    for formulation in ("article", "fast"):
        together = Windows(split(), length=2 * RATE, stride=16, neighbours=3, formulation=formulation)
        assert loss(*together.predict(network, torch.tensor([0, 7]))).item() == pytest.approx(expected, rel=1e-5)


def test_the_same_stored_weights_serve_both_formulations():
    torch.manual_seed(0)
    trained, other = Autoencoder(3).eval(), Autoencoder(3).eval()
    other.load_state_dict(trained.state_dict())
    witnesses = torch.randn(1, 3, LENGTH)
    with torch.no_grad():
        article = one_pass_per_window(trained, witnesses, length=LENGTH, step=STEP)
        assert torch.equal(article, one_pass_per_stretch(other, witnesses, length=LENGTH, step=STEP))
