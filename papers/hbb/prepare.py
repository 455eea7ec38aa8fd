"""Select the labelled jets of one file and store them for random access (arXiv:1909.12285, data set and selection).

Receipt of one ROOT or HDF5 file -> <file>.h5 with the datasets that `prepared.py` lists, and the counts after each cut
as attributes. Nothing is compressed, so that `prepared.py` can map the file. One file is one job; the memory is
proportional to `chunk_jets`.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import locate, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive import branches
from .archive.reader import BROKEN, COLLECTIONS, Array, Chunk, log_not_finite, read_jets
from .settings import PrepareConfig, WindowConfig

LABEL_CHUNK_JETS = 100_000  # at three numbers per jet


@dataclass
class CutFlow:
    """Number of jets after each cut, by class."""

    counts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, is_higgs: Array, is_qcd: Array) -> None:
        """Add the jets of a chunk that passed the cut `name`."""
        total = self.counts.setdefault(name, [0, 0])
        total[0] += int(is_higgs.sum())
        total[1] += int(is_qcd.sum())

    def log(self) -> None:
        """Print a line per cut."""
        for name, (n_higgs, n_qcd) in self.counts.items():
            logging.info("%-28s %9d H  %9d QCD", name, n_higgs, n_qcd)


def classes(flat: dict[str, Array]) -> tuple[Array, Array]:
    """Return masks (jet,) of H to bb and of QCD jets; a jet of neither class has no label."""
    return flat["fj_isH"] != 0, (flat["sample_isQCD"] != 0) & (flat["fj_isQCD"] != 0)


def is_labelled(flat: dict[str, Array]) -> Array:
    """Return a mask (jet,) of the jets that are of exactly one class."""
    is_higgs, is_qcd = classes(flat)
    return is_higgs ^ is_qcd


def window_cuts(flat: dict[str, Array], window: WindowConfig) -> dict[str, Array]:
    """Return a mask (jet,) for each cut of the window, by name."""
    pt, mass = flat["fj_pt"], flat["fj_sdmass"]
    rho = 2 * np.log(np.maximum(mass, 1e-3) / np.maximum(pt, 1e-3))
    cuts = {}
    for name, values, (low, high) in (
        ("pT", pt, window.pt_gev),
        ("soft-drop mass", mass, window.softdrop_mass_gev),
        ("rho", rho, window.rho),
    ):
        cuts[f"{low:g} < {name} < {high:g}"] = (values > low) & (values < high)
    return cuts


def count_labelled(path: Path) -> int:
    """Return how many jets of a file have a label."""
    chunks = read_jets(path, branches.LABELS, [], chunk_jets=LABEL_CHUNK_JETS)
    return sum(int(is_labelled(chunk.flat).sum()) for chunk in chunks)


def columns(chunk: Chunk, mask: Array, in_window: Array) -> dict[str, Array]:
    """Return the datasets of the jets in a mask (jet,) of a chunk."""
    datasets = {name: block[mask] for name, block in chunk.padded.items()}
    datasets |= {f"n_{name}": counts[mask].astype(np.uint8) for name, counts in chunk.counts.items()}
    for name, members in (("variables", branches.DOUBLE_B), ("spectators", branches.SPECTATORS)):
        datasets[name] = np.stack([chunk.flat[branch][mask] for branch in members], axis=1).astype(np.float32)
    return datasets | {"label": (chunk.flat["fj_isH"][mask] != 0).astype(np.uint8), "in_window": in_window[mask]}


def selected(chunks: Iterator[Chunk], window: WindowConfig, flow: CutFlow) -> Iterator[tuple[dict[str, Array], int]]:
    """Yield the datasets of each chunk and how many of its values were not finite; count the jets after each cut."""
    for chunk in chunks:
        is_higgs, is_qcd = classes(chunk.flat)
        flow.add("read", is_higgs, ~is_higgs)  # at this point ~is_higgs still contains unlabelled jets
        labelled = is_labelled(chunk.flat)
        flow.add("labelled", labelled & is_higgs, labelled & is_qcd)
        passed = labelled
        for name, mask in window_cuts(chunk.flat, window).items():
            passed = passed & mask
            flow.add(name, passed & is_higgs, passed & is_qcd)
        yield columns(chunk, labelled, passed), chunk.n_not_finite


def write_prepared(path: Path, source: Path, config: PrepareConfig, *, origin: str) -> CutFlow:
    """Write the labelled jets of `source` to `path` chunk by chunk and return the counts."""
    collections = [name for name in COLLECTIONS if name != "particles" or config.particles]
    flat = [*branches.LABELS, *branches.DOUBLE_B, *branches.SPECTATORS]
    n_jets, flow, n_bad, start = count_labelled(source), CutFlow(), 0, 0
    with h5py.File(path, "w") as file:
        chunks = read_jets(source, flat, collections, chunk_jets=config.chunk_jets)
        for datasets, bad in selected(chunks, config.window, flow):
            stop = start + len(datasets["label"])
            for name, values in datasets.items():
                if name not in file:
                    file.create_dataset(name, shape=(n_jets, *values.shape[1:]), dtype=values.dtype)
                file[name][start:stop] = values
            start, n_bad = stop, n_bad + bad
        file.attrs["cuts"] = list(flow.counts)
        file.attrs["n_jets"] = np.array(list(flow.counts.values())).reshape(-1, 2)  # (cut, class): H, QCD
        file.attrs["origin"] = origin
        file.attrs["features"] = branches.TRACK_FEATURES
        file.attrs["n_not_finite"] = n_bad
    if not start:
        raise InputError(f"{source}: none of its jets is labelled as H or QCD. {BROKEN}")
    log_not_finite(source, n_bad)
    return flow


def main() -> None:
    """Read, select, write."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipt", "prepared"])
    receipt = read_receipt(arguments.receipt)
    with atomic_output(arguments.prepared) as path:
        flow = write_prepared(path, locate(receipt), arguments.config, origin=receipt.origin)
    flow.log()


if __name__ == "__main__":
    run(main)
