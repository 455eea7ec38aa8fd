"""All stages on jets whose best possible tagger is known without our code.

A jet has two massless constituents with 3/4 and 1/4 of its momentum. Their distance theta is a Gaussian of the same
width for tops and for QCD jets, at two means that are d widths apart, so that by Neyman and Pearson

    logit P(top | theta) = d (theta - middle) / width,   area = Phi(d / sqrt 2),   accuracy = Phi(d / 2),

and the background efficiency at a signal efficiency e is Phi(Phi^-1(e) - d). The energy flow polynomial of one edge is
2 (3/4) (1/4) theta, so that the linear tagger is the best one; networks can come close to it. The scores of the
published taggers are the posteriors of such Gaussians, of another distance for each.
"""

import json
import pickle

import h5py
import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from common.download.receipts import Receipt, sha256_of, write_receipt
from common.errors import InputError
from tests.guards.chain import call
from tests.run_settings import write_settings

from ..archive import files
from ..archive.jets import N_STORED, write_jets
from .made_jets import jets_from

N_JETS = {"train": 2000, "valid": 600, "test": 3000}
WIDTH, MIDDLE, DISTANCE = 0.08, 0.4, 1.5
OF_SCORES = dict(zip(files.SCORES, (0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 2.4), strict=True))  # tagger -> d
METHODS = {
    "efp": {"kind": "efp"},
    "nsub": {"kind": "nsub", "epochs": 6},
    "efn": {"kind": "efn", "epochs": 6, "learning_rate": 0.002},
}
SECTIONS = {
    "prepare": {
        **{"n_test": N_JETS["test"], "n_constituents": 5, "chunk": 700, "bodies": 2, "betas": [0.5, 1.0, 2.0]},
        **{"efp_degree": 1, "efp_constituents": 5},
    },
    "train": {"batch": 50, "patience": 6, "experiments": METHODS},
    "predict": {"batch": 400},
    "evaluate": {"efficiencies": [0.3, 0.5]},
}
ARCHIVE = [f"{dataset}/{name}" for dataset, names in files.DATASETS.items() for name in names]


def area(distance):
    return norm.cdf(distance / np.sqrt(2))


def rejection(distance, efficiency):
    return 1 / norm.cdf(norm.ppf(efficiency) - distance)


def pairs(n_jets, seed):
    """Return jets (jet, 2, 4), their labels and the distances theta (jet,) of their constituents."""
    random = np.random.default_rng(seed)
    label = random.permutation(np.arange(n_jets) % 2).astype(np.int8)
    theta = MIDDLE + WIDTH * (random.standard_normal(n_jets) + DISTANCE * (label - 0.5))
    angle = random.uniform(-np.pi, np.pi, n_jets)
    steps = [0, 1] * theta[:, None]  # (jet, constituent)
    eta = random.uniform(-1.5, 1.5, (n_jets, 1)) + steps * np.cos(angle)[:, None]
    phi = random.uniform(-np.pi, np.pi, (n_jets, 1)) + steps * np.sin(angle)[:, None]
    shares = np.tile([0.75, 0.25], (n_jets, 1))
    return jets_from(shares, eta, phi, jet_pt=random.uniform(470, 650, (n_jets, 1))), label, theta


def write_archive(folder, n_jets):
    """Write the files of an archive and their receipts; return labels and distances of the test jets."""
    for number, (split, n_split) in enumerate(n_jets.items()):
        momenta, label, theta = pairs(n_split, seed=number)
        stored = np.pad(momenta, [(0, 0), (0, N_STORED - 2), (0, 0)])
        write_jets(folder / files.JETS[split], stored, np.zeros((n_split, 4)), label, split=split)
    (folder / files.LABELS).write_bytes(pickle.dumps(label, protocol=3))
    random = np.random.default_rng(9)
    for tagger, distance in OF_SCORES.items():
        place = random.normal(distance * (label - 0.5))
        np.save(folder / files.SCORES[tagger], expit(distance * place))
    for entry in ARCHIVE:
        write_receipt(folder / f"receipts/{entry}.json", receipt(folder, entry))
    return label, theta


def receipt(folder, entry):
    """Return the receipt of a file that an archive would have."""
    dataset, _, file = entry.partition("/")
    bytes_, sha256 = (folder / file).stat().st_size, sha256_of(folder / file)
    known = {"origin": "archive", "verified": "made by this test", "licence": "none"}
    return Receipt(dataset=dataset, file=file, bytes=bytes_, sha256=sha256, **known)


