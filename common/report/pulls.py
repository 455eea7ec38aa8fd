"""The pull plot: every published number that was judged, of all papers, as one picture.

The pull of a number without any known error, or with one that a single seed cannot show, is not known. Its open marker
shows the difference over the allowed difference, tolerance + published error.
"""

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.lines import Line2D

from common.plotting import new_figure
from common.report.compare import Comparison
from common.report.published import NumberClaim
from common.report.verdict import Judged
from common.yamlio import Strict

# Okabe and Ito's colours; the markers tell the verdicts apart without any colour.
STYLES = {
    "reproduced": ("#0072B2", "o"),
    "recomputed": ("#56B4E9", "^"),
    "better": ("#009E73", "D"),
    "undecided": ("#E69F00", "s"),
    "differs": ("#D55E00", "X"),
}
OTHER = ("#CC79A7", "P")
SOFT, BAND, GUIDE = "#6b7280", "#f4f6fa", "#dbe4f0"
EDGE = 6.0  # larger pulls are drawn here, with an arrow
WIDTH_INCH, ROW_INCH, MARGIN_INCH = 6.6, 0.105, 0.13
PER_INCH = 2 * (EDGE + 0.6) / WIDTH_INCH  # pull for each inch


class Point(Strict):
    """One judged number."""

    paper: str
    run: str
    claim: str
    verdict: str
    value: float
    is_pull: bool  # False: difference over the allowed difference

    @property
    def name(self) -> str:
        """The id of its marker in the SVG file."""
        return f"{self.paper}.{self.run}.{self.claim}"


def points(papers: Mapping[str, Sequence[Comparison]]) -> list[Point]:
    """Return what is drawn: each judged number of each run.

    Args:
        papers: The comparisons of each paper's runs.
    """
    found = []
    for paper, comparisons in papers.items():
        for comparison in comparisons:
            for line in comparison.lines:
                claim, outcome = line.claim, line.outcome
                if not isinstance(claim, NumberClaim) or not isinstance(outcome, Judged):
                    continue
                allowed = claim.tolerance.around(claim.value) + claim.error
                value = outcome.difference / allowed if outcome.pull is None else outcome.pull
                found.append(
                    Point(
                        paper=paper,
                        run=comparison.run,
                        claim=claim.id,
                        verdict=outcome.verdict,
                        value=value,
                        is_pull=outcome.pull is not None,
                    )
                )
    return found


def without_number(papers: Mapping[str, Sequence[Comparison]]) -> dict[str, int]:
    """Return how many judged claims state an order and not a number, by verdict; they have no pull."""
    return Counter(
        line.outcome.verdict
        for comparisons in papers.values()
        for comparison in comparisons
        for line in comparison.lines
        if isinstance(line.outcome, Judged) and not isinstance(line.claim, NumberClaim)
    )


def rows_of(values: Sequence[float], *, distance: float) -> list[int]:
    """Return a row for each value so that no two in a row are closer than `distance`; row 0 is the middle one."""
    last: dict[int, float] = {}
    rows = [0] * len(values)
    for index in sorted(range(len(values)), key=values.__getitem__):
        order = sorted(range(-len(values), len(values) + 1), key=lambda row: (abs(row), row))
        rows[index] = next(row for row in order if values[index] - last.get(row, float("-inf")) >= distance)
        last[rows[index]] = values[index]
    return rows


def draw(papers: Mapping[str, Sequence[Comparison]]) -> str:
    """Return the plot as an SVG file; equal numbers give equal bytes.

    Args:
        papers: The comparisons of each paper's runs; a paper without any judged number gets a band that says so.
    """
    drawn = points(papers)
    bands = _bands(papers, drawn)
    heights = [2 * MARGIN_INCH + ROW_INCH * (1 + 2 * max([abs(row) for row, _ in band] or [0])) for _, _, band in bands]
    with matplotlib.rc_context({"svg.hashsalt": "pulls", "svg.fonttype": "path"}):
        figure, axes = new_figure(figsize=(WIDTH_INCH + 1.9, sum(heights) + 1.25))
        _decorate(axes, total=sum(heights))
        top = 0.0
        for number, ((label, note, band), height) in enumerate(zip(bands, heights, strict=True)):
            middle = top + height / 2
            if number % 2 == 0:
                axes.axhspan(top, top + height, color=BAND, zorder=0, linewidth=0)
            axes.annotate(label, (-EDGE - 0.75, middle), ha="right", va="center", annotation_clip=False, fontsize=9.5)
            if not band:
                axes.annotate(note, (2.2, middle), va="center", color=SOFT, fontsize=8.5, style="italic")
            for row, point in band:
                _mark(axes, point, y=middle + row * ROW_INCH)
            top += height
        _legend(figure, drawn)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return _compact(stream.getvalue().decode("utf-8"))


