"""Made jets and the stages that work on them, for the guards of tests/guards (arXiv:1511.05190)."""

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest.mock import patch

import h5py
import numpy as np
import torch

from common.settings import load_settings
from common.workflow.closure import ROOT
from common.yamlio import read_yaml
from papers.jet_images import prepared, simulate
from papers.jet_images.evaluate import Measurement, describe_sample
from papers.jet_images.image import N_PIXELS, normalise
from papers.jet_images.model import load
from papers.jet_images.prepared import VARIABLES, Jets, split, write_prepared
from papers.jet_images.settings import KINDS, EvaluateConfig, Settings
from tests.guards.chain import Chain, call
from tests.run_settings import write_settings

N_BACKGROUND, N_SIGNAL = 360, 240
FRACTIONS = {"test_fraction": 0.74, "valid_fraction": 0.09}
CENTRE = N_PIXELS // 2
NETWORKS = {  # method -> its settings; the rates are so large that the best epoch is not the last
    "maxout": {"kind": "maxout", "normalised": True, "batch": 25, "epochs": 6},
    "convnet": {"kind": "convnet", "normalised": False, "batch": 25, "epochs": 4},
    "convnet_norm": {"kind": "convnet", "normalised": True, "batch": 25, "epochs": 4},
}
TRAIN = {"learning_rate": 0.01, "patience": 10, "experiments": NETWORKS, "learning_curve": {}}


def made_image(distance, width, generator):
    """Return pixels [GeV] (row, column): a subjet at the centre, a softer one below at a distance, each of a width."""
    row, column = np.mgrid[:N_PIXELS, :N_PIXELS] - CENTRE
    below = distance / 0.1  # in pixels
    image = np.zeros((N_PIXELS, N_PIXELS))
    for pt, at in ((generator.uniform(150, 190), 0.0), (generator.uniform(50, 100), below)):
        spot = np.exp(-((row - at) ** 2 + (column - 0.5) ** 2) / (2 * width**2))
        image += pt * spot / spot.sum()
    image *= generator.gamma(2.0, 0.5, image.shape)  # shower fluctuations
    return np.where(image < 0.001, 0.0, image).astype(np.float32)


def made_jets(label, generator):
    """Return jets of given labels (jet,): those of W bosons are narrower and closer to the W's mass."""
    signal = label == 1
    delta_r = np.clip(generator.normal(np.where(signal, 0.6, 0.65), 0.16), 0.2, 1.1)
    images = [
        made_image(distance, generator.uniform(0.6, 1.0) if is_signal else generator.uniform(0.8, 1.6), generator)
        for distance, is_signal in zip(delta_r, signal, strict=True)
    ]
    variables = {
        "mass": np.where(signal, generator.normal(79, 5, len(label)), generator.uniform(65, 95, len(label))),
        "tau21": np.clip(generator.normal(np.where(signal, 0.27, 0.46), 0.14), 0.01, 1),
        "delta_r": delta_r,
        "pt": generator.uniform(250, 300, len(label)),
        "eta": generator.uniform(-2, 2, len(label)),
    }
    return Jets(np.array(images), label, generator.uniform(0.2, 2.0, len(label)), variables)


def hashes(rows):
    """Return a hash of each row (row, ...); equal rows within one file are an error."""
    found = {hashlib.sha256(np.ascontiguousarray(row).tobytes()).digest() for row in rows}
    assert len(found) == len(rows), "two events of one file are the same"
    return found


