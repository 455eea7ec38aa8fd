"""The overview of all runs; that no page needs anything else, and how pages look in a browser."""

import base64
import re

import pytest

from common.atomic import write_json, write_text
from common.report.index import write_index
from tests.browser import find_browser, serving
from tests.lensing import Page


def test_the_index_has_a_line_per_run(make_run, tmp_path):
    make_run()
    make_run("generated", ["generated"])
    rows = Page(write_index(tmp_path / "results", tmp_path / "papers")).table("Paper")
    assert [row[1] for row in rows] == ["generated, 3 seeds", "small, 3 seeds"]
    assert [row[2] for row in rows] == ["generated data", "archive: sky"]
    assert {row[4] for row in rows} == {"11 s, 0.5 GB"}
    assert rows[1][3] == "1 better 1 differs 1 not attempted 2 not comparable 2 reproduced"
    assert "reproduced" not in rows[0][3]


def test_the_index_of_nothing(tmp_path):
    page = Page(write_index(tmp_path))
    assert "No run has been finished yet" in page.text and not pictures(page)


def pictures(page):
    return [attributes for tag, attributes in page.tags if tag == "img"]


def test_the_index_shows_every_judged_number_and_the_main_figures(make_run, tmp_path):
    make_run()
    make_run("generated", ["generated"])
    plot, *thumbnails = pictures(Page(write_index(tmp_path / "results", tmp_path / "papers")))
    kind, _, content = plot["src"].partition(";base64,")
    svg = base64.b64decode(content).decode("utf-8")
    assert kind == "data:image/svg+xml" and 'id="lensing.small.far"' in svg and "lensing.generated" not in svg
    assert [one["alt"] for one in thumbnails] == [
        "Main figure of lensing/generated",
        "Main figure of lensing/small",
    ]
    assert all(one["src"].startswith("data:image/png;base64,") and len(one["src"]) < 30_000 for one in thumbnails)


def test_an_outdated_run_says_why_and_shows_nothing_of_it(make_run, tmp_path):
    make_run(outdated="the settings have changed since")
    page = Page(write_index(tmp_path / "results", tmp_path / "papers"))
    row = page.table("Paper")[0]
    assert row[3] == "outdated: the settings have changed since. snakemake papers/lensing --config run=small"
    assert row[4] == "–" and not pictures(page)


def test_a_run_without_its_report_is_unfinished(make_run, tmp_path):
    (make_run() / "report.md").unlink()
    row = Page(write_index(tmp_path / "results", tmp_path / "papers")).table("Paper")[0]
    assert row[3].startswith("outdated: a step of it was made after its report")


def test_the_index_of_runs_without_a_judged_number_has_no_plot(make_run, tmp_path):
    make_run("smoke")
    page = Page(write_index(tmp_path / "results", tmp_path / "papers"))
    assert [one["alt"] for one in pictures(page)] == ["Main figure of lensing/smoke"]


def test_a_run_of_an_older_version_is_left_out_of_the_overview(make_run, caplog):
    results = make_run().parents[1]
    write_json(results / "lensing/old/comparison.json", {"run": "old"})
    page = Page(write_index(results)).text
    assert "small" in page and "left out of the overview" in caplog.text


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
    for path in (folder / "report.html", write_index(tmp_path / "results", tmp_path / "papers")):
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
    write_index(tmp_path / "results", tmp_path / "papers")
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
        assert "Weak lensing" in dom and server.asked == [f"/{name}"]


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


def picture_widths(browser, folder, source):
    """Return the width in pixels of each picture of a page, 0 for one that the browser cannot read."""
    tell = "<script>onload = () => document.title = [...document.images].map(i => i.naturalWidth)</script></body>"
    assert "</body>" in source
    (folder / "measured.html").write_text(source.replace("</body>", tell))
    with serving(folder) as server:
        dom = browser.dom(f"{server.address}/measured.html", width=1200)
    return [int(width) for width in re.search(r"<title>([\d,]+)</title>", dom)[1].split(",")]


def test_the_browser_can_read_every_picture(browser, pages, tmp_path):
    index = (tmp_path / "results/index.html").read_text()
    plot, *thumbnails = picture_widths(browser, tmp_path, index)
    assert plot > 600 and thumbnails == [300, 300]


def test_a_picture_that_cannot_be_read_would_be_noticed(browser, tmp_path):
    broken = '<html><body><img src="data:image/svg+xml;base64,PHN2Zz4="></body></html>'
    assert picture_widths(browser, tmp_path, broken) == [0]
