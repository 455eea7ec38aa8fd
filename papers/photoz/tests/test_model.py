"""Features, nested choice of settings, and the honesty of the cross-validation."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from common.errors import InputError
from common.yamlio import validate
from papers.photoz import prepared as prepared_file
from papers.photoz import train
from papers.photoz.model import build, features
from papers.photoz.settings import Experiment, ModelConfig, TrainConfig

MAGNITUDES = np.array([[25.0, 24.0, 23.5, 23.1, 22.8, 22.6]])
HEADLINE = "deep/apercor/colours_i/nearest"


def config(**changes):
    content = {
        "outer_folds": 4,
        "headline": HEADLINE,
        "importance_repeats": 1,
        "experiments": [HEADLINE, "deep/apercor/no_u/nearest"],
        "models": {"nearest": {"kind": "nearest_neighbours", "grid": {"n_neighbors": [1]}, "inner_folds": 2}},
    }
    return validate(content | changes, TrainConfig, "test")


def one(number):
    return config().one(config().experiments[number])


def sample(n=200, seed=0):
    generator = np.random.default_rng(seed)
    magnitudes = generator.normal(22, 1, size=(n, 6))
    return prepared_file.Sample(z_spec=0.5 + 0.1 * (magnitudes[:, 0] - magnitudes[:, 1]), magnitudes=magnitudes)


@pytest.mark.parametrize(
    ("feature_set", "names"),
    [
        ("colours_i", ["u-g", "g-r", "r-i", "i-z", "z-y", "i"]),
        ("colours", ["u-g", "g-r", "r-i", "i-z", "z-y"]),
        ("magnitudes", list("ugrizy")),
        ("no_u", ["g-r", "r-i", "i-z", "z-y", "i"]),
        ("no_y", ["u-g", "g-r", "r-i", "i-z", "i"]),
        ("no_u_no_y", ["g-r", "r-i", "i-z", "i"]),
    ],
)
def test_feature_sets(feature_set, names):
    values, found = features(MAGNITUDES, feature_set)
    magnitude = dict(zip("ugrizy", MAGNITUDES[0], strict=True))
    expected = [magnitude[n[0]] - magnitude[n[2]] if "-" in n else magnitude[n] for n in names]
    assert found == names and values[0] == pytest.approx(expected)


def test_one_value_per_setting_means_no_tuning():
    fixed = ModelConfig(kind="forest", grid={"n_estimators": [7]}, inner_folds=2)
    assert build(fixed, seed=0, threads=1).get_params()["regressor__n_estimators"] == 7
    tuned = ModelConfig(kind="nearest_neighbours", grid={"n_neighbors": [1, 5]}, inner_folds=2)
    assert isinstance(build(tuned, seed=0, threads=1), GridSearchCV)


def test_no_galaxy_is_predicted_by_a_fit_that_saw_it():
    """With one neighbour and random redshifts, any leak would give the true redshift back."""
    data = sample()
    data = prepared_file.Sample(np.random.default_rng(5).uniform(0, 2, len(data.z_spec)), data.magnitudes)
    result = train.cross_validate(data, one(0), seed=0, threads=1)
    assert not np.isclose(result["z_phot"], data.z_spec).any()
    assert np.bincount(result["fold"]).tolist() == [50, 50, 50, 50]


def test_importance_finds_the_only_feature_that_matters():
    result = train.cross_validate(sample(1000), one(0), seed=0, threads=1)
    assert result["features"][result["importance"].mean(axis=0).argmax()] == b"u-g"
    assert "importance" not in train.cross_validate(sample(), one(1), seed=0, threads=1)


def test_a_killed_training_goes_on_where_it_stopped(tmp_path, monkeypatch):
    calls = []

    def cross_validate(data, config, **__):
        experiment = config.experiment
        if len(calls) == 1 and experiment.features == "no_u":
            calls.append("killed")
            raise KeyboardInterrupt
        calls.append(experiment.name)
        return {"z_phot": data.z_spec + len(calls), "fold": np.zeros(len(data.z_spec), dtype=int)}

    prepared = tmp_path / "prepared.h5"
    prepared.write_bytes(b"content")
    monkeypatch.setattr(train, "read_sample", lambda *_: sample())
    monkeypatch.setattr(train, "cross_validate", cross_validate)
    run = lambda: train.run_experiments(prepared, config(), tmp_path / "seed0" / "predictions.h5", seed=0, threads=1)  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        run()
    results, _ = run()
    assert calls == [HEADLINE, "killed", "deep/apercor/no_u/nearest"]
    assert results[HEADLINE]["z_phot"] == pytest.approx(sample().z_spec + 1)
    prepared.write_bytes(b"other content")
    run()
    assert calls[3:] == [HEADLINE, "deep/apercor/no_u/nearest"], "other data must not use the old checkpoints"


def test_experiments_are_checked():
    with pytest.raises(InputError, match="no model 'forest'"):
        config(experiments=[HEADLINE, "deep/apercor/colours_i/forest"])
    with pytest.raises(InputError, match=r"headline .* is not in experiments\. Did you mean"):
        config(experiments=["deep/apercor/no_u/nearest"])
    with pytest.raises(InputError, match="listed twice"):
        config(experiments=[HEADLINE, HEADLINE])
    with pytest.raises(InputError, match="written depth/photometry/features/model"):
        config(experiments=["deep/forest"])
    assert config().model_dump(mode="json")["experiments"][0] == HEADLINE


def test_a_photometry_that_the_data_lack_is_named(tmp_path):
    import h5py

    with h5py.File(tmp_path / "prepared.h5", "w") as file:
        file["depth"], file["z_spec"] = np.array([b"deep"]), [0.5]
        file["magnitudes/apercor"] = MAGNITUDES
    wanted = Experiment(depth="deep", photometry="auto", features="colours_i", model="nearest")
    with pytest.raises(InputError, match="needs the photometry 'auto', which these data do not have"):
        prepared_file.read_sample(tmp_path / "prepared.h5", wanted)
