"""A small made-up paper and the files of a finished run of it, for the tests of reports, records and pictures."""

import json
from html.parser import HTMLParser

from common.atomic import write_json, write_text
from common.download.receipts import Receipt, write_receipt
from common.plotting import new_figure, save_figure
from common.report import page
from common.report.compare import compare
from common.report.render import render

PUBLISHED = """
paper: {title: Weak lensing <of> clusters & voids, authors: A. Student et al., arxiv: "1234.56789", extras: []}
claims:
  - {id: shear, kind: number, metric: shear, value: 0.5, error: 0.001, unit: mag, where: Table I, source: article,
     better: higher, tolerance: {abs: 0.05, reason: a tenth}, data: [sky], note: "share of |Δz| > 0.15"}
  - {id: depth, kind: number, metric: depth, value: 24.0, error: 0.1, unit: mag, where: Table II, source: article,
     better: higher, tolerance: {abs: 0.5, reason: one filter}, data: [sky], note: limiting magnitude}
  - {id: memory, kind: number, metric: shear, value: 0.52, error: 0.001, unit: mag, where: Table III, source: recalled,
     better: none, tolerance: {abs: 0.05, reason: a tenth}, data: [sky], note: remembered by somebody}
  - {id: wide, kind: number, metric: shear, value: 0.51, error: 0.001, unit: "", where: Table IV, source: article,
     better: none, tolerance: {abs: 0.05, reason: a tenth}, data: [sky, sea], note: with the other survey}
  - {id: far, kind: number, metric: far, value: 1.0, error: 0.0, unit: Gpc, where: Sec. 5, source: abstract,
     better: none, tolerance: {rel: 0.01, reason: one percent}, data: [sky], note: distance}
  - {id: order, kind: ordering, smaller: shear, larger: depth, where: Fig. 2, source: article, data: [sky],
     note: depth is larger}
  - {id: missing, kind: number, metric: speed, value: 3.0, error: 0.1, unit: km/s, where: Sec. 6, source: article,
     better: none, tolerance: {abs: 1, reason: none}, data: [sky], note: nobody computes it}
figures:
  - {id: fig1, file: fig1_shear, picture: true, where: Fig. 1, shows: A line & its slope}
  - {id: fig2, file: fig2_not_drawn, where: Fig. 2, shows: Not drawn here}
  - {id: fig3, file: null, where: Fig. 3, shows: The telescope}
reference:
  - {metric: depth, value: 23822, where: Sec. 2, label: number of galaxies}
  - {metric: unknown, value: 1, where: Sec. 2, label: something else}
checks:
  - {metric: shear, label: shear is small, at_most: 0.4, why: "the mean of 0.51, 0.50, 0.52"}
  - {metric: depth, label: depth is large, at_least: 25, why: the mean is 26}
  - {metric: shear, label: shear below far, below: far, why: 0.51 and 2}
  - {metric: far, label: far below the rest, below: shear, why: 2 and 0.51}
  - {metric: shear, label: shear above a half, at_least: 0.505, why: half an error is not enough}
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
SETTINGS = """# of the run
run: {name: small, changes: "", source: archive, archive: [], generated: [], seeds: [0, 12], methods: []}
train: {rate: 0.1}
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


def write_paper(folder):
    """Write the paper itself; return its folder."""
    write_text(folder / "published.yaml", PUBLISHED)
    write_text(folder / "README.md", README)
    return folder


def write_run(paper, results, *, run="small", origins=("archive",), caption=None, settings=SETTINGS):
    """Write the files of one finished run with its pages; return the run's folder."""
    folder = results / paper.name / run
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
    if caption:
        write_json(folder / "figures/captions.json", {"fig1_shear": caption})
    if settings:
        write_text(folder / "settings.yaml", settings)
    write_benchmarks(folder / "benchmarks")
    found = sorted(folder.glob("receipts/**/*.json"))
    content = page.collect(paper, folder, receipts=found, seeds=["0", "12"])
    for kind in ("html", "md"):
        write_text(folder / f"report.{kind}", render(f"report.{kind}.j2", **content))
    return folder


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
