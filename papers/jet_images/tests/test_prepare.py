"""Weights of the pT spectrum, and how a seed divides the jets of the prepared file (arXiv:1511.05190, Sec. 5)."""

import numpy as np
import pytest

from papers.jet_images.prepare import pt_weights
from papers.jet_images.prepared import Jets, read_jets, read_split, read_steps, split, write_prepared


def test_reweighted_signal_has_the_background_spectrum():
    generator = np.random.default_rng(3)
    label = np.repeat([0, 1], 20_000)
    pt = np.where(label == 1, generator.uniform(250, 300, 40_000), 250 + 50 * generator.beta(1, 2, 40_000))
    edges = np.linspace(250, 300, 11)
    generated = generator.uniform(0.5, 2, 40_000)
    weight = pt_weights(pt, label, generated, edges=edges, largest=10)
    signal, background = (np.histogram(pt[label == k], edges, weights=weight[label == k])[0] for k in (1, 0))
    assert signal == pytest.approx(background, rel=1e-9)
    assert np.array_equal(weight[label == 0], generated[label == 0])


def test_no_jet_weighs_more_than_the_limit_allows():
    """One signal jet in a bin full of background: the ratio of both spectra is 500 there."""
    pt = np.r_[np.full(1000, 260.0), np.full(999, 280.0), 260.0, np.full(1000, 280.0)]
    label = np.r_[np.zeros(1000), np.ones(1000), np.zeros(1000)].astype(int)
    weight = pt_weights(pt, label, np.ones(3000), edges=np.array([250.0, 270.0, 300.0]), largest=10)
    signal = weight[label == 1]
    assert signal.max() / signal.min() == pytest.approx(10 / 0.5005, rel=1e-2)


def test_a_seed_divides_the_jets_without_overlap_and_keeps_the_classes_shares():
    label = np.r_[np.zeros(100), np.ones(50)].astype(int)
    parts = split(label, test_fraction=0.3, valid_fraction=0.1, seed=1)
    assert sorted(np.concatenate(list(parts.values()))) == list(range(150))
    assert [len(parts[name]) for name in ("train", "valid", "test")] == [90, 15, 45]
    assert label[parts["test"]].sum() == 15
    other = split(label, test_fraction=0.3, valid_fraction=0.1, seed=2)
    assert set(parts["test"]) != set(other["test"])


def test_training_and_prediction_read_the_same_split_from_the_prepared_file(tmp_path):
    label = (np.arange(60) % 3 == 0).astype(np.int8)
    jets = Jets(np.zeros((60, 25, 25), np.float32), label, np.ones(60), {"mass": np.arange(60.0)})
    attributes = {"n_read": 60, "test_fraction": 0.3, "valid_fraction": 0.1}
    write_prepared(tmp_path / "x.h5", jets, np.ones(60), {}, attributes=attributes)
    expected = split(label, test_fraction=0.3, valid_fraction=0.1, seed=5)
    for _ in range(2):
        parts = read_split(tmp_path / "x.h5", seed=5)
        assert all(np.array_equal(parts[name], expected[name]) for name in ("train", "valid", "test"))
    assert np.array_equal(read_jets(tmp_path / "x.h5").variables["mass"], np.arange(60.0))
    assert read_steps(tmp_path / "x.h5") == {}
