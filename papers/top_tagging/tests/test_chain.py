"""From jet files to prepared arrays, a trained tagger, its scores and metrics."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from scipy.special import softmax

from common.errors import InputError
from common.settings import load_settings

from ..archive import files, scores
from ..archive.jets import read_chunk
from ..evaluate import measure_jets, measure_taggers
from ..model import load
from ..observables.tagger_inputs import around_axis
from ..predict import store_trained
from ..prepare import check_same_jets, store_jets
from ..prepared.jets import read_jets
from ..settings import ExperimentConfig, Settings, TrainOne
from ..simulate import generate_all, write_splits
from ..train import train_tagger
from . import numpy_taggers

FOLDER = Path(__file__).parents[1]
SETTINGS = load_settings(FOLDER, "smoke", Settings)
N_JETS = {"train": 16, "valid": 6, "test": 10}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a prepared file of 32 generated jets, and the folder of their files."""
    folder = tmp_path_factory.mktemp("jets")
    config = SETTINGS.simulate.model_copy(update={"n_jets": N_JETS, "jets_per_shard": 16})
    write_splits(generate_all(config, threads=1), folder, config)
    with h5py.File(folder / "prepared.h5", "w") as file:
        for split in N_JETS:
            chunked = SETTINGS.prepare.model_copy(update={"chunk": 3})
            store_jets(file.create_group(f"jets/{split}"), folder / files.JETS[split], chunked, threads=2)
        file["label"] = file["jets/test/label"][:]
        file.create_group("scores")
    return folder / "prepared.h5"


def test_jets_keep_their_order_and_constituents_through_the_chunks(prepared):
    momenta, label = read_chunk(prepared.parent / "train.h5", 0, 16)
    batch = read_jets(prepared, "train").batch(torch.arange(16))
    assert batch.label.tolist() == label.tolist()
    real = momenta[..., 3] > 0
    assert batch.counts.tolist() == real.sum(axis=1).tolist()
    assert np.allclose(batch.constituents.numpy(), around_axis(momenta)[real], atol=1e-6)


def test_observables_of_chunks_are_those_of_the_whole(prepared, tmp_path):
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        store_jets(file.create_group("jets"), prepared.parent / "train.h5", SETTINGS.prepare, threads=1)
        with h5py.File(prepared) as chunked:
            for name in ("offsets", "label", "constituents", "kinematics", "nsub", "efp"):
                assert np.allclose(file[f"jets/{name}"][:], chunked[f"jets/train/{name}"][:], rtol=1e-5), name


def test_no_more_constituents_are_stored_than_the_settings_allow(prepared, tmp_path):
    config = SETTINGS.prepare.model_copy(update={"n_constituents": 10})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store_jets(file.create_group("jets"), prepared.parent / "val.h5", config, threads=1)
        assert np.diff(file["jets/offsets"][:]).max() == 10


def test_jets_in_another_order_than_the_labels_are_refused(tmp_path):
    label = np.array([0, 1, 1, 0, 1], np.int8)
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file["same/label"], file["reversed/label"], file["longer/label"] = label, label[::-1], np.append(label, 1)
        file["swapped/label"] = label[[1, 0, 2, 3, 4]]
        check_same_jets(label, file["same"], tmp_path / "test.h5")
        for name in ("reversed", "longer", "swapped"):
            with pytest.raises(InputError, match="other labels"):
                check_same_jets(label, file[name], tmp_path / "test.h5")


def test_a_tagger_from_training_to_metrics(prepared, tmp_path):
    config = TrainOne(batch=8, patience=3, experiment=SETTINGS.train.experiments["nsub"])
    metrics = []
    for attempt in ("first", "second"):
        stored, history = train_tagger(prepared, config, tmp_path / f"{attempt}.pt", seed=1)
        assert history["epoch"] == [1, 2]
        (tmp_path / attempt / "nsub").mkdir(parents=True)
        torch.save(stored, tmp_path / attempt / "nsub/model.pt")
        with h5py.File(tmp_path / f"{attempt}.h5", "w") as file, h5py.File(prepared) as source:
            source.copy("label", file)
            source.copy("scores", file)
            jets = read_jets(prepared, "test")
            store_trained(file.create_group("trained"), ["nsub"], tmp_path / attempt, jets, batch=4)
        metrics.append(measure_taggers(tmp_path / f"{attempt}.h5", [0.3]))
    assert metrics[0] == metrics[1], "the same seed gives the same metrics"
    assert metrics[0]["trained.nsub.n_parameters"]["value"] == 57_502
    assert 0 <= metrics[0]["trained.nsub.auc"]["value"] <= 1


