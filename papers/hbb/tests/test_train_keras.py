"""The Keras baseline: its size, and a killed training (arXiv:1909.12285, baseline)."""

import numpy as np
import pytest

from papers.hbb.prepare import write_prepared
from papers.hbb.prepared import Jets
from papers.hbb.settings import ExperimentConfig, PrepareConfig
from papers.hbb.tests.made_jets import make_table, write

keras = pytest.importorskip("keras", reason="needs the extra tensorflow")
pytest.importorskip("tensorflow", reason="needs the extra tensorflow")

from common.training.keras_state import n_trained  # noqa: E402
from papers.hbb import train_keras  # noqa: E402
from papers.hbb.model.deep_double_b import Batches, build  # noqa: E402

PREPARE = PrepareConfig(
    window={"pt_gev": (300, 2000), "softdrop_mass_gev": (40, 200), "rho": (-8, -1)}, chunk_jets=500, particles=False
)
CONFIG = ExperimentConfig(kind="double_b", learning_rate=0.001, batch=32, epochs=3, patience=5)


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    folder, jets = tmp_path_factory.mktemp("jets"), {}
    for seed, split in enumerate(("train", "valid")):
        path = folder / f"{split}.h5"
        write_prepared(path, write(folder / "x.root", make_table(100, seed=seed)), PREPARE, origin="generated")
        jets[split] = Jets.open([path], within_window=True)
    return jets


def fitted(jets, checkpoint):
    keras.utils.set_random_seed(1)
    return train_keras.fit(build(), jets, CONFIG, seed=1, checkpoint=checkpoint)


def test_the_baseline_has_the_size_of_the_reference():
    assert n_trained(build()) == 40_344


def test_a_killed_training_ends_like_an_undisturbed_one(jets, tmp_path, monkeypatch):
    whole = fitted(jets, tmp_path / "whole")
    step, n_steps = keras.callbacks.CallbackList.on_train_batch_end, 0

    def killed(self, *arguments, **options):
        nonlocal n_steps
        n_steps += 1
        if n_steps > 2.5 * len(Batches(jets["train"], size=CONFIG.batch)):
            raise KeyboardInterrupt
        step(self, *arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(keras.callbacks.CallbackList, "on_train_batch_end", killed)
        fitted(jets, tmp_path / "state")
    assert (tmp_path / "state").exists()
    resumed = fitted(jets, tmp_path / "state")
    for column in ("epoch", "train_loss", "valid_loss"):
        assert resumed.history[column] == whole.history[column]
    assert all(np.array_equal(*pair) for pair in zip(resumed.best_weights, whole.best_weights, strict=True))
