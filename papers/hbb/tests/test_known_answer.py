"""The stages on jets whose right answer is known without them (arXiv:1909.12285, evaluation and decorrelation).

Two variables are normal with the label as their mean times D, so the best possible score is their sum weighted with D.
Its area is Phi(|D|/sqrt(2)), and the probability of H is known jet by jet. The scores of the mass-dependent cut are
drawn with a known dependence on the mass: then the right threshold, and what passes, are closed forms.
"""

import json
import shutil

import h5py
import numpy as np
import pytest
from scipy.stats import norm

from papers.hbb.archive import branches
from papers.hbb.tests.chain import smoke_settings
from papers.hbb.tests.prepared_jets import make_jets, read_jets, spectator, write_jets
from tests.guards.chain import call
from tests.run_settings import write_settings

SHIFTS = {"fj_z_ratio": 1.3, "fj_tau_vertexMass_0": -0.9}  # mean of H minus that of QCD, in standard deviations
BEST = np.hypot(*SHIFTS.values())  # distance of both classes along the best score
SIZES = {"train": 3000, "valid": 4000, "test": 6000}
EFFICIENCIES = (0.5, 0.9)
MISTAG = 0.2
CHANGES = {
    "train": {"experiments": {"variables": {"learning_rate": 0.003, "batch": 128, "epochs": 6}}},
    "evaluate": {
        **{"n_bootstrap": 2, "n_chance": 2, "n_shuffles": 1, "mistag": MISTAG},
        "signal_efficiencies": list(EFFICIENCIES),
        "decorrelation_efficiencies": list(EFFICIENCIES),
        "ddt": {"n_estimators": 60, "min_samples_leaf": 100, "max_depth": [3]},
    },
}
DISTANCE = 1.6  # of the classes in the score that knows the mass


def mass_dependence(mass):
    """Return the mean score of QCD jets at a mass [GeV], in standard deviations: a step."""
    return np.where(mass > 120, 1.5, 0.0)


def shift_variables(jets):
    for name, shift in SHIFTS.items():
        jets["variables"][:, branches.DOUBLE_B.index(name)] += shift * jets["label"]


