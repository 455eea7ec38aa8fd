"""Passage through NOvA's cells, against PDG numbers and closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad

pytest.importorskip("numba")

from papers.nova_cvn.generator import compiled
from papers.nova_cvn.generator.decays import DECAY_CM
from papers.nova_cvn.generator.geometry import (
    CELL_CM,
    HALF_CM,
    HOLLOW_CELL_CM,
    HOLLOW_PLANE_CM,
    LENGTH_CM,
    MEAN_DENSITY,
    N_CELLS,
    OIL_DENSITY,
    PLANE_CM,
    along_cell,
    cell_at,
    from_beam,
    is_inside,
    random_point,
)
from papers.nova_cvn.generator.medium import (
    BETHE_MEV_CM2,
    CRITICAL_MEV,
    DENSITY,
    HIGHLAND_GEV,
    PION_CM,
    PLASMA_MEV,
    RADIATION_LENGTH_CM,
    STERNHEIMER_X,
    Z_OVER_A,
    density_effect,
    fluctuating_loss,
    free_path,
    scattering_angle,
    stopping_power,
)
from papers.nova_cvn.generator.particles import MUON, MUON_GEV, NEUTRON, PION, PION_GEV, PROTON, PROTON_GEV
from papers.nova_cvn.generator.readout import BIRKS, attenuation, dark_cells
from papers.nova_cvn.generator.showers import (
    compton_rate,
    compton_share,
    follow_photon,
    nothing_waiting,
    pair_rate,
    radiated_share,
    radiations,
    shower,
)
from papers.nova_cvn.generator.transport import COLLIDED, DECAYED, LEFT, STOPPED, follow_charged
from papers.nova_cvn.generator.vectors import rotated, seed_kernels

OIL_SHARE = 0.65  # of the mass; the rest is PVC
START, ALONG = (0.3, 0.4, 500.0), (0.0, 0.0, 1.0)
ACTIVE = HOLLOW_CELL_CM * HOLLOW_PLANE_CM / (CELL_CM * PLANE_CM) * OIL_DENSITY / MEAN_DENSITY


@pytest.fixture(autouse=True)
def _seed():
    seed_kernels(4)


def muon_end(kinetic, cells, *, point=START, direction=ALONG, code=MUON, mass=MUON_GEV, decay_cm=math.inf):
    return follow_charged(code, mass, decay_cm, point, direction, kinetic, cells)


# ---- medium ----


def test_medium_is_the_mixture_of_its_parts():
    """Mineral oil and PVC of the Review of Particle Physics; Z/A, X0 [g/cm2] recalled."""
    z_over_a = OIL_SHARE * 0.5728 + (1 - OIL_SHARE) * 0.5120
    assert z_over_a == pytest.approx(Z_OVER_A, rel=0.01)
    radiation_length = 1 / (OIL_SHARE / 44.85 + (1 - OIL_SHARE) / 25.51) / DENSITY
    assert radiation_length == pytest.approx(RADIATION_LENGTH_CM, rel=0.15)  # 36 cm against the quoted 40


def test_smallest_loss_is_that_of_the_mixture():
    """PDG, recalled: 2.088 MeV cm2/g (mineral oil), 1.779 (PVC); their mixture loses 1.98 MeV/cm."""
    losses = [stopping_power(kinetic, MUON_GEV) for kinetic in np.geomspace(0.05, 3, 200)]
    assert min(losses) == pytest.approx(OIL_SHARE * 2.088 + (1 - OIL_SHARE) * 1.779, rel=0.02)
    at = np.geomspace(0.05, 3, 200)[int(np.argmin(losses))]
    assert 3 < math.sqrt((1 + at / MUON_GEV) ** 2 - 1) < 4  # beta gamma


def test_loss_depends_on_the_speed_only_and_falls_as_a_power():
    muon, proton = stopping_power(0.1, MUON_GEV), stopping_power(0.1 * PROTON_GEV / MUON_GEV, PROTON_GEV)
    assert muon == pytest.approx(proton, rel=0.01)
    slope = math.log(stopping_power(0.02, MUON_GEV) / stopping_power(0.01, MUON_GEV)) / math.log(2)
    assert slope == pytest.approx(-0.75, abs=0.1)  # about beta^-5/3


def test_density_effect_starts_at_zero_and_has_its_asymptote():
    low, high = (10**x for x in STERNHEIMER_X)
    assert density_effect(low * 0.999) == 0
    assert density_effect(low * 1.001) == pytest.approx(0, abs=0.01)
    assert density_effect(high * 1.001) == pytest.approx(density_effect(high * 0.999), abs=0.01)
    assert density_effect(1e4) - density_effect(1e3) == pytest.approx(2 * math.log(10))


def test_fluctuations_keep_the_mean_and_have_a_tail():
    losses = np.array([fluctuating_loss(1.3, 1.0, 0.65) for _ in range(20_000)])
    assert losses.mean() == pytest.approx(1.3, rel=0.005)
    width = 0.307075 / 2 * Z_OVER_A * DENSITY * 0.65
    assert losses.std() == pytest.approx(width * math.pi / math.sqrt(2), rel=0.05)  # Moyal's
    assert np.median(losses) < losses.mean()


def test_scattering_has_highlands_width():
    angles = np.array([scattering_angle(2.0, 1.0, 40.0) for _ in range(20_000)])
    assert math.sqrt(np.mean(angles**2) / 2) == pytest.approx(HIGHLAND_GEV / 2.0, rel=0.03)  # in a plane


def test_pions_collide_sooner_at_the_delta_resonance():
    assert free_path(PION, 0.2) < 0.7 * free_path(PION, 1.0)
    assert free_path(PION, 0.01) == free_path(PION, 1.0)


def test_the_path_of_neutrons_grows_with_their_energy():
    paths = [free_path(NEUTRON, kinetic) for kinetic in (0.0, 0.03, 0.06, 0.12, 1.0)]
    assert 0 < paths[0] < paths[1] < paths[2] < paths[3] == paths[4]


# ---- charged particles ----


def csda_range(kinetic, mass):
    return quad(lambda t: 1e3 / stopping_power(t, mass), 0.0015, kinetic, limit=200)[0]


@pytest.mark.parametrize("kinetic", [0.3, 1.0, 2.0])
def test_muons_have_their_range(kinetic):
    """The integral of the inverse stopping power, 4.6 m at 1 GeV; scattering bends the way a little."""
    cells = dark_cells()
    ends = [muon_end(kinetic, cells) for _ in range(200)]
    assert {fate for fate, *_ in ends} == {STOPPED}
    reached = np.array([point[2] - START[2] for _, point, _, _ in ends])
    expected = csda_range(kinetic, MUON_GEV)
    assert 1e3 * kinetic / 2.5 < expected < 1e3 * kinetic / 2.0  # MeV/cm
    assert reached.mean() == pytest.approx(expected, rel=0.025)
    assert reached.std() < 0.06 * expected


def test_scattering_moves_muons_sideways():
    """After a length L: theta_0 L / sqrt(3) in a plane; with 20 GeV over 10 m the loss changes it little."""
    cells, kinetic, length = dark_cells(), 20.0, LENGTH_CM - 4900
    ends = [muon_end(kinetic, cells, point=(0.3, 0.4, 4900.0)) for _ in range(400)]
    assert {fate for fate, *_ in ends} == {LEFT}
    sideways = np.array([point[:2] for _, point, _, _ in ends]) - START[:2]
    momentum = kinetic - 0.002 * length / 2
    expected = HIGHLAND_GEV / momentum * math.sqrt(length / RADIATION_LENGTH_CM) * length / math.sqrt(3)
    assert sideways.std() == pytest.approx(expected, rel=0.1)


def test_energy_lost_becomes_light():
    """Muons across the detector: loss times the share of scintillator, less what Birks' law takes."""
    cells, losses = dark_cells(), []
    for offset in np.linspace(0, 40, 150):
        point = (0.3 + offset, 0.4 + offset, 1.0)
        fate, end, _, left = muon_end(50.0, cells, point=point)
        if fate == LEFT and end[2] > LENGTH_CM - 5:
            losses.append(50.0 - left)
    light = cells.light.sum() / attenuation(20.0)
    quenched = 1 + BIRKS * stopping_power(45.0, MUON_GEV) / DENSITY
    assert len(losses) > 140
    assert light == pytest.approx(1e3 * sum(losses) * ACTIVE / quenched, rel=0.05)