def prepare(folder, **changes):
    """Call stage prepare on the files of a folder."""
    sections = SECTIONS | {"prepare": SECTIONS["prepare"] | changes}
    facts = {"source": "archive", "archive": ARCHIVE, "methods": list(METHODS)}
    settings = write_settings(folder / "settings.yaml", facts=facts, **sections)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPERS_DATA", str(folder))
        receipts, prepared = folder / "receipts", folder / "prepared.h5"
        call("papers.top_tagging.prepare", settings=settings, receipts=receipts, prepared=prepared, threads=1)


def evaluate(folder, name):
    """Call stage evaluate and return its metrics."""
    files_ = {"prepared": folder / "prepared.h5", "predictions": folder / "predictions.h5", "metrics": folder / name}
    call("papers.top_tagging.evaluate", settings=folder / "settings.yaml", **files_)
    return json.loads((folder / name).read_text())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a run after all stages, and labels and distances of its test jets."""
    folder = tmp_path_factory.mktemp("known")
    label, theta = write_archive(folder, N_JETS)
    prepare(folder)
    settings, prepared = folder / "settings.yaml", folder / "prepared.h5"
    for method in METHODS:
        outputs = {name: folder / f"seed0/{method}" / file for name, file in OUTPUTS.items()}
        outputs["model"].parent.mkdir(parents=True)
        call(
            "papers.top_tagging.train",
            settings=settings,
            prepared=prepared,
            seed=0,
            threads=1,
            method=method,
            **outputs,
        )
    outputs = {"models": folder / "seed0", "predictions": folder / "predictions.h5"}
    call("papers.top_tagging.predict", settings=settings, prepared=prepared, threads=1, **outputs)
    return folder, label, theta


OUTPUTS = {"model": "model.pt", "history": "history.csv"}


@pytest.fixture(scope="module")
def metrics(run):
    return evaluate(run[0], "metrics.json")


@pytest.fixture(scope="module")
def scores(run):
    with h5py.File(run[0] / "predictions.h5") as file:
        return {method: scores[:] for method, scores in file["trained"].items()}


def near(entry, expected, *, errors=4.0):
    return entry["value"] == pytest.approx(expected, abs=errors * entry["error"])


@pytest.mark.parametrize(("tagger", "distance"), OF_SCORES.items())
def test_each_published_tagger_has_the_numbers_of_its_own_scores(metrics, tagger, distance):
    assert near(metrics[f"scores.{tagger}.auc"], area(distance))
    assert near(metrics[f"scores.{tagger}.accuracy"], norm.cdf(distance / 2))
    assert near(metrics[f"scores.{tagger}.rejection_30"], rejection(distance, 0.3))
    assert near(metrics[f"scores.{tagger}.rejection_50"], rejection(distance, 0.5))


@pytest.mark.parametrize("method", METHODS)
def test_trained_taggers_reach_the_best_numbers_and_do_not_pass_them(metrics, method):
    assert near(metrics[f"trained.{method}.auc"], area(DISTANCE))
    assert near(metrics[f"trained.{method}.accuracy"], norm.cdf(DISTANCE / 2))
    assert near(metrics[f"trained.{method}.rejection_30"], rejection(DISTANCE, 0.3))
    assert near(metrics[f"trained.{method}.rejection_50"], rejection(DISTANCE, 0.5))


def test_the_linear_tagger_finds_the_posterior_of_each_jet(run, scores):
    """Its two parameters are fitted to 2000 jets: a slope within 10 %, a middle within a tenth of the width."""
    _, _, theta = run
    slope, offset = np.polyfit((theta - MIDDLE) / WIDTH, logit(scores["efp"].astype(float)), 1)
    assert slope == pytest.approx(DISTANCE, rel=0.1) and offset == pytest.approx(0, abs=0.1 * DISTANCE)
    straight = offset + slope * (theta - MIDDLE) / WIDTH
    assert np.abs(logit(scores["efp"].astype(float)) - straight).max() < 1e-2, "each score is that of its own jet"


@pytest.mark.parametrize(("method", "limit"), [("nsub", 0.05), ("efn", 0.05)])
def test_networks_come_close_to_the_posterior_of_each_jet(run, scores, method, limit):
    _, _, theta = run
    assert np.abs(scores[method] - expit(DISTANCE * (theta - MIDDLE) / WIDTH)).mean() < limit


def test_the_prepared_observables_are_those_of_two_constituents(run):
    """EFP = 2 z (1 - z) theta; tau_1 = z (theta / R)^beta around the harder one; m^2 = 2 pT1 pT2 (cosh - cos)."""
    folder, label, theta = run
    with h5py.File(folder / "prepared.h5") as file:
        jets = {name: values[:] for name, values in file["jets/test"].items()}
        assert np.array_equal(file["label"][:], label) and np.array_equal(jets["label"], label)
    momenta, _, _ = pairs(N_JETS["test"], seed=2)
    assert jets["efp"][:, 0] == pytest.approx(0.375 * theta, rel=1e-4)
    assert jets["nsub"][:, 0] == pytest.approx(0.25 * theta / 0.8, rel=1e-3)
    assert jets["nsub"][:, 1] == pytest.approx(0.25 * (theta / 0.8) ** 2, rel=1e-3)
    pt = np.hypot(*momenta.sum(axis=1)[:, :2].T)
    assert jets["nsub"][:, 2] == pytest.approx(pt, rel=1e-5) and jets["kinematics"][:, 0] == pytest.approx(pt)
    cosine = (momenta[:, 0, :3] * momenta[:, 1, :3]).sum(axis=1) / momenta[..., 3].prod(axis=1)
    mass = np.sqrt(2 * momenta[..., 3].prod(axis=1) * (1 - cosine))
    assert jets["nsub"][:, 3] == pytest.approx(mass, rel=1e-3) and jets["kinematics"][:, 2] == pytest.approx(
        mass, rel=1e-3
    )
    assert jets["offsets"].tolist() == list(range(0, 2 * N_JETS["test"] + 1, 2))


def test_the_jets_of_each_class_have_their_own_metrics(run, metrics):
    """Tops are wider here by d widths: their mass is larger as well."""
    _, label, theta = run
    mass_per_theta = 560 * np.sqrt(0.75 * 0.25)
    for number, name in enumerate(("qcd", "top")):
        expected = mass_per_theta * np.median(theta[label == number])
        assert metrics[f"jets.{name}.mass.median"]["value"] == pytest.approx(expected, rel=0.03)
        assert metrics[f"jets.{name}.multiplicity.mean"] == {"value": 2, "error": 0, "n": N_JETS["test"] // 2}
        pt_gev = np.hypot(*pairs(N_JETS["test"], seed=2)[0].sum(axis=1)[label == number, :2].T)
        assert metrics[f"jets.{name}.pt.mean"]["value"] == pytest.approx(pt_gev.mean(), rel=1e-5)
    below = metrics["jets.pt.below_window"]
    assert below["value"] == np.mean(np.hypot(*pairs(N_JETS["test"], seed=2)[0].sum(axis=1)[:, :2].T) < 480)
    share = metrics["test.top_share"]
    assert (share["value"], share["n"]) == (0.5, N_JETS["test"])
    assert share["error"] == pytest.approx(0.5 / np.sqrt(N_JETS["test"]))


def test_a_generated_run_measures_its_own_taggers_only(run, metrics):
    """Its toy scores are drawn with the published areas."""
    folder, _, _ = run
    with h5py.File(folder / "prepared.h5", "a") as file:
        file.attrs["origin"] = "generated"
        generated = evaluate(folder, "generated.json")
        file.attrs["origin"] = "archive"
    assert generated == {key: entry for key, entry in metrics.items() if not key.startswith("scores.")}
    assert len(metrics) - len(generated) == 4 * len(files.SCORES)


def test_test_jets_with_two_labels_exchanged_are_refused(tmp_path):
    """As many tops as before, and equal after sorting: the scores would still belong to other jets."""
    label, _ = write_archive(tmp_path, {"train": 4, "valid": 4, "test": 10})
    prepare(tmp_path, n_test=10)
    first, second = np.flatnonzero(label == 0)[0], np.flatnonzero(label == 1)[0]
    label[[first, second]] = label[[second, first]]
    (tmp_path / files.LABELS).write_bytes(pickle.dumps(label, protocol=3))
    write_receipt(tmp_path / "receipts/labels/labels.pkl.json", receipt(tmp_path, "labels/labels.pkl"))
    with pytest.raises(InputError, match="other labels"):
        prepare(tmp_path, n_test=10)