def logistic(values):
    return 1 / (1 + np.exp(-values))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder after the stages: the 27-variable network is trained, other scores are drawn."""
    folder = tmp_path_factory.mktemp("known")
    content = smoke_settings(CHANGES)
    content["run"]["methods"] = ["interaction", "variables"]
    settings = write_settings(folder / "settings.yaml", facts=content.pop("run"), **content)
    for number, (split, n_jets) in enumerate(SIZES.items()):
        places = {"tracks": 1, "vertices": 1}
        jets = make_jets(n_jets, np.random.default_rng([7, number]), n_places=places, signal=shift_variables)
        write_jets(folder / f"prepared/{split}_0.root.h5", jets)
    (folder / "seed0/interaction").mkdir(parents=True)
    (folder / "seed0/variables").mkdir()
    common = {"settings": settings, "prepared": folder / "prepared"}
    of_network = folder / "seed0/variables"
    trained = {"model": of_network / "model.pt", "history": of_network / "history.csv", "method": "variables"}
    call("papers.hbb.train", seed=0, threads=1, **trained, **common)
    call("papers.hbb.predict", model=trained["model"], predictions=of_network / "predictions.h5", threads=1, **common)
    draw_scores(folder)
    outputs = {"metrics": folder / "metrics.json", "decorrelated": folder / "seed0/decorrelated.h5"}
    call("papers.hbb.evaluate", seeds=folder, seed=0, **outputs, **common)
    return folder


def draw_scores(folder):
    """Write scores of a tagger that knows the mass."""
    random = np.random.default_rng(11)
    with h5py.File(folder / "seed0/interaction/predictions.h5", "w") as file:
        file.attrs["n_parameters"] = 1
        for split in ("valid", "test"):
            jets = jets_of(folder, split)
            mean = mass_dependence(spectator(jets, "fj_sdmass")) + DISTANCE * jets["label"]
            file[split] = logistic(random.normal(mean)).astype(np.float32)


def jets_of(folder, split):
    return read_jets([folder / f"prepared/{split}_0.root.h5"])


def metric(run, name):
    return json.loads((run / "metrics.json").read_text())[name]


def test_the_best_variable_has_the_area_of_two_normal_distributions(run):
    with h5py.File(run / "seed0/decorrelated.h5") as file:
        assert (file.attrs["best_variable"], file.attrs["best_variable_sign"]) == ("fj_z_ratio", 1)
    for key in ("auc", "auc_all"):
        found = metric(run, f"best_variable.{key}")
        assert found["value"] == pytest.approx(norm.cdf(1.3 / np.sqrt(2)), abs=4 * found["error"])
        assert 0.002 < found["error"] < 0.01
    assert metric(run, "best_variable.auc")["n"] == jets_of(run, "test")["in_window"].sum() < SIZES["test"]
    assert metric(run, "best_variable.auc_all")["n"] == SIZES["test"]


def test_the_network_comes_close_to_the_likelihood_ratio_and_not_beyond(run):
    found = metric(run, "variables.auc")
    best = norm.cdf(BEST / np.sqrt(2))
    assert best - 0.02 < found["value"] < best + 3 * found["error"]
    accuracy = metric(run, "variables.accuracy")["value"]
    assert norm.cdf(BEST / 2) - 0.025 < accuracy < norm.cdf(BEST / 2) + 0.02
    for efficiency in EFFICIENCIES:
        found = metric(run, f"variables.rejection_{100 * efficiency:.0f}_all")
        assert found["value"] == pytest.approx(1 / norm.sf(BEST - norm.ppf(efficiency)), rel=0.25)


def test_each_jet_has_its_own_probability(run):
    """Of equal shares of both classes: a score in another row, or of another class, is far from it."""
    with h5py.File(run / "seed0/variables/predictions.h5") as file:
        for split in ("valid", "test"):
            jets = jets_of(run, split)
            values = [jets["variables"][:, branches.DOUBLE_B.index(name)] for name in SHIFTS]
            odds = sum(shift * (x - shift / 2) for shift, x in zip(SHIFTS.values(), values, strict=True))
            right = logistic(odds)
            assert np.sqrt(np.mean((file[split][:] - right) ** 2)) < 0.1 < np.std(right) / 2


def test_the_loss_is_that_of_the_true_probabilities(run):
    lines = (run / "seed0/variables/history.csv").read_text().splitlines()
    column = lines[0].split(",").index("valid_loss")
    best = min(float(line.split(",")[column]) for line in lines[1:])
    jets = jets_of(run, "valid")
    values = [jets["variables"][:, branches.DOUBLE_B.index(name)] for name in SHIFTS]
    odds = sum(shift * (x - shift / 2) for shift, x in zip(SHIFTS.values(), values, strict=True))
    entropy = np.logaddexp(0, -odds * (2.0 * jets["label"] - 1))[jets["in_window"]].mean()
    assert entropy - 0.005 < best < entropy + 0.04


# ---- the mass-dependent cut ----


def passing(run, key):
    """Return mass [GeV] and mask (jet,) of the QCD test jets in the window that pass a mass-dependent cut."""
    jets = jets_of(run, "test")
    inside = jets["in_window"]
    qcd = (jets["label"] == 0)[inside]
    with h5py.File(run / "seed0/decorrelated.h5") as file:
        passed = file[f"ddt/passed_{key}"][:]
    return spectator(jets, "fj_sdmass")[inside][qcd], passed[qcd], passed[~qcd]


def test_thresholds_follow_the_known_dependence_on_the_mass(run):
    with h5py.File(run / "seed0/decorrelated.h5") as file:
        masses, found = file["ddt/mass_gev"][:], file["ddt/threshold_mistag"][:]
    assert masses[0] == 40 and masses[-1] == 200 and len(masses) == 33
    sure = (abs(masses - 120) > 8) & (masses < 185)
    expected = mass_dependence(masses) + norm.isf(MISTAG)
    assert abs(found - expected)[sure].mean() < 0.12 and abs(found - expected)[sure].max() < 0.5


def test_the_same_share_passes_at_every_mass(run):
    mass, passed, _ = passing(run, "mistag")
    light, heavy = passed[mass < 115], passed[mass > 125]
    for part in (light, heavy):
        assert part.mean() == pytest.approx(MISTAG, abs=4 * np.sqrt(2 * MISTAG * (1 - MISTAG) / len(part)))
    plain, cut = (metric(run, f"{name}.djs_mistag")["value"] for name in ("interaction", "ddt"))
    assert cut < plain / 8
    assert metric(run, "ddt.djs_removed_mistag")["value"] == pytest.approx(plain - cut)


def test_a_plain_cut_sculpts_as_much_as_the_step_says(run):
    """Of QCD jets that are even in mass from 40 to 190 GeV within the window; the threshold passes the mistag rate."""
    mass, _, _ = passing(run, "mistag")
    heavy = (mass > 120).mean()
    cuts = np.linspace(-2, 5, 7001)
    rates = np.array([norm.sf(cuts), norm.sf(cuts - 1.5)])  # light, heavy
    total = (1 - heavy) * rates[0] + heavy * rates[1]
    rate = rates[:, abs(total - MISTAG).argmin()]
    share = np.histogram(mass, np.linspace(40, 200, 9))[0] / len(mass)  # in bins of 20 GeV: 120 GeV is an edge
    by_bin = np.where(np.arange(40, 200, 20) < 120, *rate)
    p, q = share * by_bin / MISTAG, share * (1 - by_bin) / (1 - MISTAG)
    used = share > 0
    p, q = p[used] / p.sum(), q[used] / q.sum()
    divergence = (p @ np.log2(2 * p / (p + q)) + q @ np.log2(2 * q / (p + q))) / 2
    assert metric(run, "interaction.djs_mistag")["value"] == pytest.approx(divergence, abs=0.03)


def test_working_points_have_the_efficiency_that_they_are_named_after(run):
    """On validation jets: the mistag rate of a signal efficiency is that of two normal distributions."""
    with h5py.File(run / "seed0/decorrelated.h5") as file:
        for efficiency in EFFICIENCIES:
            key = f"{100 * efficiency:.0f}"
            expected = norm.sf(DISTANCE - norm.ppf(efficiency))
            assert file[f"ddt/passed_{key}"].attrs["mistag"] == pytest.approx(expected, rel=0.15)
            _, qcd, higgs = passing(run, key)
            assert higgs.mean() == pytest.approx(efficiency, abs=0.05)
            assert metric(run, f"ddt.signal_efficiency_{key}")["value"] == pytest.approx(higgs.mean())
            assert metric(run, f"ddt.mistag_{key}")["value"] == pytest.approx(qcd.mean())
        assert file["ddt/passed_mistag"].attrs["mistag"] == MISTAG
        assert np.all(np.diff(file["ddt/roc"][:], axis=0) > -0.02), "more QCD jets, more H jets"


def other_signal(jets):
    """Let one of the other variables be the best one, with the other sign, on the test jets alone."""
    jets["variables"][:, branches.DOUBLE_B.index("fj_nSV")] -= 4 * jets["label"]
    spectator(jets, "fj_sdmass")[:] = 230 - spectator(jets, "fj_sdmass")


def decisions(run):
    """Return what stage evaluate decides on the validation jets, by name."""
    with h5py.File(run / "seed0/decorrelated.h5") as file:
        found = dict(file.attrs) | {f"ddt/{name}": value for name, value in file["ddt"].attrs.items()}
        for key, part in file["ddt"].items():
            if key.startswith("threshold"):
                found[key] = part[:].tolist()
            if key.startswith("passed"):
                found[f"{key} of"] = part.attrs["mistag"]
        return found


def test_other_test_jets_change_no_decision(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run, other)
    places = {"tracks": 1, "vertices": 1}
    jets = make_jets(SIZES["test"], np.random.default_rng(12), n_places=places, signal=other_signal)
    write_jets(other / "prepared/test_0.root.h5", jets)
    with h5py.File(other / "seed0/interaction/predictions.h5", "r+") as file:
        file["test"][:] = logistic(np.random.default_rng(13).normal(-2.0 * jets["label"])).astype(np.float32)
    outputs = {"metrics": other / "metrics.json", "decorrelated": other / "seed0/decorrelated.h5"}
    inputs = {"settings": other / "settings.yaml", "prepared": other / "prepared", "seeds": other, "seed": 0}
    call("papers.hbb.evaluate", **inputs, **outputs)
    assert decisions(other) == decisions(run) and len(decisions(run)) == 9
    assert metric(other, "best_variable.auc") != metric(run, "best_variable.auc")
