"""Classify without a network of convolutions, as before arXiv:1604.01444 (its Sec. 1): two stand-ins.

Prepared events -> scores.h5 with `valid` and `test` (event, 15).

`moments`  boosted trees on twelve moments of the images
`library`  the most similar events of a library of simulated ones vote, after the library event matching of NOvA's and
           MINOS's nu_e searches (arXiv:1501.00968); here, similar means near in coarse, smeared images
"""

import h5py
import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.ensemble import HistGradientBoostingClassifier

from common.atomic import atomic_output
from common.stage import parse, run
from papers.nova_cvn.batches import take
from papers.nova_cvn.cache import Prepared
from papers.nova_cvn.classes import N_OUTPUTS
from papers.nova_cvn.settings import ExperimentConfig, TrainOne

COARSE = (4, 4)  # planes and cells that are added up
SMEAR = 1.0  # standard deviation, in coarse pixels
BLOCK = 512


def fit_moments(
    train: Prepared, chosen: np.ndarray, config: ExperimentConfig, *, seed: int
) -> HistGradientBoostingClassifier:
    """Return boosted trees fitted to the moments of the training events at some places (event,).

    The number of trees is what `max_iterations` says: no early stopping, which would need another split.
    """
    trees = HistGradientBoostingClassifier(
        max_iter=config.max_iterations, learning_rate=0.05, early_stopping=False, random_state=seed
    )
    return trees.fit(train.moments[chosen], train.interaction[chosen])


def all_outputs(probability: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return (event, N_OUTPUTS) from the columns (event, class) of the classes that were there to learn from."""
    found = np.zeros((len(probability), N_OUTPUTS), np.float32)
    found[:, classes] = probability
    return found


def coarse_images(events: Prepared, chosen: np.ndarray) -> np.ndarray:
    """Return smeared images (event, coarse pixel) of unit length; square roots, so that no single hit decides.

    Args:
        events: A split.
        chosen: Places (event,) in it, ascending.
    """
    n_views, n_planes, n_cells = events.shape
    size = (n_views, n_planes // COARSE[0], n_cells // COARSE[1])
    found = np.zeros((len(chosen), int(np.prod(size))), np.float32)
    for start in range(0, len(chosen), BLOCK):
        part = chosen[start : start + BLOCK]
        first = int(part[0])
        images = take(events.hits(first, int(part[-1]) + 1), part - first).images(events.shape)
        summed = images.reshape(len(part), n_views, size[1], COARSE[0], size[2], COARSE[1]).sum(axis=(3, 5))
        smeared = gaussian_filter1d(gaussian_filter1d(np.sqrt(summed), SMEAR, axis=2), SMEAR, axis=3)
        found[start : start + len(part)] = smeared.reshape(len(part), -1)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)


def vote(images: np.ndarray, library: np.ndarray, label: np.ndarray, *, n_neighbours: int) -> np.ndarray:
    """Return the share (event, N_OUTPUTS) of each class among the nearest library events, near ones counting more.

    Args:
        images: (event, pixel) of unit length.
        library: (library event, pixel) of unit length.
        label: (library event,)
        n_neighbours: That vote.
    """
    found = np.zeros((len(images), N_OUTPUTS), np.float32)
    n_neighbours = min(n_neighbours, len(library))
    for start in range(0, len(images), BLOCK):
        similarity = images[start : start + BLOCK] @ library.T  # cosine
        nearest = np.argpartition(-similarity, n_neighbours - 1, axis=1)[:, :n_neighbours]
        weight = 1 / (1e-3 + 1 - np.take_along_axis(similarity, nearest, axis=1))
        for number in range(N_OUTPUTS):
            found[start : start + BLOCK, number] = (weight * (label[nearest] == number)).sum(axis=1)
    return found / found.sum(axis=1, keepdims=True)


def score(splits: dict[str, Prepared], config: ExperimentConfig, *, seed: int) -> dict[str, np.ndarray]:
    """Return the outputs (event, N_OUTPUTS) for the splits valid and test, learnt from the split train.

    Neither depends on chance, so each seed learns from training events drawn with repetition: that is their scatter.
    """
    train = splits["train"]
    n_drawn = len(train) if config.kind == "moments" else min(config.n_library, len(train))
    chosen = np.sort(np.random.default_rng(seed).integers(len(train), size=n_drawn))
    if config.kind == "moments":
        trees = fit_moments(train, chosen, config, seed=seed)
        return {
            name: all_outputs(trees.predict_proba(splits[name].moments), trees.classes_) for name in ("valid", "test")
        }
    library, label = coarse_images(train, chosen), train.interaction[chosen]
    return {
        name: vote(
            coarse_images(splits[name], np.arange(len(splits[name]))), library, label, n_neighbours=config.n_neighbours
        )
        for name in ("valid", "test")
    }


def main() -> None:
    """Read, learn, score, write."""
    arguments = parse(__doc__, config=TrainOne, paths=["train", "valid", "test", "predictions"], numbers=["seed"])
    splits = {name: Prepared(getattr(arguments, name)) for name in ("train", "valid", "test")}
    scores = score(splits, arguments.config.experiment, seed=arguments.seed)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as file:
        for name, values in scores.items():
            file[name] = values


if __name__ == "__main__":
    run(main)
