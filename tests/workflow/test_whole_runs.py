"""The smoke run of every paper, and a new paper from the template; each in a checkout of its own."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from common.workflow.paper import discover
from tests.workflow.conftest import copy_sources, cpu_seconds_of_children

# Put before save_figure of the checkout: what a figure shows must be what its CSV says (tests/drawn.py).
NOTING = """
def noting(save):
    def noted(figure, path, drawn, *, origin):
        from tests.drawn import faults

        with open("drawn.txt", "a") as file:
            file.write(f"{path.name}: {'; '.join(faults(figure, drawn)) or 'ok'}\\n")
        save(figure, path, drawn, origin=origin)

    return noted

"""


@pytest.mark.parametrize("paper", discover())
def test_the_smoke_run_of_every_paper(paper, tmp_path):
    checkout = copy_sources(tmp_path / "checkout", papers=[paper])
    checkout.edit("common/plotting.py", "\ndef save_figure(", f"\n{NOTING}\n\n@noting\ndef save_figure(")
    before = cpu_seconds_of_children()
    done = checkout.snakemake(f"papers/{paper}", "--workflow-profile", "profiles/smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cpu_seconds_of_children() - before < 150  # however busy the machine is; the aim is 90 s on two idle cores
    table = done.stdout.partition("claim ")[2]
    assert "not comparable" in table and "reproduced" not in table
    noted = (checkout.folder / "drawn.txt").read_text().splitlines()
    assert len(noted) == len(list(checkout.folder.glob(f"results/{paper}/smoke/figures/*.png"))) > 0
    assert not (faults := [line for line in noted if not line.endswith(": ok")]), "\n".join(faults)
    prepared = list(checkout.folder.glob(f"results/{paper}/smoke/**/prepared*.h5"))
    prepared += checkout.folder.glob(f"results/{paper}/smoke/prepared/*.h5")
    assert prepared and {origin_of(path) for path in prepared} == {"generated"}
    metrics = json.loads((checkout.folder / f"results/{paper}/smoke/metrics.json").read_text())
    for checks in checkout.folder.glob(f"papers/{paper}/tests/after_smoke.py"):
        runpy.run_path(str(checks))["check"](metrics)


def origin_of(prepared):
    """Return what the figures of a prepared file are marked with."""
    with h5py.File(prepared) as file:
        return file.attrs["origin"]


def test_contributing_page_is_enough_to_add_a_paper(tmp_path):
    """The shell block of CONTRIBUTING.md, followed to the letter."""
    checkout = copy_sources(tmp_path / "checkout")
    shutil.rmtree(checkout.folder / "papers/mini")
    page = (checkout.folder / "CONTRIBUTING.md").read_text()
    block = page.partition("```bash\n")[2].partition("```")[0]
    assert "papers/_template" in block and "papers/my_paper" in block
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=checkout.folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "results/my_paper/generated/report.html" in done.stdout
