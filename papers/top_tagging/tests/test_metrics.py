"""Accuracy, the keys of a tagger, the error of a median, and the toy scores."""

import numpy as np
import pytest

from common.physics.roc import auc_with_error

from ..metrics import accuracy_with_error, measure_tagger, median
from ..simulate import toy_scores

DISTANCE = 2.0


def gaussians(n=40_000, seed=0):
    label = np.repeat([0, 1], n)
    return label, np.random.default_rng(seed).normal(label * DISTANCE)


def test_accuracy_cuts_at_one_half():
    value, error = accuracy_with_error(np.array([0, 0, 1, 1]), np.array([0.4, 0.6, 0.9, 0.51]))
    assert value == 0.75 and error == pytest.approx(np.sqrt(0.75 * 0.25 / 4))


def test_every_tagger_gets_the_same_keys():
    label, score = gaussians(300)
    assert set(measure_tagger(label, score, efficiencies=[0.3, 0.5])) == {
        "auc",
        "accuracy",
        "rejection_30",
        "rejection_50",
    }


def test_each_number_names_the_jets_that_it_is_measured_on():
    """Areas and accuracies use all jets; a rejection, and its error, the background only."""
    label, score = gaussians(300)
    measured = measure_tagger(label[:400], score[:400], efficiencies=[0.3])
    assert {name: entry["n"] for name, entry in measured.items()} == {"auc": 400, "accuracy": 400, "rejection_30": 300}
    passing = 300 / measured["rejection_30"]["value"]
    of_background = measured["rejection_30"]["value"] / np.sqrt(passing)  # the threshold's part comes on top
    assert of_background * np.sqrt(1 - passing / 300) < measured["rejection_30"]["error"] < 1.2 * of_background


def test_the_error_of_a_median_is_its_scatter():
    samples = np.random.default_rng(0).normal(size=(300, 400))
    medians = [median(sample) for sample in samples]
    assert np.mean([m["error"] for m in medians]) == pytest.approx(np.std([m["value"] for m in medians]), rel=0.15)


@pytest.mark.parametrize("auc", [0.8, 0.97])
def test_toy_scores_have_the_area_that_was_asked_for_and_are_calibrated(auc):
    label = np.repeat([0, 1], 50_000)
    score = toy_scores(label, auc=auc, generator=np.random.default_rng(1))
    value, error = auc_with_error(label, score)
    assert value == pytest.approx(auc, abs=4 * error)
    middle = (score > 0.4) & (score < 0.6)
    assert label[middle].mean() == pytest.approx(0.5, abs=0.05)
