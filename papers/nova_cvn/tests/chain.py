"""What the guards of tests/guards need to know of this paper: made events, the stages on them, and their answers."""

import hashlib
import json
import os
from contextlib import contextmanager
from types import SimpleNamespace
from typing import ClassVar
from unittest import mock

import h5py
import numpy as np
import pytest

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn import evaluate, predict_baselines
from papers.nova_cvn.metrics.bootstrap import with_errors
from papers.nova_cvn.metrics.classifier import ScoredEvents, matrix_values
from papers.nova_cvn.metrics.thesis_events import TYPES, load_thesis_events
from papers.nova_cvn.prepared.moments import MOMENTS
from papers.nova_cvn.prepared.pixel_map import Events
from papers.nova_cvn.settings import Settings, is_network
from papers.nova_cvn.tests.made_events import sample, write_prepared
from tests.guards.chain import Chain, call
from tests.run_settings import write_settings

PACKAGE = "papers.nova_cvn"
N_EVENTS = {"train": 130, "valid": 110, "test": 150}
BATCH, EPOCHS = 16, 3
N_TREES, N_NEIGHBOURS, N_BOOTSTRAP = 4, 7, 20
STEPS, LAST_STEP, FACTOR = [4, 9, 5], 3, 0.9  # updates between the steps of the learning rate, and its factor


@contextmanager
def started():
    """Let a stage run where TensorFlow has started already: it takes its numbers of threads only before that."""
    threading = "tensorflow.config.threading"
    with (
        mock.patch(f"{threading}.set_intra_op_parallelism_threads"),
        mock.patch(f"{threading}.set_inter_op_parallelism_threads"),
    ):
        yield


def settings():
    """Return the settings of the smoke run; the tests make them smaller where they can."""
    return load_settings(ROOT / "papers/nova_cvn", "smoke", Settings)


def cross_entropy(probability, interaction):
    """Return the mean of -ln of the output (event, 15) of the true class (event,)."""
    return float(-np.mean(np.log(probability[np.arange(len(interaction)), interaction])))


