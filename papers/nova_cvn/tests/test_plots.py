"""Figures of events leave out the types that the test events lack."""

import numpy as np
import pytest

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn.figures import FIGURES
from papers.nova_cvn.metrics.examples import choose_examples
from papers.nova_cvn.metrics.thesis_events import load_thesis_events
from papers.nova_cvn.plots.events import fig1_pixel_maps
from papers.nova_cvn.plots.inputs import Inputs
from papers.nova_cvn.plots.network import fig3_filters, fig4_inception
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.prepared.pixel_map import Events
from papers.nova_cvn.settings import Settings
from papers.nova_cvn.tests.made_events import paint, write_prepared

CONFIG = load_settings(ROOT / "papers/nova_cvn", "smoke", Settings).evaluate


def inputs_with(types, path):
    """Return inputs whose test events have some interaction types only."""
    painted, random = paint(20), np.random.default_rng(0)
    interaction = np.resize(np.array(types), 20)
    test = Prepared(write_prepared(path, Events(painted.views, interaction, painted.energy_gev, painted.lepton_gev)))
    examples = choose_examples(interaction, np.diff(test.offset))
    cvn = {"examples": list(examples), "filters": random.normal(size=(2, 7, 7, 6))}
    if examples:
        cvn["feature_maps"] = random.random((len(examples), 50, 40, 6))
        cvn["inception"] = random.random((len(examples), 12, 10, 8))
    nothing = {"histories": {}, "metrics": {}, "names": ["cvn"]}
    return Inputs(config=CONFIG, valid=test, test=test, cvn=cvn, thesis=load_thesis_events(), **nothing)


@pytest.mark.parametrize(
    ("types", "maps", "inception"),
    [
        ([2, 0, 6, 4, 13], ["numu DIS", "nue DIS", "NC"], ["numu DIS", "numu QE", "NC"]),
        ([0, 13], ["NC"], ["numu QE", "NC"]),
        ([6], ["nue DIS"], []),
        ([14], [], []),
    ],
)
def test_a_missing_type_has_no_panel(types, maps, inception, tmp_path):
    inputs = inputs_with(types, tmp_path / "test.h5")
    assert list(dict.fromkeys(fig1_pixel_maps(inputs)[1]["event"])) == maps
    assert list(dict.fromkeys(fig4_inception(inputs)[1]["event"])) == inception
    assert ("image_plane" in fig3_filters(inputs)[1]) == (2 in types)


def test_every_figure_has_a_caption():
    assert all(len(figure.__doc__.split()) > 30 for figure in FIGURES)
