"""The pages of a run: what they say, that they need nothing else, and how they look in a browser."""

import json
import re
from html.parser import HTMLParser

import pytest

from common.atomic import write_json, write_text
from common.download.receipts import Receipt, write_receipt
from common.plotting import new_figure, save_figure
from common.report import page
from common.report.compare import compare
from common.report.index import write_index
from common.report.readme import Record, paper_block
from common.report.render import render
from common.workflow.closure import ROOT
from tests.browser import find_browser, serving

PUBLISHED = """
paper: {title: Weak lensing <of> clusters & voids, authors: A. Student et al., arxiv: "1234.56789", extras: []}
claims:
  - {id: shear, kind: number, metric: shear, value: 0.5, error: 0.001, unit: mag, where: Table I, source: article,
     better: higher, tolerance: {abs: 0.05, reason: a tenth}, data: [sky], note: "share of |Δz| > 0.15"}
  - {id: depth, kind: number, metric: depth, value: 24.0, error: 0.1, unit: mag, where: Table II, source: article,
     better: higher, tolerance: {abs: 0.5, reason: one filter}, data: [sky], note: limiting magnitude}
  - {id: memory, kind: number, metric: shear, value: 0.5, error: 0.001, unit: mag, where: Table III, source: recalled,
     better: none, tolerance: {abs: 0.05, reason: a tenth}, data: [sky], note: remembered by somebody}
  - {id: wide, kind: number, metric: shear, value: 0.5, error: 0.001, unit: "", where: Table IV, source: article,
     better: none, tolerance: {abs: 0.05, reason: a tenth}, data: [sky, sea], note: with the other survey}
  - {id: far, kind: number, metric: far, value: 1.0, error: 0.0, unit: Gpc, where: Sec. 5, source: abstract,
     better: none, tolerance: {rel: 0.01, reason: one percent}, data: [sky], note: distance}
  - {id: order, kind: ordering, smaller: shear, larger: depth, where: Fig. 2, source: article, data: [sky],
     note: depth is larger}
  - {id: missing, kind: number, metric: speed, value: 3.0, error: 0.1, unit: km/s, where: Sec. 6, source: article,
     better: none, tolerance: {abs: 1, reason: none}, data: [sky], note: nobody computes it}
figures:
  - {id: fig1, file: fig1_shear, where: Fig. 1, shows: A line & its slope}
  - {id: fig2, file: fig2_not_drawn, where: Fig. 2, shows: Not drawn here}
  - {id: fig3, file: null, where: Fig. 3, shows: The telescope}
reference:
  - {metric: depth, value: 23822, where: Sec. 2, label: number of galaxies}
  - {metric: unknown, value: 1, where: Sec. 2, label: something else}
checks:
  - {metric: shear, label: shear is small, at_most: 0.5, why: "the median is 0.51, 0.50, 0.52's"}
  - {metric: depth, label: depth is large, at_least: 25.95, why: the median is 26}
  - {metric: shear, label: shear below far, below: far, why: for every seed}
  - {metric: far, label: far below the rest, below: shear, why: for no seed}
  - {metric: unknown, label: never measured, at_least: 1, why: nobody computes it}
"""
README = """# Weak lensing

## What differs from the paper
1. **Smaller** sample: only
   `sky` is used,
   because it is public.
2. No masks.
10. The tenth & last.

## What to change next
1. Not a deviation.
"""
METRICS = {"shear": [0.51, 0.5, 0.52], "depth": [26.0, 26.1, 25.9], "far": [2.0, 2.01, 1.99]}
EXPECTED = {
    "shear": "reproduced",
    "depth": "better",
    "memory": "not comparable",
    "wide": "not comparable",
    "far": "differs",
    "order": "reproduced",
    "missing": "not attempted",
}


def receipt(origin):
    return Receipt(
        origin=origin,
        dataset="sky" if origin == "archive" else "generated",
        file=f"raw/sky/{origin}_with_a_rather_long_name_of_a_file_v1.fits",
        bytes=1234567,
        sha256="0a" * 32,
        verified="md5 published by the archive",
        url="https://example.org/a/long/address/of/a/file.fits" if origin == "archive" else None,
        licence="CC0-1.0",
    )


