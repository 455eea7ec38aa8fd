"""The chain from prepared files to metrics, for the guards (arXiv:1909.12285)."""

import hashlib
import json
import os
import re
from typing import ClassVar
from unittest.mock import patch

import awkward as ak
import h5py
import numpy as np
import torch
import uproot

from common.settings import load_settings, resolved
from common.workflow.closure import ROOT
from papers.hbb.archive import branches
from papers.hbb.generator.pileup import Pool, write_pool
from papers.hbb.metrics.decorrelation import DDT
from papers.hbb.model import taggers
from papers.hbb.settings import Settings
from papers.hbb.tests.prepared_jets import make_jets, read_jets, rewrite, spectator, write_jets
from papers.hbb.tests.stored_models import PLACES, keras_quickly, keras_score, keras_weights, torch_score
from papers.hbb.tests.toys import make_toys
from tests.guards.chain import Chain, call
from tests.run_settings import write_settings

FILES = {
    "train": {"train_0.root": 150, "train_1.root": 90},
    "valid": {"valid_0.root": 130},
    "test": {"test_0.root": 160, "test_1.root": 240},
}
SHIFTED = {"tracks": ["track_ptrel", "trackBTag_JetDistVal"], "vertices": ["sv_d3d"]}
MOVING = re.compile(r"batch_normalization\w*/vars/[23]")  # the same for all seeds if an epoch has one batch
NOT_EARLY = {"patience": 99}
CHANGES = {
    "splits": {split: list(files) for split, files in FILES.items()},
    "train": {
        "experiments": {
            "interaction": {"learning_rate": 0.01, "batch": 32, "epochs": 6, **NOT_EARLY},
            "interaction_standardised": {"learning_rate": 0.03, "batch": 32, "epochs": 5, **NOT_EARLY},
            "double_b": {"learning_rate": 0.05, "batch": 300, "epochs": 2, **NOT_EARLY},
            "variables": {"learning_rate": 0.03, "batch": 50, "epochs": 8, **NOT_EARLY},
        },
    },
    "evaluate": {
        **{"n_bootstrap": 10, "n_chance": 20, "n_shuffles": 8, "mistag": 0.2},
        "ddt": {"n_estimators": 5, "min_samples_leaf": 8, "max_depth": [1, 2]},
    },
}


def show_label(jets):
    """Shift some inputs of every network with the label."""
    of_higgs = jets["label"] == 1
    for name, members in SHIFTED.items():
        names = branches.TRACK_FEATURES if name == "tracks" else branches.VERTEX_FEATURES
        for member in members:
            jets[name][:, :, names.index(member)] += 0.7 * of_higgs[:, None]
    jets["variables"][:, branches.DOUBLE_B.index("fj_nSV")] += 0.9 * of_higgs
    jets["variables"][:, branches.DOUBLE_B.index("fj_z_ratio")] -= 0.5 * of_higgs


def smoke_settings(changes):
    """Return the content of settings.yaml of the run smoke with some changes."""
    return resolved(load_settings(ROOT / "papers/hbb", "smoke", Settings, changes=changes), run="smoke", changes="")


