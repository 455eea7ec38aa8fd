"""A toy of Delphes' e-flow objects, from which arXiv:1902.09914 clusters its jets: tracks and calorimeter towers.

Charged particles become tracks with their own direction. Photons and electrons without a track, and hadrons without a
track, fill two calorimeters of 0.1 x 0.1 towers; a tower is one massless object at a random position in its cell.
There is no magnetic field, no shower that leaks into the next tower and no subtraction of tracks from towers.
"""

import numpy as np

from common.physics.jets import Objects
from common.physics.kinematics import four_vector, pt_eta_phi
from common.physics.pythia import Particles, is_neutrino

from ..settings import DetectorConfig

ELECTROMAGNETIC, NEUTRAL, MUON = (11, 22), (22, 111, 130, 310, 2112, 3122, 3322), 13  # PDG codes


def detect(particles: Particles, config: DetectorConfig, generator: np.random.Generator) -> Objects:
    """Return tracks and towers of final-state particles.

    Args:
        particles: All events together.
        config: Acceptance, resolutions, thresholds.
        generator: Random numbers for smearing and inefficiency.
    """
    code = np.abs(particles.pid)
    pt, eta, phi = pt_eta_phi(particles.p4)
    visible = (np.abs(eta) < config.eta_max) & ~is_neutrino(code)
    charged = ~np.isin(code, NEUTRAL) & (pt > config.track_pt_gev)
    tracked = visible & charged & (generator.random(len(pt)) < config.track_efficiency)
    resolution = np.hypot(config.track_resolution, config.track_resolution_pt * pt[tracked])
    track_pt = pt[tracked] * np.clip(1 + resolution * generator.standard_normal(len(resolution)), 0.1, 1.9)
    parts = [Objects(particles.event[tracked], four_vector(track_pt, eta[tracked], phi[tracked]))]
    electromagnetic = np.isin(code, ELECTROMAGNETIC)
    for absorbed, terms in (
        (visible & ~tracked & electromagnetic, config.photon_resolution),
        (visible & ~tracked & ~electromagnetic & (code != MUON), config.hadron_resolution),
    ):
        energy = particles.p4[absorbed, 3]
        positions = (particles.event[absorbed], eta[absorbed], phi[absorbed])
        parts.append(towers(*positions, energy, config=config, terms=terms, generator=generator))
    return Objects(np.concatenate([p.event for p in parts]), np.concatenate([p.p4 for p in parts]))


def towers(
    event: np.ndarray,
    eta: np.ndarray,
    phi: np.ndarray,
    energy: np.ndarray,
    *,
    config: DetectorConfig,
    terms: tuple[float, float],
    generator: np.random.Generator,
) -> Objects:
    """Return the towers of one calorimeter above threshold.

    Args:
        event: (particle,)
        eta: (particle,)
        phi: (particle,)
        energy: (particle,) [GeV]
        config: Size of the towers and threshold.
        terms: Stochastic [sqrt(GeV)] and constant term of the resolution.
        generator: Random numbers for smearing and positions.
    """
    n_phi = round(2 * np.pi / config.tower)
    cell_phi = (np.floor((phi + np.pi) / (2 * np.pi) * n_phi).astype(np.int64)) % n_phi
    cell_eta = np.floor((eta + config.eta_max) / config.tower).astype(np.int64)
    n_eta = int(np.ceil(2 * config.eta_max / config.tower))
    cells, inverse = np.unique((event * n_eta + cell_eta) * n_phi + cell_phi, return_inverse=True)
    total = np.bincount(inverse, energy, minlength=len(cells))
    smeared = total + generator.standard_normal(len(cells)) * np.hypot(terms[0] * np.sqrt(total), terms[1] * total)
    above = smeared > config.tower_energy_gev
    cells, smeared = cells[above], smeared[above]
    tower_eta = (cells // n_phi % n_eta + generator.random(len(cells))) * config.tower - config.eta_max
    tower_phi = (cells % n_phi + generator.random(len(cells))) * (2 * np.pi / n_phi) - np.pi
    return Objects(cells // (n_phi * n_eta), four_vector(smeared / np.cosh(tower_eta), tower_eta, tower_phi))
