"""The authors' curves and histograms as stored: read correctly, and consistent (arXiv:1511.05190, Sec. 5)."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from common.report.published import load_published
from common.workflow.closure import ROOT
from papers.jet_images.metrics.article_curves import published_area, published_curves, published_distribution
from papers.jet_images.metrics.likelihood import crossed_ratio
from papers.jet_images.metrics.roc import area_of, rejection_on_grid, roc

AS_READ = Path(__file__).parents[4] / "shared/real/jet_images/digitized_rocs_arxiv_v1.csv"
NAMES = {"mass": "mass", "tau21": "tau21", "dR": "delta_r", "Convnet": "convnet", "MaxOut": "maxout"}


@pytest.mark.skipif(
    not AS_READ.is_file(),
    reason=f"{AS_READ} is missing: the points read from ROC_1.pdf of github.com/ml-slac/ji-paper before their"
    " interpolation to curves/roc.csv",
)
def test_stored_curves_pass_through_the_points_as_read():
    points = defaultdict(list)
    with open(AS_READ, encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if row[0] == "ROC_1" and row[1] in NAMES:
                points[NAMES[row[1]]].append((float(row[2]), float(row[3])))
    stored = published_curves()
    assert set(points) == set(NAMES.values())
    for name, pairs in points.items():
        efficiency, rejection = np.array(pairs).T
        inside = efficiency < 0.79
        assert np.interp(efficiency[inside], *stored[name]) == pytest.approx(rejection[inside], rel=0.01), name


def test_a_clipped_curve_begins_where_the_frame_ends():
    assert published_curves()["mass+maxout"][0, 0] == pytest.approx(0.22)


def test_the_authors_curves_have_the_areas_that_published_yaml_states():
    claims = load_published(ROOT / "papers/jet_images/published.yaml").claims
    curves = published_curves()
    # Other areas are printed in the article's Table 1.
    from_figures = [claim for claim in claims if claim.kind == "number" and claim.source == "authors' vector figure"]
    stated = {
        match[1]: claim.value
        for claim in from_figures
        if (match := re.fullmatch(r"roc\.(.+)\.area", claim.metric)) and match[1] in curves
    }
    assert {"mass", "tau21", "maxout", "mass+tau21", "step_particles"} <= set(stated)
    for name, area in stated.items():
        assert published_area(name) == pytest.approx(area, abs=0.02), name


def test_the_authors_histograms_are_normalised():
    for variable in ("mass", "tau21", "delta_r"):
        for kind in ("signal", "background"):
            edges, density = published_distribution(variable, kind)
            assert np.sum(density * np.diff(edges)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("variable", ["mass", "tau21", "delta_r"])
def test_the_fit_loses_little_on_the_article_s_own_distributions(variable):
    """Jets drawn from the article's histograms, against the exact ratio of the histograms on the same jets."""
    n, lost = 3500, []
    histograms = [published_distribution(variable, kind) for kind in ("background", "signal")]
    shares = np.array([density * np.diff(edges) for edges, density in histograms])
    shares /= shares.sum(axis=1, keepdims=True)
    (edges, _), label, weight = histograms[0], np.repeat([0, 1], n), np.ones(2 * n)
    exact_ratio = np.log(np.maximum(shares[1], 1e-9) / np.maximum(shares[0], 1e-9))
    for seed in range(4):
        random = np.random.default_rng(seed)
        bins = np.concatenate([random.choice(len(share), n, p=share) for share in shares])
        values = edges[bins] + np.diff(edges)[bins] * random.random(2 * n)
        ratio = crossed_ratio(values[:, None], label, weight, seed=seed)
        ours, best = (roc(score, label, weight, n_bootstrap=2, seed=1).area for score in (ratio, exact_ratio[bins]))
        lost.append(1 - ours / best)
    assert -0.01 < np.mean(lost) < 0.015


@pytest.mark.parametrize("variable", ["mass", "tau21", "delta_r"])
def test_the_article_s_histograms_have_the_areas_of_its_curves(variable):
    """Curves and histograms were read from different figures; fifty bins cost a per cent."""
    histograms = [published_distribution(variable, kind) for kind in ("signal", "background")]
    signal, background = (density * np.diff(edges) for edges, density in histograms)
    order = np.argsort(-signal / np.maximum(background, 1e-12))
    area = area_of(rejection_on_grid(signal[order], background[order], floor=1e-9))
    assert area == pytest.approx(published_area(variable), rel=0.02)
