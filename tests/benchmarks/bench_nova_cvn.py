"""Training speed of nova_cvn's network against Keras as it comes, and of its input pipeline alone.

    python -m tests.benchmarks.bench_nova_cvn results/nova_cvn/generated/prepared/train.h5 [width [threads]]

Each line is a process of its own, because Keras and TensorFlow are set up once. Each variant adds one thing:
    keras          model.fit on arrays with all defaults (on a CPU: no XLA): float32, TensorFlow's threads and own
                   normalisation, SGD without decay
    one thread     stage train with `formulation: article`: TensorFlow's normalisation, padded copies before pooling
    normalisation  our normalisation, whose gradient is written out
    pooling        no padded copy where TensorFlow's own padding is the same: stage train with `formulation: fast`
    bfloat16       the same with the layers in bfloat16
Printed are images per second of processor time, which other processes on the machine disturb least, and of the clock,
the median of several rounds, with their ratio to the first line; and, for two seeds, the loss on events that were not
trained on after the same number of updates. By the clock, Keras's defaults use all cores, a training of ours one: the
last lines are of two trainings side by side, for a machine with two cores and nothing else to do.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn.prepared.batches import training_batches
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.settings import Settings, TrainOne

VARIANTS = ("keras", "one thread", "normalisation", "pooling", "bfloat16")
OTHER_SEED = ("keras", "pooling", "bfloat16")  # trained once more, for the scatter of the loss
SIDE_BY_SIDE = ("pooling", "bfloat16")  # two trainings with one thread each, as Snakemake runs them on two cores
BATCH, N_BATCHES, ROUNDS = 32, 8, 8  # per round
N_VALID = 512  # the last events of the file


class Front(Prepared):
    """All events of a file but the last N_VALID."""

    def __len__(self) -> int:
        return super().__len__() - N_VALID


def one_job(width: float) -> TrainOne:
    """Return the settings of the run `generated` at a width."""
    one = load_settings(ROOT / "papers/nova_cvn", "generated", Settings).train.one("cvn")
    return one.model_copy(update={"experiment": one.experiment.model_copy(update={"width": width})})


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of processor time and of the clock that `work` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def endless(prepared: Prepared, config: TrainOne, *, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield augmented batches, epoch after epoch."""
    random = np.random.default_rng(seed)
    while True:
        yield from training_batches(
            prepared, config.augment, batch=BATCH, shuffle_blocks=config.shuffle_blocks, random=random
        )


def measure_pipeline(prepared: Prepared, config: TrainOne) -> None:
    """Print how many images per second the pipeline alone yields."""
    batches = endless(prepared, config, seed=0)
    next(batches)
    seconds = [timed(lambda: [next(batches) for _ in range(10 * N_BATCHES)]) for _ in range(ROUNDS)]
    cpu, wall = (min(column) for column in zip(*seconds, strict=True))
    n = 10 * N_BATCHES * BATCH
    print(f"{'pipeline alone':<16}{n / cpu:8.0f} images/s of processor time, {n / wall:6.0f} of the clock", flush=True)


def choose_layers(variant: str) -> None:
    """Replace the layers of the fast formulation by those of a variant."""
    from papers.nova_cvn.network import build

    normalise, pool = build.LAYERS["article" if variant in VARIANTS[:2] else "fast"]
    if variant == "normalisation":
        pool = build.LAYERS["article"][1]
    build.LAYERS["fast"] = (normalise, pool)


def fit_plainly(prepared: Prepared, config: TrainOne, *, seed: int) -> tuple[Any, Callable[[], object]]:
    """Return the network, and what trains it by N_BATCHES batches of arrays in memory."""
    import keras

    from papers.nova_cvn.network.build import build

    keras.utils.set_random_seed(seed)
    model = build(prepared.shape, config.experiment, formulation="fast")
    optimiser = keras.optimizers.SGD(config.experiment.learning_rate, momentum=config.experiment.momentum)
    model.compile(optimiser, loss="sparse_categorical_crossentropy")
    n = min(len(prepared), (ROUNDS + 1) * N_BATCHES * BATCH)
    images, labels = prepared.hits(0, n).images(prepared.shape), prepared.interaction[:n]
    starts = iter(range(0, 1 << 30, N_BATCHES * BATCH))

    def work() -> object:
        part = (np.arange(N_BATCHES * BATCH) + next(starts)) % n
        return model.fit(images[part], labels[part], batch_size=BATCH, verbose=0)

    return model, work


