"""The article's own rows, from a loopback server: the run that a student starts first."""

import json

import pytest

from common.report.published import load_published
from tests.real_samples import REAL, needs_real
from tests.workflow.conftest import ROOT, copy_sources, mirror_of

pytestmark = needs_real(
    "photoz/sel_features.csv",
    "photoz/sel_target.csv",
    source="https://github.com/TheRealJavioli/ml-physics-notebooks, folder data/",
)


@pytest.fixture(scope="module")
def mirror():
    with mirror_of(REAL) as address:
        yield address


@pytest.fixture(scope="module")
def small_run(mirror, tmp_path_factory):
    checkout = copy_sources(tmp_path_factory.mktemp("photoz") / "checkout", papers=["photoz"])
    checkout.done = checkout.snakemake("papers/photoz", "--config", f"mirror={mirror}", timeout=1200)
    assert checkout.done.returncode == 0, checkout.done.stdout + checkout.done.stderr
    return checkout


def metrics(checkout):
    return json.loads((checkout.folder / "results/photoz/small/metrics.json").read_text())


def test_the_article_s_forest_on_real_rows(small_run):
    found = metrics(small_run)
    assert 0.0155 < found["deep.apercor.colours_i.forest.sigma_nmad"]["value"] < 0.0180
    assert 3.0 < found["deep.apercor.colours_i.forest.eta_percent"]["value"] < 4.6


def test_known_effects_of_the_features_on_real_rows(small_run):
    found = {key: entry["value"] for key, entry in metrics(small_run).items()}
    sigma = lambda features: found[f"deep.apercor.{features}.forest.sigma_nmad"]  # noqa: E731
    assert sigma("magnitudes") > 2 * sigma("colours_i")
    assert sigma("no_u") > 1.2 * sigma("colours_i")
    assert sigma("no_y") < 1.1 * sigma("colours_i")


def test_the_reference_numbers_are_those_of_this_run(small_run):
    found = metrics(small_run)
    references = load_published(ROOT / "papers/photoz/published.yaml").reference
    forests = [entry for entry in references if entry.metric.startswith("deep.apercor")]
    assert len(forests) == 12
    for entry in forests:
        assert found[entry.metric]["value"] == pytest.approx(entry.value, rel=0.02), entry.metric


def test_the_report_says_why_the_article_s_numbers_are_not_comparable(small_run):
    page = (small_run.folder / "results/photoz/small/report.html").read_text()
    for expected in ("0.0174", "4.54", "3D-HST", "not comparable", "sha256 published by the archive"):
        assert expected in page
    assert "generated stand-in data" not in page
    assert ">reproduced" not in page


def test_every_figure_is_there(small_run):
    folder = small_run.folder / "results/photoz/small/figures"
    assert len(list(folder.glob("fig*.png"))) == len(list(folder.glob("fig*.csv"))) == 6
    assert all(path.stat().st_size > 10_000 for path in folder.glob("fig*.png"))


def test_the_second_call_needs_neither_network_nor_work(small_run):
    again = small_run.snakemake("papers/photoz")
    assert again.returncode == 0 and "[1/" not in again.stderr


def test_editing_the_forest_retrains(small_run):
    small_run.edit("papers/photoz/config.yaml", "n_estimators: [100]", "n_estimators: [101]")
    jobs = small_run.jobs("papers/photoz")
    small_run.edit("papers/photoz/config.yaml", "n_estimators: [101]", "n_estimators: [100]")
    assert jobs["photoz_train"] == 3 and "photoz_prepare" not in jobs and "download" not in jobs
