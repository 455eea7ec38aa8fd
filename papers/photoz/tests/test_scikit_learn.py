"""The stages against scikit-learn alone, on galaxies all of whose colours and redshifts are unequal."""

import json
from itertools import pairwise

import h5py
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from papers.photoz import figures
from papers.photoz.tests.made_catalogue import as_table, run_stages
from tests.guards.chain import call

SEEDS = (3, 4)
KINDS = ("forest", "gradient_boosting", "nearest_neighbours")
TRAIN = {
    "outer_folds": 4,
    "headline": "deep/apercor/colours_i/forest",
    "importance_repeats": 2,
    "experiments": [f"deep/apercor/colours_i/{kind}" for kind in KINDS] + ["wide/auto/no_y/nearest_neighbours"],
    "models": {
        "forest": {"kind": "forest", "grid": {"n_estimators": [6], "max_features": [2, 5]}, "inner_folds": 3},
        "gradient_boosting": {
            "kind": "gradient_boosting",
            "grid": {"max_iter": [10], "learning_rate": [0.2, 0.4]},
            "inner_folds": 3,
        },
        "nearest_neighbours": {"kind": "nearest_neighbours", "grid": {"n_neighbors": [2, 4, 8, 16]}, "inner_folds": 3},
    },
}
EVALUATE = {
    "n_bootstrap": 50,
    "min_per_bin": 10,
    "i_edges_mag": [20.0, 22.0, 25.0],
    "z_edges": [0.0, 0.7, 2.0],
}


def unequal_table(n=420):
    random = np.random.default_rng(11)
    z_spec = random.uniform(0.1, 1.4, n)
    colours = np.stack([np.cos((1 + band) * z_spec) for band in range(5)], axis=1) + random.normal(0, 0.3, (n, 5))
    u_mag = 24 + random.normal(0, 1, n)
    apercor = u_mag[:, None] - np.column_stack([np.zeros(n), np.cumsum(colours * [1, 2, 0.3, 1, 3], axis=1)])
    return as_table(
        {"apercor": apercor, "auto": apercor + random.normal(0, 0.2, (n, 6))},
        zhelio=z_spec,
        zquality=random.integers(2, 5, n),
        cfhtls_source=random.choice([0, 0, 1], n),
        maskname=random.choice(["1101", "2101"], n),
    )


def chosen_by_hand(table, source):
    """Return the secure rows of one layer."""
    return table[(np.array(table["zquality"]) >= 3) & (np.array(table["cfhtls_source"]) == source)]


def pairs(table, names, end):
    """Return colours (galaxy, colour) from names such as "u-g", and a magnitude for a name such as "i"."""
    columns = []
    for name in names.split():
        blue, _, red = name.partition("-")
        values = np.array(table[f"{blue}{end}"])
        columns.append(values - np.array(table[f"{red}{end}"]) if red else values)
    return np.column_stack(columns)


def scatter(z_spec, z_phot):
    return 1.48 * np.median(np.abs(z_phot - z_spec) / (1 + z_spec))


LESS_SCATTER = make_scorer(scatter, greater_is_better=False)


def tuned(kind, seed):
    """Return what scikit-learn does for a kind of model: scaled, its settings chosen by three inner folds."""
    regressor = {
        "forest": RandomForestRegressor(random_state=seed),
        "gradient_boosting": HistGradientBoostingRegressor(loss="absolute_error", random_state=seed),
        "nearest_neighbours": KNeighborsRegressor(weights="distance"),
    }[kind]
    pipeline = make_pipeline(StandardScaler(), regressor)
    step = pipeline.steps[-1][0]
    grid = {f"{step}__{name}": values for name, values in TRAIN["models"][kind]["grid"].items()}
    return GridSearchCV(pipeline, grid, cv=KFold(3, shuffle=True, random_state=seed), scoring=LESS_SCATTER)


@pytest.fixture(scope="module")
def unequal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unequal")
    return run_stages(folder, unequal_table(), train=TRAIN, evaluate=EVALUATE, depths=["deep", "wide"], seeds=SEEDS)


