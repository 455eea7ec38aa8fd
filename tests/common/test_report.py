"""What the pages of a run say."""

import re

import pytest

from common.atomic import write_text
from common.report import page
from tests.lensing import EXPECTED, Page


def test_every_claim_has_its_verdict_in_both_pages(make_run):
    folder = make_run()
    rows = Page(folder / "report.html").table("Claim")
    shown = [row[-1] for row in rows]
    assert len(shown) == len(EXPECTED)
    assert all(text.startswith(verdict) for text, verdict in zip(shown, EXPECTED.values(), strict=True))
    markdown = (folder / "report.md").read_text().partition("## Verdicts")[2].partition("## Our own checks")[0]
    rows = [line for line in markdown.splitlines() if line.startswith("|")][2:]
    assert all(f"| {verdict}" in row for row, verdict in zip(rows, EXPECTED.values(), strict=True))


def test_the_numbers_of_a_claim(make_run):
    claim, published, ours, difference, verdict = Page(make_run() / "report.html").table("Claim")[0]
    assert "Table I" in claim and "source: article" in claim
    assert (published, ours, difference) == ("0.5 mag", "0.510 ± 0.010 sample ± 0.010 seeds", "+0.01")
    assert "(pull +0.6)" in verdict and "0.01 ± 0.015, tolerance 0.05 (a tenth), published error 0.001" in verdict


def test_our_own_checks_are_met_or_missed_or_undecided(make_run):
    folder = make_run()
    rows = Page(folder / "report.html").table("Check")
    assert [row[-1] for row in rows] == ["missed", "met", "met", "missed", "undecided", "not judged"]
    assert [row[1] for row in rows[:3]] == ["≤ 0.4", "≥ 25", "shear < far"]
    both = "0.510 ± 0.010 sample ± 0.010 seeds and 2.000 ± 0.010 sample ± 0.010 seeds"
    assert rows[2][2] == both and rows[5][2] == "–"
    assert (
        "| depth is large | the mean is 26 | ≥ 25 | 26.000 ± 0.010 sample ± 0.100 seeds | met |"
        in (folder / "report.md").read_text()
    )


def test_a_smoke_run_meets_no_check(make_run):
    rows = Page(make_run(run="smoke") / "report.html").table("Check")
    assert {row[-1] for row in rows} == {"not judged"}


def test_a_recalled_number_is_shown_as_unverified(make_run):
    folder = make_run()
    rows = Page(folder / "report.html").table("Claim")
    marked = [row for row in rows if "(unverified)" in row[1]]
    assert len(marked) == 1 and "source: recalled" in marked[0][0] and "check it against the article" in marked[0][-1]
    assert (folder / "report.md").read_text().count("(unverified)") == 1


@pytest.mark.parametrize(
    ("origins", "warned"), [(["archive"], False), (["generated"], True), (["archive", "generated"], True)]
)
def test_only_generated_data_get_the_banner(make_run, origins, warned):
    folder = make_run(origins=origins)
    page = Page(folder / "report.html")
    assert ("Made from generated stand-in data" in page.text) == warned
    assert any(attributes.get("class") == "banner" for _, attributes in page.tags) == warned
    assert ("Made from generated stand-in data" in (folder / "report.md").read_text()) == warned
    verdicts = {row[-1].split(" (")[0] for row in page.table("Claim")}
    assert any("reproduced" in text for text in verdicts) == (not warned)


def test_the_smoke_run_reproduces_nothing(make_run):
    rows = Page(make_run("smoke") / "report.html").table("Claim")
    assert all(row[-1].startswith("not ") for row in rows)


def test_deviations_are_the_numbered_list_of_the_readme(make_run, tmp_path):
    folder = make_run()
    deviations = page.read_deviations(tmp_path / "papers/lensing/README.md")
    assert deviations == ["Smaller sample: only sky is used, because it is public.", "No masks.", "The tenth & last."]
    assert all(deviation in Page(folder / "report.html").text for deviation in deviations)
    assert "\n3. The tenth & last.\n" in (folder / "report.md").read_text()


