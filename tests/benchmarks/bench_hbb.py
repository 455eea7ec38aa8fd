"""Speed of hbb's network, reader and prepared files against simpler ways, on one thread; released weights on our jets.

    python -m tests.benchmarks.bench_hbb data/generated/hbb/generated/test_0.root [IN.pth]

The first argument is a file of jets as stage simulate writes it (or one of the record); jets of the window are drawn
from it with their own numbers of tracks. The second, if given, is the authors' released weight file: the area under
the ROC curve that it reaches on these jets, without any training, says how realistic they are.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import torch
import uproot
from sklearn.metrics import roc_auc_score
from torch.nn import functional

from papers.hbb.archive import branches
from papers.hbb.archive.reader import COLLECTIONS, read_jets
from papers.hbb.model.released import from_authors
from papers.hbb.model.taggers import build
from papers.hbb.prepare import write_prepared
from papers.hbb.prepared import Jets
from papers.hbb.settings import ExperimentConfig, PrepareConfig
from papers.hbb.tests.reference import dense_scores

WINDOW = {"pt_gev": (300, 2000), "softdrop_mass_gev": (40, 200), "rho": (-8, -1)}
PREPARE = PrepareConfig(window=WINDOW, chunk_jets=5000, particles=False)
NETWORK = ExperimentConfig(kind="interaction", learning_rate=1, batch=128, epochs=1, patience=1)
NAMES = ["tracks", "vertices", "n_tracks", "n_vertices"]
READ = ("tracks", "vertices")
ROUNDS = 4


def best_rates(works: list[Callable[[], object]], n_jets: list[int]) -> list[float]:
    """Return jets per second of processor time, the best of several rounds in which all take turns."""
    seconds = np.full(len(works), np.inf)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            started = time.process_time()
            work()
            seconds[number] = min(seconds[number], time.process_time() - started)
    return (np.array(n_jets) / seconds).tolist()


def compare_networks(jets: Jets, *, n_jets: int) -> None:
    """Print forward and backward passes per second of the three formulations, batch 128."""
    torch.manual_seed(0)
    network, article = build(NETWORK, "fast"), build(NETWORK, "article")
    article.load_state_dict(network.state_dict())
    order = np.random.default_rng(0).permutation(len(jets))[:n_jets]
    batches = [
        {name: torch.as_tensor(values) for name, values in batch.items()}
        for batch in jets.batches([*NAMES, "label"], size=128, order=order)
    ]

    def run(forward: Callable[[dict[str, torch.Tensor]], torch.Tensor], size: int) -> None:
        for batch in batches:
            label = batch["label"].long()
            network.zero_grad()
            article.zero_grad()
            for part in torch.arange(len(label)).split(size):
                scores = forward({name: batch[name][part] for name in NAMES})
                (functional.cross_entropy(scores, label[part], reduction="sum") / len(label)).backward()

    ways = [("fast", network, 128)]
    for name, forward in (
        ("one-hot matrices", lambda batch: dense_scores(network, batch)),
        ("article, PyTorch Geometric", article),
    ):
        ways += [(f"{name}, batch 128", forward, 128), (f"{name}, micro-batches of 16", forward, 16)]
    median = float(np.median(np.concatenate([batch["n_tracks"] for batch in batches])))
    works = [lambda forward=forward, size=size: run(forward, size) for _, forward, size in ways]
    rates = best_rates(works, [n_jets] * len(works))
    print(f"forward and backward, {n_jets} jets with a median of {median:.0f} tracks: {rates[0]:.0f} jets/s")
    for (name, _, _), rate in zip(ways[1:], rates[1:], strict=True):
        print(f"    {name}: {rate:.0f} jets/s, ratio {rates[0] / rate:.1f}")


def read_naively(path: Path, names: list[str]) -> None:
    """Read and pad feature by feature, as most public codes do."""
    with uproot.open(path) as file:
        tree = file[branches.TREE]
        blocks = []
        for collection in READ:
            wanted = COLLECTIONS[collection]
            padded = [
                ak.to_numpy(ak.fill_none(ak.pad_none(tree[name].array(), wanted.n_kept, clip=True), 0.0))
                for name in wanted.branches
            ]
            blocks.append(np.stack(padded, axis=2))
        for name in names:
            tree[name].array(library="np")


def compare_readers(path: Path) -> None:
    """Print jets per second of our reader, of a loop over features, and of uproot's decoding alone."""
    names = [*branches.LABELS, *branches.SPECTATORS]
    wanted = [*names, *(name for collection in READ for name in COLLECTIONS[collection].branches)]
    with uproot.open(path) as file:
        n_jets = file[branches.TREE].num_entries

    def decode() -> None:
        with uproot.open(path) as file:
            tree = file[branches.TREE]
            for start in range(0, n_jets, PREPARE.chunk_jets):
                tree.arrays(wanted, entry_start=start, entry_stop=start + PREPARE.chunk_jets, library="ak", how=dict)

    def ours_once() -> None:
        for _ in read_jets(path, names, READ, chunk_jets=PREPARE.chunk_jets):
            pass

    ours, loop, bare = best_rates([ours_once, lambda: read_naively(path, names), decode], [n_jets] * 3)
    print(f"reading {n_jets} jets, {len(wanted)} branches: {ours:.0f} jets/s")
    print(f"    a loop that pads each feature: {loop:.0f} jets/s, ratio {ours / loop:.1f}")
    print(f"    uproot's decoding alone: {bare:.0f} jets/s, share {100 * ours / bare:.0f} %")