def fit_ours(prepared: Prepared, config: TrainOne, *, threads: int, seed: int) -> tuple[Any, Callable[[], object]]:
    """Return the network, and what trains it by N_BATCHES batches as stage train does."""
    from papers.nova_cvn.network.build import build
    from papers.nova_cvn.network.optimiser import compile_network
    from papers.nova_cvn.network.runtime import set_up

    set_up(threads=threads, seed=seed, precision=config.precision)
    model = build(prepared.shape, config.experiment, formulation="fast")
    compile_network(model, config, n_train=len(prepared))
    batches = endless(prepared, config, seed=seed)

    def work() -> object:
        return [float(model.train_on_batch(*next(batches))) for _ in range(N_BATCHES)]

    return model, work


def measure(variant: str, prepared: Prepared, config: TrainOne, *, threads: int, seed: int) -> dict[str, float]:
    """Return the speed of one variant in images/s and the loss that it has reached."""
    choose_layers(variant)
    if variant == "keras":
        model, work = fit_plainly(prepared, config, seed=seed)
    else:
        precision = "mixed_bfloat16" if variant == "bfloat16" else "float32"
        config = config.model_copy(update={"precision": precision})
        model, work = fit_ours(prepared, config, threads=threads, seed=seed)
    work()  # builds the graph
    seconds = [timed(work) for _ in range(ROUNDS)]
    cpu, wall = (np.median(column) for column in zip(*seconds, strict=True))
    start, stop = len(prepared), len(prepared) + N_VALID
    model.reset_metrics()
    loss = model.test_on_batch(prepared.hits(start, stop).images(prepared.shape), prepared.interaction[start:stop])
    n = N_BATCHES * BATCH
    return {"cpu": n / cpu, "clock": n / wall, "loss": float(np.ravel(loss)[0])}


def measured(
    variant: str, *, path: Path, width: float, threads: int, seed: int, copies: int = 1
) -> list[dict[str, float]]:
    """Return what `measure` finds, in a process of its own, or in several at the same time."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_nova_cvn", str(path), str(width), str(threads)]
    running = [
        subprocess.Popen([*command, variant, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(copies)
    ]
    return [json.loads(process.communicate()[0]) for process in running]


def report(variant: str, found: list[dict[str, float]], first: list[dict[str, float]], *, seed: int) -> None:
    """Print one line, relative to the first one's."""
    cpu, clock = np.mean([entry["cpu"] for entry in found]), sum(entry["clock"] for entry in found)
    print(
        f"{variant:<14} {len(found)} x seed {seed}{cpu:6.0f} images/s of processor (x {cpu / first[0]['cpu']:4.2f})"
        f", {clock:6.0f} of the clock in all (x {clock / first[0]['clock']:4.2f}); loss {found[0]['loss']:.3f}",
        flush=True,
    )


def main() -> None:
    """Measure the pipeline, then every variant."""
    path, width = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.25
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    prepared, config = Front(path), one_job(width)
    if len(sys.argv) > 4:
        print(json.dumps(measure(sys.argv[4], prepared, config, threads=threads, seed=int(sys.argv[5]))))
        return
    n_updates = (ROUNDS + 1) * N_BATCHES
    print(f"width {width}, batch {BATCH}, {threads} threads for ours; loss after {n_updates} updates")
    measure_pipeline(prepared, config)
    first: list[dict[str, float]] = []
    for seed, variants in enumerate((VARIANTS, OTHER_SEED)):
        for variant in variants:
            found = measured(variant, path=path, width=width, threads=threads, seed=seed)
            first = first or found
            report(variant, found, first, seed=seed)
    for variant in SIDE_BY_SIDE:
        report(variant, measured(variant, path=path, width=width, threads=1, seed=0, copies=2), first, seed=0)


if __name__ == "__main__":
    main()
