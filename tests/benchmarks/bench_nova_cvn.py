"""Training speed of nova_cvn's network against Keras as it comes, and of its input pipeline alone.

    python -m tests.benchmarks.bench_nova_cvn results/nova_cvn/generated/prepared/train.h5 [width [threads]]

Each variant of the same network runs in a process of its own, because Keras and TensorFlow are set up once:
    keras      model.fit on arrays with all defaults (on a CPU: no XLA), TensorFlow's threads and own normalisation
    XLA        the same with jit_compile=True
    ours       our normalisation, batches drawn and augmented from the prepared file
    bfloat16   ours with the layers in bfloat16
Printed are images per second of processor time, which other processes on the machine disturb least, and of the clock,
each for the best of several rounds; and the loss on events that were not trained on, after the same number of updates.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from common.config import load_settings
from common.workflow import ROOT
from papers.nova_cvn.batches import training_batches
from papers.nova_cvn.cache import Prepared
from papers.nova_cvn.settings import Settings, TrainOne

VARIANTS = ("keras", "XLA", "ours", "bfloat16")
BATCH, N_BATCHES, ROUNDS = 32, 8, 5  # per round
N_VALID = 512  # the last events of the file


def one_job(width: float) -> TrainOne:
    """Return the settings of the run `generated` at a width."""
    one = load_settings(ROOT / "papers/nova_cvn", "generated", Settings).train.one("cvn")
    return one.model_copy(update={"experiment": one.experiment.model_copy(update={"width": width})})


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of processor time and of the clock that `work` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def endless(prepared: Prepared, config: TrainOne) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield augmented batches, epoch after epoch."""
    random = np.random.default_rng(0)
    while True:
        yield from training_batches(
            prepared, config.augment, batch=BATCH, shuffle_blocks=config.shuffle_blocks, random=random
        )


def measure_pipeline(prepared: Prepared, config: TrainOne) -> None:
    """Print how many images per second the pipeline alone yields."""
    batches = endless(prepared, config)
    next(batches)
    seconds = [timed(lambda: [next(batches) for _ in range(10 * N_BATCHES)]) for _ in range(ROUNDS)]
    cpu, wall = (min(column) for column in zip(*seconds, strict=True))
    n = 10 * N_BATCHES * BATCH
    print(f"{'pipeline alone':<16}{n / cpu:8.0f} images/s of processor time, {n / wall:6.0f} of the clock", flush=True)


def plain_network(prepared: Prepared, config: TrainOne) -> Any:
    """Return the same network with TensorFlow's normalisation, Keras's optimiser and decay, not compiled."""
    import keras
    import tensorflow as tf

    from papers.nova_cvn import network

    class PlainResponse(keras.layers.Layer):
        def call(self, values: Any) -> Any:
            alpha = network.LRN_ALPHA / network.LRN_SIZE
            return tf.nn.local_response_normalization(values, network.LRN_SIZE // 2, 1.0, alpha, network.LRN_BETA)

    network.LocalResponse = PlainResponse  # type: ignore[misc, assignment]
    return network.build(prepared.shape, config.experiment)


def fit_plainly(prepared: Prepared, config: TrainOne, *, xla: bool) -> tuple[Any, Callable[[], object]]:
    """Return the network, and what trains it by N_BATCHES batches of arrays in memory."""
    import keras

    keras.utils.set_random_seed(0)
    model = plain_network(prepared, config)
    optimiser = keras.optimizers.SGD(config.experiment.learning_rate, momentum=config.experiment.momentum)
    options = {"jit_compile": True} if xla else {}
    model.compile(optimiser, loss="sparse_categorical_crossentropy", **options)
    n = min(len(prepared) - N_VALID, ROUNDS * N_BATCHES * BATCH)
    images, labels = prepared.hits(0, n).images(prepared.shape), prepared.interaction[:n]
    starts = iter(range(0, 1 << 30, N_BATCHES * BATCH))

    def work() -> object:
        part = np.arange(N_BATCHES * BATCH) + next(starts)
        return model.fit(images[part % n], labels[part % n], batch_size=BATCH, verbose=0)

    return model, work


def fit_ours(prepared: Prepared, config: TrainOne, *, threads: int) -> tuple[Any, Callable[[], object]]:
    """Return the network, and what trains it by N_BATCHES batches as stage train does."""
    from papers.nova_cvn.network import build, set_up
    from papers.nova_cvn.train import compile_network

    set_up(threads=threads, seed=0, precision=config.precision)
    model = build(prepared.shape, config.experiment)
    compile_network(model, config, n_train=len(prepared))
    batches = endless(prepared, config)

    def work() -> object:
        return [model.train_on_batch(*next(batches)) for _ in range(N_BATCHES)]

    return model, work


def measure(variant: str, prepared: Prepared, config: TrainOne, *, threads: int) -> None:
    """Print the speed of one variant and the loss that it has reached."""
    if variant in ("keras", "XLA"):
        model, work = fit_plainly(prepared, config, xla=variant == "XLA")
    else:
        precision = "mixed_bfloat16" if variant == "bfloat16" else "float32"
        model, work = fit_ours(prepared, config.model_copy(update={"precision": precision}), threads=threads)
    first = timed(work)[1]
    seconds = [timed(work) for _ in range(ROUNDS)]
    cpu, wall = (min(column) for column in zip(*seconds, strict=True))
    start, stop = len(prepared) - N_VALID, len(prepared)
    model.reset_metrics()
    loss = model.test_on_batch(prepared.hits(start, stop).images(prepared.shape), prepared.interaction[start:stop])
    n = N_BATCHES * BATCH
    print(
        f"{variant:<16}{n / cpu:8.0f} images/s of processor time, {n / wall:6.0f} of the clock;"
        f" first round {first:.0f} s; loss {float(np.ravel(loss)[0]):.3f}",
        flush=True,
    )


def main() -> None:
    """Run every variant in a process of its own."""
    path, width = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.25
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    prepared, config = Prepared(path), one_job(width)
    if len(sys.argv) > 4:
        measure(sys.argv[4], prepared, config, threads=threads)
        return
    print(f"width {width}, batch {BATCH}, {threads} threads for ours, TensorFlow's choice for Keras's defaults")
    measure_pipeline(prepared, config)
    for variant in VARIANTS:
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.bench_nova_cvn",
            str(path),
            str(width),
            str(threads),
            variant,
        ]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
