"""The taggers: parameter counts, true multiplicities against padding, symmetries, neighbours."""

import copy
from typing import get_args

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from common.training.torch_state import n_parameters

from ..model import EnergyFlow, ParticleFlow, Standardised, build, load, nearest, probability
from ..prepared.jets import Batch
from ..settings import Kind
from . import numpy_taggers
from .padded import PaddedFlow, pad, random_jets

ARGUMENTS = {"n_nsub": 22, "n_efp": 35, "neighbours": 8}
EVERYTHING = torch.arange(12)


def batch_of(n_jets=12, seed=0):
    return random_jets(n_jets, seed=seed).batch(torch.arange(n_jets))


def with_constituents(batch, constituents, counts):
    return Batch(batch.label, constituents, counts, batch.nsub, batch.efp)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_the_settings_has_the_parameters_of_the_table(kind):
    """PFN and EFN have those of the article, 82 k."""
    table = {"pfn": 82_458, "efn": 82_358, "nsub": 57_502, "efp": 72, "graph": 18_050}
    assert n_parameters(build(kind, **ARGUMENTS)) == table[kind]


@pytest.mark.parametrize(("network", "weighted"), [(ParticleFlow, False), (EnergyFlow, True)])
def test_true_multiplicities_give_the_padded_network(network, weighted):
    torch.manual_seed(1)
    ours, batch = network(), batch_of()
    plain = PaddedFlow(copy.deepcopy(ours), weighted=weighted)
    found, expected = ours(batch), plain(pad(batch))
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert (probability(found) - probability(expected)).abs().max() < 1e-6
    for scores in (found, expected):
        torch.nn.functional.cross_entropy(scores, batch.label).backward()
    for mine, theirs in zip(ours.parameters(), plain.parameters(), strict=True):
        assert (mine.grad - theirs.grad).abs().max() < 1e-6 * max(1.0, float(theirs.grad.abs().max()))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_tagger_is_the_article_s_formula(kind):
    """Some jets have 8 constituents, and so fewer neighbours than the graph network asks for.

    Weights and biases are twice as large as at the start, so that no ReLU is always open and no bias is negligible.
    """
    torch.manual_seed(6)
    network, jets = build(kind, **ARGUMENTS).eval(), random_jets(9, mean=12, seed=3)
    assert jets.batch(torch.arange(9)).counts.min() == 8
    if isinstance(network, Standardised):
        network.fit_scale(3 + 2 * torch.randn(50, len(network.mean)))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
        found = network(jets.batch(torch.arange(9))).numpy()
    single = [jets.batch(torch.tensor([k])) for k in range(9)]
    expected = np.array([numpy_taggers.outputs(kind, network, b.constituents, b.nsub[0], b.efp[0]) for b in single])
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("kind", ["pfn", "efn", "graph"])
def test_the_order_of_constituents_does_not_matter(kind):
    torch.manual_seed(2)
    network, batch = build(kind, **ARGUMENTS).eval(), batch_of(3)
    start, rows = 0, []
    for count in batch.counts.tolist():
        rows.append(start + torch.randperm(count))
        start += count
    shuffled = with_constituents(batch, batch.constituents[torch.cat(rows)], batch.counts)
    assert torch.allclose(network(shuffled), network(batch), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["pfn", "efn", "graph"])
def test_jets_of_a_batch_do_not_see_each_other(kind):
    torch.manual_seed(3)
    network, jets = build(kind, **ARGUMENTS).eval(), random_jets(5)
    together = network(jets.batch(torch.arange(5)))
    alone = torch.cat([network(jets.batch(torch.tensor([k]))) for k in range(5)])
    assert torch.allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_only_the_energy_flow_network_is_collinear_safe():
    """Splitting the hardest constituent in two parallel halves must not change it."""
    torch.manual_seed(4)
    batch = batch_of(1)
    first = batch.constituents[:1] * torch.tensor([0.5, 1.0, 1.0])
    split = with_constituents(batch, torch.cat([first, first, batch.constituents[1:]]), batch.counts + 1)
    safe, unsafe = EnergyFlow(), ParticleFlow()
    assert torch.allclose(safe(split), safe(batch), atol=1e-6)
    assert not torch.allclose(unsafe(split), unsafe(batch), atol=1e-3)


def test_a_batch_holds_the_jets_of_an_index_in_its_order():
    jets = random_jets(12)
    whole, two = jets.batch(EVERYTHING), jets.batch(torch.tensor([7, 2]))
    starts = whole.counts.cumsum(0) - whole.counts
    expected = [whole.constituents[starts[k] : starts[k] + whole.counts[k]] for k in (7, 2)]
    assert torch.equal(two.constituents, torch.cat(expected))
    assert torch.equal(two.label, whole.label[[7, 2]]) and torch.equal(two.nsub, whole.nsub[[7, 2]])


def test_neighbours_are_scikit_learn_s():
    counts = torch.tensor([30, 9, 14])
    places = torch.randn(int(counts.sum()), 2, generator=torch.Generator().manual_seed(5))
    source, target = nearest(places, counts, neighbours=8)
    found = {(int(a), int(b)) for a, b in zip(source, target, strict=True)}
    expected, start = set(), 0
    for count in counts.tolist():
        jet = places[start : start + count].numpy()
        _, order = NearestNeighbors(n_neighbors=9).fit(jet).kneighbors(jet)
        expected |= {(start + int(a), start + k) for k, row in enumerate(order) for a in row[1:]}
        start += count
    assert found == expected


def test_a_jet_with_few_constituents_has_fewer_neighbours():
    source, target = nearest(torch.randn(23, 2), torch.tensor([20, 3]), neighbours=8)
    of_small = target >= 20
    assert of_small.sum() == 3 * 2 and (source[of_small] >= 20).all()
    assert (target == 0).sum() == 8


def test_inputs_are_standardised_and_the_scale_is_stored():
    network = build("nsub", **ARGUMENTS)
    values = 100 + 7 * torch.randn(500, 22)
    network.fit_scale(values)
    scaled = (values - network.mean) / network.spread
    assert scaled.mean().abs() < 1e-4 and abs(float(scaled.std()) - 1) < 0.01
    stored = {"arguments": {"kind": "nsub", **ARGUMENTS}, "state": network.state_dict()}
    batch = batch_of()
    assert torch.equal(load(stored)(batch), network(batch))


def test_the_probability_is_that_of_the_second_class():
    assert probability(torch.tensor([[0.0, np.log(3.0)]])).item() == pytest.approx(0.75)
