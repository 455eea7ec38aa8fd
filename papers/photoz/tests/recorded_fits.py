"""The regressors that the stage train fits, and what is in them."""

from contextlib import contextmanager

import numpy as np
from sklearn.model_selection import GridSearchCV

from papers.photoz import train
from tests.guards.chain import Arrays


def fitted(regressor: object) -> Arrays:
    """Return all that a fitted regressor of model.py holds, by name: scaler, choice and its scores, trees, galaxies."""
    arrays = {}
    if isinstance(regressor, GridSearchCV):
        arrays["choice"] = np.array(list(regressor.best_params_.values()), dtype=float)
        arrays["scores_of_choices"] = np.array(regressor.cv_results_["mean_test_score"])
        regressor = regressor.best_estimator_
    *before, last = [step for _, step in regressor.steps]
    for step in before:
        arrays |= {"mean": step.mean_, "scale": step.scale_}
    if hasattr(last, "estimators_"):
        trees = [tree.tree_ for tree in last.estimators_]
        arrays["threshold"] = np.concatenate([tree.threshold for tree in trees])
        arrays["value"] = np.concatenate([tree.value.ravel() for tree in trees])
    elif hasattr(last, "_predictors"):
        nodes = np.concatenate([tree.nodes for trees in last._predictors for tree in trees])
        arrays |= {"threshold": nodes["num_threshold"], "value": nodes["value"]}
    else:
        arrays |= {"galaxies": last._fit_X, "redshifts": last._y}
    return arrays


@contextmanager
def recorded_fits():
    """Yield a list that gets every regressor that the stage train builds."""
    build, found = train.build, []

    def recorded(*arguments, **options):
        found.append(build(*arguments, **options))
        return found[-1]

    train.build = recorded
    try:
        yield found
    finally:
        train.build = build
