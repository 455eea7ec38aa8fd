"""Features and regressors of arXiv:1903.08174: a random forest on colours and i, and two baselines.

The article's forest works on the colours u-g, g-r, r-i, i-z, z-Y and the i magnitude. How its trees were
grown is not stated in what we could read (README, deviation 1).
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .archive import BANDS
from .metrics import sigma_nmad
from .settings import ModelConfig

Floats = NDArray[np.float64]
# Bands of each feature set, and whether they enter as differences of neighbours.
COLOUR_SETS = {"colours": "ugrizy", "colours_i": "ugrizy", "no_u": "grizy", "no_y": "ugriz", "no_u_no_y": "griz"}


def features(magnitudes: Floats, feature_set: str) -> tuple[Floats, list[str]]:
    """Return features (galaxy, feature) and their names.

    Args:
        magnitudes: (galaxy, band) in AB mag, bands u g r i z y.
        feature_set: "magnitudes" (all six as they are), "colours" (five), or "colours_i", "no_u", "no_y",
            "no_u_no_y": colours of neighbouring bands among those left, and the i magnitude.
    """
    if feature_set == "magnitudes":
        return magnitudes, list(BANDS)
    bands = COLOUR_SETS[feature_set]
    column = {band: magnitudes[:, BANDS.index(band)] for band in bands}
    columns = {f"{blue}-{red}": column[blue] - column[red] for blue, red in pairwise(bands)}
    if feature_set != "colours":
        columns["i"] = column["i"]
    return np.column_stack(list(columns.values())), list(columns)


def build(config: ModelConfig, *, seed: int, threads: int) -> BaseEstimator:
    """Return an unfitted regressor; where its grid has a choice, it is tuned by inner cross-validation.

    The inner folds are cut out of whatever the regressor is fitted to, so the outer test fold never takes
    part in the choice. The choice minimises sigma_NMAD.
    """
    regressor = _REGRESSORS[config.kind](seed, threads)
    grid = {f"regressor__{name}": values for name, values in config.grid.items()}
    pipeline = Pipeline([("scaler", StandardScaler()), ("regressor", regressor)])
    if len(ParameterGrid(grid)) == 1:
        return pipeline.set_params(**{name: values[0] for name, values in grid.items()})
    inner = KFold(config.inner_folds, shuffle=True, random_state=seed)
    return GridSearchCV(pipeline, grid, cv=inner, scoring=SCORER)


def _forest(seed: int, threads: int) -> BaseEstimator:
    return RandomForestRegressor(random_state=seed, n_jobs=threads)


def _gradient_boosting(seed: int, threads: int) -> BaseEstimator:
    # Absolute error: outliers in redshift must not dominate the fit.
    return HistGradientBoostingRegressor(loss="absolute_error", random_state=seed)


def _nearest_neighbours(seed: int, threads: int) -> BaseEstimator:
    return KNeighborsRegressor(weights="distance", n_jobs=threads)


_REGRESSORS = {"forest": _forest, "gradient_boosting": _gradient_boosting, "nearest_neighbours": _nearest_neighbours}
SCORER = make_scorer(lambda z_spec, z_phot: -sigma_nmad(z_phot, z_spec))
