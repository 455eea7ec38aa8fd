"""The stages of top_tagging on made jets, for the guards in tests/guards."""

import functools
import json
import os
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import h5py
import numpy as np
import torch

from common.settings import load_settings
from tests.guards.chain import Chain, call
from tests.run_settings import write_settings

from ..archive import files
from ..generator import pythia
from ..metrics import mean, measure_tagger, median
from ..model import load
from ..observables.tagger_inputs import tagger_inputs
from ..prepared.file import append_jets
from ..prepared.jets import Batch
from ..settings import PrepareConfig, Settings
from .made_jets import pronged_jets

N_JETS = {"train": 192, "valid": 80, "test": 300}
SEEDS = {"train": 11, "valid": 12, "test": 13}
OTHER_SEEDS = 100  # added for jets that replace those of a split
EPOCHS = 8
RATES = {"pfn": 0.01, "efn": 0.02, "nsub": 0.02, "graph": 0.006}  # so large that the last epoch is not always the best
PREPARE = PrepareConfig(
    **{"n_test": N_JETS["test"], "n_constituents": 40, "chunk": 50},
    **{"bodies": 4, "betas": [0.5, 1.0, 2.0], "efp_degree": 2, "efp_constituents": 40},
)


@functools.cache
def made(n_jets, seed):
    """Return the momenta, labels and tagger inputs of made jets; they are computed once."""
    momenta, label = pronged_jets(n_jets, seed=seed)
    return momenta, label, tagger_inputs(momenta, label, PREPARE)


def experiments():
    """Return section `train.experiments`: every kind of tagger, trained for a few epochs."""
    trained = {
        kind: {"kind": kind, "epochs": EPOCHS, "learning_rate": rate, "neighbours": 4} for kind, rate in RATES.items()
    }
    return trained | {"efp": {"kind": "efp"}}