def test_pions_collide_after_their_mean_free_path_and_decay():
    cells = dark_cells()
    ends = [muon_end(5.0, cells, code=PION, mass=PION_GEV, decay_cm=DECAY_CM[PION]) for _ in range(800)]
    reached = np.array([point[2] - START[2] for fate, point, *_ in ends if fate == COLLIDED])
    assert len(reached) > 780
    assert reached.mean() == pytest.approx(PION_CM, rel=0.12)
    slow = [muon_end(0.05, cells, code=PION, mass=PION_GEV, decay_cm=5.0)[0] for _ in range(100)]
    assert slow.count(DECAYED) > 30
    protons = [muon_end(0.05, cells, code=PROTON, mass=PROTON_GEV)[0] for _ in range(100)]
    assert protons.count(STOPPED) > 90  # range 2 cm


@pytest.mark.parametrize("kinetic", [2.0, 6.0])
def test_moving_particles_live_longer(kinetic):
    """A muon with a short life flies beta gamma c tau on average; the energy that it loses shortens this a little."""
    cells, proper_cm = dark_cells(), 4.0
    ends = [muon_end(kinetic, cells, decay_cm=proper_cm) for _ in range(600)]
    assert {fate for fate, *_ in ends} == {DECAYED}
    lost = 0.001 * np.mean([point[2] - START[2] for _, point, *_ in ends])  # half of what is lost at 2 MeV/cm
    beta_gamma = math.sqrt((1 + (kinetic - lost) / MUON_GEV) ** 2 - 1)
    assert np.mean([point[2] - START[2] for _, point, *_ in ends]) == pytest.approx(beta_gamma * proper_cm, rel=0.12)


