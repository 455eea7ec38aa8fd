"""Neutrino interactions: balance, charge, blocking, multiplicities."""

import numpy as np
import pytest
from scipy.stats import cauchy, expon, kstest, norm

pytest.importorskip("numba")
pytest.importorskip("pythia8mc")

from papers.nova_cvn.generator.event import PROCESSES, Strings, interact, outgoing
from papers.nova_cvn.generator.flux import (
    DIS,
    LOWEST_GEV,
    MAX_GEV,
    OTHER,
    QE,
    RES,
    beam_energy,
    interacting_energy,
    mode_weight,
)
from papers.nova_cvn.generator.hadronisation import (
    ALL_OVER_CHARGED,
    TRANSITION_GEV,
    choose_hadrons,
    draw_multiplicity,
    mean_charged,
    quark_and_diquark,
    scaling_hadrons,
)
from papers.nova_cvn.generator.interactions import (
    AXIAL_QE_GEV,
    AXIAL_RES_GEV,
    COHERENT_SLOPE,
    RES_W_GEV,
    dipole_q2,
    inelastic,
    quasielastic,
    resonance_mass,
)
from papers.nova_cvn.generator.kinematics import FourVector, four_vector, invariant_mass, length, minus, plus
from papers.nova_cvn.generator.nuclear import BINDING_GEV, FERMI_GEV, bound_nucleon, leave_nucleus
from papers.nova_cvn.generator.particles import KAON, MUON, MUON_GEV, PION, PROTON, TAU_GEV, Particle, mass_of

CHARGES = {PROTON: 1, PION: 1, KAON: 1}
LABELS = [*range(12), 13]


@pytest.fixture
def random():
    return np.random.default_rng(2)


@pytest.fixture(scope="module")
def strings():
    return Strings()


def total(particles: list[Particle]) -> FourVector:
    out = (0.0, 0.0, 0.0, 0.0)
    for particle in particles:
        out = plus(out, four_vector(mass_of(particle.code), particle.momentum))
    return out


def charge_of(particles: list[Particle]) -> int:
    return sum(CHARGES.get(abs(p.code), 0) * (1 if p.code > 0 else -1) for p in particles)


@pytest.mark.parametrize("label", LABELS)
def test_neutrino_and_target_have_the_momentum_of_lepton_and_hadrons(label, strings, random):
    for _ in range(20):
        vertex = interact(label, strings, random)
        energy, legs = vertex.energy_gev, vertex.legs
        before = plus((energy, 0.0, 0.0, energy), legs.struck)
        np.testing.assert_allclose(before, plus(legs.lepton, legs.system), atol=1e-9)
        assert invariant_mass(legs.lepton) == pytest.approx(mass_of(vertex.lepton_code), abs=1e-4)
        own = total(vertex.hadrons)
        tolerance = 0.02 if label % 4 == DIS or label == 13 else 2e-3  # Pythia's masses are not all in our table
        if all(mass_of(p.code) for p in vertex.hadrons):
            np.testing.assert_allclose(own, legs.system, atol=tolerance)


def test_charge_is_conserved_in_charged_currents(strings, random):
    for label, expected in ((0, {1}), (1, {1, 2}), (2, {1, 2}), (3, {1})):  # neutron, proton, or a nucleus at rest
        found = {charge_of(interact(label, strings, random).hadrons) for _ in range(60)}
        assert found == expected, label


def test_dipole_has_its_mean(random):
    """(1 + x)^-4 has <x> = 1/2 and, cut off at infinity, no narrower spread than sqrt(3)/2."""
    values = np.array([dipole_q2(0.99, random) for _ in range(20_000)])
    assert values.mean() == pytest.approx(0.99**2 / 2, rel=0.05)
    assert np.mean(values > 0.99**2) == pytest.approx(1 / 8, abs=0.01)


def test_fermi_gas_fills_a_sphere(random):
    nucleons = [bound_nucleon(random) for _ in range(4000)]
    sizes = np.array([length(n[1:]) for n in nucleons])
    assert sizes.max() < FERMI_GEV
    assert sizes.mean() == pytest.approx(0.75 * FERMI_GEV, rel=0.02)
    assert max(invariant_mass(n) for n in nucleons) < mass_of(PROTON)


def test_pauli_principle_leaves_no_slow_nucleon(strings, random):
    sizes = [length(interact(0, strings, random).hadrons[0].momentum) for _ in range(300)]
    assert min(sizes) > FERMI_GEV
    unblocked = sum(quasielastic(2.0, MUON_GEV, random) is None for _ in range(300))
    assert 10 < unblocked < 200  # some are refused, most are not


def test_resonances_peak_at_the_delta(random):
    w = np.array([resonance_mass(random) for _ in range(5000)])
    assert w.min() > 1.09 and w.max() < 1.7
    assert np.median(w) == pytest.approx(1.25, abs=0.02)
    assert np.mean(abs(w - 1.232) < 0.117 / 2) == pytest.approx(0.5 * 0.82 / 0.94, abs=0.06)


