"""Collisions and decays against conservation laws and PDG numbers."""

import math

import numpy as np
import pytest
from scipy.constants import speed_of_light

pytest.importorskip("numba")

from papers.nova_cvn.generator.decays import MICHEL_GEV, MUON_LIFE_US, decay, decay_length, michel_energy
from papers.nova_cvn.generator.hadrons import (
    ABSORPTION,
    EXCHANGE,
    FATE_GEV,
    FATES,
    INELASTIC,
    PRODUCTION,
    REMOVAL_GEV,
    capture_negative_pion,
    collide,
    fate_shares,
    pion_fate,
)
from papers.nova_cvn.generator.kinematics import FourVector, four_vector, invariant_mass, length, momentum_of, plus
from papers.nova_cvn.generator.particles import (
    ELECTRON,
    KAON,
    KAON_LONG,
    KAON_SHORT,
    MUON,
    MUON_GEV,
    NEUTRAL_PION,
    NEUTRAL_PION_GEV,
    NEUTRON,
    PHOTON,
    PION,
    PION_GEV,
    PROTON,
    Particle,
    mass_of,
)
from papers.nova_cvn.generator.transport import products_of_stopped

ALONG = (0.0, 0.0, 1.0)


@pytest.fixture
def random():
    return np.random.default_rng(3)


def total(particles: list[Particle]) -> FourVector:
    out = (0.0, 0.0, 0.0, 0.0)
    for particle in particles:
        out = plus(out, four_vector(mass_of(particle.code), particle.momentum))
    return out


def n_nucleons(particles: list[Particle]) -> int:
    return sum(abs(p.code) in (PROTON, NEUTRON) for p in particles)


# ---- collisions ----


@pytest.mark.parametrize("kinetic", FATE_GEV)
def test_pions_fare_as_in_the_table(kinetic, random):
    row = FATES[FATE_GEV.index(kinetic)]
    found = np.bincount([pion_fate(kinetic, random) for _ in range(3000)], minlength=4) / 3000
    np.testing.assert_allclose(found, row / row.sum(), atol=0.04)


def test_fates_between_the_tables_rows_are_interpolated_and_sum_to_one():
    between = fate_shares(0.4)
    low, high = sorted((fate_shares(0.3)[ABSORPTION], fate_shares(0.5)[ABSORPTION]))
    assert low < between[ABSORPTION] < high
    for kinetic in (0.01, 0.15, 0.7, 5.0):
        assert fate_shares(kinetic).sum() == pytest.approx(1)
    assert fate_shares(0.05)[PRODUCTION] == 0 < fate_shares(0.05)[INELASTIC]
    assert fate_shares(0.5)[EXCHANGE] < 0.05


@pytest.mark.parametrize("code", [PION, -PION, NEUTRAL_PION, KAON, KAON_LONG, PROTON, NEUTRON])
@pytest.mark.parametrize("kinetic", [0.05, 0.25, 0.9, 3.0])
def test_collisions_conserve_momentum_and_energy_but_for_the_binding(code, kinetic, random):
    mass = mass_of(code)
    for _ in range(30):
        products = collide(code, ALONG, kinetic, random)
        struck = n_nucleons(products) - (code in (PROTON, NEUTRON))
        assert struck in (1, 2, 3)
        system = total(products)
        np.testing.assert_allclose(system[1:], (0, 0, momentum_of(kinetic, mass)), atol=1e-9)
        bound = 0.0 if kinetic < 0.1 and struck == 1 else struck * REMOVAL_GEV
        available = kinetic + mass + struck * mass_of(NEUTRON) - bound
        assert system[0] == pytest.approx(available, abs=1e-9)


def test_a_neutrons_recoil_has_any_share_of_its_energy(random):
    """Isotropic scattering of equal masses: the share is even between 0 and 1."""
    shares = []
    for _ in range(1500):
        _, recoil = collide(NEUTRON, ALONG, 0.05, random)
        kinetic = math.hypot(length(recoil.momentum), mass_of(recoil.code)) - mass_of(recoil.code)
        shares.append(kinetic / 0.05)
    np.testing.assert_allclose(np.percentile(shares, [10, 50, 90]), [0.1, 0.5, 0.9], atol=0.05)


def test_a_captured_pion_leaves_its_mass_to_two_nucleons(random):
    for _ in range(20):
        products = capture_negative_pion(random)
        kinetic = total(products)[0] - sum(mass_of(p.code) for p in products)
        assert kinetic == pytest.approx(PION_GEV - 2 * REMOVAL_GEV, abs=2e-3)
        assert length(total(products)[1:]) == pytest.approx(0, abs=1e-9)


