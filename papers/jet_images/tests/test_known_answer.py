"""Runs through the stages on jets whose right answer is known without our code (arXiv:1511.05190, Sec. 3 to 5)."""

import json

import h5py
import numpy as np
import pytest
from scipy.stats import norm

pytest.importorskip("torch")
pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

from common.physics.kinematics import four_vector
from common.physics.pythia import Particles
from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.jet_images import simulate
from papers.jet_images.metrics.likelihood import CrossedRatio
from papers.jet_images.prepared import Jets, write_prepared
from papers.jet_images.settings import Settings
from tests.guards.chain import call
from tests.run_settings import write_settings

CONFIG = load_settings(ROOT / "papers/jet_images", "smoke", Settings)
SIGNAL_EFFICIENCY = np.linspace(0.2, 0.8, 601)
SHIFT = {"mass": 0.8, "tau21": 0.6}  # of the signal's mean, in standard deviations of both classes
PIXELS = {(12, 12): 0.5, (17, 12): 0.8, (3, 20): -0.3}  # (row, column) -> shift of the signal's mean
WIDER = 1.5  # the jets are drawn from distributions wider than the true ones by this factor, and weighted back


def area_of_gaussians(distance):
    """Return the area below 1/(background efficiency) of two Gaussians of equal width, in closed form."""
    rejection = 1 / norm.sf(norm.isf(SIGNAL_EFFICIENCY) + distance)
    return np.trapezoid(rejection, SIGNAL_EFFICIENCY)


def draw(n, generator):
    """Return labels (jet,), and standard normal deviates (jet, 5) of both classes with the weights that make them so.

    Only the first two are drawn wide and have weights; without the weights they give other areas.
    """
    label = np.repeat([0, 1], n)
    values = generator.normal(size=(2 * n, 5))
    values[:, :2] *= WIDER
    weight = np.prod(norm.pdf(values[:, :2]) / norm.pdf(values[:, :2], scale=WIDER), axis=1)
    return label.astype(np.int8), values, weight


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """predictions.h5 and metrics.json of one seed: two Gaussian classes in mass and tau_21, and in three pixels.

    The weights depend on mass and tau_21, and on the first two pixels, which follow the same deviates.
    """
    folder = tmp_path_factory.mktemp("known")
    label, values, weight = draw(6000, np.random.default_rng(4))
    image = np.zeros((len(label), 25, 25), np.float32)
    for number, (pixel, shift) in enumerate(PIXELS.items()):
        deviate = values[:, number + 2] if number == 2 else values[:, number]
        image[(slice(None), *pixel)] = 5 + deviate + shift * label
    variables = {
        "mass": 80 + 4 * (values[:, 0] + SHIFT["mass"] * label),
        "tau21": 0.4 + 0.1 * (values[:, 1] + SHIFT["tau21"] * label),
        "delta_r": np.tile([0.4, 0.6, 0.9], len(label) // 3),
        "pt": np.full(len(label), 270.0),
        "eta": np.zeros(len(label)),
    }
    shuffled = np.random.default_rng(5).permutation(len(label))
    jets = Jets(image, label, weight, variables)[shuffled]
    attributes = {"origin": "generated", "test_fraction": 0.5, "valid_fraction": 0.1}
    write_prepared(folder / "prepared.h5", jets, jets.weight, {}, attributes=attributes)
    experiment = {"kind": "maxout", "normalised": False, "batch": 500, "epochs": 1, "n_train": 500}
    train = {"learning_rate": 0.001, "patience": 1, "experiments": {"other": experiment}, "learning_curve": {}}
    sections = {"predict": {"batch": 500, "n_strongest": 5}, "evaluate": {"n_bootstrap": 30}}
    common = {
        "settings": write_settings(folder / "settings.yaml", facts={"methods": ["other"]}, train=train, **sections)
    }
    common |= {"prepared": folder / "prepared.h5", "seed": 3}
    (folder / "other").mkdir()
    own = {"model": folder / "other/model.pt", "history": folder / "other/history.csv"}
    call("papers.jet_images.train", method="other", threads=1, **common, **own)
    predictions = {"predictions": folder / "predictions.h5"}
    call("papers.jet_images.predict", models=folder, threads=1, **common, **predictions)
    files = {"metrics": folder / "metrics.json", "curves": folder / "curves.h5"}
    call("papers.jet_images.evaluate", **common, **predictions, **files)
    return folder, jets, json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("name", "distance"),
    [
        ("mass", SHIFT["mass"]),
        ("tau21", abs(SHIFT["tau21"])),
        ("mass+tau21", np.hypot(*SHIFT.values())),
        ("delta_r", 0.0),
        ("fisher", np.linalg.norm([*PIXELS.values()])),
    ],
)
def test_areas_are_those_of_gaussians(measured, name, distance):
    """The fits may cost 3 % of the area; without weights, areas of mass and tau_21 would be those of 0.67 shifts."""
    found = measured[2][f"roc.{name}.area"]
    expected = area_of_gaussians(distance)
    assert found["value"] == pytest.approx(expected, abs=4 * found["error"] + 0.03 * expected)
    without_weights = area_of_gaussians(distance / WIDER)
    if distance > 0.5:
        assert abs(found["value"] - without_weights) > 4 * found["error"]