def test_inelastic_events_are_above_the_resonances(random):
    found = [legs for legs in (inelastic(5.0, MUON_GEV, random) for _ in range(500)) if legs]
    assert len(found) > 50
    assert min(invariant_mass(legs.system) for legs in found) > 1.7 - 1e-6


def test_coherent_pions_go_forward(strings, random):
    vertices = [interact(3, strings, random) for _ in range(200)]
    kicks = np.array([length(v.legs.struck[1:]) ** 2 for v in vertices])
    assert 1 / COHERENT_SLOPE < kicks.mean() < 3 / COHERENT_SLOPE  # the exponential, and the least |t| on top
    pions = np.array([v.hadrons[0].momentum for v in vertices])
    assert np.median(pions[:, 2] / np.linalg.norm(pions, axis=1)) > 0.9


@pytest.mark.parametrize("mode", [QE, RES, DIS, OTHER])
def test_energies_are_within_their_limits_and_tau_has_its_threshold(mode, random):
    energies = np.array([interacting_energy(mode, random, is_tau=False) for _ in range(500)])
    assert energies.min() > LOWEST_GEV[mode] and energies.max() < MAX_GEV
    tau = np.array([interacting_energy(mode, random, is_tau=True) for _ in range(100)])
    assert tau.min() > 3.5
    made = sum(PROCESSES[mode](energy, TAU_GEV, random) is not None for energy in tau)
    assert made or mode == OTHER
    if mode in (QE, RES):
        assert np.median(energies) == pytest.approx(2.1, abs=0.25)  # the narrow beam


def test_the_beam_has_a_narrow_peak_and_two_tails(random):
    """72 % in a normal peak at 1.95 GeV, 18 % above 1 GeV with the mean 3.6, 10 % around 7.5 GeV."""
    energies = np.array([beam_energy(random) for _ in range(20_000)])

    def share_below(energy):
        return (
            0.72 * norm.cdf(energy, 1.95, 0.42) + 0.18 * expon.cdf(energy, 1, 2.6) + 0.10 * norm.cdf(energy, 7.5, 2.5)
        )

    assert kstest(energies, share_below).pvalue > 1e-3


@pytest.mark.parametrize(("mode", "weights"), [(QE, (0.5, 1, 1)), (RES, (1 / 6, 1, 1)), (DIS, (0, 0.2, 1))])
def test_modes_rise_with_the_energy_of_the_neutrino(mode, weights):
    """At 0.6, 3 and 12 GeV."""
    assert [mode_weight(mode, energy) for energy in (0.6, 3.0, 12.0)] == pytest.approx(weights)


def test_quasielastic_scattering_has_the_axial_mass_of_genie(random):
    """At high energy (1 + Q2/M_A^2)^-3 of the events lie above Q2, M_A = 0.99 GeV; Pauli blocking ends below 0.3."""
    legs = [made for made in (quasielastic(12.0, MUON_GEV, random) for _ in range(1500)) if made]
    q2 = np.array([-minkowski(minus((12.0, 0.0, 0.0, 12.0), made.lepton)) for made in legs])
    wanted = ((1 + 0.3 / 0.99**2) / (1 + 0.9 / 0.99**2)) ** 3
    assert np.sum(q2 > 0.9) / np.sum(q2 > 0.3) == pytest.approx(wanted, abs=0.06)


def minkowski(vector):
    return vector[0] ** 2 - vector[1] ** 2 - vector[2] ** 2 - vector[3] ** 2


def test_the_delta_has_its_width(random):
    """Breit-Wigner of 117 MeV at 1232 MeV, cut at 1.09 and 1.7 GeV, and 18 % even between 1.35 and 1.7 GeV."""
    masses = np.array([resonance_mass(random) for _ in range(4000)])
    line = cauchy(1.232, 0.117 / 2)
    near = (line.cdf(1.232 + 0.0585) - line.cdf(1.232 - 0.0585)) / (line.cdf(1.7) - line.cdf(1.09))
    assert np.mean(np.abs(masses - 1.232) < 0.0585) == pytest.approx(0.82 * near, abs=0.03)
    assert masses.min() > 1.09 and masses.max() < 1.7


def test_numbers_of_genie():
    """Of its tables: Fermi momentum and binding of carbon, where strings take over, and where resonances end [GeV]."""
    assert (FERMI_GEV, BINDING_GEV, TRANSITION_GEV, RES_W_GEV[1]) == (0.221, 0.025, (2.3, 3.0), 1.7)
    assert (AXIAL_QE_GEV, AXIAL_RES_GEV) == (0.99, 1.12)


def test_charged_currents_make_the_lepton_of_their_flavour(strings, random):
    codes = [interact(label, strings, random).lepton_code for label in range(12)]
    assert codes == [13] * 4 + [11] * 4 + [15] * 4
    assert interact(13, strings, random).lepton_code == 0


