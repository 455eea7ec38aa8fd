"""Published scores from a loopback server: the run that a student starts first, with verdicts on real data."""

import json
import pickle

import numpy as np
import pytest

from tests.real_samples import REAL, needs_real
from tests.workflow.conftest import copy_sources, mirror_of

SCORES, LABELS = REAL / "top_tagging/landscape_scores", REAL / "top_tagging/test_labels.npy"
pytestmark = needs_real(
    "top_tagging/test_labels.npy",
    "top_tagging/landscape_scores",
    source="labels.pkl of https://github.com/SebastianMacaluso/TopTagComparison, saved as an array of int8, and the "
    "*.npy of https://github.com/fizisist/LorentzGroupNetwork, folder figures/ROC_curves/TopTagReference",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the mirror's folders; the labels are a pickle, as they are published."""
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "labels").mkdir()
    labels = pickle.dumps(np.load(LABELS), protocol=3)
    (folder / "labels/labels.pkl").write_bytes(labels)
    (folder / "scores").symlink_to(SCORES)
    return folder


@pytest.fixture(scope="module")
def mirror(folder):
    with mirror_of(folder) as address:
        yield address


@pytest.fixture(scope="module")
def small_run(mirror, tmp_path_factory):
    checkout = copy_sources(tmp_path_factory.mktemp("top_tagging") / "checkout", papers=["top_tagging"])
    done = checkout.snakemake("papers/top_tagging", "--config", f"mirror={mirror}", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def test_seven_rows_of_the_table_on_real_scores(small_run):
    lines = json.loads((small_run.folder / "results/top_tagging/small/comparison.json").read_text())["lines"]
    verdicts = {line["claim"]["id"]: line["outcome"]["verdict"] for line in lines}
    judged = {name: verdict for name, verdict in verdicts.items() if verdict != "not attempted"}
    assert set(judged.values()) == {"recomputed"}
    assert len(judged) == 43
    assert {verdict for name, verdict in verdicts.items() if name.startswith("trained_")} == {"not attempted"}


def test_every_figure_is_there(small_run):
    folder = small_run.folder / "results/top_tagging/small/figures"
    assert len(list(folder.glob("fig*.png"))) == len(list(folder.glob("fig*.csv"))) == 6
    header, *rows = (folder / "fig3_agreement.csv").read_text().splitlines()
    assert header == "tagger,auc,accuracy,rejection_30" and len(rows) == 7


def test_the_second_call_needs_neither_network_nor_work(small_run):
    again = small_run.snakemake("papers/top_tagging")
    assert again.returncode == 0 and "[1/" not in again.stderr


def test_a_mirror_that_lost_the_last_jet_stops_the_run_with_the_reason(folder, mirror, tmp_path):
    (folder / "cut/labels").mkdir(parents=True)
    (folder / "cut/labels/labels.pkl").write_bytes((folder / "labels/labels.pkl").read_bytes())
    (folder / "cut/scores").mkdir()
    for path in SCORES.glob("*.npy"):
        np.save(folder / "cut/scores" / path.name, np.load(path)[0:-1])
    checkout = copy_sources(tmp_path / "checkout", papers=["top_tagging"])
    done = checkout.snakemake("papers/top_tagging", "--config", f"mirror={mirror}/cut")
    assert done.returncode != 0
    assert "One jet is missing" in done.stdout + done.stderr
