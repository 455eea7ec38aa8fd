"""Check published scores against the labels, and turn jets into tagger inputs (arXiv:1902.09914, Sec. 2, 3).

Receipts of the data -> prepared.h5, whose layout is described in prepared/file.py.
"""

import logging
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import locate, origin_of, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive import files, scores
from .archive.jets import count_jets, read_chunk
from .observables.tagger_inputs import tagger_inputs
from .prepared.file import TaggerInputs, append_jets
from .settings import PrepareConfig


def store_scores(file: h5py.File, paths: dict[str, Path], config: PrepareConfig) -> None:
    """Store the labels and the scores of every tagger whose file the run has.

    Raises:
        InputError: If the labels are missing, or labels and scores do not have one entry per test jet.
    """
    if files.LABELS not in paths:
        raise InputError(f"the run reads no {files.LABELS}; scores mean nothing without it. Add it to `archive`.")
    label = scores.read_labels(paths[files.LABELS], n_jets=config.n_test)
    logging.info("labels: %d jets, %d tops", len(label), label.sum())
    file["label"] = label
    group = file.create_group("scores")
    for tagger, name in files.SCORES.items():
        if name in paths:
            group[tagger] = scores.read_scores(paths[name], n_jets=config.n_test)


def read_inputs(bounds: tuple[int, int], path: Path, config: PrepareConfig) -> TaggerInputs:
    """Return the tagger inputs of the jets between two positions of a file; a pool of processes calls this."""
    return tagger_inputs(*read_chunk(path, *bounds), config)


def store_jets(group: h5py.Group, path: Path, config: PrepareConfig, *, threads: int) -> None:
    """Store the jets of one file, a chunk at a time, in their order."""
    n_jets = count_jets(path)
    bounds = [(start, min(start + config.chunk, n_jets)) for start in range(0, n_jets, config.chunk)]
    with ProcessPoolExecutor(max_workers=min(threads, len(bounds))) as pool:
        for inputs in pool.map(partial(read_inputs, path=path, config=config), bounds):
            append_jets(group, inputs)
    logging.info("%s: %d jets, %.1f constituents each", path.name, n_jets, group["offsets"][-1] / n_jets)


def check_same_jets(label: np.ndarray, jets: h5py.Group, path: Path) -> None:
    """Raise an InputError unless the labels (jet,) that belong to the scores are those of test.h5."""
    in_file = jets["label"][:]
    if not np.array_equal(label, in_file):
        raise InputError(
            f"{path}: expected the jets of {files.LABELS} in the same order ({len(label)} jets), found"
            f" {len(in_file)} jets with other labels. Scores and jets do not belong together; fetch both files again."
        )


def main() -> None:
    """Read, check, compute the tagger inputs, write."""
    arguments = parse(
        __doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"], numbers=["threads"]
    )
    receipts = [read_receipt(path) for path in arguments.run.receipts(arguments.receipts)]
    paths = {path.name: path for path in map(locate, receipts)}
    with atomic_output(arguments.prepared) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["origin"] = origin_of(receipts)
        store_scores(file, paths, arguments.config)
        for split, name in files.JETS.items():
            if name in paths:
                group = file.create_group(f"jets/{split}")
                store_jets(group, paths[name], arguments.config, threads=arguments.threads)
        if "jets/test" in file:
            check_same_jets(file["label"][:], file["jets/test"], paths[files.JETS["test"]])


if __name__ == "__main__":
    run(main)