class PaperChain(Chain):
    """600 made jets; networks of the article's size, trained for a few epochs."""

    paper: ClassVar[str] = "jet_images"
    methods: ClassVar[list[str]] = [*NETWORKS, "fisher"]
    chance: ClassVar[dict[str, float]] = {
        **{f"roc.{method}.rejection_50": 2.0 for method in (*NETWORKS, "fisher")},
        **{f"roc.{method}.rejection_80": 1.25 for method in (*NETWORKS, "fisher")},
    }

    @property
    def prepared(self):
        return self.folder / "prepared.h5"

    @property
    def settings(self):
        return self.folder / "settings.yaml"

    @property
    def predictions(self):
        return self.folder / "seed/predictions.h5"

    @property
    def seed(self):
        """The seed of the last training."""
        return self.stored("maxout")["seed"]

    @property
    def numbers(self):
        """The numbers of the jets of each split for seed 0."""
        return split(np.load(self.folder / "strata.npy"), **FRACTIONS, seed=0)

    def make(self) -> None:
        label = np.random.default_rng(1).permutation(np.repeat([0, 1], [N_BACKGROUND, N_SIGNAL])).astype(np.int8)
        jets = made_jets(label, np.random.default_rng(2))
        attributes = {"origin": "generated", "n_read": len(label), **FRACTIONS}
        write_prepared(self.prepared, jets, np.ones(len(label)), {}, attributes=attributes)
        np.save(self.folder / "strata.npy", label)
        self.write_settings(batch=25)

    def write_settings(self, *, batch: int) -> None:
        sections = {"predict": {"batch": batch, "n_strongest": 10}, "evaluate": {"n_bootstrap": 30}}
        write_settings(self.settings, facts={"methods": list(NETWORKS)}, train=TRAIN, **sections)

    def train(self, *, seed: int = 0) -> None:
        """Train the networks, and predict, because that stage fits Fisher's discriminant."""
        strata = np.load(self.folder / "strata.npy")
        for method in NETWORKS:
            folder = self.folder / "seed" / method
            folder.mkdir(parents=True, exist_ok=True)
            files = {"prepared": self.prepared, "model": folder / "model.pt", "history": folder / "history.csv"}
            # The division keeps the share of both classes in each part, so it may know the labels. After a change of
            # labels it is told the first ones, or all parts would have other jets.
            with patch.object(prepared, "split", lambda label, **options: split(strata, **options)):
                call("papers.jet_images.train", settings=self.settings, method=method, seed=seed, threads=1, **files)
        self.predict()

    def predict(self) -> None:
        files = {"prepared": self.prepared, "models": self.folder / "seed", "predictions": self.predictions}
        call("papers.jet_images.predict", settings=self.settings, seed=self.seed, threads=1, **files)

    def measure(self) -> None:
        files = {"prepared": self.prepared, "predictions": self.predictions}
        files |= {"metrics": self.folder / "seed/metrics.json", "curves": self.folder / "seed/curves.h5"}
        call("papers.jet_images.evaluate", settings=self.settings, seed=self.seed, **files)

    # What the stages wrote

    def stored(self, method):
        return torch.load(self.folder / "seed" / method / "model.pt", weights_only=True)

    def fisher(self):
        with h5py.File(self.predictions) as file:
            return {name: file[f"fisher/{name}"][:] for name in ("direction", "offset")}

    def weights(self) -> dict:
        networks = {method: self.stored(method)["state"] for method in NETWORKS}
        networks = {method: {key: value.numpy() for key, value in state.items()} for method, state in networks.items()}
        return {**networks, "fisher": self.fisher()}

    def decided(self) -> dict:
        """Weights, Fisher's directions, and the division; the likelihood ratios of variables are fitted to all jets."""
        found = {f"{method}/{key}": value for method, own in self.weights().items() for key, value in own.items()}
        for method in NETWORKS:
            found |= {f"{method}/split/{key}": value.numpy() for key, value in self.stored(method)["split"].items()}
        return found

    def scores(self) -> dict:
        with h5py.File(self.predictions) as file:
            order = np.argsort(file["index"][:])
            return {method: file[f"scores/{method}"][:][order] for method in self.methods}

    def metrics(self) -> dict:
        """Return the metrics of single scores and of the sample.

        Likelihood ratios are fitted to fifths of the jets that are drawn by position, so that another order of the jets
        gives other fits; test_evaluate.py looks at them. A distance from the article's area is in units of an error,
        which is drawn as well.
        """
        content = read_yaml(self.folder / "seed/metrics.json")
        own = (*(f"roc.{method}." for method in self.methods), "gap.fisher.", "sample.", "shape.", "n_train.")
        return {key: entry["value"] for key, entry in content.items() if key.startswith(own)}

    def history_file(self, method: str):
        return self.folder / "seed" / method / "history.csv"

    def stored_loss(self, method: str):
        if method == "fisher":
            return None
        stored = self.stored(method)
        with h5py.File(self.prepared) as file:
            label, weight, image = file["label"][:], file["weight"][:], file["image"][:]
        valid = split(np.load(self.folder / "strata.npy"), **FRACTIONS, seed=self.seed)["valid"]
        inputs = normalise(image[valid]) if NETWORKS[method]["normalised"] else image[valid]
        with torch.no_grad():
            logit = load(stored)(torch.from_numpy(inputs)).double().numpy()
        entropy = np.logaddexp(0, np.where(label[valid] == 1, -logit, logit))
        return float(np.average(entropy, weights=weight[valid]))

    def learning_rate(self, method: str):
        if method == "fisher":
            return None
        return np.full(NETWORKS[method]["epochs"], TRAIN["learning_rate"])

    # What the guards change

    def change(self, name, indices, values) -> None:
        with h5py.File(self.prepared, "r+") as file:
            array = file[name][:]
            array[indices] = values
            file[name][:] = array

    def replace(self, split: str) -> None:
        """Put other jets of the same labels there: the division keeps the shares of both classes in all parts."""
        numbers = self.numbers[split]
        with h5py.File(self.prepared) as file:
            label = file["label"][:][numbers]
        jets = made_jets(label, np.random.default_rng(9))
        self.change("image", numbers, 1.3 * jets.image[:, ::-1])
        self.change("weight", numbers, jets.weight)
        for name, values in jets.variables.items():
            self.change(f"variables/{name}", numbers, values)

    def relabel(self, split: str, new) -> None:
        with h5py.File(self.prepared) as file:
            label = file["label"][:][self.numbers[split]]
        self.change("label", self.numbers[split], new(label))

    def reorder(self, order) -> None:
        test = np.sort(self.numbers["test"])
        with h5py.File(self.prepared) as file:
            names = [
                "image",
                "label",
                "weight",
                "generator_weight",
                *(f"variables/{name}" for name in file["variables"]),
            ]
            moved = {name: file[name][:][test][order] for name in names}
        for name, values in moved.items():
            self.change(name, test, values)

    def n_test(self) -> int:
        return len(self.numbers["test"])

    # What the models claim

    def equal_views(self) -> dict:
        """Networks see images, Fisher's discriminant the bin of Delta R too; nothing else may matter."""
        test = np.sort(self.numbers["test"])

        def within_bins():
            with h5py.File(self.prepared) as file:
                delta_r = file["variables/delta_r"][:][test]
            self.change("variables/delta_r", test, np.array([0.3, 0.6, 0.9])[np.digitize(delta_r, [0.5, 0.75])])

        def set_to(name, value):
            return lambda: self.change(name, test, value)

        variables = {name: set_to(f"variables/{name}", 0.5) for name in ("mass", "tau21", "pt", "eta")}
        return variables | {"weight": set_to("weight", 1.0), "Delta R within its bin": within_bins}

    def unequal_views(self) -> dict:
        """Nothing is augmented."""
        test = np.sort(self.numbers["test"])

        def view(function):
            def change():
                with h5py.File(self.prepared) as file:
                    image = file["image"][:][test]
                self.change("image", test, function(image))

            return change

        return {
            "mirrored": view(lambda image: image[:, :, ::-1]),
            "upside down": view(lambda image: image[:, ::-1]),
            "turned by a quarter": view(lambda image: np.rot90(image, axes=(1, 2))),
        }

    def other_batches(self) -> None:
        self.write_settings(batch=7)

    # What can be drawn again and again

    def toys(self) -> dict:
        return {"curve of a score": toy_curve, "difference of two areas": toy_gap, "variables of a sample": toy_sample}

    def generated_files(self, folder) -> dict:
        """Make four jets from four seeds, two of each class.

        The masses by step are of jets that may have an image as well; what they must not share is a mass.
        """
        settings = load_settings(ROOT / "papers/jet_images", "smoke", Settings).simulate.model_dump(mode="json")
        settings |= {"n_jets": {"signal": 2, "background": 2}, "jets_per_shard": 1, "steps_pt_gev": [200, 300]}
        files = {"images": folder / "jet_images.hdf5", "steps": folder / "steps.hdf5"}
        path = write_settings(folder / "settings.yaml", simulate=settings)
        # Ten events at a time are fewer than a run makes; processes that are forked see the change.
        with patch.object(simulate, "BATCH", 10), patch.dict(os.environ, {"PAPERS_DATA": str(folder)}):
            receipts = [folder / "images.json", folder / "steps.json"]
            call("papers.jet_images.simulate", settings=path, receipts=receipts, threads=1, **files)
        with h5py.File(files["images"]) as images, h5py.File(files["steps"]) as steps:
            masses = np.stack([steps[name][:] for name in ("particles", "pixelation", "rotation")], axis=1)
            return {"jet_images.hdf5": hashes(images["image"][:]), "steps.hdf5": hashes(masses)}


