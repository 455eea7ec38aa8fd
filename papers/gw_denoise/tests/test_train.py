"""A killed training ends as if nothing had happened, and a training stops when it should."""

import numpy as np
import pytest
import torch

from common.errors import InputError
from papers.gw_denoise import train
from papers.gw_denoise.model import CompositeLoss, build
from papers.gw_denoise.network.windows import FORMULATIONS, Windows
from papers.gw_denoise.settings import TrainOne
from papers.gw_denoise.tests.made_files import MAINS, RATE, split


def config(**changes):
    experiment = {"kind": "slow_fast", "learning_rate": 0.01, "updates": 12} | changes.pop("experiment", {})
    shared = {
        "window_s": 2, "stride_s": 0.25, "batch": 4, "neighbours": 2, "weight_decay": 0, "warmup_fraction": 0.2,
        "gradient_clip": 1, "ema_updates": 5, "psd_window_s": 1, "check_every": 4, "patience": 100,
        "formulation": "fast",
    }  # fmt: skip
    return TrainOne(**shared | changes, experiment=experiment)


def fit(settings, checkpoint, seed=0):
    torch.manual_seed(seed)
    network = build("slow_fast", n_witnesses=3, fast=0, rank=1, phases=1)
    shared = {"length": 2 * RATE, "formulation": settings.formulation}
    windows = {
        "train": Windows(split(), stride=RATE // 4, neighbours=settings.neighbours, **shared),
        "valid": Windows(split(seed=1), stride=2 * RATE, **shared),
    }
    loss = CompositeLoss(rate_hz=RATE, band_hz=(5, 25), psd_s=1, psd_weight=0.5, mse_weight=0.5)
    return train.fit_network(network, windows, loss, settings, seed=seed, checkpoint=checkpoint)


def test_settings_that_a_network_cannot_use_are_refused():
    with pytest.raises(InputError, match=r"are 130 and 16 samples at 64 Hz; the autoencoder needs multiples of 16"):
        train.window_samples(config(window_s=2.03, experiment={"kind": "autoencoder"}), RATE)
    with pytest.raises(InputError, match=r"slow_fast needs a mains monitor .* There are: H1:ASC-A, H1:ASC-B"):
        train.mains_monitor(config().experiment, {"witnesses": ["H1:ASC-A", "H1:ASC-B"]})
    assert train.mains_monitor(config(experiment={"kind": "autoencoder"}).experiment, {"witnesses": ["H1:A"]}) is None


@pytest.mark.parametrize("formulation", ["article", "fast"])
def test_a_training_uses_the_formulation_of_the_settings(tmp_path, monkeypatch, formulation):
    used = set()

    def watched(name, predict):
        return lambda *arguments, **sizes: (used.add(name), predict(*arguments, **sizes))[1]

    for name, predict in list(FORMULATIONS.items()):
        monkeypatch.setitem(FORMULATIONS, name, watched(name, predict))
    monkeypatch.setattr(train, "read_split", lambda _, name: split(seed=["train", "valid"].index(name)))
    attributes = {"witnesses": [MAINS, "H1:ASC-A", "H1:ASC-B"], "rate_hz": RATE, "band_hz": (5, 25)}
    settings = config(formulation=formulation)
    train.train_network(tmp_path / "prepared.h5", settings, attributes, tmp_path / "checkpoint.state", seed=0)
    assert used == {formulation}


def test_a_batch_that_stretches_do_not_fill_is_refused():
    with pytest.raises(ValueError, match="batch must be a multiple of neighbours; found 4 and 3"):
        config(neighbours=3)


@pytest.mark.parametrize("ema_updates", [0, 5])
def test_a_killed_training_ends_with_the_same_weights(tmp_path, monkeypatch, ema_updates):
    settings = config(ema_updates=ema_updates)
    whole = fit(settings, tmp_path / "whole.state")

    predict, calls = Windows.predict, iter(range(10**6))

    def killed(self, *arguments):
        if next(calls) == 11:  # in the second of three rounds: the first has 4 updates and 5 batches of validation
            raise SystemExit
        return predict(self, *arguments)

    monkeypatch.setattr(Windows, "predict", killed)
    with pytest.raises(SystemExit):
        fit(settings, tmp_path / "killed.state")
    monkeypatch.setattr(Windows, "predict", predict)
    assert (tmp_path / "killed.state").is_file()
    torch.rand(7)  # another process has other random numbers
    resumed = fit(settings, tmp_path / "killed.state")
    assert resumed.done == 12 and resumed.history["update"] == [4, 8, 12]
    for column in ("train_loss", "valid_loss", "learning_rate"):
        assert resumed.history[column] == whole.history[column], column
    assert all(torch.equal(value, whole.best_weights[name]) for name, value in resumed.best_weights.items())


def test_it_stops_when_validation_no_longer_improves(tmp_path, monkeypatch):
    values = iter([0.5, 0.4, 0.6, 0.7, 0.1])
    monkeypatch.setattr(train, "validate", lambda *_, **__: next(values))
    epochs = fit(config(patience=2, experiment={"updates": 100}), tmp_path / "checkpoint.state")
    assert epochs.history["valid_loss"] == [0.5, 0.4, 0.6, 0.7] and epochs.best == 0.4


def test_what_is_stored_is_the_best_average_for_the_split_valid(tmp_path, monkeypatch):
    """The second of three validations is the best one."""
    seen, losses = [], iter([0.5, 0.1, 0.9])
    splits = {"train": split(seed=0), "valid": split(seed=1)}
    monkeypatch.setattr(train, "read_split", lambda _, name: splits[name])

    def validate(network, windows, *_, **__):
        expected = Windows(splits["valid"], length=2 * RATE, stride=2 * RATE, formulation="fast")
        for found, wanted in zip(windows.batch(torch.arange(2)), expected.batch(torch.arange(2)), strict=True):
            assert torch.equal(found, wanted)
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(losses)

    monkeypatch.setattr(train, "validate", validate)
    attributes = {"witnesses": [MAINS, "H1:ASC-A", "H1:ASC-B"], "rate_hz": RATE, "band_hz": (5, 25)}
    stored, history = train.train_network(tmp_path / "prepared.h5", config(), attributes, tmp_path / "x.state", seed=0)
    assert history["valid_loss"] == [0.5, 0.1, 0.9]
    assert all(torch.equal(value, stored["state"][name]) for name, value in seen[1].items())
    assert any(not torch.equal(value, stored["state"][name]) for name, value in seen[2].items())


def test_each_update_has_the_rate_of_one_cycle(tmp_path, monkeypatch):
    """Half cosines: up from 1/25 of the rate, which is reached in the update before a fifth of 13, and down to 0."""
    used, step = [], torch.optim.Adam.step

    def watched(self, *arguments, **options):
        used.append(self.param_groups[0]["lr"])
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    history = fit(config(), tmp_path / "checkpoint.state").history
    highest, top = 0.01, 0.2 * 13 - 1
    done = np.arange(13)  # updates before
    low = np.where(done <= top, highest / 25, highest / 250_000)
    turn = np.where(done <= top, 1 - done / top, (done - top) / (12 - top))
    expected = low + (highest - low) * (1 + np.cos(np.pi * turn)) / 2
    assert used == pytest.approx(expected[:12]) and history["learning_rate"] == pytest.approx(expected[[4, 8, 12]])


def test_the_seed_decides_the_start_and_the_batches(tmp_path, monkeypatch):
    """Nothing is learned here: what differs is the start, and which windows are drawn."""
    drawn, predict = [], Windows.predict
    monkeypatch.setattr(train, "read_split", lambda _, name: split(seed=["train", "valid"].index(name)))
    monkeypatch.setattr(
        Windows,
        "predict",
        lambda self, network, chosen: drawn.append(chosen.tolist()) or predict(self, network, chosen),
    )
    attributes = {"witnesses": [MAINS, "H1:ASC-A", "H1:ASC-B"], "rate_hz": RATE, "band_hz": (5, 25)}
    settings = config(experiment={"learning_rate": 1e-12, "updates": 1}, check_every=1)
    found = []
    for number, seed in enumerate((0, 1, 1)):
        drawn.clear()
        stored, _ = train.train_network(
            tmp_path / "x.h5", settings, attributes, tmp_path / f"{number}.state", seed=seed
        )
        found.append((drawn[0], stored["state"]["left.weight"]))
    assert found[0][0] != found[1][0] and not torch.allclose(found[0][1], found[1][1], rtol=0.01)
    assert found[1][0] == found[2][0] and torch.equal(found[1][1], found[2][1])
