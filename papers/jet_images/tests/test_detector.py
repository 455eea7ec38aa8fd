"""Towers, trimmed jets and N-subjettiness of hand-made events (arXiv:1511.05190, Sec. 3)."""

import numpy as np
import pytest

pytest.importorskip("fastjet")
pytest.importorskip("pythia8mc")

from common.physics.jets import Objects, as_p4
from common.physics.kinematics import four_vector, mass, pt_eta_phi
from common.physics.pythia import Particles
from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.jet_images.generator.detector import (
    cells_of,
    n_subjettiness,
    select,
    subjet_distance,
    towers,
    trimmed_jets,
)
from papers.jet_images.settings import Settings
from papers.jet_images.simulate import particle_masses

SIMULATE = load_settings(ROOT / "papers/jet_images", "generated", Settings).simulate
CONFIG = SIMULATE.jets


def objects(*events):
    """Events given as lists of (pt, eta, phi) of massless particles."""
    number = np.repeat(np.arange(len(events)), [len(event) for event in events])
    return Objects(number, four_vector(*np.array([particle for event in events for particle in event]).T))


def test_energy_of_a_cell_is_that_of_its_particles():
    particles = objects([(10.0, 0.51, 1.01), (5.0, 0.59, 1.09), (7.0, -0.01, 1.02)], [(3.0, 0.55, 1.05)])
    hit = towers(particles, CONFIG)
    assert hit.event.tolist() == [0, 0, 1]
    energy = 10 * np.cosh(0.51) + 5 * np.cosh(0.59)
    assert hit.p4[:, 3] == pytest.approx([7 * np.cosh(0.01), energy, 3 * np.cosh(0.55)])
    _, eta, phi = pt_eta_phi(hit.p4)
    assert eta == pytest.approx([-0.05, 0.55, 0.55])
    assert phi == pytest.approx([1.05, 1.05, 1.05])
    assert mass(hit.p4) == pytest.approx([0, 0, 0], abs=1e-5)


def test_a_tower_lies_in_the_cell_of_its_particles():
    generator = np.random.default_rng(1)
    positions = np.column_stack(
        [np.full(300, 2.0), generator.uniform(-4.9, 4.9, 300), generator.uniform(-3.1, 3.1, 300)]
    )
    particles = objects(positions)
    hit = towers(particles, CONFIG)
    assert set(cells_of(hit.p4, CONFIG)) == set(cells_of(particles.p4, CONFIG))


def test_particles_beyond_the_grid_are_not_seen():
    assert len(towers(objects([(1.0, 5.2, 0.0), (1.0, -5.2, 0.0)]), CONFIG).event) == 0


def test_trimming_drops_soft_subjets_and_takes_the_jet_that_led_before():
    """The first jet has 300 GeV with 2 x 14 GeV that trimming removes; the second one has 280 GeV and loses nothing."""
    event = [(272.0, 0.0, 0.5), (14.0, 0.7, 0.5), (14.0, -0.7, 0.5), (280.0, 0.0, 3.0)]
    jets = trimmed_jets(objects(event), CONFIG, n_events=1, lowest_pt_gev=240)
    pt, _, phi = pt_eta_phi(jets.p4)
    assert pt == pytest.approx([272]) and phi == pytest.approx([0.5])


def test_events_without_a_hard_jet_are_left_out():
    jets = trimmed_jets(objects([(100.0, 0, 0)], [(260.0, 0, 0)]), CONFIG, n_events=2, lowest_pt_gev=240)
    assert jets.event.tolist() == [1]


def test_mass_distance_and_window_of_two_prongs():
    event = [(200.0, 0.0, 1.0), (70.0, 0.6, 1.0)]
    jets = trimmed_jets(objects(event), CONFIG, n_events=1, lowest_pt_gev=240)
    expected = np.sqrt(2 * 200 * 70 * (np.cosh(0.6) - 1))
    assert mass(jets.p4) == pytest.approx([expected])
    assert subjet_distance(jets.subjets) == pytest.approx([0.6])
    assert pt_eta_phi(as_p4(jets.subjets[0]))[0] == pytest.approx([200, 70])
    assert len(select(jets, CONFIG, pt_gev=(250, 300)).event) == 1
    assert len(select(jets, CONFIG, pt_gev=(250, 260)).event) == 0
    tau = n_subjettiness(jets.constituents, radius=1.0)
    # One axis, at the harder prong (winner takes all): only the softer one is away from it.
    assert tau[0] == pytest.approx([70 * 0.6 / 270, 0, 0], abs=1e-4)


def test_a_jet_of_one_subjet_has_no_distance():
    jets = trimmed_jets(objects([(270.0, 0.0, 1.0)]), CONFIG, n_events=1, lowest_pt_gev=240)
    assert subjet_distance(jets.subjets).tolist() == [0]


def test_without_a_calorimeter_a_jet_is_made_of_the_particles_of_its_own_event():
    """Two prongs each, and a soft one that trimming drops.

    The event between them is not asked for, and would spoil the jet of the last one. That has a third prong which
    makes 5 % of the jet's pT as a particle but not as a tower, whose centre is farther forward.
    """
    prongs = [(130.0, 0.32, 1.0), (140.0, 0.93, 1.04)], [(150.0, -0.08, 2.0), (120.0, 0.57, 2.01), (14.3, 0.22, 2.6)]
    seen = objects([*prongs[0], (5.0, 0.6, 1.6)], [(90.0, 0.25, 2.6)], [*prongs[1], (5.0, 0.2, 1.4)])
    particles = Particles(seen.event, np.full(len(seen.event), 211), seen.p4)
    jets = trimmed_jets(towers(seen, CONFIG), CONFIG, n_events=3, lowest_pt_gev=240)
    assert jets.event.tolist() == [0, 2]
    assert [len(subjets) for subjets in jets.subjets] == [2, 2]
    expected = [mass(objects(event).p4.sum(axis=0)) for event in prongs]
    assert particle_masses(jets, particles, SIMULATE) == pytest.approx(expected)
    assert np.all(np.abs(mass(jets.p4) - expected) > 0.5)  # that of towers is another one