def measured(values):
    mean = sum(values) / len(values)
    sd = (sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5
    return {"value": mean, "error": 0.01, "sd": sd, "n": 100, "values": values}


def write_benchmarks(folder):
    def line(s, cpu, rss):
        return json.dumps({"s": s, "cpu_time": cpu, "max_rss": rss}) + "\n"

    write_text(folder / "prepare.jsonl", line(0.3, "NA", "NA"))
    write_text(folder / "train_seed0.jsonl", line(99.0, 99.0, 9999.0) + line(10.0, 8.0, 300.0))  # run twice
    write_text(folder / "train_seed12.jsonl", line(2.5, 2.0, 500.0))
    write_text(folder / "train_seed7.jsonl", line(500.0, 500.0, 5000.0))  # of an earlier call with another seed
    write_text(folder / "download/sky/a.jsonl", line(1.0, 0.5, 20.0))
    write_text(folder / "download/sky/sub/b.jsonl", line(2.0, 0.5, 30.0))


@pytest.fixture
def make_run(tmp_path, monkeypatch):
    """Write a paper and the files of one finished run; return the function that renders its pages."""
    monkeypatch.chdir(ROOT)
    paper = tmp_path / "papers/lensing"
    write_text(paper / "published.yaml", PUBLISHED)
    write_text(paper / "README.md", README)

    def made(run="small", origins=("archive",)):
        folder = tmp_path / "results/lensing" / run
        write_json(folder / "metrics.json", {key: measured(values) for key, values in METRICS.items()})
        receipts = [receipt(origin) for origin in origins]
        for number, entry in enumerate(receipts):
            write_receipt(folder / f"receipts/sky/{number}.json", entry)
        comparison = compare(paper / "published.yaml", folder / "metrics.json", receipts, run_name=run)
        write_json(folder / "comparison.json", comparison.model_dump(mode="json"))
        for seed in (0, 12):
            write_json(folder / f"seed{seed}/metrics.json", {})
        figure, axes = new_figure()
        axes.plot([0, 1], [0, 1])
        save_figure(figure, folder / "figures/fig1_shear.png", {"x": [0, 1]}, origin="archive")
        write_benchmarks(folder / "benchmarks")
        found = sorted(folder.glob("receipts/**/*.json"))
        content = page.collect(paper, folder, receipts=found, seeds=["0", "12"])
        for kind in ("html", "md"):
            write_text(folder / f"report.{kind}", render(f"report.{kind}.j2", **content))
        return folder

    return made


class Page(HTMLParser):
    """The tags of a page, its tables as rows of text, and its whole text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.tables, self.text, self.in_cell = [], [], "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.tables[-1][-1][-1] += data

    def table(self, heading):
        rows = next(table[1:] for table in self.tables if table[0][0] == heading)
        return [[" ".join(cell.split()) for cell in row] for row in rows]


# ---- what the pages say ----


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
    assert (published, ours, difference) == ("0.5 mag", "0.510 ± 0.010", "+0.01")
    assert "(pull +0.9)" in verdict and "tolerance 0.05 (a tenth) and published error 0.001; 3 seeds" in verdict


def test_our_own_checks_are_met_or_missed(make_run):
    folder = make_run()
    rows = Page(folder / "report.html").table("Check")
    assert [row[-1] for row in rows] == ["missed", "met", "met", "missed", "not judged"]
    assert [row[1] for row in rows[:3]] == ["≤ 0.5", "≥ 25.95", "shear < far for every seed"]
    assert rows[2][2] == "0.510 ± 0.010 and 2.000 ± 0.010" and rows[4][2] == "–"
    assert "| depth is large | the median is 26 | ≥ 25.95 | 26.00 ± 0.10 | met |" in (folder / "report.md").read_text()


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
    assert [row[1:] for row in rows] == [["23822", "26.00 ± 0.10", "-2.38e+04"], ["1", "–", "–"]]


def test_figures_that_were_not_drawn_say_so(make_run):
    page = Page(make_run() / "report.html")
    assert sum(tag == "img" for tag, _ in page.tags) == 1
    assert page.text.count("Not regenerated in this run.") == 2


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


def test_the_index_has_a_line_per_run(make_run, tmp_path):
    make_run()
    make_run("generated", ["generated"])
    rows = Page(write_index(tmp_path / "results")).table("Paper")
    assert [row[1] for row in rows] == ["generated, 3 seeds", "small, 3 seeds"]
    assert [row[2] for row in rows] == ["generated data", "archive: sky"]
    assert rows[1][3] == "1 better 1 differs 1 not attempted 2 not comparable 2 reproduced"
    assert "reproduced" not in rows[0][3]


def test_the_index_of_nothing(tmp_path):
    assert "No run has been finished yet" in Page(write_index(tmp_path)).text


def test_the_table_of_a_readme_says_what_it_was_made_from(make_run):
    def block(run, origin):
        content = (make_run(run, [origin]) / "comparison.json").read_text()
        return paper_block({run: Record.model_validate({"comparison": json.loads(content), "machine": "M"})})

    assert "**generated data**" in block("generated", "generated") and "generated" not in block("small", "archive")


# ---- a page needs nothing else ----


def outside(page):
    """Return what a browser would fetch for a page; links that a reader may follow do not count."""
    fetched = []
    for tag, attributes in page.tags:
        for name in ("src", "srcset", "href", "data", "poster", "action", "background"):
            address = attributes.get(name)
            if address is not None and tag != "a" and not address.startswith("data:"):
                fetched.append((tag, address))
        if tag in ("script", "iframe", "object", "embed", "base"):
            fetched.append((tag, ""))
    return fetched


def test_the_search_for_requests_finds_them(tmp_path):
    tags = '<script src="a.js"></script><link href="//b"><img src="c.png"><img src="data:,"><a href="https://d">d</a>'
    write_text(tmp_path / "a.html", tags)
    assert outside(Page(tmp_path / "a.html")) == [("script", "a.js"), ("script", ""), ("link", "//b"), ("img", "c.png")]


def test_pages_are_self_contained(make_run, tmp_path):
    folder = make_run()
    for path in (folder / "report.html", write_index(tmp_path / "results")):
        assert outside(Page(path)) == []
        assert not re.search(r"url\(|@import", path.read_text())
        assert '<link rel="icon" href="data:,">' in path.read_text()


# ---- in a browser ----

WIDTHS = [390, 1200]
TELL_WIDTH = "<script>onload = () => document.title = 'scroll ' + document.documentElement.scrollWidth"
TELL_WIDTH += " + ' of ' + document.documentElement.clientWidth</script>"


@pytest.fixture
def browser(tmp_path):
    return find_browser(tmp_path / "profile")


@pytest.fixture
def pages(make_run, tmp_path):
    make_run()
    make_run("generated", ["generated"])
    write_index(tmp_path / "results")
    return ["index.html", "lensing/small/report.html", "lensing/generated/report.html"]


def widths(browser, folder, page):
    """Return the width of a page's content and that of the frame it is shown in, 390 px wide."""
    source = (folder / page).read_text()
    assert "</body>" in source
    (folder / "measured.html").write_text(source.replace("</body>", TELL_WIDTH + "</body>"))
    # A window is never narrower than 500 px, a frame can be.
    (folder / "frame.html").write_text(
        "<iframe id='f' src='measured.html' style='width: 390px; height: 900px; border: 0'></iframe>"
        "<script>onload = () => document.title = document.getElementById('f').contentDocument.title</script>"
    )
    with serving(folder) as server:
        dom = browser.dom(f"{server.address}/frame.html", width=800)
    return tuple(map(int, re.search(r"<title>scroll (\d+) of (\d+)</title>", dom).groups()))


def test_a_page_asks_for_nothing_but_itself(browser, pages, tmp_path):
    for name in pages:
        with serving(tmp_path / "results") as server:
            dom = browser.dom(f"{server.address}/{name}", width=1200)
        assert "Weak lensing" in dom and server.asked == [f"/{page}"]


def test_a_request_would_be_noticed(browser, tmp_path):
    (tmp_path / "a.html").write_text('<img src="b.png">')
    with serving(tmp_path) as server:
        browser.dom(f"{server.address}/a.html", width=1200)
    assert "/b.png" in server.asked


def test_no_page_is_wider_than_a_phone(browser, pages, tmp_path):
    assert {page: widths(browser, tmp_path / "results", page) for page in pages} == dict.fromkeys(pages, (390, 390))


def test_a_page_wider_than_a_phone_would_be_noticed(browser, tmp_path):
    (tmp_path / "a.html").write_text("<html><body><p style='width: 700px'>wide</p></body></html>")
    content, frame = widths(browser, tmp_path, "a.html")
    assert content > frame == 390


def test_a_run_of_an_older_version_is_left_out_of_the_overview(make_run, caplog):
    results = make_run().parents[1]
    write_json(results / "lensing/old/comparison.json", {"run": "old"})
    page = Page(write_index(results)).text
    assert "small" in page and "left out of the overview" in caplog.text
