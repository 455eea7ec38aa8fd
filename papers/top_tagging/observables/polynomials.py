"""Energy flow polynomials (Komiske, Metodiev, Thaler, arXiv:1712.07124), the inputs of a tagger of arXiv:1902.09914.

A loopless multigraph G with V vertices and d edges stands for the number

    EFP_G = sum over i_1 ... i_V of z_(i_1) ... z_(i_V) * product over edges (k, l) of theta_(i_k i_l)

with z the share of a constituent in the jet's pT and theta the distance of two constituents in rapidity and azimuth.
A linear combination of polynomials can approximate any infrared- and collinear-safe observable.
"""

import functools
import itertools
from collections import Counter

import numpy as np

Graph = tuple[tuple[int, int], ...]  # edges, sorted; an edge may occur several times


def canonical(edges: Graph) -> Graph:
    """Return one representative of all graphs that differ only in the numbers of their vertices."""
    n_vertices = max(max(edge) for edge in edges) + 1
    relabelled = []
    for new in itertools.permutations(range(n_vertices)):
        relabelled.append(tuple(sorted(tuple(sorted((new[a], new[b]))) for a, b in edges)))
    return min(relabelled)


@functools.cache
def connected_graphs(degree: int) -> tuple[Graph, ...]:
    """Return all connected loopless multigraphs with `degree` edges: 1, 2, 5, 12, 33, ... of them."""
    if degree == 1:
        return (((0, 1),),)
    graphs = set()
    for edges in connected_graphs(degree - 1):
        n_vertices = max(max(edge) for edge in edges) + 1
        # One more edge joins two vertices, or a vertex and a new one: this builds every graph.
        graphs |= {
            canonical((*edges, pair))
            for pair in itertools.combinations(range(n_vertices + 1), 2)
            if pair[0] < n_vertices
        }
    return tuple(sorted(graphs))


def graphs_up_to(degree: int) -> list[Graph]:
    """Return the connected multigraphs with 1 to `degree` edges."""
    return [graph for d in range(1, degree + 1) for graph in connected_graphs(d)]


def products_up_to(degree: int) -> list[tuple[int, ...]]:
    """Return all products of connected graphs with up to `degree` edges, as positions in `graphs_up_to(degree)`."""
    sizes = [len(graph) for graph in graphs_up_to(degree)]
    return [
        factors
        for n_factors in range(1, degree + 1)
        for factors in itertools.combinations_with_replacement(range(len(sizes)), n_factors)
        if sum(sizes[position] for position in factors) <= degree
    ]


def polynomial(graph: Graph, shares: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the polynomial (jet,) of one connected graph.

    Args:
        graph: Edges between vertices 0, 1, ...
        shares: (jet, constituent), zero where padded
        distances: (jet, constituent, constituent)
    """
    n_vertices = max(max(edge) for edge in graph) + 1
    weights = [np.power(distances, power) for power in Counter(graph).values()]
    operands: list[object] = []
    for vertex in range(n_vertices):
        operands += [shares, [0, vertex + 1]]
    for (a, b), weight in zip(Counter(graph), weights, strict=True):
        operands += [weight, [0, a + 1, b + 1]]
    return np.einsum(*operands, [0], optimize="greedy")


def flow_polynomials(features: np.ndarray, *, degree: int) -> np.ndarray:
    """Return all polynomials (jet, polynomial) with up to `degree` edges, connected ones and their products.

    Args:
        features: (jet, constituent, 3): share of pT, distance in rapidity, distance in azimuth from the axis
        degree: Largest number of edges.
    """
    shares, positions = features[..., 0], features[..., 1:]
    squares = (positions**2).sum(axis=-1)  # (jet, constituent)
    products = positions @ positions.transpose(0, 2, 1)  # (jet, constituent, constituent)
    squares = squares[:, :, None] + squares[:, None, :] - 2 * products
    distances = np.sqrt(np.maximum(squares, 0))
    connected = np.stack([polynomial(graph, shares, distances) for graph in graphs_up_to(degree)], axis=1)
    return np.stack([connected[:, list(factors)].prod(axis=1) for factors in products_up_to(degree)], axis=1)