class PaperChain(Chain):
    """Training, prediction, baselines and evaluation, on images of 24 planes and 20 cells.

    The network is the plain one, the quickest to build: the stages do not depend on the kind of network, and the kinds
    are compared with their transcriptions in test_model.py. It stands under the name `cvn`, which the settings demand.
    """

    paper = "nova_cvn"
    methods: ClassVar = ["cvn", "library", "moments"]
    chance: ClassVar = {f"{method}.{flavour}.auc": 0.5 for method in methods for flavour in ("nue", "numu")}

    folders: ClassVar = {"cvn": "network/cvn", "library": "baseline/library", "moments": "baseline/moments"}
    batch: int | None = None  # events that the network predicts at a time; None for the stage's own
    seed = 0

    def __init__(self, folder):
        """Read the events back, if the folder has them."""
        super().__init__(folder)
        self.config, self.settings = self.training(), folder / "settings.yaml"
        found = {split: self._stored_events(split) for split in N_EVENTS}
        self.events = {split: Events(**np.load(path)) for split, path in found.items() if path.exists()}

    def training(self):
        """Return the section `train`; the rate falls several times within the training."""
        config = settings().train
        one = config.experiments["plain"].model_copy(
            update={"width": 0.5, "epochs": EPOCHS, "batch": BATCH, "learning_rate": 0.03, "input_scale": 5.0}
        )
        library = config.experiments["library"].model_copy(update={"n_neighbours": N_NEIGHBOURS})
        moments = config.experiments["moments"].model_copy(update={"max_iterations": N_TREES})
        steps = {"steps": STEPS, "last_step": LAST_STEP, "factor": FACTOR}
        # With as many full_events as events, the steps are those of the settings.
        schedule = config.schedule.model_copy(update=steps | {"full_events": N_EVENTS["train"]})
        experiments = {"cvn": one, "library": library, "moments": moments}
        return config.model_copy(update={"experiments": experiments, "schedule": schedule})

    def make(self):
        """Write settings.yaml, and the events as they are and as stage prepare stores them."""
        evaluation = settings().evaluate.model_dump(mode="json")
        write_settings(
            self.settings,
            facts={"methods": list(self.folders.values())},
            train=self.config.model_dump(mode="json"),
            predict={"n_features": 20},
            evaluate=evaluation | {"n_bootstrap": N_BOOTSTRAP, "min_class_events": 3},
        )
        for number, split in enumerate(N_EVENTS):
            self._write(split, self.draw(split, seed=number))

    def draw(self, split, *, seed):
        """Return made events."""
        return sample(N_EVENTS[split], seed=seed)

    def _write(self, split, events):
        self.events[split] = events
        np.savez(self._stored_events(split), **vars(events))
        write_prepared(self.prepared(split), events)

    def _stored_events(self, split):
        return self.folder / f"events_{split}.npz"

    def prepared(self, split):
        """Return the prepared file of a split."""
        return self.folder / f"prepared_{split}.h5"

    def _results(self, method):
        return self.folder / "seed0" / self.folders[method]

    # Stages -----------------------------------------------------------------------------------------------------------

    def train(self, *, seed=0):
        """Train the network, and let the baselines learn: their stage scores the events as well."""
        self.seed = seed
        results = self._results("cvn")
        results.mkdir(parents=True, exist_ok=True)
        splits = {split: self.prepared(split) for split in ("train", "valid")}
        files = {"model": self.network_file(), "history": results / "history.csv"}
        with started():
            call(f"{PACKAGE}.train", settings=self.settings, **splits, **files, method="cvn", seed=seed, threads=1)
        self._call_baselines()

    def _call_baselines(self):
        splits = {split: self.prepared(split) for split in self.events}
        for method in ("library", "moments"):
            results = self._results(method)
            results.mkdir(parents=True, exist_ok=True)
            options = {"method": method, "seed": self.seed, "predictions": results / "predictions.h5"}
            with mock.patch.object(predict_baselines, "BLOCK", 64):  # several blocks of each split
                call(f"{PACKAGE}.predict_baselines", settings=self.settings, **splits, **options)

    def predict(self):
        """Score valid and test with the network and with the baselines."""
        from papers.nova_cvn import predict  # TensorFlow takes seconds to start

        splits = {split: self.prepared(split) for split in ("valid", "test")}
        results = self._results("cvn")
        files = {"model": self.network_file(), "predictions": results / "predictions.h5"}
        with started(), mock.patch.object(predict, "BATCH", self.batch or predict.BATCH):
            call(f"{PACKAGE}.predict", settings=self.settings, **splits, **files, threads=1)
        self._call_baselines()

    def measure(self):
        """Write metrics.json."""
        splits = {split: self.prepared(split) for split in ("valid", "test")}
        files = {"predictions": self.folder / "seed0", "metrics": self.folder / "metrics.json"}
        call(f"{PACKAGE}.evaluate", settings=self.settings, **splits, **files, seed=self.seed)

    # What the stages wrote --------------------------------------------------------------------------------------------

    def network_file(self):
        """Return the file of the trained network."""
        return self._results("cvn") / "model.keras"

    def _network(self):
        from papers.nova_cvn.network.build import load

        return load(self.network_file())

    def weights(self):
        """Return kernels and biases of the network, and the training events that the baselines learnt from."""
        named = {f"{k} {w.name}": np.asarray(w) for k, w in enumerate(self._network().trainable_weights)}
        return {"cvn": named} | {method: {"learnt": self.stored(method)["learnt"]} for method in ("library", "moments")}

    def stored(self, method):
        """Return the arrays of predictions.h5 by name; none before `predict`."""
        path = self._results(method) / "predictions.h5"
        return self.read(path) if path.exists() else {}

    @staticmethod
    def read(path):
        """Return the arrays of an HDF5 file by name."""
        with h5py.File(path) as file:
            return {name: file[name][:] for name in file}

    def decided(self):
        """Return the weights, the scores of the validation events, which no test event touches, and the cuts."""
        found = self.from_train_only()
        for method in self.methods:
            if "valid" in (content := self.stored(method)):
                found[f"{method} valid"] = content["valid"]
        cuts = {key: np.array(value) for key, value in self.metrics().items() if key.endswith(".cut")}
        return found | cuts

    def from_train_only(self):
        """Return the weights: the validation events stop no training and choose nothing."""
        return {f"{method} {name}": w for method, parts in self.weights().items() for name, w in parts.items()}

    def scores(self):
        """Return the outputs (event, 15)."""
        return {method: self.stored(method)["test"] for method in self.methods}

    def metrics(self):
        """Return the values; none before `measure`."""
        path = self.folder / "metrics.json"
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return {key: entry["value"] for key, entry in content.items()}

    def history_file(self, method):
        """Return the path; the baselines have no history."""
        return self._results(method) / "history.csv"

    def stored_loss(self, method):
        """Skip: the stored weights are the last ones. `test_stages.py` compares them with the last row."""
        pytest.skip("as in the article, a training ends after a number of passes, and no loss chooses its weights")

    def loss_of_stored_network(self):
        """Return its cross-entropy, from the painted images and not from the prepared file."""
        events = self.events["valid"]
        outputs = np.asarray(self._network()(events.views / np.float32(255), training=False))
        return cross_entropy(outputs, events.interaction)

    def learning_rate(self, method):
        """Return the rate after the last update of each epoch."""
        if not is_network(self.folders[method]):
            return None
        lengths = [*STEPS, *[LAST_STEP] * 100]
        updates = np.arange(1, EPOCHS + 1) * -(-N_EVENTS["train"] // BATCH)
        n_steps = (np.cumsum(lengths) < updates[:, None]).sum(axis=1)
        return self.config.experiments["cvn"].learning_rate * FACTOR**n_steps

    # What the guards change -------------------------------------------------------------------------------------------

    def replace(self, split):
        """Put other events in the place of those of a split."""
        self._write(split, self.draw(split, seed=100 + list(N_EVENTS).index(split)))

    def relabel(self, split, new):
        """Change the interaction types; networks have no output for numbers above 14."""
        self._change(split, interaction=new(self.events[split].interaction))

    def _change(self, split, **changes):
        self._write(split, Events(**(vars(self.events[split]) | changes)))

    def reorder(self, order):
        """Put the test events in another order."""
        self._write("test", self.events["test"].take(order))

    def n_test(self):
        """Return the number of test events."""
        return len(self.events["test"])

    # What the models claim --------------------------------------------------------------------------------------------

    def equal_views(self):
        """Return changes of what is stored of an event, but not of its images."""
        test = self.events["test"]
        return {
            "true energies": lambda: self._change("test", energy_gev=3 * test.energy_gev, lepton_gev=test.energy_gev),
            "order of the hits": self._shuffle_hits,
        }

    def _shuffle_hits(self):
        """Store the hits of each test event in another order."""
        random = np.random.default_rng(8)
        with h5py.File(self.prepared("test"), "r+") as file:
            event = np.repeat(np.arange(self.n_test()), np.diff(file["offset"][:]))
            order = np.lexsort((random.random(len(event)), event))
            for name in ("pixel", "value"):
                file[name][:] = file[name][:][order]

    def unequal_views(self):
        """Return changes of the images that the training does not teach to ignore."""
        views = self.events["test"].views
        without = views * np.array([1, 0], np.uint8)[:, None, None]
        return {
            "planes reversed": lambda: self._change("test", views=views[:, :, ::-1]),
            "without the Y view": lambda: self._change("test", views=without),
        }

    def other_batches(self):
        """Let the network predict 7 events at a time."""
        self.batch = 7

    # What can be drawn again and again --------------------------------------------------------------------------------

    def toys(self):
        """Return samples of scored events, and of images' moments."""
        everything, thesis = np.ones(13, bool), load_thesis_events()

        def classifier(random):
            seed = int(random.integers(1 << 30))
            found = with_errors(
                scored(400, random), lambda events: matrix_values(events, everything), n_bootstrap=20, seed=seed
            )
            return {key: (found[key]["value"], found[key]["error"]) for key in CLASSIFIER_KEYS}

        def sample_numbers(random):
            with mock.patch.object(evaluate, "load_thesis_events", lambda: thesis):
                found = evaluate.sample_metrics(normal_moments(60, thesis, random))
            return {key: (found[key]["value"], found[key]["error"]) for key in SAMPLE_KEYS}

        return {"classifier": classifier, "sample": sample_numbers}

    def generated_files(self, folder):
        """Simulate a few events of each file of the run `generated`."""
        pytest.importorskip("numba")
        pytest.importorskip("pythia8mc")
        config = load_settings(ROOT / "papers/nova_cvn", "generated", Settings)
        simulate = config.simulate.model_copy(update={"n_events": dict.fromkeys(config.simulate.n_events, 4)})
        path, found = write_settings(folder / "settings.yaml", simulate=simulate.model_dump(mode="json")), {}
        for name in config.generated:
            events, receipt = folder / name, folder / f"{name}.json"
            with mock.patch.dict(os.environ, PAPERS_DATA=str(folder)):
                call(f"{PACKAGE}.simulate", settings=path, split=name.split("_")[0], events=events, receipt=receipt)
            with h5py.File(events) as file:
                found[name] = {hashlib.sha256(image.tobytes()).digest() for image in file["cvnmap"][:]}
        return found


CLASSIFIER_KEYS = ("accuracy", "mean_class_efficiency", "class.nc")
SAMPLE_KEYS = ("sample.nc.hits_median", "sample.nc.smallest_tail")  # the other quantities are treated alike


def scored(n, random):
    """Return n events with outputs that know the truth more or less well."""
    interaction = random.choice(15, size=n, p=np.r_[np.full(12, 0.06), 0.0, 0.2, 0.08])
    logits = random.normal(size=(n, 15)) + 2.0 * np.eye(15)[interaction]
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return ScoredEvents(interaction, random.uniform(1, 3, n), probability)


def normal_moments(n, thesis, random):
    """Return the moments of n events of each thesis event's type.

    They are normal, with the thesis event one deviation above the mean of the hits and at that of the others.
    """
    names = [TYPES[number] for number in TYPES for _ in range(n)]
    moments = random.normal(size=(len(names), len(MOMENTS)))
    for row, name in zip(moments, names, strict=True):
        for quantity, value in thesis[name].items():
            row[MOMENTS.index(quantity)] += value - (quantity == "hits")
    return SimpleNamespace(moments=moments, interaction=np.repeat(list(TYPES), n))
