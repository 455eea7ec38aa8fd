"""The figures: that the CSV is what is drawn and what was measured, and what they do where there is nothing to show."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from common.report.published import load_published
from common.report.verdict import Measured
from common.training.history import write_history
from tests.guards.chain import call
from tests.run_settings import write_settings

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


# What is drawn ------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(inputs, tmp_path):
    """Return what the run `full` has: the scores of two published taggers, and two of its own with two seeds."""
    label = np.arange(400) % 2
    scores = {name: label * (0.4 + 0.3 * k) + np.random.default_rng(k).normal(size=400) for k, name in enumerate(NAMES)}
    with h5py.File(tmp_path / "predictions.h5", "w") as file:
        file["label"] = label
        for name, values in scores.items():
            file[f"{'trained' if name in ('pfn', 'efn') else 'scores'}/{name}"] = values
    histories = {}
    for number, method in enumerate(("efn", "pfn")):
        histories[method] = [tmp_path / f"{method}{seed}.csv" for seed in (0, 1)]
        for seed, path in enumerate(histories[method]):
            start = 0.5 + 0.1 * number + 0.01 * seed
            rows = {"train_loss": [start, start - 0.2], "valid_loss": [start + 0.05, start - 0.1], "seconds": [1, 2]}
            write_history(path, {"epoch": [1, 2], **rows})
    metrics = {}
    for number, name in enumerate(NAMES):
        group = "trained" if name in ("pfn", "efn") else "scores"
        for place, (metric, value) in enumerate({"auc": 0.97, "accuracy": 0.9, "rejection_30": 700.0}.items()):
            values = [value + 0.01 * number, value + 0.01 * number + 0.004]
            error = 0.001 * (1 + number + 10 * place)
            metrics[f"{group}.{name}.{metric}"] = Measured(
                value=np.mean(values), error=error, n=400, sd=0.002, values=values
            )
    return replace(inputs, metrics=metrics, histories=histories), label, scores


NAMES = ("EFN", "PFN", "efn", "pfn")


def lines_of(axes):
    """Return the drawn y values by the label of their line."""
    return {line.get_label(): np.asarray(line.get_ydata(), float) for line in axes.lines}


def passing(label, score, efficiency):
    """Return the share of background above the score that so many of the signals pass, by sorting and counting."""
    cuts = np.sort(score[label == 1])[::-1]
    counts = [(score[label == 0] > cut).mean() for cut in cuts]
    return np.interp(efficiency, np.arange(1, len(cuts) + 1) / len(cuts), counts)


def test_each_roc_curve_is_that_of_its_own_tagger_in_the_figure_and_in_the_csv(full):
    inputs, label, scores = full
    figure, columns = plots.fig1_roc(inputs)
    drawn = lines_of(figure.axes[0])
    for name in NAMES:
        ours = name in ("pfn", "efn")
        column = columns[f"rejection_trained_{name}" if ours else f"rejection_{name}"]
        assert np.array_equal(column, drawn[f"ours: {name.upper()}" if ours else name], equal_nan=True), name
        at = np.array([0.4, 0.6, 0.8])
        found = np.interp(at, columns["signal_efficiency"], column)
        low, high = (1 / passing(label, scores[name], at + step) for step in (0.01, -0.01))  # two jets to either side
        assert (low <= found).all() and (found <= high).all(), name
    assert len(columns) == 1 + len(NAMES)


def test_bars_and_squares_are_those_of_their_taggers(full):
    inputs, _, _ = full
    figure, columns = plots.fig2_rejection(inputs)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == columns["tagger"] == ["PFN", "EFN"]
    assert [bar.get_height() for bar in axes.patches] == columns["ours"]
    for row, name in enumerate(columns["tagger"]):
        ours, claim = inputs.metrics[f"scores.{name}.rejection_30"], inputs.printed(f"scores.{name}.rejection_30")
        found = [columns[key][row] for key in ("ours", "error", "printed", "spread")]
        assert found == [ours.value, ours.error, claim.value, claim.error]
    half_lengths = [
        np.diff([end[1] for end in segment])[0] / 2 for c in axes.collections for segment in c.get_segments()
    ]
    assert half_lengths == pytest.approx([*columns["error"], *columns["spread"]])


def test_markers_of_the_agreement_are_those_of_the_csv(full):
    inputs, _, _ = full
    figure, columns = plots.fig3_agreement(inputs)
    drawn = lines_of(figure.axes[0])
    assert columns["tagger"] == ["EFN", "PFN"]
    for metric, text in plots.LABELS.items():
        assert np.array_equal(columns[metric], drawn[text])
        for row, name in enumerate(columns["tagger"]):
            ours, claim = inputs.metrics[f"scores.{name}.{metric}"], inputs.printed(f"scores.{name}.{metric}")
            assert columns[metric][row] == pytest.approx((ours.value - claim.value) / claim.error)


def test_histograms_are_those_of_their_class(full):
    inputs, _, _ = full
    label = np.array([0, 0, 0, 1, 1])
    kinematics = np.array([[560, 1.0, 40], [570, 1.1, 60], [580, 1.2, 80], [600, -1.0, 170], [640, -1.5, 180]])
    with h5py.File(inputs.prepared, "a") as file:
        group = file.create_group("jets/test")
        group["label"], group["kinematics"] = label, kinematics
        group["offsets"] = np.cumsum([0, 20, 30, 40, 55, 65])
    figure, columns = plots.fig4_jets(inputs)
    values = {"constituents": np.array([20, 30, 40, 55, 65]), "pt_gev": kinematics[:, 0], "mass_gev": kinematics[:, 2]}
    for axes, (name, of_jets) in zip(figure.axes, values.items(), strict=True):
        edges = columns[f"{name}_low"]
        for stairs, (number, class_) in zip(axes.patches, ((1, "top"), (0, "QCD")), strict=True):
            column = columns[f"{name}_{class_}"]
            assert np.array_equal(stairs.get_data().values, column) and stairs.get_label().startswith(class_)
            bins = np.searchsorted(edges, of_jets[label == number], side="right") - 1
            expected = np.bincount(bins, minlength=len(edges)) / len(bins)
            assert column == pytest.approx(expected), (name, class_)
    assert np.diff(columns["mass_gev_low"]) == pytest.approx(5), "in GeV"


def test_learning_curves_are_those_of_their_tagger_and_seed(full):
    inputs, _, _ = full
    figure, columns = plots.fig5_training(inputs)
    drawn = [line.get_ydata().tolist() for line in figure.axes[0].lines]
    expected = []
    for number, method in enumerate(("efn", "pfn")):
        for seed in (0, 1):
            start = 0.5 + 0.1 * number + 0.01 * seed
            expected += [[start + 0.05, start - 0.1], [start, start - 0.2]]
            found = [columns[f"{method}_{seed}_{name}"].tolist() for name in ("valid_loss", "train_loss")]
            assert found == [pytest.approx(values) for values in expected[-2:]]
    assert drawn == [pytest.approx(values) for values in expected]
    labels = [line.get_label() for line in figure.axes[0].lines if line.get_label()[0] != "_"]
    assert labels == ["EFN", "PFN"]


def test_points_of_the_comparison_are_those_of_their_tagger(full):
    inputs, _, _ = full
    figure, columns = plots.fig6_comparison(inputs)
    assert columns["tagger"] == ["efn", "pfn"]
    for axes, metric in zip(figure.axes, ("auc", "rejection_30"), strict=True):
        points, *ticks = [line for line in axes.lines if line.get_marker() in ("o", "|") and len(line.get_xdata())]
        assert np.array_equal(points.get_xdata(), columns[metric])
        for row, name in enumerate(columns["tagger"]):
            ours = inputs.metrics[f"trained.{name}.{metric}"]
            assert (columns[metric][row], columns[f"{metric}_error"][row]) == (ours.value, ours.error)
        drawn = [list(line.get_xdata()) for line in ticks if len(line.get_xdata()) == 2 and line.get_marker() == "|"]
        singles = [list(inputs.metrics[f"trained.{name}.{metric}"].values) for name in columns["tagger"]]
        assert [pair for pair in drawn if pair in singles] == singles
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["EFN", "PFN"]


# Runs of generated data ---------------------------------------------------------------------------------------------


def test_no_figure_of_a_generated_run_shows_its_toy_scores(full):
    """They are drawn with the published areas."""
    inputs, _, _ = full
    toys = replace(inputs, is_toy=True)
    figure, columns = plots.fig1_roc(toys)
    assert set(columns) == {"signal_efficiency", "rejection_trained_efn", "rejection_trained_pfn"}
    assert {name for name in lines_of(figure.axes[0]) if name[0] != "_"} == {"ours: EFN", "ours: PFN"}
    for draw in (plots.fig2_rejection, plots.fig3_agreement):
        figure, columns = draw(toys)
        assert not figure.axes[0].lines and not figure.axes[0].patches
        assert list(columns) == ["note"] and "toy scores are drawn with the printed areas" in columns["note"][0]


@pytest.mark.parametrize("origin", ["archive", "generated"])
def test_the_stage_knows_what_its_run_is_made_from(full, origin, tmp_path):
    inputs, _, _ = full
    with h5py.File(inputs.prepared, "a") as file:
        file.attrs["origin"] = origin
    metrics = {key: value.model_dump() for key, value in inputs.metrics.items()}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    paths = {"prepared": inputs.prepared, "seeds": tmp_path, "figures": tmp_path / "figures"}
    paths |= {"metrics": tmp_path / "metrics.json", "published": FOLDER / "published.yaml"}
    call("papers.top_tagging.figures", settings=write_settings(tmp_path / "settings.yaml"), only="fig2", **paths)
    header = (tmp_path / "figures/fig2_rejection.csv").read_text().splitlines()[0]
    assert header == ("note" if origin == "generated" else "tagger,ours,error,printed,spread")