def _compact(svg: str) -> str:
    """Return an SVG file with coordinates of a hundredth of a point, without indentation, idle groups and defaults."""
    svg = re.sub(r"([1-9]\d*\.\d\d)\d+", r"\1", svg)  # not the scale 0.015625 of a letter
    svg = re.sub(r"<g>\s*(<use [^>]*/>)\s*</g>", r"\1", svg)
    return re.sub(r"\s*\n\s*", "\n", svg.replace("; stroke-linejoin: miter", ""))


def _bands(
    papers: Mapping[str, Sequence[Comparison]], drawn: Sequence[Point]
) -> list[tuple[str, str, list[tuple[int, Point]]]]:
    """Return label, note of an empty band, and points with their rows, for each paper."""
    bands = []
    for paper, comparisons in papers.items():
        mine = [point for point in drawn if point.paper == paper]
        rows = rows_of([_clipped(point.value) for point in mine], distance=0.115 * PER_INCH)
        shown = {point.run for point in mine}
        runs = "; ".join(_made_from(one) for one in comparisons if one.run in shown)
        counts = Counter(line.outcome.verdict for comparison in comparisons for line in comparison.lines)
        note = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "no recorded run"
        label = f"{paper}\n{runs}" if runs else paper
        bands.append((label, note, list(zip(rows, mine, strict=True))))
    return bands


def _made_from(comparison: Comparison) -> str:
    data = f"{comparison.origin} data"
    return data if comparison.run == comparison.origin else f"{comparison.run}, {data}"


def _decorate(axes: Any, *, total: float) -> None:
    axes.set_xlim(-EDGE - 0.6, EDGE + 0.6)
    axes.set_ylim(total, 0)
    axes.set_yticks([])
    axes.minorticks_off()
    axes.tick_params(top=False, length=3)
    axes.set_xticks(range(-int(EDGE), int(EDGE) + 1, 2))
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.axvspan(-2, 2, color=GUIDE, alpha=0.6, zorder=0.5, linewidth=0)
    axes.axvspan(-1, 1, color=GUIDE, zorder=0.6, linewidth=0)
    axes.axvline(0, color=SOFT, linewidth=0.8, zorder=1)
    for pull in (-2, -1, 1, 2):
        axes.annotate(
            f"{pull:+d}σ", (pull, 0), (0, 2), textcoords="offset points", ha="center", color=SOFT, fontsize=7.5
        )
    axes.set_xlabel(
        "pull = (ours − published) / its error      open: (ours − published) / allowed difference", fontsize=9
    )


def _clipped(value: float) -> float:
    return max(-EDGE, min(EDGE, value))


def _mark(axes: Any, point: Point, *, y: float) -> None:
    """Draw one point, and an arrow beside it if it lies beyond the edge."""
    colour, marker = STYLES.get(point.verdict, OTHER)
    x = _clipped(point.value)
    (line,) = axes.plot(x, y, **_look(colour, marker, is_pull=point.is_pull), zorder=3, clip_on=False)
    line.set_gid(point.name)
    if x != point.value:
        step = 0.3 if x > 0 else -0.3
        arrow = ">" if x > 0 else "<"
        axes.plot(x + step, y, marker=arrow, color=colour, markersize=4.4, markeredgewidth=0, clip_on=False)


def _look(colour: str, marker: str, *, is_pull: bool) -> dict[str, Any]:
    size = 6.4 if marker in "XP" else 5.4
    face = colour if is_pull else "white"
    return {
        "marker": marker,
        "linestyle": "none",
        "markersize": size,
        "markerfacecolor": face,
        "markeredgecolor": "white" if is_pull else colour,
        "markeredgewidth": 0.4 if is_pull else 1.1,
    }


def _legend(figure: Any, drawn: Sequence[Point]) -> None:
    counts = Counter(point.verdict for point in drawn)
    verdicts = [*STYLES, *sorted(set(counts) - set(STYLES))]
    handles = [
        Line2D([], [], **_look(*STYLES.get(verdict, OTHER), is_pull=True), label=f"{counts[verdict]} {verdict}")
        for verdict in verdicts
    ]
    n_open = sum(not point.is_pull for point in drawn)
    handles.append(Line2D([], [], **_look(SOFT, "o", is_pull=False), label=f"{n_open} of them open: no known error"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=9, handletextpad=0.1)
