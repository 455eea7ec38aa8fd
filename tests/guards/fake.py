"""A small right chain, on which the guards are tried: two trained methods, two classes, two features, weights."""

import json
from typing import ClassVar

import numpy as np

from common.training.history import write_history
from tests.guards.chain import Chain

EPOCHS, STEP = 12, 40
LABEL, WEIGHT, FEATURES = 0, 1, slice(2, None)  # columns of a split


def draw(n, seed):
    """Return events (n, label and weight and 14 features): the first two features know the label."""
    generator = np.random.default_rng(seed)
    label = generator.integers(2, size=n)
    features = generator.normal(size=(n, 14))
    features[:, :2] += label[:, None]
    return np.column_stack([label, generator.uniform(0.5, 1.5, size=n), features])


def mean_score(score, label):
    """Return the mean of the scores of class 1 minus that of class 0, and its error."""
    parts = [score[label == value] for value in (1, 0)]
    variance = sum(np.var(part, ddof=1) / len(part) for part in parts)
    return parts[0].mean() - parts[1].mean(), np.sqrt(variance)


class Fake(Chain):
    """A network of one hidden layer, and the difference of the means."""

    paper = "fake"
    methods: ClassVar = ["network", "means"]
    chance: ClassVar = {"network.gap": 0.0, "means.gap": 0.0}
    seedless = frozenset({"means"})
    resampled = frozenset({"means.half"})

    def make(self):
        splits = {
            name: draw(n, seed) for seed, (name, n) in enumerate({"train": 300, "valid": 60, "test": 200}.items())
        }
        self.write(splits)
        (self.folder / "batch").write_text("200")

    def write(self, splits):
        np.savez(self.folder / "prepared.npz", **splits)

    def read(self):
        with np.load(self.folder / "prepared.npz") as file:
            return dict(file)

    def loss(self, weights, split):
        score, label = self.network(weights, split), split[:, LABEL]
        return float(-np.mean(np.log(np.where(label == 1, score, 1 - score))))

    def network(self, weights, split):
        hidden = np.tanh((split[:, FEATURES] - weights["mean"]) @ weights["first"])
        return 1 / (1 + np.exp(-(hidden @ weights["last"])))

    def start(self, seed, mean):
        generator = np.random.default_rng(seed)
        return {"mean": mean, "first": generator.normal(size=(14, 10)) / 4, "last": generator.normal(size=10)}

    def rates(self):
        return 1.5 * 0.8 ** np.arange(EPOCHS)

    def epoch(self, weights, train, *, rate, generator):
        for _ in range(3):
            part = train[generator.integers(len(train), size=STEP)]
            inputs = part[:, FEATURES] - weights["mean"]
            hidden = np.tanh(inputs @ weights["first"])
            wrong = (self.network(weights, part) - part[:, LABEL])[:, None] / len(part)
            back = wrong * weights["last"] * (1 - hidden**2)
            weights = weights | {
                "last": weights["last"] - rate * (hidden.T @ wrong)[:, 0],
                "first": weights["first"] - rate * inputs.T @ back,
            }
        return weights

    def for_scaling(self, splits):
        return splits["train"]

    def for_validation(self, splits):
        return splits["valid"]

    def best(self, found, losses):
        return found[int(np.argmin(losses))]

    def train(self, *, seed=0):
        splits, generator = self.read(), np.random.default_rng([seed, 1])
        weights = self.start(seed, self.for_scaling(splits)[:, FEATURES].mean(axis=0))
        found, losses = [], []
        for rate in self.rates():
            weights = self.epoch(weights, splits["train"], rate=rate, generator=generator)
            found.append(weights)
            losses.append(self.loss(weights, self.for_validation(splits)))
        np.savez(self.folder / "network.npz", **self.best(found, losses))
        write_history(self.folder / "history.csv", {"valid_loss": losses, "learning_rate": list(self.rates())})
        train = splits["train"]
        means = [train[train[:, LABEL] == value][:, FEATURES].mean(axis=0) for value in (1, 0)]
        np.savez(self.folder / "means.npz", direction=means[0] - means[1])

    def method_scores(self, split):
        return {
            "network": self.network(dict(np.load(self.folder / "network.npz")), split),
            "means": split[:, FEATURES] @ np.load(self.folder / "means.npz")["direction"],
        }

    def predict(self):
        test = self.read()["test"]
        size = int((self.folder / "batch").read_text())
        parts = [self.method_scores(test[begin : begin + size]) for begin in range(0, len(test), size)]
        np.savez(self.folder / "predictions.npz", **{m: np.concatenate([p[m] for p in parts]) for m in self.methods})

    def cut(self, splits):
        return np.median(self.method_scores(splits["valid"])["network"])

    def labels_of_scores(self, test):
        return test[:, LABEL]

    def measure(self):
        splits = self.read()
        np.save(self.folder / "cut.npy", self.cut(splits))
        label, metrics = self.labels_of_scores(splits["test"]), {}
        for method, score in self.scores().items():
            value, error = mean_score(score, label)
            half = np.random.default_rng(0).permutation(len(label))[::2]
            metrics[f"{method}.gap"] = {"value": value, "error": error, "n": len(label)}
            metrics[f"{method}.half"] = {"value": mean_score(score[half], label[half])[0], "error": 2 * error, "n": 1}
        del metrics["network.half"]
        (self.folder / "metrics.json").write_text(json.dumps(metrics))

    def weights(self):
        return {method: dict(np.load(self.folder / f"{method}.npz")) for method in self.methods} | {
            "network": {k: v for k, v in np.load(self.folder / "network.npz").items() if k != "mean"}
        }

    def decided(self):
        return {"cut": np.load(self.folder / "cut.npy"), "mean": np.load(self.folder / "network.npz")["mean"]}

    def from_train_only(self):
        return {"mean": np.load(self.folder / "network.npz")["mean"]}

    def scores(self):
        return dict(np.load(self.folder / "predictions.npz"))

    def metrics(self):
        return {name: entry["value"] for name, entry in json.loads((self.folder / "metrics.json").read_text()).items()}

    def history_file(self, method):
        return self.folder / ("history.csv" if method == "network" else "none.csv")

    def stored_loss(self, method):
        if method == "means":
            return None
        return Fake.loss(self, dict(np.load(self.folder / "network.npz")), self.read()["valid"])

    def learning_rate(self, method):
        return None if method == "means" else 1.5 * 0.8 ** np.arange(EPOCHS)

    def replace(self, split):
        splits = self.read()
        self.write(splits | {split: draw(len(splits[split]), 100)})

    def relabel(self, split, new):
        splits = self.read()
        splits[split][:, LABEL] = new(splits[split][:, LABEL])
        self.write(splits)

    def reorder(self, order):
        splits = self.read()
        self.write(splits | {"test": splits["test"][order]})

    def n_test(self):
        return len(self.read()["test"])

    def equal_views(self):
        return {"weights": lambda: self.change(WEIGHT, lambda column: 2 * column)}

    def unequal_views(self):
        return {"sign of the first feature": lambda: self.change(2, np.negative)}

    def change(self, column, new):
        splits = self.read()
        splits["test"][:, column] = new(splits["test"][:, column])
        self.write(splits)

    def other_batches(self):
        (self.folder / "batch").write_text("37")

    def error_factor(self):
        return 1.0

    def toys(self):
        def toy(generator):
            events = draw(100, generator.integers(1 << 40))
            value, error = mean_score(events[:, 2], events[:, LABEL])
            return {"gap": (value, error * self.error_factor())}

        return {"gap of the first feature": toy}

    def seed_of_file(self, number):
        return number

    def generated_files(self, folder):
        return {f"{k}.npy": {row.tobytes() for row in draw(5, self.seed_of_file(k))} for k in range(3)}
