"""What the taggers of arXiv:1902.09914 see of a jet: constituents around its axis, and high-level observables."""

import awkward as ak
import fastjet
import numpy as np

from common.physics.jets import as_lists
from common.physics.kinematics import delta_phi, eta, mass, phi, pt

from ..prepared.file import TaggerInputs
from ..settings import PrepareConfig
from .polynomials import flow_polynomials

JET_RADIUS = 0.8  # of the article's jets (Sec. 2); N-subjettiness measures distances in this unit
EVERYTHING_RADIUS = 10.0  # of a clustering that unites all constituents, because they are one jet already


def jet_kinematics(momenta: np.ndarray) -> np.ndarray:
    """Return pT [GeV], pseudorapidity and mass [GeV] (jet, 3) of the sum of px, py, pz, E (jet, constituent, 4).

    The mass needs double precision: it is a small difference of large squares.
    """
    p4 = momenta.sum(axis=1)
    return np.stack([pt(p4), eta(p4), mass(p4)], axis=1)


def around_axis(momenta: np.ndarray) -> np.ndarray:
    """Return the constituents around the axis (jet, constituent, 3): share of pT, distance in rapidity and azimuth.

    The axis is the pT-weighted centroid. Padding has a share of zero and no distance.

    Args:
        momenta: px, py, pz, E [GeV] (jet, constituent, 4), zero where padded
    """
    pz, energy = momenta[..., 2], momenta[..., 3]
    transverse = pt(momenta)
    real = transverse > 0  # (jet, constituent)
    with np.errstate(divide="ignore", invalid="ignore"):
        rapidity = np.where(real, 0.5 * np.log(np.maximum(energy + pz, 1e-9) / np.maximum(energy - pz, 1e-9)), 0.0)
    total = momenta.sum(axis=1)
    azimuth = np.where(real, delta_phi(phi(momenta), phi(total)[:, None]), 0.0)
    shares = transverse / np.maximum(transverse.sum(axis=1, keepdims=True), 1e-12)
    distances = [np.where(real, x - (shares * x).sum(axis=1, keepdims=True), 0.0) for x in (rapidity, azimuth)]
    return np.stack([shares, *distances], axis=-1)


def subjettiness(momenta: np.ndarray, *, bodies: int, betas: list[float]) -> np.ndarray:
    """Return the N-subjettiness basis of M-body phase space (jet, 3 M - 4), K. Datta, A. Larkoski, arXiv:1704.08249.

    It consists of tau_1 ... tau_(M-2) for each of three exponents, and of tau_(M-1) for the last two of them. The axes
    are those of winner-takes-all kT, from fastjet's contrib package.

    Args:
        momenta: px, py, pz, E [GeV] (jet, constituent, 4), zero where padded
        bodies: M.
        betas: The three exponents of the distance, e.g. 0.5, 1, 2.
    """
    real = momenta[..., 3] > 0
    jets = as_lists(momenta[real], real.sum(axis=1))
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, EVERYTHING_RADIUS)
    clusters = fastjet.ClusterSequence(jets, definition)
    numbers = list(range(1, bodies))
    columns = []
    for position, beta in enumerate(betas):
        tau = clusters.njettiness("NormalizedMeasure", "WTA_KT_Axes", numbers, beta, JET_RADIUS)
        tau = ak.to_numpy(tau).reshape(len(momenta), len(numbers))  # (jet, number of axes)
        columns.append(tau if position > 0 else tau[:, :-1])
    return np.concatenate(columns, axis=1)


def tagger_inputs(momenta: np.ndarray, label: np.ndarray, config: PrepareConfig) -> TaggerInputs:
    """Return everything that is stored of some jets.

    Args:
        momenta: px, py, pz, E [GeV] (jet, constituent, 4), zero where padded
        label: (jet,), 1 for top
        config: How many constituents are read, and which observables are computed from them.
    """
    momenta = momenta[:, : config.n_constituents]
    kinematics, features = jet_kinematics(momenta), around_axis(momenta)
    real = momenta[..., 3] > 0  # (jet, constituent)
    tau = subjettiness(momenta, bodies=config.bodies, betas=config.betas)
    return TaggerInputs(
        label=label,
        n_constituents=real.sum(axis=1),
        constituents=features[real].astype(np.float32),
        kinematics=kinematics,
        nsub=np.concatenate([tau, kinematics[:, [0, 2]]], axis=1).astype(np.float32),
        efp=flow_polynomials(features[:, : config.efp_constituents], degree=config.efp_degree).astype(np.float32),
    )
