"""As long as a stage fails, every call fails with its message, and no page shows the numbers of before as new ones."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.report.fingerprint import stages_of
from tests.workflow.conftest import copy_sources

SMOKE = ("papers/mini", "--config", "run=smoke")
STAGES = [stage.rpartition(".")[2] for stage in stages_of("_template")]
SHARED = {"aggregate": "common/report/aggregate.py", "compare": "common/report/compare.py"}
MISTAKE = 'def main() -> None:\n    raise RuntimeError("a mistake in an edit")\n\n\ndef before() -> None:'


@pytest.fixture
def broken(finished, tmp_path):
    """A copy of the finished run, to be broken."""
    checkout = copy_sources(tmp_path / "checkout")
    for name in ("results", "data", ".snakemake"):
        shutil.copytree(finished.folder / name, checkout.folder / name)
    return checkout


def shown(checkout):
    """Return what the pages show of the smoke run: numbers of its table in the reports, verdicts in the overview."""
    results = checkout.folder / "results"
    pages = [results / "index.html", *results.glob("mini/smoke/report.*")]
    shows = r"0\.784 ± 0\.029|class=\"badge"
    found = {page.name: re.findall(shows, page.read_text()) for page in pages if page.exists()}
    return {name: numbers for name, numbers in found.items() if numbers}


def fails_with(checkout, message, *options, smoke=SMOKE):
    done = checkout.snakemake(*smoke, *options)
    assert done.returncode != 0, done.stdout
    assert message in done.stderr, done.stderr
    assert "±" not in done.stdout, done.stdout
    assert shown(checkout) == {}


def test_the_number_looked_for_is_that_of_the_finished_run(finished):
    assert (
        set(shown(finished)) == {"index.html", "report.html", "report.md"} and "0.784 ± 0.029" in finished.first_output
    )


@pytest.mark.parametrize("stage", [*STAGES, *SHARED])
def test_a_mistake_in_a_stage_stops_every_call_until_it_is_mended(broken, stage):
    file = SHARED.get(stage, f"papers/mini/{stage}.py")
    broken.edit(file, "def main() -> None:", MISTAKE)
    for options in ((), ("--keep-going", "--cores", "8")):
        fails_with(broken, "a mistake in an edit", *options)
    fails_with(broken, "a mistake in an edit", smoke=("results/mini/smoke/report.html", *SMOKE[1:]))
    broken.edit(file, MISTAKE, "def main() -> None:")
    mended = broken.snakemake(*SMOKE)
    assert mended.returncode == 0 and "0.784 ± 0.029" in mended.stdout


def test_a_setting_that_a_stage_refuses_stops_every_call(broken):
    """No event lies that far out, so nothing is left to train on."""
    change = "mini={prepare: {feature_range: [50, 60]}}"
    for options in ((), ("--cores", "1")):
        fails_with(broken, "Found array with 0 sample(s)", change, *options)
    done = broken.snakemake(*SMOKE)
    assert done.returncode == 0 and "0.784 ± 0.029" in done.stdout


def test_removed_data_are_generated_again_before_a_number_is_shown(broken):
    shutil.rmtree(broken.folder / "data/generated")
    change = "mini={prepare: {feature_range: [-1, 1]}}"
    done = broken.snakemake(*SMOKE, change)
    assert done.returncode == 0 and "0.784 ± 0.029" not in done.stdout
    assert (broken.folder / "data/generated/mini/smoke/events.csv").exists()


def test_a_killed_stage_leaves_nothing_to_show(broken):
    broken.edit("papers/mini/prepare.py", "    events = np", "    import time; time.sleep(60)\n    events = np")
    command = [str(Path(sys.executable).parent / "snakemake"), *SMOKE]
    running = subprocess.Popen(
        command, cwd=broken.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    report = broken.folder / "results/mini/smoke/report.html"
    deadline = time.monotonic() + 60
    while report.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert broken.snakemake("--unlock").returncode == 0
    assert shown(broken) == {}
    broken.edit("papers/mini/prepare.py", "import time; time.sleep(60)", 'raise RuntimeError("slow no more")')
    for _ in range(2):
        fails_with(broken, "slow no more")


def test_a_refused_download_stops_every_call(checkout, tmp_path):
    mirror = tmp_path / "mirror/template"
    mirror.mkdir(parents=True)
    (mirror / "events.csv").write_text("label,feature\n" + "0,0.1\n1,0.9\n0,-0.4\n1,1.7\n" * 50)
    small = ("papers/mini", "--config", "seeds=0", f"mirror={mirror.parent.as_uri()}")
    assert checkout.snakemake(*small).returncode == 0
    (checkout.folder / "data/raw/template/events.csv").unlink()
    (mirror / "events.csv").unlink()
    for _ in range(2):
        fails_with(checkout, "events.csv", smoke=small)
    assert not list((checkout.folder / "results/mini/small").glob("report.*"))


def test_the_overview_says_of_an_edited_paper_that_its_numbers_are_outdated(broken):
    shutil.copytree(broken.folder / "papers/_template", broken.folder / "papers/other")
    broken.edit("papers/mini/model.py", "1 + np.exp", "1.0 + np.exp")
    done = broken.snakemake("papers/other", "--config", "run=smoke")
    assert done.returncode == 0, done.stderr
    page = (broken.folder / "results/index.html").read_text()
    assert "<strong>outdated</strong>: the code or published.yaml has changed since" in page
    assert "snakemake papers/mini --config run=smoke" in page and page.count('class="badge') == 1