class PaperChain(Chain):
    """Four trainings on made jets, in two frameworks; the adversarial one stores no adversary, so it is not here."""

    paper = "hbb"
    methods: ClassVar = list(CHANGES["train"]["experiments"])
    chance: ClassVar = {f"{method}.{metric}": 0.5 for method in methods for metric in ("auc", "auc_all")}
    resampled = frozenset(
        f"{method}.{metric}_{key}"
        for method in [*methods, "best_variable", *DDT.values()]
        for metric in ("djs_excess", "djs_p", "shuffled_djs")
        for key in ("50", "90", "95", "mistag")
        if method in DDT.values() or metric != "shuffled_djs"
    )

    def __init__(self, folder):
        super().__init__(folder)
        self.scoring_batch = None

    def make(self):
        content = smoke_settings(CHANGES)
        write_settings(self.settings, facts=content.pop("run"), **content)
        for number, (file, n_jets) in enumerate(self._sizes().items()):
            jets = make_jets(n_jets, np.random.default_rng(number), n_places=PLACES, signal=show_label)
            write_jets(self._prepared(file), jets)

    def train(self, *, seed=0):
        for method in self.methods:
            options = {"method": method, "seed": seed, "prepared": self.folder / "prepared", "settings": self.settings}
            options |= {"model": self._model(method), "history": self.history_file(method)}
            self._model(method).parent.mkdir(parents=True, exist_ok=True)
            if method == "double_b":
                with keras_quickly():
                    call("papers.hbb.train_keras", threads=1, **options)
            else:
                call("papers.hbb.train", threads=1, **options)

    def predict(self):
        for method in self.methods:
            options = {"model": self._model(method), "prepared": self.folder / "prepared", "settings": self.settings}
            options["predictions"] = self._of(method, "predictions.h5")
            if method == "double_b":
                with keras_quickly(scoring_batch=self.scoring_batch):
                    call("papers.hbb.predict", threads=1, **options)
            else:
                with patch.object(taggers, "SCORING_BATCH", self.scoring_batch or taggers.SCORING_BATCH):
                    call("papers.hbb.predict", threads=1, **options)

    def measure(self):
        call(
            "papers.hbb.evaluate",
            settings=self.settings,
            prepared=self.folder / "prepared",
            seeds=self.folder,
            seed=0,
            metrics=self.folder / "metrics.json",
            decorrelated=self.folder / "seed0/decorrelated.h5",
        )

    # What the stages wrote -------------------------------------------------------------------------------------------

    def weights(self):
        found = {}
        for method in self.methods:
            if method == "double_b":
                everything = keras_weights(self._model(method)).items()  # without moving means and variances:
                found[method] = {name: value for name, value in everything if not MOVING.search(name)}
            else:
                stored = torch.load(self._model(method), weights_only=False)["weights"]
                found[method] = {name: value.numpy() for name, value in stored.items() if value.is_floating_point()}
        return found

    def decided(self):
        weights = self.weights() | {"double_b": keras_weights(self._model("double_b"))}
        found = {f"{of}/{name}": value for of, named in weights.items() for name, value in named.items()}
        for method in set(self.methods) - {"double_b"}:
            for part, by_collection in torch.load(self._model(method), weights_only=False)["scaling"].items():
                found |= {f"{method}/{part}/{name}": np.asarray(value) for name, value in by_collection.items()}
        with h5py.File(self.folder / "seed0/decorrelated.h5") as file:
            found |= {name: np.array(str(file.attrs[name])) for name in ("best_variable", "best_variable_sign")}
            for cut in DDT.values():
                found[f"{cut}/depth"] = np.array(file[cut].attrs["depth"])
                for name in file[cut]:
                    key = f"{cut}/{name}"
                    if name.startswith("threshold"):
                        found[key] = file[key][:]
                    if name.startswith("passed"):
                        found[f"{key}/mistag"] = np.array(file[key].attrs["mistag"])
        return found

    def scores(self):
        found = {}
        for method in self.methods:
            with h5py.File(self._of(method, "predictions.h5")) as file:
                found[method] = file["test"][:]
        return found

    def metrics(self):
        metrics = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
        return {name: entry["value"] for name, entry in metrics.items()}

    def errors(self):
        """Return the errors, three times those of the draws for what is known from some random cuts only."""
        found = super().errors()
        for name in found:
            if ".djs_p_" in name:  # a share of random cuts, without an error in metrics.json
                found[name] = 3 * np.sqrt(0.25 / CHANGES["evaluate"]["n_chance"])
            elif ".shuffled_djs_" in name:
                found[name] *= 3
        return found

    def from_train_only(self):
        return {name: value for name, value in self.decided().items() if "/mean/" in name or "/spread/" in name}

    def history_file(self, method):
        return self._of(method, "history.csv")

    def stored_loss(self, method):
        jets = read_jets(self._paths("valid"))
        jets = {name: values[jets["in_window"]] for name, values in jets.items()}
        score = (
            keras_score(self._model(method), jets) if method == "double_b" else torch_score(self._model(method), jets)
        )
        return float(-np.log(np.where(jets["label"] == 1, score, 1 - score)).mean())

    def learning_rate(self, method):
        rate = CHANGES["train"]["experiments"][method]["learning_rate"]
        return np.full(len(self.history(method)["epoch"]), rate)

    # What the guards change ------------------------------------------------------------------------------------------

    def replace(self, split):
        for number, (file, n_jets) in enumerate(FILES[split].items()):
            random = np.random.default_rng([99, number])
            jets = make_jets(n_jets, random, n_places=PLACES, signal=other_signal)
            write_jets(self._prepared(file), jets)

    def relabel(self, split, new):
        jets = read_jets(self._paths(split))
        rewrite(self._paths(split), jets | {"label": np.asarray(new(jets["label"])).astype(np.uint8)})

    def reorder(self, order):
        jets = read_jets(self._paths("test"))
        rewrite(self._paths("test"), {name: values[order] for name, values in jets.items()})

    def n_test(self):
        return sum(FILES["test"].values())

    # What the models claim -------------------------------------------------------------------------------------------

    def equal_views(self):
        def other_spectators():
            jets = read_jets(self._paths("test"))
            rewrite(self._paths("test"), jets | {"spectators": jets["spectators"][::-1] * 1.5})

        def other_files():
            sizes = list(FILES["test"].values())[::-1]
            rewrite(self._paths("test"), read_jets(self._paths("test")), sizes=sizes)

        def outside():
            jets = read_jets(self._paths("test"))
            rewrite(self._paths("test"), jets | {"in_window": ~jets["in_window"]})

        return {
            "mass, momentum and pile-up, which no network sees": other_spectators,
            "how the jets are shared by the files": other_files,
            "the window": outside,
        }

    def unequal_views(self):
        def change(function):
            jets = read_jets(self._paths("test"))
            inputs = ("tracks", "vertices", "variables")
            rewrite(self._paths("test"), jets | {name: function(jets[name]) for name in inputs})

        return {
            "features in the opposite order": lambda: change(lambda values: values[..., ::-1]),
            "opposite signs": lambda: change(np.negative),
        }

    def other_batches(self):
        self.scoring_batch = 37

    # What can be drawn again and again -------------------------------------------------------------------------------

    def toys(self):
        return make_toys(smoke_settings(CHANGES)["evaluate"] | {"n_bootstrap": 60, "n_chance": 2})

    def generated_files(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        content = smoke_settings(
            {"simulate": {"qcd_share": 0.01, "batch_events": 6, "n_jets": dict.fromkeys(FILES, 8)}}
        )
        settings = write_settings(folder / "settings.yaml", facts=content.pop("run"), **content)
        nothing = Pool(np.array([0, 1]), np.array([22]), np.array([[0.0, 0.3, 0.1, 0.4]]), np.zeros((1, 3)))
        write_pool(folder / "pool.npz", nothing)
        found = {}
        with patch.dict(os.environ, PAPERS_DATA=str(folder)):
            for file in self._sizes():
                options = {"pool": folder / "pool.npz", "jets": folder / file, "receipt": folder / f"{file}.json"}
                call("papers.hbb.simulate", settings=settings, **options)
                found[file] = truth_of(folder / file)
        return found

    # Where everything lies -------------------------------------------------------------------------------------------

    @property
    def settings(self):
        return self.folder / "settings.yaml"

    def _sizes(self):
        return {file: n_jets for files in FILES.values() for file, n_jets in files.items()}

    def _prepared(self, file):
        return self.folder / "prepared" / f"{file}.h5"

    def _paths(self, split):
        return [self._prepared(file) for file in FILES[split]]

    def _of(self, method, file):
        return self.folder / "seed0" / method / file

    def _model(self, method):
        return self._of(method, "model.keras" if method == "double_b" else "model.pt")


def other_signal(jets):
    """Let the label show in other inputs, on another scale, so that every decision would be another one."""
    of_higgs = jets["label"] == 1
    for name in ("tracks", "vertices"):
        jets[name] *= 3
        jets[name][of_higgs, :, 1] -= 2
    jets["variables"] = 2 * jets["variables"][::-1] - 1
    jets["variables"][:, branches.DOUBLE_B.index("fj_tau_vertexMass_0")] -= 3 * of_higgs
    spectator(jets, "fj_sdmass")[:] = 230 - spectator(jets, "fj_sdmass")


def truth_of(path):
    """Return a hash of each Higgs boson with a jet, from its momentum before the detector: the collision's own."""
    with uproot.open(path) as file:
        table = file[branches.TREE].arrays(["fj_isH", "fj_gen_pt", "fj_gen_eta"])
    higgs = table[table["fj_isH"] == 1]
    rows = zip(ak.to_list(higgs["fj_gen_pt"]), ak.to_list(higgs["fj_gen_eta"]), strict=True)
    return {hashlib.sha256(repr(row).encode()).digest() for row in rows}