def test_generated_labels_are_those_of_the_test_jets(prepared):
    _, label = read_chunk(prepared.parent / "test.h5", 0, N_JETS["test"])
    assert scores.read_labels(prepared.parent / files.LABELS, n_jets=N_JETS["test"]).tolist() == label.tolist()
    with h5py.File(prepared) as file:
        heavy = file["jets/test/kinematics"][:, 2] > 120
        assert np.corrcoef(heavy, file["jets/test/label"][:])[0, 1] > 0.5, "tops are the heavy jets"


KINDS = ["efn", "efp", "graph", "nsub", "pfn"]


def test_each_jet_has_the_score_that_its_tagger_s_formula_gives_for_it_alone(prepared, tmp_path):
    """In the order of prepared.h5; nothing but the stored model and the jet itself enters."""
    networks = {}
    for seed, kind in enumerate(KINDS):
        config = TrainOne(batch=4, patience=9, experiment=ExperimentConfig(kind=kind, epochs=3))
        stored, _ = train_tagger(prepared, config, tmp_path / f"{kind}.state", seed=seed)
        (tmp_path / kind).mkdir()
        torch.save(stored, tmp_path / kind / "model.pt")
        networks[kind] = load(stored)
    with h5py.File(tmp_path / "p.h5", "w") as file, h5py.File(prepared) as source:
        store_trained(file.create_group("trained"), KINDS, tmp_path, read_jets(prepared, "test"), batch=4)
        jets, bounds = source["jets/test"], source["jets/test/offsets"][:]
        for kind, network in networks.items():
            inputs = [
                (jets["constituents"][bounds[k] : bounds[k + 1]], jets["nsub"][k], jets["efp"][k])
                for k in range(N_JETS["test"])
            ]
            expected = [softmax(numpy_taggers.outputs(kind, network, *jet))[1] for jet in inputs]
            assert file[f"trained/{kind}"][:] == pytest.approx(expected, abs=1e-4), kind
            assert np.ptp(expected) > 1e-3, f"{kind}: unequal jets have unequal scores"
            assert file[f"trained/{kind}"].attrs["n_parameters"] == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_starts_from_other_weights(prepared, tmp_path, kind):
    """With a rate of nearly nothing the stored weights are the first ones; the order of the jets cannot change them."""
    experiment = SETTINGS.train.experiments[kind].model_copy(update={"learning_rate": 1e-12, "epochs": 1})
    config = TrainOne(batch=8, patience=1, experiment=experiment)
    first, other = (
        train_tagger(prepared, config, tmp_path / f"{seed}.state", seed=seed)[0]["state"] for seed in (0, 1)
    )
    weights = [name for name in first if name not in ("mean", "spread")]
    same = [name for name in weights if float((first[name] - other[name]).abs().max()) < 1e-3]
    assert weights and not same


def test_the_scale_of_the_inputs_is_that_of_the_training_jets(prepared, tmp_path):
    config = TrainOne(batch=8, patience=1, experiment=SETTINGS.train.experiments["nsub"])
    state = train_tagger(prepared, config, tmp_path / "a.state", seed=0)[0]["state"]
    with h5py.File(prepared) as file:
        values = file["jets/train/nsub"][:].astype(float)
    assert state["mean"].numpy() == pytest.approx(values.mean(axis=0), rel=1e-4)
    assert state["spread"].numpy() == pytest.approx(values.std(axis=0, ddof=1), rel=1e-3)


def test_tops_are_heavier_than_qcd_jets_and_all_lie_in_the_window(prepared):
    metrics = measure_jets(prepared)
    assert 550 <= metrics["jets.top.pt.mean"]["value"] <= 650
    assert metrics["jets.pt.below_window"]["value"] == 0
    assert 120 < metrics["jets.top.mass.median"]["value"] < 200
    assert metrics["jets.top.mass.median"]["value"] > metrics["jets.qcd.mass.median"]["value"]