# ---- decays ----


LIFETIMES_S = {MUON: 2.1969811e-6, PION: 2.6033e-8, KAON: 1.2380e-8}  # Particle Data Group
MASSES_MEV = {  # the same
    **{ELECTRON: 0.510999, MUON: 105.6584, 15: 1776.9, PION: 139.5704, NEUTRAL_PION: 134.9768, KAON: 493.677},
    **{KAON_LONG: 497.611, KAON_SHORT: 497.611, PROTON: 938.2721, NEUTRON: 939.5654, PHOTON: 0.0},
}


def test_decay_lengths_are_lifetimes_times_the_speed_of_light():
    for code, lifetime in LIFETIMES_S.items():
        assert decay_length(-code) == decay_length(code) == pytest.approx(100 * speed_of_light * lifetime, rel=1e-3)
    assert pytest.approx(1e6 * LIFETIMES_S[MUON], rel=1e-3) == MUON_LIFE_US
    assert decay_length(PROTON) == math.inf


def test_masses_are_those_of_the_particle_data_group():
    for code, mev in MASSES_MEV.items():
        assert mass_of(-code) == mass_of(code) == pytest.approx(1e-3 * mev, rel=1e-4)


def test_michel_electrons_have_their_end_point_and_mean(random):
    """x^2 (3 - 2x) ends at 52.8 MeV and has the mean 7/10."""
    energies = np.array([michel_energy(random) for _ in range(20_000)])
    assert pytest.approx(0.0528, abs=5e-5) == MICHEL_GEV
    assert 0.0525 < energies.max() <= MICHEL_GEV
    assert energies.mean() == pytest.approx(0.7 * MICHEL_GEV, rel=0.01)


@pytest.mark.parametrize("slice_us", [0.0, 0.5, 5.0])
def test_only_michel_electrons_within_the_slice_are_made(slice_us, random):
    found = [products_of_stopped(MUON, slice_us, random) for _ in range(3000)]
    assert {p.code for event in found for p in event} <= {ELECTRON}
    share = np.mean([len(event) > 0 for event in found])
    assert share == pytest.approx(1 - math.exp(-slice_us / MUON_LIFE_US), abs=0.03)


def test_pion_at_rest_makes_a_muon_of_4_mev(random):
    """T = (m_pi - m_mu)^2 / (2 m_pi) = 4.12 MeV."""
    (muon,) = decay(PION, (0.0, 0.0, 0.0), random)
    assert muon.code == -MUON
    assert math.hypot(length(muon.momentum), MUON_GEV) - MUON_GEV == pytest.approx(0.00412, abs=1e-5)


def test_photons_of_a_neutral_pion_have_its_mass_and_smallest_angle(random):
    """The opening angle is at least 2 asin(m/E)."""
    momentum = (0.1, -0.2, 0.8)
    energy = math.hypot(length(momentum), NEUTRAL_PION_GEV)
    angles = []
    for _ in range(500):
        photons = decay(NEUTRAL_PION, momentum, random)
        assert [p.code for p in photons] == [PHOTON, PHOTON]
        assert invariant_mass(total(photons)) == pytest.approx(NEUTRAL_PION_GEV, rel=1e-6)
        np.testing.assert_allclose(total(photons)[1:], momentum, atol=1e-9)
        first, second = (np.array(p.momentum) / length(p.momentum) for p in photons)
        angles.append(math.acos(np.clip(first @ second, -1, 1)))
    smallest = 2 * math.asin(NEUTRAL_PION_GEV / energy)
    assert smallest - 1e-6 < min(angles) < 1.02 * smallest


def test_kaons_decay_as_listed(random):
    momentum = (0.0, 0.0, 0.6)
    short = [decay(KAON_SHORT, momentum, random) for _ in range(1000)]
    assert np.mean([event[0].code == PION for event in short]) == pytest.approx(0.69, abs=0.05)
    assert all(invariant_mass(total(event)) == pytest.approx(mass_of(KAON_SHORT), abs=1e-6) for event in short)
    positive = [decay(KAON, momentum, random) for _ in range(1000)]
    assert np.mean([event[0].code == -MUON for event in positive]) == pytest.approx(0.64, abs=0.05)


def test_decays_in_flight_are_boosted(random):
    kinetic = [math.hypot(length(decay(MUON, (0, 0, 5.0), random)[0].momentum), 0.0005) for _ in range(2000)]
    assert np.mean(kinetic) == pytest.approx(0.35 * math.hypot(5.0, MUON_GEV), rel=0.05)  # 7/20 of the muon's energy