def test_neutral_currents_have_all_modes(strings, random):
    """30 % of them leave a nucleon alone; the others make mesons."""
    alone = np.mean([len(interact(13, strings, random).hadrons) == 1 for _ in range(400)])
    assert alone == pytest.approx(0.30, abs=0.08)


# ---- hadronisation ----


@pytest.mark.parametrize("charge", [0, 1, 2])
@pytest.mark.parametrize("w", [2.2, 2.8])
def test_multiplicities_follow_the_logarithm_of_w(charge, w, random):
    """<n_ch> = a + b ln W^2, and 1.5 times as many hadrons; that there are two at least adds up to 10 %."""
    counts = [draw_multiplicity(charge, w, random) for _ in range(2000)]
    assert np.mean(counts) == pytest.approx(ALL_OVER_CHARGED * mean_charged(charge, w), rel=0.1)
    codes = [choose_hadrons(charge, n, random) for n in counts]
    assert [len(event) for event in codes] == counts
    assert all(charge_of([Particle(code, (0, 0, 0)) for code in event]) == charge for event in codes)
    charged = np.mean([sum(abs(code) in CHARGES for code in event) for event in codes])
    assert charged == pytest.approx(mean_charged(charge, w), rel=0.15)


def test_multiplicities_are_those_of_genie():
    """At W = 2 GeV: 2.37 charged hadrons for neutrinos on protons, 1.77 on neutrons."""
    assert mean_charged(2, 2.0) == pytest.approx(2.37, abs=0.005)
    assert mean_charged(1, 2.0) == pytest.approx(1.77, abs=0.005)


@pytest.mark.parametrize("charge", [0, 1, 2])
def test_scaling_hadrons_share_the_system_and_the_baryon_goes_backwards(charge, random):
    system, current = four_vector(2.0, (0.3, -0.2, 1.5)), (2.0, 0.2, -0.2, 1.9)
    forward = 0
    for _ in range(50):
        hadrons = scaling_hadrons(system, current, charge, random)
        np.testing.assert_allclose(total(hadrons), system, atol=1e-6)
        assert charge_of(hadrons) == charge
        forward += np.dot(hadrons[0].momentum, current[1:]) > np.dot(system[1:], current[1:])
    assert forward == 0


@pytest.mark.parametrize("is_proton", [False, True])
def test_strings_keep_charge_and_momentum_and_grow_with_w(is_proton, strings, random):
    means = []
    for w in (2.5, 5.0):
        system = four_vector(w, (0.1, 0.2, 3.0))
        counts = []
        for seed in range(1, 150):
            strings.seed(seed)
            quarks = quark_and_diquark(random, is_charged=True, is_proton=is_proton)
            hadrons = strings.hadronise(system, (3.0, 0.0, 0.0, 3.5), *quarks)
            counts.append(len(hadrons))
            if all(mass_of(p.code) for p in hadrons):
                np.testing.assert_allclose(total(hadrons), system, atol=0.02)
                assert charge_of(hadrons) == 1 + is_proton
        means.append(np.mean(counts))
    assert means[0] > 2 and means[1] > means[0] + 1


def test_tau_decays_to_what_a_detector_sees(strings):
    """Branching fractions of PDG: 17.8 % to electrons, 17.4 % to muons; neutrinos carry energy away."""
    lepton, kinds = four_vector(TAU_GEV, (0.0, 1.0, 4.0)), []
    for seed in range(1, 400):
        strings.seed(seed)
        products = strings.decay_tau(lepton)
        assert total(products)[0] < lepton[0]
        kinds.append(abs(products[0].code) if len(products) == 1 else 0)
    assert np.mean(np.array(kinds) == 11) == pytest.approx(0.178, abs=0.06)
    assert np.mean(np.array(kinds) == MUON) == pytest.approx(0.174, abs=0.06)


# ---- the nucleus ----


def test_hadrons_lose_energy_but_never_gain_it_in_the_nucleus(random):
    hadrons = [Particle(PION, (0.0, 0.1, 0.25)), Particle(PROTON, (0.0, 0.0, 0.7))]
    kinetic = sum(total([h])[0] for h in hadrons) - mass_of(PROTON)
    changed = 0
    for _ in range(500):
        outside = leave_nucleus(hadrons, random)
        changed += outside != hadrons
        nucleons = sum(mass_of(p.code) for p in outside if mass_of(p.code) > 0.9)
        assert total(outside)[0] - nucleons < kinetic + 2e-3
    assert changed / 500 == pytest.approx(1 - (1 - 0.42) * (1 - 0.35), abs=0.07)


def test_the_lepton_leaves_with_the_hadrons(strings, random):
    vertex = interact(0, strings, random)
    particles = outgoing(vertex, strings, random)
    assert particles[-1] == Particle(MUON, vertex.legs.lepton[1:])
    assert minus(vertex.legs.lepton, four_vector(MUON_GEV, particles[-1].momentum))[0] == pytest.approx(0, abs=1e-9)
