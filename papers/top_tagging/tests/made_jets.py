"""Jets that are made by hand, without a generator: their constituents are massless and their truth is known."""

import numpy as np

from common.physics.kinematics import four_vector

JET_PT_GEV = 600.0


def jets_from(shares, eta, phi, *, jet_pt=JET_PT_GEV):
    """Return px, py, pz, E [GeV] (jet, constituent, 4) from shares of pT and directions, each (jet, constituent).

    A constituent with a share of zero is padding. The hardest one comes first.
    """
    order = np.argsort(-shares, axis=1)
    shares, eta, phi = (np.take_along_axis(values, order, axis=1) for values in (shares, eta, phi))
    return four_vector(jet_pt * shares, eta, phi) * (shares > 0)[..., None]


def pronged_jets(n_jets, *, seed, longest=16):
    """Return jets of one prong (QCD) and of three (tops), and their labels (jet,), in random order.

    The prongs overlap, so that no tagger can tell all jets apart. A jet has 6 to `longest` constituents.
    """
    random = np.random.default_rng(seed)
    label = random.permutation(np.arange(n_jets) % 2).astype(np.int8)
    shape = (n_jets, longest)
    real = np.arange(longest) < random.integers(6, longest + 1, n_jets)[:, None]
    shares = random.exponential(size=shape) * real
    shares /= shares.sum(axis=1, keepdims=True)
    prong = random.integers(0, 3, shape)  # to which of three directions a constituent belongs
    angle = random.uniform(-np.pi, np.pi, (n_jets, 1)) + prong * 2 * np.pi / 3
    distance = np.where(label, 0.22, 0.1)[:, None] * random.uniform(0.5, 1.5, (n_jets, 1))
    eta = random.uniform(-1, 1, (n_jets, 1)) + distance * np.cos(angle) + random.normal(0, 0.08, shape)
    phi = random.uniform(-np.pi, np.pi, (n_jets, 1)) + distance * np.sin(angle) + random.normal(0, 0.08, shape)
    return jets_from(shares, eta, phi), label
