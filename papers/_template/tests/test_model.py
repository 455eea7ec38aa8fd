"""The model against a closed form (arXiv:0000.00000, Eq. 2), and one fault."""

import numpy as np
import pytest
from scipy.stats import norm

from common.errors import InputError

from ..evaluate import bootstrap_auc
from ..model import fit, score
from ..prepare import read_events


def events(n=20_000, separation=1.0):
    label = np.repeat([0, 1], n)
    return np.random.default_rng(0).normal(label * separation), label


def test_parameters_are_those_of_the_likelihood_ratio():
    """For unit Gaussians around 0 and d, the log odds are d x - d^2 / 2."""
    feature, label = events(separation=1.5)
    assert fit(feature, label, regularisation=1.0) == pytest.approx([1.5, -(1.5**2) / 2], abs=0.05)


def test_area_under_the_curve_is_the_closed_form():
    feature, label = events()
    auc, error = bootstrap_auc(label, score(feature, np.array([1.0, -0.5])), n_bootstrap=20, seed=1)
    assert auc == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=4 * error)


def test_the_score_is_the_probability_of_class_1():
    """For unit Gaussians around 0 and d it is 1/2 halfway between them, and odds multiply by exp(d) for each unit."""
    probability = score(np.array([0.5, 1.5]), np.array([1.0, -0.5]))
    assert probability == pytest.approx([0.5, np.e / (1 + np.e)])


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "events.csv").write_text("label,featur\n0,1.0\n")
    with pytest.raises(InputError, match=r"no column .feature. in the first line\. Did you mean .featur."):
        read_events(tmp_path / "events.csv")