def compare_batches(path: Path, jets: Jets) -> None:
    """Print random batches per second from the prepared file, and from the ROOT file, read again in each epoch."""
    random, size = np.random.default_rng(0), 1024
    n_batches = max(1, len(jets) // size)

    def prepared() -> None:
        for _ in jets.batches(NAMES, size=size, order=random.permutation(len(jets))[: n_batches * size]):
            pass

    def again() -> None:
        for _ in read_jets(path, branches.LABELS, READ, chunk_jets=5000):
            pass

    with uproot.open(path) as file:
        n_all = file[branches.TREE].num_entries
    ours, root = best_rates([prepared, again], [n_batches * size, n_all])
    print(f"random batches of {size} from the prepared file: {ours:.0f} jets/s")
    print(f"    reading ROOT again: {root:.0f} jets/s, ratio {ours / root:.1f}")


@torch.no_grad()
def judge_jets(jets: Jets, weights: Path) -> None:
    """Print how well the released network separates the jets."""
    network = build(NETWORK, "fast")
    network.load_state_dict(from_authors(torch.load(weights, map_location="cpu", weights_only=True)))
    label, scores = jets.column("label"), np.empty(len(jets))
    order, start = np.argsort(jets.column("n_tracks"), kind="stable"), 0
    for batch in jets.batches(NAMES, size=64, order=order):
        values = network({name: torch.as_tensor(v) for name, v in batch.items()}).softmax(dim=1)[:, 1]
        scores[order[start : start + len(values)]] = values
        start += len(values)
    medians = [float(np.median(scores[label == kind])) for kind in (0, 1)]
    area = roc_auc_score(label, scores)
    print(
        f"released weights on these jets ({len(jets)} in the window): AUC {area:.4f},"
        f" median P(H) {medians[0]:.2g} (QCD), {medians[1]:.2g} (H)"
    )


def main() -> None:
    """Measure everything on one thread."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in training, for all formulations
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "jets.h5"
        write_prepared(prepared, path, PREPARE, origin="generated")
        jets = Jets.open([prepared], within_window=True)
        if len(sys.argv) > 2:
            judge_jets(jets, Path(sys.argv[2]))
        compare_networks(jets, n_jets=min(512, len(jets)))
        compare_readers(path)
        compare_batches(path, jets)


if __name__ == "__main__":
    main()