def test_constants_of_the_energy_loss():
    """K = 4 pi N_A r_e^2 m_e c^2 [MeV cm2/mol], and 28.816 eV sqrt(rho Z/A) from r_e and the fine structure."""
    radius_cm = 1e2 * constants.physical_constants["classical electron radius"][0]
    electron_mev = constants.physical_constants["electron mass energy equivalent in MeV"][0]
    assert 4 * math.pi * constants.N_A * radius_cm**2 * electron_mev == pytest.approx(BETHE_MEV_CM2, rel=1e-5)
    density = constants.N_A * Z_OVER_A * DENSITY  # electrons per cm3
    plasma = math.sqrt(4 * math.pi * density * radius_cm**3) * electron_mev / constants.fine_structure
    assert plasma == pytest.approx(PLASMA_MEV, rel=1e-4)
    assert pytest.approx(0.0136) == HIGHLAND_GEV  # Review of Particle Physics


# ---- photons and showers ----


def test_photons_convert_after_nine_sevenths_of_a_radiation_length():
    """At 2 GeV, where pair production has 99 % of its full rate: 51 cm."""
    cells, waiting, gaps = dark_cells(), nothing_waiting(), []
    for _ in range(3000):
        follow_photon(waiting, START, ALONG, 2.0, cells)
        gaps.append(waiting.rows[0, 4] - START[2])
        if waiting.n[0] == 2:  # all but one in a hundred, which scatter before
            assert waiting.rows[0, 1] + waiting.rows[1, 1] == pytest.approx(2.0)
        waiting.n[0] = 0
    assert np.mean(gaps) == pytest.approx(9 / 7 * RADIATION_LENGTH_CM, rel=0.06)
    assert np.mean(gaps) == pytest.approx(1 / (pair_rate(2.0) + compton_rate(2.0)), rel=0.06)


def test_compton_scattering_has_its_cross_section():
    """Klein and Nishina's total: 0.2112 barn at 1 MeV, 0.0511 barn at 10 MeV; Thomson's 0.6652 at low energy."""
    barn = 1e-24 * 6.02214e23 * Z_OVER_A * DENSITY
    assert compton_rate(0.001) / barn == pytest.approx(0.2112, rel=0.005)
    assert compton_rate(0.010) / barn == pytest.approx(0.0511, rel=0.005)
    shares = [compton_share(0.001) for _ in range(4000)]
    assert min(shares) >= 1 / (1 + 2 / 0.511) - 1e-9 and max(shares) <= 1
    assert np.mean(shares) == pytest.approx(0.560, abs=0.015)  # an electron takes 0.44 MeV of 1 MeV


def test_bremsstrahlung_loses_a_radiation_length():
    """Mean share of energy radiated per radiation length: 1, but for photons below the cut-off."""
    lost = radiations(10.0, RADIATION_LENGTH_CM) * np.mean([radiated_share(10.0) for _ in range(40_000)])
    assert lost == pytest.approx(1, abs=0.04)