def value(metrics, experiment, metric):
    return metrics[f"{experiment.replace('/', '.')}.{metric}"]["value"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("experiment", "names"),
    [
        *((f"deep/apercor/colours_i/{kind}", "u-g g-r r-i i-z z-y i") for kind in KINDS),
        ("wide/auto/no_y/nearest_neighbours", "u-g g-r r-i i-z i"),
    ],
)
def test_redshifts_and_metrics_are_those_of_scikit_learn_alone(unequal, experiment, names, seed):
    depth, photometry, _, kind = experiment.split("/")
    rows = chosen_by_hand(unequal.table, ["deep", "wide"].index(depth))
    end = {"apercor": "_apercor", "auto": ""}[photometry]
    z_spec, inputs = np.array(rows["zhelio"]), pairs(rows, names, end)
    folds = KFold(4, shuffle=True, random_state=seed)
    expected = cross_val_predict(tuned(kind, seed), inputs, z_spec, cv=folds)
    with h5py.File(unequal.of_seed(seed, "predictions.h5")) as file:
        found = {name: file[experiment][name][:] for name in ("z_phot", "z_spec", "i_mag", "fold")}
    assert found["z_phot"] == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(found["z_spec"], z_spec)
    assert np.array_equal(found["i_mag"], np.array(rows[f"i{end}"]))
    for number, (_, test) in enumerate(folds.split(inputs)):
        assert np.flatnonzero(found["fold"] == number).tolist() == test.tolist()
    metrics = json.loads(unequal.of_seed(seed, "metrics.json").read_text())
    dz = (expected - z_spec) / (1 + z_spec)
    assert value(metrics, experiment, "sigma_nmad") == pytest.approx(scatter(z_spec, expected), abs=1e-12)
    assert value(metrics, experiment, "eta_percent") == pytest.approx(100 * (np.abs(dz) > 0.15).mean(), abs=1e-9)
    assert value(metrics, experiment, "bias") == pytest.approx(np.median(dz), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bin_s_metrics_are_those_of_its_galaxies(unequal, seed):
    with h5py.File(unequal.of_seed(seed, "predictions.h5")) as file:
        group = file["deep/apercor/colours_i/forest"]
        z_phot, z_spec, i_mag = (group[name][:] for name in ("z_phot", "z_spec", "i_mag"))
    metrics = json.loads(unequal.of_seed(seed, "metrics.json").read_text())
    n_bins = 0
    for axis, values, edges in (("i", i_mag, "i_edges_mag"), ("redshift", z_spec, "z_edges")):
        for low, high in pairwise(EVALUATE[edges]):
            inside = (values >= low) & (values < high)
            dz = (z_phot[inside] - z_spec[inside]) / (1 + z_spec[inside])
            key = f"bins.{axis}_{low:g}_{high:g}"
            found = {name: metrics[f"{key}.{name}"]["value"] for name in ("sigma_nmad", "eta_percent", "bias")}
            expected = {"sigma_nmad": 1.48 * np.median(np.abs(dz)), "bias": np.median(dz)}
            assert found == pytest.approx(expected | {"eta_percent": 100 * np.mean(np.abs(dz) > 0.15)})
            n_bins += 1
    assert n_bins == 4


@pytest.mark.parametrize("seed", SEEDS)
def test_importance_is_that_of_the_test_galaxies(unequal, seed):
    rows = chosen_by_hand(unequal.table, 0)
    z_spec, inputs = np.array(rows["zhelio"]), pairs(rows, "u-g g-r r-i i-z z-y i", "_apercor")
    expected = []
    for training, test in KFold(4, shuffle=True, random_state=seed).split(inputs):
        fitted = tuned("forest", seed).fit(inputs[training], z_spec[training])
        options = {"scoring": LESS_SCATTER, "n_repeats": 2, "random_state": seed}
        expected.append(permutation_importance(fitted, inputs[test], z_spec[test], **options).importances_mean)
    with h5py.File(unequal.of_seed(seed, "predictions.h5")) as file:
        assert file["deep/apercor/colours_i/forest/importance"][:] == pytest.approx(np.array(expected), abs=1e-12)


def test_the_sample_is_described_by_its_deep_galaxies(unequal):
    rows = chosen_by_hand(unequal.table, 0)
    metrics = json.loads(unequal.of_seed(3, "metrics.json").read_text())
    columns = {"redshift": np.array(rows["zhelio"]), "i": np.array(rows["i_apercor"])}
    columns |= {f"{a}_{b}": pairs(rows, f"{a}-{b}", "_apercor")[:, 0] for a, b in pairwise("ugrizy")}
    for name, values in columns.items():
        for label, percent in (("p16", 16), ("median", 50), ("p84", 84)):
            found = metrics[f"sample.{name}.{label}"]
            assert found["value"] == pytest.approx(np.percentile(values, percent)) and found["n"] == len(rows)
    z_spec = columns["redshift"]
    assert metrics["sample.share_redshift_0.7_2"]["value"] == pytest.approx((z_spec >= 0.7).mean())


def test_figures_get_rows_that_belong_together(unequal, monkeypatch):
    """The galaxies of the headline: their survey and magnitudes, redshifts of the first seed, importance of all."""
    (unequal.folder / "metrics.json").write_text(json.dumps({"key": {"value": 1.0}}))
    drawn = {}
    monkeypatch.setattr(figures, "draw_all", lambda _, inputs, folder, **options: drawn.update(vars(inputs) | options))
    paths = unequal.options("settings", "prepared", "seeds")
    call("papers.photoz.figures", **paths, metrics=unequal.folder / "metrics.json", figures=unequal.folder)
    rows = chosen_by_hand(unequal.table, 0)
    mask = np.array(rows["maskname"])
    assert np.array_equal(drawn["survey"], np.where(mask == "1101", "DEEP2", "DEEP3"))
    assert np.array_equal(drawn["magnitudes"], np.column_stack([rows[f"{band}_apercor"] for band in "ugrizy"]))
    assert np.array_equal(drawn["z_spec"], np.array(rows["zhelio"]))
    with h5py.File(unequal.of_seed(3, "predictions.h5")) as one, h5py.File(unequal.of_seed(4, "predictions.h5")) as two:
        groups = [file["deep/apercor/colours_i/forest"] for file in (one, two)]
        assert np.array_equal(drawn["z_phot"], groups[0]["z_phot"][:])
        assert np.array_equal(drawn["importance"], np.concatenate([group["importance"][:] for group in groups]))
    assert drawn["headline"] == "deep/apercor/colours_i/forest" and drawn["origin"] == "generated"
