"""The taggers as the articles write them, in plain NumPy and one jet at a time, from the weights of one of ours.

The layers are listed here once more, with their sizes: a layer that is lost, added or without its ReLU gives others.
"""

import numpy as np
from scipy.special import logsumexp


class Weights:
    """The linear layers of a network, in the order of the forward pass."""

    def __init__(self, network):
        state = {name: value.double().numpy() for name, value in network.state_dict().items()}
        self.layers = [(state[f"{name}.weight"], state[f"{name}.bias"]) for name in linear_layers(state)]
        self.state = state

    def linear(self, values, n_out):
        """Return the next layer of `values` (..., n_in) with `n_out` outputs."""
        weight, bias = self.layers.pop(0)
        assert weight.shape == (n_out, values.shape[-1])
        return values @ weight.T + bias

    def dense(self, values, *sizes):
        """Return values after layers of these sizes, each with ReLU."""
        for size in sizes:
            values = np.maximum(self.linear(values, size), 0)
        return values


def linear_layers(state):
    return [name.removesuffix(".weight") for name in state if name.endswith(".weight")]


def flow(network, jet, *, weighted):
    """PFN: F(sum of Phi(z, y, phi)); EFN: F(sum of z Phi(y, phi)); arXiv:1810.05165, Sec. 3.

    Phi has 100, 100, 256 nodes and F has 100, 100, 100. `jet` is (constituent, 3). Ours scales z by 50, y and phi by 5.
    """
    weights = Weights(network)
    share, place = jet[:, :1], 5 * jet[:, 1:]
    phi = weights.dense(place if weighted else np.hstack([50 * share, place]), 100, 100, 256)
    latent = (share * phi).sum(axis=0) if weighted else phi.sum(axis=0)
    return end(weights, weights.dense(latent, 100, 100, 100))


def n_subjettiness(network, observables):
    """Dense 200, 200, 50, 50 after standardisation, arXiv:1902.09914, Sec. 3."""
    weights = Weights(network)
    values = (observables - weights.state["mean"]) / weights.state["spread"]
    return end(weights, weights.dense(values, 200, 200, 50, 50))


def linear(network, observables):
    """Return the two outputs of the linear tagger."""
    weights = Weights(network)
    return end(weights, (observables - weights.state["mean"]) / weights.state["spread"])


def graph(network, jet, *, neighbours):
    """Two edge convolutions, after arXiv:1902.08570, Sec. 3: mean over the neighbours j of h(x_i, x_j - x_i)."""
    weights = Weights(network)
    share, place = jet[:, :1], jet[:, 1:]
    features = np.hstack([share, np.log(share), place])
    features = edge_convolution(weights, features, place, neighbours, 32)
    features = edge_convolution(weights, features, features, neighbours, 64)
    pooled = np.concatenate([features.mean(axis=0), features.max(axis=0)])
    return end(weights, weights.dense(pooled, 64))


def edge_convolution(weights, features, positions, neighbours, size):
    """Return the new features (constituent, size) of two layers on the edges from the nearest in `positions`."""
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, : min(neighbours, len(positions) - 1)]
    centre = np.broadcast_to(features[:, None], (*nearest.shape, features.shape[1]))
    edges = np.concatenate([centre, features[nearest] - centre], axis=-1)  # (constituent, neighbour, 2 features)
    return weights.dense(edges, size, size).mean(axis=1)


def end(weights, values):
    """Return the two outputs without an activation; no layer is left after them."""
    scores = weights.linear(values, 2)
    assert not weights.layers, f"{len(weights.layers)} layers more than in the article"
    return scores


def outputs(kind, network, constituents, nsub, efp, *, neighbours=8):
    """Return the two outputs of a tagger of ours for one jet: constituents (constituent, 3), observables (n,)."""
    constituents, nsub, efp = (np.asarray(values, float) for values in (constituents, nsub, efp))
    if kind in ("pfn", "efn"):
        return flow(network, constituents, weighted=kind == "efn")
    if kind == "graph":
        return graph(network, constituents, neighbours=neighbours)
    return n_subjettiness(network, nsub) if kind == "nsub" else linear(network, efp)


def cross_entropy(scores, label):
    """Return the mean of -log softmax(scores) (jet, 2) at the labels (jet,)."""
    return np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(label)), label])