class PaperChain(Chain):
    """Five taggers on jets of one prong and of three, and the scores of two published ones."""

    paper = "top_tagging"
    methods: ClassVar = list(experiments())
    chance: ClassVar = {f"trained.{kind}.auc": 0.5 for kind in experiments()}

    def make(self):
        self.settings(batch=64)
        with h5py.File(self.prepared, "w") as file:
            file.attrs["origin"] = "archive"  # the metrics of a generated run leave the published scores out
            file["label"] = np.zeros(N_JETS["test"], np.int8)
            for number, tagger in enumerate(("EFN", "PFN")):
                noise = np.random.default_rng(number).normal(size=N_JETS["test"])
                file[f"scores/{tagger}"] = 1 / (1 + np.exp(-noise - made(N_JETS["test"], SEEDS["test"])[1]))
            for split, seed in SEEDS.items():
                self._write(file, split, *made(N_JETS[split], seed))

    def settings(self, *, batch):
        """Write settings.yaml; prediction works in batches of so many jets."""
        train = {"batch": 32, "patience": EPOCHS, "experiments": experiments()}
        sections = {"train": train, "predict": {"batch": batch}, "evaluate": {"efficiencies": [0.3, 0.5]}}
        write_settings(self.folder / "settings.yaml", facts={"methods": self.methods}, **sections)

    def _write(self, file, split, momenta, label, inputs):
        """Put jets in the place of those of a split."""
        np.savez(self.folder / f"{split}.npz", momenta=momenta, label=label)
        group = file.require_group(f"jets/{split}")
        group.clear()
        append_jets(group, inputs)
        if split == "test":
            file["label"][:] = label

    @property
    def prepared(self):
        return self.folder / "prepared.h5"

    def model(self, method):
        return self.folder / f"seed/{method}/model.pt"

    def train(self, *, seed=0):
        for method in self.methods:
            self.model(method).parent.mkdir(parents=True, exist_ok=True)
            call(
                "papers.top_tagging.train",
                settings=self.folder / "settings.yaml",
                prepared=self.prepared,
                model=self.model(method),
                history=self.history_file(method),
                seed=seed,
                threads=1,
                method=method,
            )

    def predict(self):
        call(
            "papers.top_tagging.predict",
            settings=self.folder / "settings.yaml",
            prepared=self.prepared,
            models=self.folder / "seed",
            predictions=self.folder / "predictions.h5",
            threads=1,
        )

    def measure(self):
        call(
            "papers.top_tagging.evaluate",
            settings=self.folder / "settings.yaml",
            prepared=self.prepared,
            predictions=self.folder / "predictions.h5",
            metrics=self.folder / "metrics.json",
        )

    def _stored(self, method):
        return torch.load(self.model(method), weights_only=True)

    def weights(self):
        states = {method: self._stored(method)["state"] for method in self.methods}
        scale = ("mean", "spread")  # measured on the training jets, not trained
        return {
            method: {name: value.numpy() for name, value in state.items() if name not in scale}
            for method, state in states.items()
        }

    def decided(self):
        return {
            f"{method}.{name}": value.numpy()
            for method in self.methods
            for name, value in self._stored(method)["state"].items()
        }

    def from_train_only(self):
        """Return the scaling of the inputs, and the linear tagger, whose loss is minimised without a stop."""
        return {
            name: value for name, value in self.decided().items() if name.endswith(("mean", "spread")) or "efp" in name
        }

    def scores(self):
        with h5py.File(self.folder / "predictions.h5") as file:
            return {method: file[f"trained/{method}"][:] for method in self.methods}

    def metrics(self):
        content = json.loads((self.folder / "metrics.json").read_text())
        return {key: entry["value"] for key, entry in content.items()}

    def history_file(self, method):
        return self.model(method).with_name("history.csv")

    def stored_loss(self, method):
        with h5py.File(self.prepared) as file:
            group = file["jets/valid"]
            columns = {name: torch.from_numpy(group[name][:]) for name in ("label", "constituents", "nsub", "efp")}
            counts = torch.from_numpy(np.diff(group["offsets"][:]))
        network = load(self._stored(method)).eval()
        with torch.no_grad():
            scores = network(Batch(counts=counts, **columns)).double().numpy()
        chosen = np.take_along_axis(scores, columns["label"].numpy().astype(int)[:, None], axis=1)[:, 0]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - chosen))

    def learning_rate(self, method):
        """Return half a period of a cosine, from the rate of the settings towards zero; L-BFGS has no rate."""
        if method not in RATES:
            return None
        return RATES[method] * (1 + np.cos(np.pi * np.arange(EPOCHS) / EPOCHS)) / 2

    def replace(self, split):
        with h5py.File(self.prepared, "a") as file:
            self._write(file, split, *made(N_JETS[split], SEEDS[split] + OTHER_SEEDS))

    def relabel(self, split, new):
        with h5py.File(self.prepared, "a") as file:
            group = file[f"jets/{split}"]
            group["label"][:] = new(group["label"][:])
            if split == "test":
                file["label"][:] = group["label"][:]

    def reorder(self, order):
        momenta, label = self._test_jets()
        self._rewrite(momenta[order], label[order])
        with h5py.File(self.prepared, "a") as file:
            for scores in file["scores"].values():
                scores[:] = scores[:][order]

    def n_test(self):
        return N_JETS["test"]

    def _test_jets(self):
        """Return momenta and labels of the test jets as they are now."""
        with np.load(self.folder / "test.npz") as file:
            return file["momenta"], file["label"]

    def _rewrite(self, momenta, label):
        """Put jets in the place of the test jets."""
        with h5py.File(self.prepared, "a") as file:
            self._write(file, "test", momenta, label, tagger_inputs(momenta, label, PREPARE))

    def _view(self, change):
        """Return a function that puts change(momenta) in the place of the test jets' momenta."""

        def apply():
            momenta, label = self._test_jets()
            self._rewrite(change(momenta), label)

        return apply

    def equal_views(self):
        return {
            "order of constituents": self._view(in_another_order),
            "more padding": self._view(lambda momenta: np.pad(momenta, [(0, 0), (0, 9), (0, 0)])),
            "turned around the beam": self._view(functools.partial(turned, angle=2.0)),
            "boosted along the beam": self._view(functools.partial(boosted, rapidity=0.4)),
        }

    def unequal_views(self):
        return {
            "without the hardest constituent": self._view(lambda momenta: momenta[:, 1:]),
            "all constituents of equal momentum": self._view(of_equal_momentum),
        }

    def other_batches(self):
        self.settings(batch=7)

    def toys(self):
        def scored(random, n=6000, distance=1.5):
            label = np.repeat([0, 1], n)
            return label, 1 / (1 + np.exp(-random.normal((label - 0.5) * distance) * distance))

        def pairs(metrics):
            return {name: (entry["value"], entry["error"]) for name, entry in metrics.items()}

        return {
            "tagger": lambda random: pairs(measure_tagger(*scored(random), efficiencies=[0.3, 0.5])),
            "jets": lambda random: pairs(
                {"mean": mean(random.exponential(size=400)), "median": median(random.normal(size=400))}
            ),
        }

    def generated_files(self, folder):
        simulate = load_settings(Path(__file__).parents[1], "smoke", Settings).simulate
        few = {"n_jets": {"train": 8, "valid": 4, "test": 4}, "jets_per_shard": 2}
        section = simulate.model_copy(update=few).model_dump(mode="json")
        settings = write_settings(folder / "settings.yaml", simulate=section)
        (folder / "jets").mkdir()
        with patch.dict(os.environ, {"PAPERS_DATA": str(folder)}), patch.object(pythia, "BATCH", 20):
            call(
                "papers.top_tagging.simulate",
                settings=settings,
                labels=folder / "jets" / files.LABELS,
                receipts=folder / "receipts",
                threads=1,
            )
        found = {}
        for name in files.JETS.values():
            with h5py.File(folder / "jets" / name) as file:
                found[name] = {row.tobytes() for row in file["table/table"]["values_block_0"]}
        return found


def in_another_order(momenta):
    """Return the constituents of each jet in a random order, the padding still behind them."""
    keys = np.random.default_rng(3).random(momenta.shape[:2]) + (momenta[..., 3] == 0)
    return np.take_along_axis(momenta, np.argsort(keys, axis=1)[..., None], axis=1)


def turned(momenta, *, angle):
    """Return momenta (jet, constituent, 4) after a rotation around the beam."""
    px, py, pz, energy = np.moveaxis(momenta, -1, 0)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * px - sine * py, sine * px + cosine * py, pz, energy], axis=-1)


def boosted(momenta, *, rapidity):
    """Return momenta (jet, constituent, 4) after a boost along the beam."""
    px, py, pz, energy = np.moveaxis(momenta, -1, 0)
    cosh, sinh = np.cosh(rapidity), np.sinh(rapidity)
    return np.stack([px, py, cosh * pz + sinh * energy, cosh * energy + sinh * pz], axis=-1)


def of_equal_momentum(momenta):
    """Return the constituents with their directions, each with the mean transverse momentum of its jet."""
    transverse = np.hypot(momenta[..., 0], momenta[..., 1])
    mean_pt = transverse.sum(axis=1, keepdims=True) / (transverse > 0).sum(axis=1, keepdims=True)
    return momenta * (mean_pt / np.where(transverse > 0, transverse, np.inf))[..., None]