def test_gaps_are_differences_of_areas(measured):
    metrics = measured[2]
    gap, pair = metrics["gap.tau21.fisher"], (metrics["roc.tau21.area"], metrics["roc.fisher.area"])
    assert gap["value"] == pytest.approx(pair[1]["value"] - pair[0]["value"])
    distances = np.linalg.norm([*PIXELS.values()]), abs(SHIFT["tau21"])
    assert gap["value"] == pytest.approx(np.subtract(*map(area_of_gaussians, distances)), abs=4 * gap["error"] + 0.15)
    # Half of the jets are test jets, and the second pixel follows tau_21: the areas are neither independent nor equal.
    assert 0.3 * pair[1]["error"] < gap["error"] < np.hypot(pair[0]["error"], pair[1]["error"]) * 1.4


def test_fisher_s_direction_is_the_shift_of_the_means(measured):
    """The covariance within classes is one in three pixels, shrunk by a tenth towards the mean variance of all 625."""
    folder, jets, _ = measured
    with h5py.File(folder / "predictions.h5") as file:
        direction, offset = file["fisher/direction"][:].reshape(3, 25, 25), file["fisher/offset"][:]
    variance = 0.9 + 0.1 * 3 / 625
    for pixel, shift in PIXELS.items():
        assert direction[(slice(None), *pixel)] == pytest.approx(shift / variance, abs=0.17), pixel
    middle = 5 + np.array([*PIXELS.values()]) / 2
    expected = -np.array([direction[(slice(None), *pixel)] for pixel in PIXELS]).T @ middle
    ratio = np.log([jets.weight[jets.label == k].sum() for k in (1, 0)])
    assert offset == pytest.approx(expected + ratio[0] - ratio[1], abs=0.25)
    unseen = np.ones((25, 25), bool)
    unseen[tuple(np.transpose([*PIXELS]))] = False
    assert not direction[:, unseen].any()


def test_moments_are_those_of_the_weighted_jets(measured):
    for kind, shift in (("background", 0.0), ("signal", SHIFT["mass"])):
        mean, spread = (measured[2][f"sample.{kind}.mass.{what}"] for what in ("mean", "sd"))
        assert mean["value"] == pytest.approx(80 + 4 * shift, abs=4 * mean["error"])
        assert spread["value"] == pytest.approx(4, abs=0.2)  # 6 without weights


def test_a_fit_knows_nothing_of_the_fifth_that_it_scores(measured, monkeypatch):
    """Other jets in one fifth leave its fit as it is, bit by bit, and change the four others."""
    from papers.jet_images.metrics import likelihood

    monkeypatch.setattr(likelihood, "PENALTIES", (10.0,))  # the strength is chosen with all jets
    _, jets, _ = measured
    values, label, weight = jets.variables["mass"][:600, None], jets.label[:600], jets.weight[:600]
    before = likelihood.cross(values, label, weight, seed=2)
    assert isinstance(before, CrossedRatio)
    for fifth in (0, 3):
        inside = before.part == fifth
        after = likelihood.cross(np.where(inside[:, None], 90 - 0.5 * values, values), label, weight, seed=2)
        same = [np.array_equal(*pair) for pair in zip(before.coefficients, after.coefficients, strict=True)]
        assert same == [number == fifth for number in range(5)]
        assert not np.allclose(before.log_ratio[~inside], after.log_ratio[~inside])


# Two towers: the mass at every step

TOWERS = [(190.0, 0.75, 3.05), (100.0, 1.15, 2.75)]  # pT [GeV], eta, phi: centres of cells; the softer one 0.4 and -0.3


