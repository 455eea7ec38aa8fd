"""Boosts and phase space against closed forms."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from papers.nova_cvn.generator.kinematics import (
    boosted,
    four_vector,
    invariant_mass,
    isotropic,
    length,
    minus,
    phase_space,
    plus,
    times,
    turned,
    two_body_momentum,
    unboosted,
)


@pytest.fixture
def random():
    return np.random.default_rng(1)


def test_a_boost_and_back_changes_nothing_and_keeps_masses(random):
    for _ in range(20):
        frame = four_vector(1.3, tuple(random.normal(size=3)))
        vector = four_vector(0.4, tuple(random.normal(size=3)))
        there = boosted(vector, frame)
        assert invariant_mass(there) == pytest.approx(0.4)
        np.testing.assert_allclose(unboosted(there, frame), vector, atol=1e-12)
    np.testing.assert_allclose(boosted((1.3, 0, 0, 0), frame), frame, atol=1e-12)


@pytest.mark.parametrize("axis", [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.48, -0.6, 0.64)])
def test_directions_turn_by_the_angle(axis):
    for phi in np.linspace(0, 6, 7):
        new = turned(axis, 0.3, phi)
        assert length(new) == pytest.approx(1)
        assert np.dot(new, axis) == pytest.approx(0.3)
    around = [turned(axis, 0.3, phi) for phi in 2 * np.pi * np.arange(8) / 8]
    np.testing.assert_allclose(np.mean(around, axis=0), times(axis, 0.3), atol=1e-12)


def test_directions_are_isotropic(random):
    found = np.array([isotropic(random) for _ in range(4000)])
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose((found**2).mean(axis=0), 1 / 3, atol=0.02)


def test_momenta_of_a_two_body_decay():
    assert two_body_momentum(0.49368, 0.10566, 0.0) == pytest.approx(0.2355, abs=1e-4)  # K -> mu nu, PDG
    assert two_body_momentum(1.0, 0.6, 0.5) == 0


@pytest.mark.parametrize("masses", [[0.94, 0.14], [0.94, 0.14, 0.14], [0.94, 0.14, 0.14, 0.5, 0.14]])
def test_phase_space_conserves_energy_and_momentum(random, masses):
    products = phase_space(2.2, masses, random)
    total = (0.0, 0.0, 0.0, 0.0)
    for product, mass in zip(products, masses, strict=True):
        assert invariant_mass(product) == pytest.approx(mass, abs=1e-6)
        total = plus(total, product)
    np.testing.assert_allclose(total, (2.2, 0, 0, 0), atol=1e-9)


def test_three_bodies_fill_the_dalitz_plot_evenly(random):
    """The mass of a pair is distributed as the product of both break-up momenta."""
    mass, masses = 1.5, (0.5, 0.3, 0.1)

    def density(pair):
        return two_body_momentum(mass, pair, masses[2]) * two_body_momentum(pair, masses[0], masses[1])

    low, high = masses[0] + masses[1], mass - masses[2]
    norm, first = quad(density, low, high)[0], quad(lambda m: m * density(m), low, high)[0]
    second = quad(lambda m: m * m * density(m), low, high)[0]
    mean, spread = first / norm, math.sqrt(second / norm - (first / norm) ** 2)
    pairs = []
    for _ in range(2000):
        products = phase_space(mass, list(masses), random)
        pairs.append(invariant_mass(minus((mass, 0, 0, 0), products[2])))
    assert np.mean(pairs) == pytest.approx(mean, abs=4 * spread / math.sqrt(2000))
    assert np.std(pairs) == pytest.approx(spread, rel=0.08)
