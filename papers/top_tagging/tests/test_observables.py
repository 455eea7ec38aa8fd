"""Jet observables against closed forms and plain loops."""

import itertools

import numpy as np
import pytest

from common.physics.kinematics import four_vector

from ..observables.polynomials import connected_graphs, flow_polynomials, graphs_up_to, polynomial, products_up_to
from ..observables.tagger_inputs import around_axis, jet_kinematics, subjettiness, tagger_inputs
from ..settings import PrepareConfig


def padded(*constituents):
    """Return one jet (1, 200, 4) from (pt, eta, phi) of its constituents."""
    jet = np.zeros((1, 200, 4))
    jet[0, : len(constituents)] = four_vector(*np.transpose(constituents))
    return jet


def random_jet(n=6, seed=0):
    generator = np.random.default_rng(seed)
    place = generator.normal(0, 0.2, (2, n))
    return padded(*zip(np.sort(generator.exponential(80, n))[::-1] + 1, place[0] + 0.5, place[1] - 1.0, strict=True))


def test_kinematics_of_two_massless_constituents():
    """m^2 = 2 pt1 pt2 (cosh(d_eta) - cos(d_phi))."""
    pt, _, mass = jet_kinematics(padded((300, 0.1, 0.2), (200, 0.4, 0.2)))[0]
    assert mass == pytest.approx(np.sqrt(2 * 300 * 200 * (np.cosh(0.3) - 1)))
    assert pt == pytest.approx(500)


def test_the_mass_needs_double_precision():
    jet = padded((599, 1.9, 0.0), (1, 1.9, 0.001))
    exact = np.sqrt(2 * 599 * (1 - np.cos(0.001)))
    assert jet_kinematics(jet)[0, 2] == pytest.approx(exact, rel=1e-3)
    assert jet_kinematics(jet.astype(np.float32))[0, 2] != pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("turn", [0.0, np.pi - 0.05])
def test_constituents_around_the_axis(turn):
    found = around_axis(padded((300, 1.0, turn), (100, 1.4, turn + 0.2)))[0]
    assert found[:2, 0] == pytest.approx([0.75, 0.25])
    assert found[:2, 1] == pytest.approx([-0.1, 0.3])
    assert found[:2, 2] == pytest.approx([-0.05, 0.15], abs=1e-9)
    assert not found[2:].any()


def test_subjettiness_of_as_many_axes_as_constituents_is_zero():
    tau = subjettiness(np.concatenate([random_jet(3), random_jet(3, seed=1)]), bodies=5, betas=[0.5, 1.0, 2.0])
    assert tau.shape == (2, 3 * 5 - 4)
    of_one = tau[:, 3:7]  # tau_1 ... tau_4 with beta = 1
    assert (of_one[:, :2] > 0.01).all() and np.abs(of_one[:, 2:]).max() < 1e-6


def test_one_subjettiness_of_two_constituents():
    """The winner-takes-all axis is the harder one: tau_1 = z (d / R)^beta with the share z of the softer one."""
    tau = subjettiness(padded((300, 0.0, 0.0), (100, 0.0, 0.4)), bodies=3, betas=[0.5, 1.0, 2.0])[0]
    assert tau[[0, 1, 3]] == pytest.approx([0.25 * 0.5**beta for beta in (0.5, 1.0, 2.0)], rel=1e-4)


LINE = [(300, 0.0, 0.0), (200, 0.0, 0.1), (100, 0.0, 0.6)]  # pt, eta, phi: shares of 1/2, 1/3, 1/6


def test_observables_of_three_constituents_by_hand():
    """All merge into the hardest one; two axes are at it and at the far constituent; three leave nothing.

    The columns are tau_1, tau_2 for beta = 1/2; tau_1, tau_2, tau_3 for beta = 1 and for beta = 2; pT and mass in GeV.
    """
    config = PrepareConfig(
        **{"n_test": 1, "n_constituents": 200, "chunk": 1, "bodies": 4, "betas": [0.5, 1.0, 2.0]},
        **{"efp_degree": 3, "efp_constituents": 40},
    )
    stored = tagger_inputs(padded(*LINE), np.array([1]), config)
    one = {beta: (0.1 / 0.8) ** beta / 3 + (0.6 / 0.8) ** beta / 6 for beta in (0.5, 1, 2)}
    two = {beta: (0.1 / 0.8) ** beta / 3 for beta in (0.5, 1, 2)}
    taus = [one[0.5], two[0.5], one[1], two[1], 0, one[2], two[2], 0]
    assert stored.nsub[0, :8] == pytest.approx(taus, rel=1e-4, abs=1e-6)
    pt_gev = np.hypot(300 + 200 * np.cos(0.1) + 100 * np.cos(0.6), 200 * np.sin(0.1) + 100 * np.sin(0.6))
    squared = 2 * (300 * 200 * (1 - np.cos(0.1)) + 300 * 100 * (1 - np.cos(0.6)) + 200 * 100 * (1 - np.cos(0.5)))
    assert stored.nsub[0, 8:] == pytest.approx([pt_gev, np.sqrt(squared)], rel=1e-5)
    assert stored.kinematics[0] == pytest.approx([pt_gev, 0, np.sqrt(squared)], abs=1e-9)
    assert stored.n_constituents.tolist() == [3] and stored.constituents[:, 0] == pytest.approx([1 / 2, 1 / 3, 1 / 6])


