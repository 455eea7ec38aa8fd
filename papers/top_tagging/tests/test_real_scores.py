"""The article's table, recomputed from the real scores and labels, row by row."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from common.errors import InputError
from common.report.published import NumberClaim, load_published
from common.report.verdict import Measured, decide
from common.settings import load_settings

from ..archive import files
from ..evaluate import measure_taggers
from ..prepare import store_scores
from ..settings import Settings

FOLDER = Path(__file__).parents[1]
REAL = Path(__file__).parents[4] / "shared/real/top_tagging"
DATASETS = {"labels", "scores"}
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(),
    reason=f"{REAL} has no test_labels.npy and landscape_scores/*.npy; datasets.yaml says where both"
    " data sets, `labels` and `scores`, are published",
)


@pytest.fixture(scope="module")
def settings():
    return load_settings(FOLDER, "small", Settings)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Return the run's files by name; the labels as a pickle, as they are published."""
    labels = tmp_path_factory.mktemp("labels") / files.LABELS
    labels.write_bytes(pickle.dumps(np.load(REAL / "test_labels.npy"), protocol=3))
    return {path.name: path for path in (REAL / "landscape_scores").glob("*.npy")} | {files.LABELS: labels}


@pytest.fixture(scope="module")
def measured(paths, settings, tmp_path_factory):
    predictions = tmp_path_factory.mktemp("small") / "predictions.h5"
    with h5py.File(predictions, "w") as file:
        store_scores(file, paths, settings.prepare)
        file.create_group("trained")
    metrics = measure_taggers(predictions, settings.evaluate.efficiencies)
    return {key: Measured(**metric, sd=None, values=[metric["value"]]) for key, metric in metrics.items()}


def claims():
    return [c for c in load_published(FOLDER / "published.yaml").claims if set(c.data) <= DATASETS]


def test_all_seven_rows_have_a_verdict_on_real_data(measured):
    rows = [c for c in claims() if set(c.metrics) <= set(measured)]
    outcomes = {c.id: decide(c, measured, origin="archive", datasets=DATASETS, run="small").verdict for c in rows}
    assert len(outcomes) == 43
    assert set(outcomes.values()) == {"recomputed"}


def test_areas_and_accuracies_round_to_the_printed_digits(measured):
    rows = [
        c
        for c in claims()
        if isinstance(c, NumberClaim) and c.error == 0.0005 and c.metric in measured and c.id != "topodnn_auc"
    ]
    assert len(rows) == 13
    for claim in rows:
        assert round(measured[claim.metric].value, 3) == claim.value, claim.id


def test_single_trainings_agree_to_all_digits(measured):
    """Scores and labels are aligned, and the rejection is interpolated as in the authors' notebook."""
    rows = [c for c in claims() if c.id.endswith("_exact")]
    assert len(rows) == 9
    for claim in rows:
        assert measured[claim.metric].value == pytest.approx(claim.value, rel=1e-13), claim.id


def test_a_shift_by_one_jet_would_be_seen(paths, settings, tmp_path):
    """A file that lost a jet and was padded gives this; the labels come in runs, so the damage is small."""
    scores = np.load(paths[files.SCORES["PFN"]])
    np.save(tmp_path / "PFN_v0.npy", np.concatenate([scores[:1], scores[:-1]]))
    with h5py.File(tmp_path / "p.h5", "w") as file:
        store_scores(file, paths | {files.SCORES["PFN"]: tmp_path / "PFN_v0.npy"}, settings.prepare)
        file.create_group("trained")
    metrics = measure_taggers(tmp_path / "p.h5", [0.3])
    claim = next(c for c in claims() if c.id == "pfn_auc")
    assert abs(metrics["scores.PFN.auc"]["value"] - claim.value) > 0.02


def test_a_real_file_without_its_last_jet_is_refused(paths, settings, tmp_path):
    np.save(tmp_path / "PFN_v0.npy", np.load(paths[files.SCORES["PFN"]])[0:-1])
    with h5py.File(tmp_path / "p.h5", "w") as file, pytest.raises(InputError, match="One jet is missing"):
        store_scores(file, paths | {files.SCORES["PFN"]: tmp_path / "PFN_v0.npy"}, settings.prepare)


def test_the_reference_share_of_tops(measured):
    entry = next(e for e in load_published(FOLDER / "published.yaml").reference if e.metric == "test.top_share")
    assert measured["test.top_share"].value == pytest.approx(entry.value, abs=5e-7)
