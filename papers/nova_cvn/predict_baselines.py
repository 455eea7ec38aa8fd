"""Two baselines of the kind used before convolutional networks (arXiv:1604.01444, Sec. 1).

Prepared events -> predictions.h5 with `valid` and `test` (event, 15), and `learnt` (drawn event,), the numbers of the
training events that were learnt from.

`moments`  Boosted trees on twelve moments of the images.
`library`  The most similar events of a library of simulated ones vote, as in the library event matching of NOvA's and
           MINOS's νe searches (arXiv:1501.00968). Similar are events whose coarse, smeared images are near each other.
"""

import h5py
import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.ensemble import HistGradientBoostingClassifier

from common.atomic import atomic_output
from common.stage import parse, run

from .prepared.batches import take
from .prepared.file import Prepared
from .prepared.labels import N_OUTPUTS
from .settings import ExperimentConfig, TrainConfig

COARSE = (4, 4)  # planes and cells of a coarse pixel
SMEAR = 1.0  # standard deviation, in coarse pixels
BLOCK = 512  # events that are compared with the library at a time


def fit_moments(
    train: Prepared, events: np.ndarray, config: ExperimentConfig, *, seed: int
) -> HistGradientBoostingClassifier:
    """Return boosted trees fitted to the moments of some training events, given by their indices (event,).

    The number of trees is `max_iterations`, without early stopping, which would need another split.
    """
    trees = HistGradientBoostingClassifier(
        max_iter=config.max_iterations, learning_rate=0.05, early_stopping=False, random_state=seed
    )
    return trees.fit(train.moments[events], train.interaction[events])


def all_outputs(probability: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return outputs (event, N_OUTPUTS) from those (event, class) of the classes in the training events."""
    outputs = np.zeros((len(probability), N_OUTPUTS), np.float32)
    outputs[:, classes] = probability
    return outputs


def coarse_images(events: Prepared, index: np.ndarray) -> np.ndarray:
    """Return smeared images (event, coarse pixel) of unit length, of square roots, so that no single hit decides.

    Args:
        events: A split.
        index: Of the events (event,), ascending.
    """
    n_views, n_planes, n_cells = events.shape
    size = (n_views, n_planes // COARSE[0], n_cells // COARSE[1])
    coarse = np.zeros((len(index), int(np.prod(size))), np.float32)
    for start in range(0, len(index), BLOCK):
        part = index[start : start + BLOCK]
        first = int(part[0])
        images = take(events.hits(first, int(part[-1]) + 1), part - first).images(events.shape)
        summed = images.reshape(len(part), n_views, size[1], COARSE[0], size[2], COARSE[1]).sum(axis=(3, 5))
        smeared = gaussian_filter1d(gaussian_filter1d(np.sqrt(summed), SMEAR, axis=2), SMEAR, axis=3)
        coarse[start : start + len(part)] = smeared.reshape(len(part), -1)
    return coarse / np.maximum(np.linalg.norm(coarse, axis=1, keepdims=True), 1e-6)


def vote(images: np.ndarray, library: np.ndarray, label: np.ndarray, *, n_neighbours: int) -> np.ndarray:
    """Return the share (event, N_OUTPUTS) of each class among the nearest library events, near ones counting more.

    Args:
        images: (event, pixel) of unit length.
        library: (library event, pixel) of unit length.
        label: (library event,)
        n_neighbours: Number of library events that vote.
    """
    shares = np.zeros((len(images), N_OUTPUTS), np.float32)
    n_neighbours = min(n_neighbours, len(library))
    for start in range(0, len(images), BLOCK):
        similarity = images[start : start + BLOCK] @ library.T  # cosine
        nearest = np.argpartition(-similarity, n_neighbours - 1, axis=1)[:, :n_neighbours]
        weight = 1 / (1e-3 + 1 - np.take_along_axis(similarity, nearest, axis=1))
        for number in range(N_OUTPUTS):
            shares[start : start + BLOCK, number] = (weight * (label[nearest] == number)).sum(axis=1)
    return shares / shares.sum(axis=1, keepdims=True)


def score(splits: dict[str, Prepared], config: ExperimentConfig, *, seed: int) -> dict[str, np.ndarray]:
    """Return the outputs (event, N_OUTPUTS) for valid and test, and `learnt`, the events of train that were drawn.

    Neither method depends on chance. To get a scatter, each seed learns from training events drawn with repetition.
    """
    train = splits["train"]
    n_drawn = len(train) if config.kind == "moments" else min(config.n_library, len(train))
    drawn = np.sort(np.random.default_rng(seed).integers(len(train), size=n_drawn))
    if config.kind == "moments":
        trees = fit_moments(train, drawn, config, seed=seed)
        outputs = {
            name: all_outputs(trees.predict_proba(splits[name].moments), trees.classes_) for name in ("valid", "test")
        }
        return outputs | {"learnt": drawn}
    library, label = coarse_images(train, drawn), train.interaction[drawn]
    outputs = {
        name: vote(
            coarse_images(splits[name], np.arange(len(splits[name]))), library, label, n_neighbours=config.n_neighbours
        )
        for name in ("valid", "test")
    }
    return outputs | {"learnt": drawn}


def main() -> None:
    """Learn, and score both splits."""
    arguments = parse(
        __doc__,
        section="train",
        config=TrainConfig,
        paths=["train", "valid", "test", "predictions"],
        texts=["method"],
        numbers=["seed"],
    )
    splits = {name: Prepared(getattr(arguments, name)) for name in ("train", "valid", "test")}
    scores = score(splits, arguments.config.one(arguments.method).experiment, seed=arguments.seed)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        for name, values in scores.items():
            file[name] = values


if __name__ == "__main__":
    run(main)
