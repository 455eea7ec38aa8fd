"""The tables and pictures of the READMEs are what the recorded results give."""

import re
from collections import Counter

import pytest
from PIL import Image

from common.errors import InputError
from common.report import pictures, pulls
from common.report.published import load_published
from common.report.readme import PULLS, overview_block, paper_block, pulls_block, replace_block
from common.report.record import read_records
from common.workflow.closure import ROOT
from common.workflow.paper import discover

PAPERS = {name: ROOT / "papers" / name for name in discover()}


@pytest.fixture(scope="module")
def comparisons():
    return {name: [record.comparison for record in read_records(folder).values()] for name, folder in PAPERS.items()}


# ---- tables ----


@pytest.mark.parametrize("name", PAPERS)
def test_results_come_from_the_record(name):
    folder = PAPERS[name]
    block = paper_block(read_records(folder), folder)
    assert (folder / "README.md").read_text() == replace_block(folder / "README.md", "results", block)


def test_the_overview_comes_from_the_records(comparisons):
    for name, block in (("papers", overview_block(PAPERS)), ("pulls", pulls_block(comparisons))):
        assert (ROOT / "README.md").read_text() == replace_block(ROOT / "README.md", name, block)


def test_no_smoke_run_and_no_changed_settings_are_recorded():
    records = [record for folder in PAPERS.values() for record in read_records(folder).items()]
    assert records
    assert all(name != "smoke" and not record.comparison.changes for name, record in records)


def test_a_readme_without_the_block_says_what_to_add(tmp_path):
    (tmp_path / "README.md").write_text("no block")
    with pytest.raises(InputError, match=r"Add both lines"):
        replace_block(tmp_path / "README.md", "results", "")


# ---- pictures ----


def faults(paper):
    """Return what is wrong with the pictures of a paper."""
    marked = [figure.file for figure in load_published(paper / "published.yaml").pictures]
    expected = {pictures.picture_path(paper, run, stem) for run in read_records(paper) for stem in marked}
    stored = sorted((paper / pictures.FOLDER).glob("*"))
    sizes = {path.name: path.stat().st_size for path in stored}
    found = [f"{name}: {size} bytes" for name, size in sizes.items() if size > pictures.MAX_BYTES]
    found += [f"{path.name}: of no recorded run and no figure with picture: true" for path in set(stored) - expected]
    if sum(sizes.values()) > pictures.MAX_PAPER_BYTES:
        found.append(f"{sum(sizes.values())} bytes together")
    if not 1 <= len(marked) <= 3:
        found.append(f"{len(marked)} figures with picture: true, expected one to three")
    for path in set(stored) & expected:
        with Image.open(path) as picture:
            picture.verify()
    return found


@pytest.mark.parametrize("name", ["_template", *PAPERS])
def test_pictures_are_few_and_small(name):
    assert faults(ROOT / "papers" / name) == []


def test_too_many_and_too_large_pictures_are_noticed(tmp_path):
    text = (ROOT / "papers/_template/published.yaml").read_text()
    assert "    picture: true\n" in text
    (tmp_path / "published.yaml").write_text(text.replace("    picture: true\n", ""))
    (tmp_path / "pictures").mkdir()
    for name in "abcd":
        (tmp_path / f"pictures/{name}.png").write_bytes(bytes(80_000 + (name == "a")))
    found = faults(tmp_path)
    assert found[0] == "a.png: 80001 bytes" and found[-2:] == [
        "320001 bytes together",
        "0 figures with picture: true, expected one to three",
    ]
    assert sorted(fault.partition(":")[0] for fault in found[1:-2]) == ["a.png", "b.png", "c.png", "d.png"]


# ---- the pull plot ----


def test_the_pull_plot_has_every_judged_number(comparisons):
    drawn = re.findall(r'<g id="(\w+\.\w+\.\w+)">', (ROOT / PULLS).read_text())
    judged = [point.name for point in pulls.points(comparisons)]
    assert judged and Counter(drawn) == Counter(judged), "run: make readme"


def test_the_pull_plot_is_small():
    assert (ROOT / PULLS).stat().st_size <= 80_000
