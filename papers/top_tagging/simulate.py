"""Generate jets of tops and QCD, and toy scores, in the formats of the archive (arXiv:1902.09914, Sec. 2).

Settings -> train.h5, val.h5, test.h5 in the layout of Zenodo 2603256; labels.pkl and one .npy file per tagger, as the
comparison's authors publish them. The toy scores are drawn from two Gaussians: they exercise the readers, say
nothing about taggers, and are in no metric and no figure.
"""

import logging
import pickle
from pathlib import Path

import numpy as np
from scipy.stats import norm

from common.atomic import atomic_output
from common.download.receipts import generated_receipt, write_receipt
from common.physics.shards import Shard, make, shards
from common.stage import parse, run

from .archive import files
from .archive.jets import write_jets
from .generator.pythia import Jets, generate
from .labels import CLASSES
from .settings import SimulateConfig


def generate_shard(shard: Shard, config: SimulateConfig) -> Jets:
    """Return the jets of one shard."""
    return generate(shard.kind, config, n_jets=shard.size, seed=shard.seed)


def generate_all(config: SimulateConfig, *, threads: int) -> dict[str, Jets]:
    """Return the jets of each class; the number of processes does not change them."""
    n_jets = dict.fromkeys(CLASSES, sum(config.n_jets.values()) // 2)
    pieces = shards(n_jets, size=config.jets_per_shard, seed=config.seed)
    made = make(generate_shard, pieces, config, processes=threads)
    jets = {}
    for kind in CLASSES:
        parts = [part for part, shard in zip(made, pieces, strict=True) if shard.kind == kind]
        jets[kind] = Jets(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("constituents", "truth")))
    return jets


def mix(jets: dict[str, Jets], start: int, stop: int, generator: np.random.Generator) -> tuple[Jets, np.ndarray]:
    """Return the jets `start` to `stop` of each class in random order, and their labels (jet,)."""
    order = generator.permutation(2 * (stop - start))
    constituents = np.concatenate([jets[kind].constituents[start:stop] for kind in CLASSES])[order]
    truth = np.concatenate([jets[kind].truth[start:stop] for kind in CLASSES])[order]
    return Jets(constituents, truth), np.repeat([0, 1], stop - start)[order].astype(np.int8)


def toy_scores(label: np.ndarray, *, auc: float, generator: np.random.Generator) -> np.ndarray:
    """Return calibrated scores (jet,) whose area under the ROC curve is `auc` on average.

    Two unit Gaussians at a distance d have the area Phi(d / sqrt(2)); the score is the probability of a top.
    """
    distance = np.sqrt(2) * norm.ppf(auc)
    position = generator.normal((label - 0.5) * distance)
    return (1 / (1 + np.exp(-distance * position))).astype(np.float32)


def write_scores(label: np.ndarray, folder: Path, config: SimulateConfig, generator: np.random.Generator) -> None:
    """Write the labels (jet,) and the toy scores of all taggers."""
    with atomic_output(folder / files.LABELS) as path:
        path.write_bytes(pickle.dumps(label, protocol=3))
    for tagger, file in files.SCORES.items():
        with atomic_output(folder / file) as path:
            np.save(path, toy_scores(label, auc=config.toy_auc[tagger], generator=generator))


def write_splits(jets: dict[str, Jets], folder: Path, config: SimulateConfig) -> None:
    """Divide the jets of both classes among the splits and write their files; no jet is in two splits."""
    generator = np.random.default_rng(config.seed)
    start = 0
    for split, n_jets in sorted(config.n_jets.items()):  # a fixed order, whatever that of the settings
        stop = start + n_jets // 2
        mixed, label = mix(jets, start, stop, generator)
        write_jets(folder / files.JETS[split], mixed.constituents, mixed.truth, label, split=split)
        logging.info("%s: %d jets", split, len(label))
        if split == "test":
            write_scores(label, folder, config, generator)
        start = stop


def main() -> None:
    """Generate, write all files into the folder of the labels, write their receipts."""
    arguments = parse(
        __doc__, section="simulate", config=SimulateConfig, paths=["labels", "receipts"], numbers=["threads"]
    )
    folder = arguments.labels.parent
    jets = generate_all(arguments.config, threads=arguments.threads)
    write_splits(jets, folder, arguments.config)
    for file in files.ALL:
        write_receipt(arguments.receipts / f"{file}.json", generated_receipt(folder / file, dataset="generated"))


if __name__ == "__main__":
    run(main)
