"""No claim changes unnoticed: published.yaml against its second record; and what nobody has read is listed."""

import shutil
import sys
from functools import cache

import pytest

from common.report.published import load_published
from common.report.readme import replace_block
from common.report.waiting import waiting_block
from common.workflow.closure import ROOT
from common.workflow.paper import discover
from tests import published_lock as locks

PAPERS = ["_template", *discover()]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_is_that_of_its_second_record(paper):
    command = f"python -m tests.published_lock --paper {paper}"
    assert locks.all_faults(paper) == [], f"after a correction with the article open: {command} --accept"
    assert list(locks.load_lock(paper)) == list(locks.load_claims(paper))


# ---- what the comparison notices ----


@cache
def claims_of(paper):
    return locks.load_claims(paper)


@cache
def lock_of(paper):
    return locks.load_lock(paper)


def claim_of(paper, name, **changed):
    """Return a claim with other fields, checked by its model."""
    claim = claims_of(paper)[name]
    return type(claim).model_validate(claim.model_dump() | changed)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("auc", {"value": 0.991}),
        ("auc", {"error": 0.005}),
        ("auc", {"source": "article"}),
        ("auc", {"tolerance": {"abs": 0.03, "reason": "spread of the reproductions that are listed here"}}),
        ("auc", {"tolerance": {"abs": 0.003, "reason": "another"}}),
        ("auc", {"metric": "interaction.auc_all"}),
        ("auc", {"data": [], "own_recipe": True}),
        ("auc", {"better": "none"}),
        ("auc", {"where": "abstract"}),
        ("auc", {"sample": "per seed"}),
        ("network_beats_double_b", {"smaller": "interaction.auc", "larger": "double_b.auc"}),
        ("network_beats_double_b", {"recomputed": True}),
    ],
)
def test_a_changed_claim_is_named(name, changed):
    claims, lock = claims_of("hbb"), lock_of("hbb")
    assert list(locks.changes(claims | {name: claim_of("hbb", name, **changed)}, lock)) == [name]


def test_new_and_lost_claims_are_named():
    claims, lock = dict(claims_of("hbb")), lock_of("hbb")
    assert locks.changes(claims, {name: entry for name, entry in lock.items() if name != "auc"}) == {"auc": ["is new"]}
    del claims["auc"]
    assert locks.changes(claims, lock) == {"auc": ["is no longer in published.yaml"]}


# ---- what no claim may say ----


@pytest.mark.parametrize(
    ("paper", "name", "changed", "locked", "words"),
    [
        ("hbb", "auc", {}, {"read": " "}, "does not say how"),
        ("hbb", "auc", {"source": "article"}, {}, "nobody has read it"),
        ("hbb", "auc", {}, {"read": "text of the article"}, "more than `recalled`"),
        ("hbb", "auc", {"source": "article"}, {"read": "article"}, "no table, figure, section or page"),
        ("jet_images", "kernel_11", {"where": "a table of the article"}, {}, "no table, figure, section or page"),
        ("hbb", "network_beats_double_b", {"where": "summary"}, {}, "does not name the abstract"),
        ("gw_denoise", "bns_range_virgo", {"source": "abstract"}, {}, "another article"),
        ("hbb", "auc_students", {"recomputed": True}, {}, "third party is recomputed"),
        ("gw_denoise", "line_raw_o3", {"tolerance": {"rel": 0.1, "reason": "the reading"}}, {}, "the error again"),
        ("hbb", "auc", {"tolerance": {"abs": 0.03, "reason": "a"}}, {}, "wide without a reason"),
        ("jet_images", "area_mass", {"tolerance": {"rel": 0.2, "baseline": 1.3863, "reason": "a"}}, {}, "wide without"),
        ("hbb", "auc", {}, {"wide": "because"}, "not wide"),
    ],
)
def test_a_claim_that_cannot_be_is_refused(paper, name, changed, locked, words):
    claim, entry = claim_of(paper, name, **changed), lock_of(paper)[name]
    assert words in "; ".join(locks.faults(claim, entry | locked))


def test_the_widest_tolerance_is_of_what_a_coin_lacks():
    narrow = {"abs": 0.16, "reason": "3 %"}
    assert not locks.is_wide(claim_of("jet_images", "area_mass", tolerance=narrow))
    share = {"rel": 0.10, "baseline": 1.3863, "reason": "10 %"}
    assert claim_of("jet_images", "area_mass", tolerance=share).tolerance.around(3.24) == pytest.approx(0.18537)
    third = claim_of("hbb", "auc", tolerance={"abs": 0.00333, "reason": "a third of 0.01"})
    assert not locks.is_wide(third) and locks.is_wide(
        claim_of("hbb", "auc", tolerance={"abs": 0.0034, "reason": "more"})
    )


# ---- the command ----


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of one paper's claims with their lock, in which AUC and accuracy have been looked up in the article."""
    folder = tmp_path / "papers/hbb"
    (folder / "tests").mkdir(parents=True)
    for name in ("published.yaml", locks.FILE):
        shutil.copy(ROOT / "papers/hbb" / name, folder / name)
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    text = (folder / "published.yaml").read_text(encoding="utf-8")
    old = "    where: table of the taggers' performance, row IN\n    source: recalled\n"
    assert text.count(old) == 4
    (folder / "published.yaml").write_text(text.replace(old, "    where: Table V, row IN\n    source: article\n", 2))
    return folder


def command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["published_lock", "--paper", "hbb", *words])
    locks.main()


def test_without_accept_it_lists_and_fails(copied, monkeypatch):
    before = (copied / locks.FILE).read_text()
    with pytest.raises(SystemExit, match=r"auc: source: 'recalled' -> 'article'"):
        command(monkeypatch)
    assert (copied / locks.FILE).read_text() == before


def test_nothing_is_accepted_that_nobody_read(copied, monkeypatch):
    before = (copied / locks.FILE).read_text()
    with pytest.raises(SystemExit, match=r"Say where you read the claims"):
        command(monkeypatch, "--accept")
    assert (copied / locks.FILE).read_text() == before


def test_accept_rewrites_the_changed_claims_and_prints_them(copied, monkeypatch, capsys):
    before = (copied / locks.FILE).read_text().splitlines()
    with pytest.raises(SystemExit, match=r"accuracy: source"):
        command(monkeypatch, "--accept", "--claim", "auc", "--read", "text of the article, page 12")
    command(monkeypatch, "--accept", "--read", "text of the article, page 13")
    printed = capsys.readouterr().out
    assert "auc: source: 'recalled' -> 'article'" in printed and "accuracy: where:" in printed
    after = (copied / locks.FILE).read_text().splitlines()
    assert [line.partition(":")[0] for line in after if line not in before] == ["auc", "accuracy"]
    assert len(after) == len(before)
    assert locks.load_lock("hbb")["auc"]["read"] == "text of the article, page 12"


# ---- what still has to be read ----


@pytest.mark.parametrize("paper", PAPERS)
def test_the_readme_lists_the_claims_that_wait_for_the_article(paper):
    folder = ROOT / "papers" / paper
    block, published = waiting_block(folder), load_published(folder / "published.yaml")
    assert (folder / "README.md").read_text() == replace_block(folder / "README.md", "waiting", block)
    listed = [line.split(" | ")[0].removeprefix("| ") for line in block.splitlines() if line.startswith("| ")][1:]
    assert listed == [claim.id for claim in published.claims if claim.source == "recalled"]
    assert not listed or f"https://arxiv.org/abs/{published.paper.arxiv}" in block