def mass_of(*objects):
    """Return the mass of two massless objects given by pT, eta, phi: m^2 = 2 pT pT' (cosh deta - cos dphi)."""
    (pt, eta, phi), (other_pt, other_eta, other_phi) = objects
    return np.sqrt(2 * pt * other_pt * (np.cosh(eta - other_eta) - np.cos(phi - other_phi)))


@pytest.fixture(scope="module")
def generated():
    """What `generate` makes of events of two particles in the cells of TOWERS, of other events, and of weights."""
    events = [
        (TOWERS, 2.0),
        ([(100.0, 0.0, 0.0)], 7.0),  # no jet
        (
            [(190.0, 0.77, 3.01), (100.0, 1.13, 2.79), (13.0, 0.3, -2.7)],
            3.0,
        ),  # the same cells; the third is trimmed
        ([(190.0, 0.75, 3.05), (20.0, 1.15, 2.75)], 11.0),  # too soft and too light
    ]
    parts = [four_vector(*np.array(particles).T) for particles, _ in events]
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    particles = Particles(number, np.full(len(number), 211), np.concatenate(parts))
    config = CONFIG.simulate.model_copy(update={"steps_pt_gev": (250.0, 300.0)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate, "start", lambda *_, **__: (None, None))
        weights = np.array([weight for _, weight in events])
        patch.setattr(simulate, "generate_events", lambda *_, **__: (particles, weights))
        return simulate.generate("signal", config, n_jets=2, seed=1)


def test_the_mass_of_two_towers_is_known_at_every_step(generated):
    exact, softer_phi = mass_of(*TOWERS), 0.3
    steps = {name: values[0] for name, values in generated.steps.items()}
    for name in ("particles", "pixelation", "translation", "flip"):
        assert steps[name] == pytest.approx(exact, rel=1e-6), name
    assert steps["quarter_turn"] == pytest.approx(mass_of((190, 0, 0), (100, softer_phi, 0.4)), rel=1e-6)
    assert steps["rotation"] == pytest.approx(mass_of((190, 0, 0), (100, 0, 0.5)), rel=0.05)
    # In units of the image's norm; two towers have the norm of both pT in quadrature.
    assert steps["normalisation"] == pytest.approx(exact / np.hypot(190, 100), rel=1e-6)
    # Energies that are moved to the middle of the detector are transverse momenta there.
    energies = [pt * np.cosh(eta) for pt, eta, _ in TOWERS]
    moved = (energies[0], 0.0, 0.0), (energies[1] / np.cosh(0.4), 0.4, -softer_phi)
    assert steps["naive_translation"] == pytest.approx(mass_of(*moved), rel=1e-6)
    assert steps["signal"] == 1


def test_a_generated_jet_has_its_image_its_variables_and_the_weight_of_its_event(generated):
    jets = generated.images
    assert jets.weight.tolist() == [2.0, 3.0] == generated.steps["weight"].tolist()
    assert jets.signal.tolist() == [1, 1]
    variables = {name: values[0] for name, values in jets.variables.items()}
    transverse = sum(pt * np.exp(1j * phi) for pt, _, phi in TOWERS)
    along = sum(pt * np.sinh(eta) for pt, eta, _ in TOWERS)
    assert variables["jet_pt"] == pytest.approx(abs(transverse))
    assert np.exp(1j * variables["jet_phi"]) == pytest.approx(transverse / abs(transverse))
    assert variables["jet_eta"] == pytest.approx(np.arcsinh(along / abs(transverse)))
    assert variables["jet_mass"] == pytest.approx(mass_of(*TOWERS))
    assert variables["jet_delta_R"] == pytest.approx(0.5)
    # One axis, at the harder prong (winner takes all); with two axes nothing is left.
    assert variables["tau_1"] == pytest.approx(0.5 * 100 / 290, rel=1e-4)
    assert variables["tau_21"] == pytest.approx(0, abs=1e-3)
    image = jets.image[0]
    assert image[12, 12] == pytest.approx(190, rel=0.02)
    assert image[16:19, 11:14].sum() == pytest.approx(100, rel=0.15)  # the softer subjet, five pixels below
    assert image.sum() == pytest.approx(290, rel=0.03)
    # Particles elsewhere in the same cells give the same towers, and so the same jet of towers.
    assert jets.image[1] == pytest.approx(image, rel=0.06, abs=2)