def test_a_readme_without_deviations(tmp_path):
    write_text(tmp_path / "README.md", "# Paper\n1. no\n")
    assert page.read_deviations(tmp_path / "README.md") == []


def test_costs_are_summed_over_jobs_and_memory_is_the_largest(make_run):
    rows = {row[0]: row[1:] for row in Page(make_run() / "report.html").table("Stage")}
    assert rows == {
        "download": ["2", "3.0", "1.0", "30"],
        "prepare": ["1", "0.3", "0.0", "–"],
        "train": ["2", "12.5", "10.0", "500"],
    }


def test_provenance_names_every_file(make_run):
    folder = make_run(origins=["archive", "generated"])
    rows = Page(folder / "report.html").table("File")
    assert len(rows) == 2
    assert all("0a" * 32 in row[0] and row[2] == "1,234,567" and row[4] == "CC0-1.0" for row in rows)
    assert rows[0][1].startswith("archivehttps://example.org/a/long") and rows[1][1] == "generated"
    assert (folder / "report.md").read_text().count("0a" * 32) == 2


def test_references_stand_beside_ours(make_run):
    rows = Page(make_run() / "report.html").table("Property")
    assert [row[1:] for row in rows] == [["23822", "26.000 ± 0.010 sample ± 0.100 seeds", "-2.38e+04"], ["1", "–", "–"]]


def test_figures_that_were_not_drawn_say_so(make_run):
    page = Page(make_run() / "report.html")
    assert sum(tag == "img" for tag, _ in page.tags) == 1
    assert page.text.count("Not regenerated in this run.") == 2


def test_the_caption_stands_below_its_figure(make_run):
    folder = make_run(caption="Slope against <r>; ours.")
    text = " ".join(Page(folder / "report.html").text.split())
    assert text.count("Slope against <r>; ours.") == 1 and text.count("A line & its slope") == 1
    assert "ng data. Slope" not in text
    assert ".png)\n\nSlope against <r>; ours.\n" in (folder / "report.md").read_text()


def test_a_figure_without_a_caption_is_described_once(make_run):
    assert Page(make_run() / "report.html").text.count("A line & its slope") == 1


def test_a_caption_says_that_data_are_generated(make_run):
    folder = make_run("generated", ["generated"], caption="Slope.")
    assert "Made from generated data. Slope." in Page(folder / "report.html").text
    assert "\n\nMade from generated data. Slope.\n" in (folder / "report.md").read_text()


def test_the_settings_are_shown_if_the_run_has_stored_them(make_run):
    assert "Every setting of this run" not in Page(make_run(settings="") / "report.html").text
    page = Page(make_run(settings="train:\n  rate: 0.1  # <per> step\n") / "report.html")
    assert "train:\n  rate: 0.1  # <per> step\n" in page.text and "details" in [tag for tag, _ in page.tags]


def test_the_command_makes_the_same_run_again(make_run):
    assert "snakemake papers/lensing --config run=small seeds=0,12" in Page(make_run() / "report.html").text


def test_names_from_yaml_are_text_and_not_markup(make_run):
    source = (make_run() / "report.html").read_text()
    assert "Weak lensing &lt;of&gt; clusters &amp; voids" in source and "<of>" not in source


def test_a_bar_in_a_note_does_not_split_a_markdown_table(make_run):
    text = (make_run() / "report.md").read_text()
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = [len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()]
        assert len(set(cells)) == 1, table


def test_equal_runs_give_equal_pages(make_run):
    first = {kind: (make_run() / f"report.{kind}").read_bytes() for kind in ("html", "md")}
    assert first == {kind: (make_run() / f"report.{kind}").read_bytes() for kind in ("html", "md")}


def test_the_report_can_be_made_without_git(make_run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Environment" in Page(make_run() / "report.html").text
