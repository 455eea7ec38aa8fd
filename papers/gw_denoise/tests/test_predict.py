"""Overlap-add keeps amplitude up to the ends, streaming equals the whole, and memory does not grow."""

import tracemalloc

import h5py
import numpy as np
import pytest
import torch

from papers.gw_denoise.model import Autoencoder
from papers.gw_denoise.predict import chunks, overlap_add, stream
from papers.gw_denoise.prepared import band_pass

RATE = 128
SECTIONS = band_pass((20, 40), rate_hz=RATE, order=4)


class Sum(torch.nn.Module):
    """Adds the witnesses: the simplest network whose output is known everywhere."""

    def forward(self, witnesses):
        return witnesses.sum(dim=1)


def witnesses(n_samples, n=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_samples)).astype(np.float32)


@pytest.mark.parametrize("n_samples", [1024, 1000, 4000, 4097])
def test_the_ends_keep_their_size(n_samples):
    inputs = witnesses(n_samples)
    found = overlap_add(Sum(), inputs, length=512, stride=256, batch=2)
    assert found == pytest.approx(inputs.sum(axis=0), abs=1e-4)


def test_the_windows_agree_with_the_network_on_the_whole_record():
    """Only near window edges, where the network sees zeros, may they differ; Hann weights keep that small."""
    torch.manual_seed(0)
    network, inputs = Autoencoder(3).eval(), witnesses(8192)
    with torch.no_grad():
        whole = network(torch.from_numpy(inputs)[None])[0].numpy()
    found = overlap_add(network, inputs, length=2048, stride=1024, batch=4)
    middle = slice(200, -200)
    assert np.abs(found - whole)[middle].max() < 0.03 * whole.std()


def test_chunks_cover_every_sample_once():
    for begin, end in ((0, 1000), (7, 512), (0, 64), (3, 530)):
        covered = np.zeros(end, dtype=int)
        for read, kept, where in chunks(begin, end, size=256, margin=64):
            covered[where] += 1
            assert read.start >= begin and read.stop <= end
            assert (kept.start + read.start, kept.stop + read.start) == (where.start, where.stop)
        assert (covered[begin:] == 1).all() and not covered[:begin].any()


def write_split(path, seconds):
    with h5py.File(path, "w") as file:
        file["witnesses"] = witnesses(seconds * RATE)
        file["segments"] = [[0, seconds * RATE]]


def test_streaming_equals_the_whole_record(tmp_path):
    write_split(tmp_path / "split.h5", 120)
    with h5py.File(tmp_path / "split.h5") as group:
        predictor = lambda inputs: overlap_add(Sum(), inputs, length=512, stride=256, batch=4)  # noqa: E731
        pieces = dict(
            (where.start, piece) for where, piece in stream(group, predictor, SECTIONS, size=16 * RATE, margin=8 * RATE)
        )
        whole = next(iter(stream(group, predictor, SECTIONS, size=10**9, margin=8 * RATE)))[1]
    found = np.concatenate([pieces[start] for start in sorted(pieces)])
    assert found == pytest.approx(whole, abs=1e-3)


def peak_bytes(path):
    predictor = lambda inputs: overlap_add(Sum(), inputs, length=512, stride=256, batch=4)  # noqa: E731
    with h5py.File(path) as group:
        tracemalloc.start()
        for _ in stream(group, predictor, SECTIONS, size=16 * RATE, margin=8 * RATE):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_record(tmp_path):
    write_split(tmp_path / "short.h5", 200)
    write_split(tmp_path / "long.h5", 4000)
    short, long = peak_bytes(tmp_path / "short.h5"), peak_bytes(tmp_path / "long.h5")
    assert long - short < 0.1 * 3 * (4000 - 200) * RATE * 4  # a tenth of what was added to the record