def weighted_scores(generator, n=500, distance=0.5):
    """Return scores (jet,) of two Gaussian classes, labels and weights; weights know nothing of the scores."""
    label = np.repeat([0, 1], n)
    return generator.normal(label * distance), label, generator.gamma(4.0, 0.25, 2 * n)


def named(metrics):
    return {key: (entry["value"], entry["error"]) for key, entry in metrics.items()}


def toy_curve(generator):
    """Area and rejection of a score."""
    measurement = Measurement(EvaluateConfig(n_bootstrap=25), seed=int(generator.integers(1_000_000)))
    measurement.add("score", *weighted_scores(generator))
    found = named(measurement.metrics())
    return {key: found[f"roc.score.{key}"] for key in ("area", "rejection_50", "rejection_80")}


def toy_gap(generator):
    """Gaps of two scores of the same jets, and of a variable of all jets and a score of some of them."""
    measurement = Measurement(EvaluateConfig(n_bootstrap=25), seed=int(generator.integers(1_000_000)))
    variable, label, weight = weighted_scores(generator, n=500)
    numbers = generator.permutation(len(label))[:700]
    own = (label[numbers], weight[numbers])
    measurement.add("tau21", variable, label, weight)
    score = variable[numbers] + generator.normal(0, 0.4, 700)
    measurement.add("fisher", score, *own, numbers=numbers)
    measurement.add("convnet", score + generator.normal(0, 0.4, 700), *own, numbers=numbers)
    return named(measurement.gaps())


def toy_sample(generator):
    """Mean and spread of variables; the article's histograms are read again for each sample."""
    values, label, weight = weighted_scores(generator)
    with TemporaryDirectory() as folder:
        jets = Jets(np.zeros((len(label), 1)), label, weight, {name: 0.5 + 0.1 * values for name in VARIABLES})
        jets.variables["mass"] = 80 + 5 * values
        write_prepared(Path(folder) / "prepared.h5", jets, weight, {}, attributes={})
        found = named(describe_sample(Path(folder) / "prepared.h5"))
    pairs = [(kind, name) for kind, name in zip(KINDS, ("mass", "tau21"), strict=True)]
    names = [f"{kind}.{name}.{what}" for kind, name in pairs for what in ("mean", "sd")]
    return {name: found[f"sample.{name}"] for name in names}
