"""A run of all stages whose right answer is a closed form: redshift is a function of one colour, with normal scatter.

What is exact, against scikit-learn, is in test_scikit_learn.py.
"""

import json
from itertools import pairwise

import h5py
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from papers.photoz.tests.made_catalogue import as_table, run_stages

Z_OF_COLOUR = np.linspace(0.5, 1.2, 8)  # the k-th value of u - g means this redshift
SIGMA = {"bright": 0.05, "faint": 0.10, "wide": 0.08}  # of (z of the colour - z_spec) / (1 + z_spec)
I_MAG = {"bright": 21.0, "faint": 22.0, "wide": 21.5}  # two of them on edges of bins: they belong to the upper one
N_EACH = {"bright": 80, "faint": 80, "wide": 50}  # galaxies of each colour
FOREST, AUTO, NO_U, NO_Y, WIDE, BOOSTED, NEAREST = EXPERIMENTS = (
    "deep/apercor/colours_i/forest",
    "deep/auto/colours_i/forest",
    "deep/apercor/no_u/forest",
    "deep/apercor/no_y/forest",
    "wide/apercor/colours_i/forest",
    "deep/apercor/colours_i/gradient_boosting",
    "deep/apercor/colours_i/nearest_neighbours",
)
TRAIN = {
    "outer_folds": 5,
    "headline": FOREST,
    "importance_repeats": 2,
    "experiments": list(EXPERIMENTS),
    "models": {
        "forest": {"kind": "forest", "grid": {"n_estimators": [10], "max_features": [4]}, "inner_folds": 2},
        "gradient_boosting": {
            "kind": "gradient_boosting",
            "grid": {"max_iter": [40], "learning_rate": [0.3]},
            "inner_folds": 2,
        },
        "nearest_neighbours": {"kind": "nearest_neighbours", "grid": {"n_neighbors": [1, 30]}, "inner_folds": 2},
    },
}
EVALUATE = {
    "n_bootstrap": 100,
    "min_per_bin": 50,
    "i_edges_mag": [20.0, 21.0, 22.0, 23.0],
    "z_edges": [-0.01, 0.6, 0.9, 5.0],
}


def flat_magnitudes(i_mag, u_minus_g):
    """Return magnitudes (galaxy, band) whose other colours are g-r 0.9, r-i 0.6, i-z 0.4, z-y 0.2."""
    r_mag = i_mag + 0.6
    g_mag = r_mag + 0.9
    return np.column_stack([g_mag + u_minus_g, g_mag, r_mag, i_mag, i_mag - 0.4, i_mag - 0.6])