def shower_profile(energy, n_showers):
    """Return light, corrected for attenuation, by plane from the start and by distance from the axis (cell)."""
    cells, waiting, random = dark_cells(), nothing_waiting(), np.random.default_rng(5)
    by_plane, across = np.zeros(400), np.zeros(N_CELLS)
    for _ in range(n_showers):
        x, y = random.uniform(-CELL_CM / 2, CELL_CM / 2, 2)
        shower(waiting, False, energy, (x, y, 100 * PLANE_CM + random.uniform(0, PLANE_CM)), ALONG, cells)
        planes, numbers = np.divmod(cells.touched[1 : cells.touched[0] + 1], N_CELLS)
        light = cells.light[planes, numbers] / attenuation(0.0)
        by_plane += np.bincount(planes - 100, light, minlength=400)
        across += np.bincount(numbers, light, minlength=N_CELLS)
        cells.light[planes, numbers], cells.touched[0] = 0, 0
    return by_plane / n_showers, across / n_showers


def test_showers_are_contained_and_keep_their_energy():
    """All energy is deposited; 90 % lies within a Moliere radius; the maximum is at ln(E/E_c) - 0.5 in X0."""
    energy = 2.0
    by_plane, across = shower_profile(energy, 60)
    expected = energy * 1e3 * ACTIVE / (1 + BIRKS * CRITICAL_MEV / RADIATION_LENGTH_CM)
    assert by_plane.sum() == pytest.approx(expected, rel=0.03)
    depth = (np.arange(len(by_plane)) + 0.5) * PLANE_CM / RADIATION_LENGTH_CM
    smooth = np.convolve(by_plane, np.ones(7) / 7, mode="same")
    assert depth[np.argmax(smooth)] == pytest.approx(math.log(energy * 1e3 / CRITICAL_MEV) - 0.5, abs=0.7)
    middle = N_CELLS // 2  # the axis is between this cell and the one before, on average
    moliere_cm = RADIATION_LENGTH_CM * 21.2 / CRITICAL_MEV
    reach = round(moliere_cm / CELL_CM)
    inside = across[middle - reach : middle + reach].sum() / across.sum()
    assert 0.85 < inside < 0.99  # in one projection, slightly more than within the circle


def test_shower_length_grows_with_the_logarithm_of_energy():
    def centre(energy):
        by_plane, _ = shower_profile(energy, 40)
        return np.average(np.arange(len(by_plane)), weights=by_plane) * PLANE_CM / RADIATION_LENGTH_CM

    assert centre(4.0) - centre(0.5) == pytest.approx(math.log(8), abs=0.5)


# ---- geometry ----


def test_cells_alternate_and_walls_are_dead():
    assert cell_at((0.5 * CELL_CM, 100.0, 0.5 * PLANE_CM)) == (0, N_CELLS // 2, 100.0)
    assert cell_at((100.0, 0.5 * CELL_CM, 1.5 * PLANE_CM)) == (1, N_CELLS // 2, 100.0)
    assert cell_at((0.01, 100.0, 0.5 * PLANE_CM))[1] == -1
    assert cell_at((0.5 * CELL_CM, 100.0, 0.05))[1] == -1
    assert along_cell(N_CELLS / 2 - 0.5) == pytest.approx(0)
    assert not is_inside((0.0, HALF_CM + 1, 10.0)) and is_inside((0.0, 0.0, 0.0))
    assert pytest.approx(762, abs=1) == HALF_CM and pytest.approx(5971, abs=1) == LENGTH_CM


def test_scintillator_is_two_thirds_of_the_mass():
    random = np.random.default_rng(3)
    n = 20_000
    in_cell = sum(cell_at(random_point(0.0, random))[1] >= 0 for _ in range(n)) / n
    assert in_cell * OIL_DENSITY / MEAN_DENSITY == pytest.approx(OIL_SHARE, abs=0.015)


def test_the_beam_comes_up_by_three_degrees():
    x, y, z = from_beam((0.0, 0.0, 1.0))
    assert x == 0 and math.degrees(math.atan2(y, z)) == pytest.approx(3)


def test_rotations_of_directions():
    for axis in (ALONG, (0.0, 0.0, -1.0), (0.48, -0.6, 0.64)):
        new = rotated(axis, 0.7, 1.1)
        assert np.dot(new, axis) == pytest.approx(math.cos(0.7))
        assert np.linalg.norm(new) == pytest.approx(1)


# ---- compiled kernels ----


def test_the_cache_of_the_kernels_depends_on_all_of_them():
    """A module with a kernel that `transport` does not import would keep its compiled code after an edit."""
    folder = Path(compiled.__file__).parent
    with_kernels = {path.name for path in folder.glob("*.py") if "@kernel" in path.read_text(encoding="utf-8")}
    assert with_kernels and with_kernels <= {Path(file).name for file in compiled.KERNEL_FILES}
    assert compiled.cache_folder().parent == folder / "__pycache__"
