"""Check published scores against the labels, and turn jets into what the taggers read (arXiv:1902.09914, Sec. 2, 3).

Receipts of the data -> prepared.h5 with
    label (jet,), scores/<tagger> (jet,)     of the test jets, in the order of test.h5
    jets/<split>/{label, offsets, constituents, kinematics, nsub, efp}    if the run has jets; see observables.py.
                 The constituents of all jets follow each other; those of jet k are offsets[k] to offsets[k + 1].
"""

import logging
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import locate, read_receipt
from common.errors import InputError
from common.stage import parse, run
from papers.top_tagging import jet_files, score_files
from papers.top_tagging.observables import Described, describe
from papers.top_tagging.settings import PrepareConfig

SPLITS = {"train": "train.h5", "val": "val.h5", "test": "test.h5"}
LABELS = "labels.pkl"


def store_scores(file: h5py.File, paths: dict[str, Path], config: PrepareConfig) -> None:
    """Store the labels and the scores of every tagger whose file the run has.

    Raises:
        InputError: If the labels are missing, or labels and scores do not have one entry per test jet.
    """
    if LABELS not in paths:
        raise InputError(f"the run reads no {LABELS}; the scores mean nothing without it. Add it to `archive`.")
    label = score_files.read_labels(paths[LABELS], n_jets=config.n_test)
    logging.info("labels: %d jets, %d tops", len(label), label.sum())
    file["label"] = label
    group = file.create_group("scores")
    for name, tagger in config.scores.items():
        if name in paths:
            group[tagger] = score_files.read_scores(paths[name], n_jets=config.n_test)


def describe_chunk(bounds: tuple[int, int], path: Path, config: PrepareConfig) -> Described:
    """Return what is stored of some jets of a file; for a pool of processes."""
    momenta, label = jet_files.read_chunk(path, *bounds)
    return describe(momenta, label, config)


def append(group: h5py.Group, name: str, values: np.ndarray) -> None:
    """Append rows to a dataset, which is made if it is not there yet."""
    if name not in group:
        group.create_dataset(name, data=values, maxshape=(None, *values.shape[1:]), chunks=True)
        return
    dataset = group[name]
    dataset.resize(len(dataset) + len(values), axis=0)
    dataset[-len(values) :] = values


def store_jets(group: h5py.Group, path: Path, config: PrepareConfig, *, threads: int) -> None:
    """Store the jets of one file, a chunk at a time, in their order."""
    n_jets = jet_files.count_jets(path)
    bounds = [(start, min(start + config.chunk, n_jets)) for start in range(0, n_jets, config.chunk)]
    append(group, "offsets", np.zeros(1, np.int64))
    with ProcessPoolExecutor(max_workers=min(threads, len(bounds))) as pool:
        for found in pool.map(partial(describe_chunk, path=path, config=config), bounds):
            append(group, "offsets", group["offsets"][-1] + np.cumsum(found.n_constituents))
            for name in ("label", "constituents", "kinematics", "nsub", "efp"):
                append(group, name, getattr(found, name))
    logging.info("%s: %d jets, %.1f constituents each", path.name, n_jets, group["offsets"][-1] / n_jets)


def check_same_jets(label: np.ndarray, jets: h5py.Group, path: Path) -> None:
    """Raise an InputError unless the labels (jet,) that belong to the scores are those of test.h5."""
    in_file = jets["label"][:]
    if not np.array_equal(label, in_file):
        raise InputError(
            f"{path}: expected the jets of {LABELS} in the same order ({len(label)} jets), found {len(in_file)} jets"
            " with other labels. Scores and jets would not belong together; fetch both files again."
        )


def main() -> None:
    """Read, check, describe, write."""
    arguments = parse(__doc__, config=PrepareConfig, path_lists=["receipts"], paths=["prepared"], numbers=["threads"])
    located = [locate(read_receipt(receipt)) for receipt in arguments.receipts]
    paths = {path.name: path for path in located}
    with atomic_output(arguments.prepared) as temporary, h5py.File(temporary, "w") as file:
        store_scores(file, paths, arguments.config)
        for split, name in SPLITS.items():
            if name in paths:
                group = file.create_group(f"jets/{split}")
                store_jets(group, paths[name], arguments.config, threads=arguments.threads)
        if "jets/test" in file:
            check_same_jets(file["label"][:], file["jets/test"], paths[SPLITS["test"]])


if __name__ == "__main__":
    run(main)
