"""What a photoz seed costs: the forest's cross-validation with one and two threads, and two seeds side by side.

python -m tests.benchmarks.bench_train results/photoz/small/prepared.h5
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from common.settings import load_settings
from papers.photoz.prepared import read_sample
from papers.photoz.settings import Settings
from papers.photoz.train import cross_validate


def headline(prepared: Path, seed: int, threads: int) -> float:
    """Return the seconds of one cross-validation of the article's forest."""
    config = load_settings(Path("papers/photoz"), "small", Settings).train
    experiment = config.experiments[0]
    sample = read_sample(prepared, experiment)
    started = time.perf_counter()
    cross_validate(sample, config.one(experiment), seed=seed, threads=threads)
    return time.perf_counter() - started


def main() -> None:
    """Print seconds per seed for both ways of using two cores."""
    prepared = Path(sys.argv[1])
    one, two = headline(prepared, 0, 1), headline(prepared, 0, 2)
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(headline, [prepared] * 2, [0, 1], [1, 1]))
    parallel = (time.perf_counter() - started) / 2
    print(f"seconds per seed: one thread {one:.1f}, two threads {two:.1f}, two seeds side by side {parallel:.1f}")
    print(f"ratio side by side / two threads: {parallel / two:.2f}")


if __name__ == "__main__":
    main()