def test_polynomials_of_three_constituents_by_hand():
    """One edge: 2 sum z z theta. Squared edge: 2 sum z z theta^2. Triangle: 6 z1 z2 z3 theta12 theta13 theta23."""
    share, theta = np.array([1 / 2, 1 / 3, 1 / 6]), {(0, 1): 0.1, (0, 2): 0.6, (1, 2): 0.5}
    found = flow_polynomials(around_axis(padded(*LINE)), degree=3)[0]
    values = {graph: found[products_up_to(3).index((k,))] for k, graph in enumerate(graphs_up_to(3))}
    edge, double, wedge, triangle = ((0, 1),), ((0, 1),) * 2, ((0, 1), (0, 2)), ((0, 1), (0, 2), (1, 2))
    pair = {power: 2 * sum(share[a] * share[b] * d**power for (a, b), d in theta.items()) for power in (1, 2)}
    assert values[edge] == pytest.approx(pair[1]) and values[double] == pytest.approx(pair[2])
    assert values[triangle] == pytest.approx(6 * share.prod() * 0.1 * 0.6 * 0.5)
    around = [share[1] * 0.1 + share[2] * 0.6, share[0] * 0.1 + share[2] * 0.5, share[0] * 0.6 + share[1] * 0.5]
    assert values[wedge] == pytest.approx((share * np.square(around)).sum())
    assert found[products_up_to(3).index((0, 0))] == pytest.approx(pair[1] ** 2)


def test_the_hardest_constituents_enter_the_polynomials():
    config = PrepareConfig(
        **{"n_test": 1, "n_constituents": 200, "chunk": 1, "bodies": 3, "betas": [0.5, 1.0, 2.0]},
        **{"efp_degree": 1, "efp_constituents": 2},
    )
    assert tagger_inputs(padded(*LINE), np.array([0]), config).efp[0] == pytest.approx([2 * (1 / 2) * (1 / 3) * 0.1])


def test_distances_are_in_rapidity_which_differs_from_pseudorapidity_with_a_mass():
    jet = np.zeros((1, 5, 4))
    jet[0, :2] = four_vector(np.array([10.0, 10.0]), np.array([0.0, 1.0]), np.zeros(2), np.array([0.0, 20.0]))
    energy = np.sqrt(10**2 * np.cosh(1.0) ** 2 + 20**2)
    rapidity = np.arctanh(10 * np.sinh(1.0) / energy)
    assert around_axis(jet)[0, :2, 1] == pytest.approx([-rapidity / 2, rapidity / 2])


def test_numbers_of_graphs():
    """Connected loopless multigraphs with d edges: sequence A076864. All with up to d: sums of A050535, less one."""
    assert [len(connected_graphs(d)) for d in range(1, 6)] == [1, 2, 5, 12, 33]
    assert [len(products_up_to(d)) for d in range(1, 5)] == [1, 4, 12, 35]


def test_polynomials_are_their_sums():
    features = around_axis(random_jet(5))[:, :7]  # two of them padding
    share, place = features[0, :, 0], features[0, :, 1:]
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    for graph in graphs_up_to(3):
        n_vertices = max(max(edge) for edge in graph) + 1
        total = 0.0
        for chosen in itertools.product(range(7), repeat=n_vertices):
            total += np.prod(share[list(chosen)]) * np.prod([distance[chosen[a], chosen[b]] for a, b in graph])
        assert polynomial(graph, features[..., 0], distance[None])[0] == pytest.approx(total, rel=1e-9), graph


def test_products_and_collinear_safety():
    jet = random_jet(4)
    split = np.concatenate([jet[:, :1] * 0.5, jet[:, :1] * 0.5, jet[:, 1:]], axis=1)
    whole, halves = (flow_polynomials(around_axis(x)[:, :10], degree=4) for x in (jet, split))
    assert whole.shape == (1, 35)
    assert halves == pytest.approx(whole, rel=1e-5)
    first = products_up_to(4).index((0,))
    square = products_up_to(4).index((0, 0))
    assert whole[0, square] == pytest.approx(whole[0, first] ** 2)
