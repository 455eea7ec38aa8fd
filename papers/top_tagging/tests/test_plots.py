"""The figures' rules: which claims they quote, and what they do where a run has nothing to show."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from common.report.published import load_published
from common.report.verdict import Measured

from .. import plots

FOLDER = Path(__file__).parents[1]


def measured(value):
    return Measured(value=value, error=0.01, n=100, sd=None, values=[value])


@pytest.fixture
def inputs(tmp_path):
    """Return what the run `small` has: published scores, no jets, no taggers of its own."""
    label = np.arange(400) % 2
    with h5py.File(tmp_path / "predictions.h5", "w") as file:
        file["label"] = label
        file["scores/PFN"] = label + np.random.default_rng(0).normal(size=400)
        file.create_group("trained")
    with h5py.File(tmp_path / "prepared.h5", "w") as file:
        file["label"] = label
    return plots.Inputs(
        prepared=tmp_path / "prepared.h5",
        predictions=[tmp_path / "predictions.h5"],
        histories={},
        metrics={f"scores.PFN.{metric}": measured(0.9) for metric in plots.LABELS},
        published=load_published(FOLDER / "published.yaml"),
        is_toy=False,
    )


def test_the_printed_value_is_that_of_the_table_not_of_a_single_training(inputs):
    assert inputs.printed("scores.ParticleNet.auc").value == 0.985
    assert inputs.printed("scores.unheard.auc") is None


@pytest.mark.parametrize("figure", plots.FIGURES)
def test_a_run_without_jets_and_taggers_has_all_figures(inputs, figure):
    _, columns = figure(inputs)
    absent = figure.__name__ in ("fig4_jets", "fig5_training", "fig6_comparison")
    assert (list(columns) == ["note"]) == absent


def test_the_pull_is_in_units_of_the_printed_error(inputs):
    _, columns = plots.fig3_agreement(inputs)
    assert columns["auc"] == pytest.approx([(0.9 - 0.982) / 0.0005])