def known_table():
    """Return secure galaxies of three kinds; rows that must not be used, all at z = 4; which rows are which."""
    kinds = np.concatenate([np.repeat(kind, 8 * n) for kind, n in N_EACH.items()])
    colour = np.concatenate([np.tile(np.arange(8), n) for n in N_EACH.values()])
    draws = np.concatenate([np.repeat(norm.ppf((np.arange(n) + 0.5) / n), 8) for n in N_EACH.values()])
    sigma, i_mag = (np.array([values[kind] for kind in kinds]) for values in (SIGMA, I_MAG))
    z_spec = (1 + Z_OF_COLOUR[colour]) / (1 + sigma * draws) - 1
    unused = {"doubtful": 60, "star": 20, "none": 40, "not_detected": 60, "not_observed": 60}
    kinds = np.concatenate([kinds, np.repeat(list(unused), list(unused.values()))])
    n_unused = sum(unused.values())
    z_spec = np.append(z_spec, np.full(n_unused, 4.0))
    colour, i_mag = np.append(colour, np.resize(np.arange(8), n_unused)), np.append(i_mag, np.full(n_unused, 21.5))
    apercor = flat_magnitudes(i_mag, 0.2 * colour)
    auto = flat_magnitudes(i_mag, np.full(len(kinds), 0.7))
    for kind, sentinel in (("not_detected", 99.0), ("not_observed", -99.0)):
        for number, row in enumerate(np.flatnonzero(kinds == kind)):
            (apercor, auto)[number % 2][row, number // 2 % 6] = sentinel
    order = np.random.default_rng(0).permutation(len(kinds))
    kinds, z_spec, apercor, auto = kinds[order], z_spec[order], apercor[order], auto[order]
    quality = np.select([kinds == "doubtful", kinds == "star", np.arange(len(kinds)) % 2 == 0], [2, -1, 3], default=4)
    table = as_table(
        {"apercor": apercor, "auto": auto},
        zhelio=z_spec,
        zquality=quality,
        cfhtls_source=np.select([kinds == "wide", kinds == "none"], [1, -1], default=0),
        maskname=np.where(np.arange(len(kinds)) % 3 == 0, "2101", "1999"),
    )
    return table, kinds


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    table, kinds = known_table()
    folder = tmp_path_factory.mktemp("known")
    run = run_stages(folder, table, train=TRAIN, evaluate=EVALUATE, depths=["deep", "wide"], seeds=[0])
    return run, kinds


@pytest.fixture(scope="module")
def metrics(known):
    run, _ = known
    return json.loads(run.of_seed(0, "metrics.json").read_text())


def value(metrics, experiment, metric):
    return metrics[f"{experiment.replace('/', '.')}.{metric}"]["value"]


def median_of(*sigmas):
    """Return the median of |dz| of galaxies in equal numbers whose dz are normal with these widths."""
    return brentq(lambda limit: np.mean([2 * norm.cdf(limit / sigma) - 1 for sigma in sigmas]) - 0.5, 1e-4, 1)


def beyond(*sigmas):
    """Return the share of the same galaxies with |dz| > 0.15, in per cent."""
    return 100 * np.mean([2 * norm.sf(0.15 / sigma) for sigma in sigmas])


DEEP = (SIGMA["bright"], SIGMA["faint"])


@pytest.mark.parametrize(
    ("key", "sigmas", "n_averaged"),
    [
        *((experiment.replace("/", "."), DEEP, 64) for experiment in (FOREST, NO_Y, BOOSTED)),
        (NEAREST.replace("/", "."), DEEP, 30),
        (WIDE.replace("/", "."), (SIGMA["wide"],), 40),
        ("bins.i_21_22", (SIGMA["bright"],), 64),
        ("bins.i_22_23", (SIGMA["faint"],), 64),
    ],
)
def test_scatter_and_outliers_are_those_of_the_normal_distribution(metrics, key, sigmas, n_averaged):
    """What is averaged of training galaxies with the same colour and magnitude has an error of its own."""
    sigmas = [sigma * np.sqrt(1 + 1 / n_averaged) for sigma in sigmas]
    assert metrics[f"{key}.sigma_nmad"]["value"] == pytest.approx(1.48 * median_of(*sigmas), rel=0.03)
    assert metrics[f"{key}.eta_percent"]["value"] == pytest.approx(beyond(*sigmas), abs=1.2)


def test_only_squared_residuals_are_biased(metrics):
    """E[1 / (1 + sigma x)] = 1 + sigma^2: a mean is too high by that, a median is not."""
    expected = np.mean(np.square(DEEP))
    assert value(metrics, FOREST, "bias") == pytest.approx(expected, abs=0.003)
    assert value(metrics, BOOSTED, "bias") == pytest.approx(0, abs=0.003)


@pytest.mark.parametrize("experiment", [NO_U, AUTO])
def test_without_the_colour_that_tells_the_mean_redshift_is_predicted(known, metrics, experiment):
    run, kinds = known
    z_spec = np.array(run.table["zhelio"])[np.isin(kinds, ["bright", "faint"])]
    dz = np.abs(z_spec.mean() - z_spec) / (1 + z_spec)
    assert value(metrics, experiment, "sigma_nmad") == pytest.approx(1.48 * np.median(dz), rel=0.03)


def test_only_the_colour_that_tells_is_important(known):
    """Shuffled, it is that of any galaxy: the rise is that of all pairs of colours."""
    run, kinds = known
    z_spec = np.array(run.table["zhelio"])[np.isin(kinds, ["bright", "faint"])]
    shuffled = np.abs(Z_OF_COLOUR[:, None] - z_spec) / (1 + z_spec)
    with h5py.File(run.of_seed(0, "predictions.h5")) as file:
        importance = file[f"{FOREST}/importance"][:]
        names = file[f"{FOREST}/features"][:].astype(str).tolist()
        assert [key for key in EXPERIMENTS if "importance" in file[key]] == [FOREST]
    assert names == ["u-g", "g-r", "r-i", "i-z", "z-y", "i"] and importance.shape == (5, 6)
    mean = dict(zip(names, importance.mean(axis=0), strict=True))
    assert mean.pop("u-g") == pytest.approx(1.48 * (np.median(shuffled) - median_of(*DEEP)), rel=0.1)
    assert mean.pop("i") == pytest.approx(0, abs=0.003)
    assert all(abs(rise) < 1e-12 for rise in mean.values()), "constant colours are the same when shuffled"


def test_counts_are_those_of_the_rows_that_were_made(known, metrics):
    run, kinds = known
    n_deep, n_wide, n_sentinels = 8 * 160, 8 * 50, 120
    expected = {
        "read": len(run.table),
        "secure_redshift": len(run.table) - 80,  # doubtful ones, and stars
        "cfhtls": n_deep + n_wide + n_sentinels,
        "six_bands_auto": n_deep + n_wide + n_sentinels // 2,
        "six_bands_apercor": n_deep + n_wide,
        "deep_six_bands_apercor": n_deep + n_sentinels // 2,
        "DEEP3": int((np.array(run.table["maskname"]) == "2101").sum()),
        "DEEP2": int((np.array(run.table["maskname"]) == "1999").sum()),
    }
    found = {key.removeprefix("counts."): entry for key, entry in metrics.items() if key.startswith("counts.")}
    assert {key: entry["value"] for key, entry in found.items()} == expected
    used = np.isin(kinds, list(N_EACH))
    with h5py.File(run.prepared) as file:
        assert np.array_equal(file["z_spec"][:], np.array(run.table["zhelio"])[used])
        assert np.array_equal(file["depth"][:] == b"wide", kinds[used] == "wide")


def test_every_bin_has_the_galaxies_between_its_edges(known, metrics):
    run, kinds = known
    deep = np.isin(kinds, ["bright", "faint"])
    z_spec, i_mag = (np.array(run.table[name])[deep] for name in ("zhelio", "i_apercor"))
    expected = {}
    for axis, values, edges in (("i", i_mag, EVALUATE["i_edges_mag"]), ("redshift", z_spec, EVALUATE["z_edges"])):
        for low, high in pairwise(edges):
            expected[f"bins.{axis}_{low:g}_{high:g}"] = int(((values >= low) & (values < high)).sum())
    assert expected.pop("bins.i_20_21") == 0 and expected["bins.i_21_22"] == 640 == expected["bins.i_22_23"]
    found = {key: entry["n"] for key, entry in metrics.items() if key.startswith("bins.")}
    assert found == {f"{key}.{m}": n for key, n in expected.items() for m in ("sigma_nmad", "eta_percent", "bias")}
    for experiment in EXPERIMENTS:
        n = metrics[f"{experiment.replace('/', '.')}.bias"]["n"]
        assert n == (8 * 50 if experiment == WIDE else 8 * 160)
