"""Generate one file of jets in the format of CERN Open Data record 12102 (arXiv:1909.12285, data set).

Settings and the pile-up pool -> <file>.root with all 219 branches of `deepntuplizer/tree`, and its receipt.

A file mixes graviton masses and bins of pT-hat in the proportions of the settings, without weights. Its seed comes from
the name of the file, so the content depends neither on other files nor on the order in which they are generated.
"""

import logging
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from common.atomic import atomic_output
from common.download.receipts import generated_receipt, write_receipt
from common.stage import parse, run

from .generator.collisions import Generator, process
from .generator.material import pass_material
from .generator.ntuple import Batch, Conditions, as_table, make_batch, write_tree
from .generator.pileup import Pool, add_pileup, read_pool
from .generator.tracking import join, reconstruct
from .settings import SimulateConfig

FOUND_VERTICES = 0.75  # share of the pile-up collisions with a reconstructed vertex


class Clock:
    """Processor seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to the step `name`."""
        started = time.process_time()
        yield
        self.seconds[name] += time.process_time() - started

    def shares(self) -> str:
        """Return the share of each step in percent."""
        total = sum(self.seconds.values())
        return ", ".join(f"{name} {100 * value / total:.0f} %" for name, value in self.seconds.items())


class Source:
    """Batches of jets from collisions of all processes in turn."""

    def __init__(self, config: SimulateConfig, pool: Pool, *, seed: int) -> None:
        """Prepare the random numbers; each generator of collisions is initialised when it is first needed."""
        self.config, self.pool = config, pool
        self.random = np.random.default_rng(seed)
        self.generators: dict[tuple[str, object], Generator] = {}
        self.n_events, self.n_batches, self.clock = 0, 0, Clock()
        self.first = int(self.random.integers(1000))

    def _generator(self, kind: str, choice: Any) -> Generator:
        if (kind, choice) not in self.generators:
            settings = process(pthat_gev=choice) if kind == "qcd" else process(graviton_gev=choice)
            seed = int(self.random.integers(1, 900_000_000))
            self.generators[kind, choice] = Generator(settings, seed=seed)
        return self.generators[kind, choice]

    def _choose(self) -> tuple[str, Any]:
        """Return the kind of the next batch and its mass or bin; these take turns, beginning with a random one."""
        n_qcd = round(self.config.qcd_share * (self.n_batches + 1))
        is_qcd = n_qcd > round(self.config.qcd_share * self.n_batches)
        turn = n_qcd if is_qcd else self.n_batches + 1 - n_qcd
        self.n_batches += 1
        choices: list[Any] = self.config.pthat_gev if is_qcd else self.config.graviton_gev
        return "qcd" if is_qcd else "signal", choices[(self.first + turn) % len(choices)]

    def next(self) -> Batch:
        """Return the jets of one batch of collisions."""
        config, random = self.config, self.random
        kind, choice = self._choose()
        with self.clock.step("start of Pythia"):
            generator = self._generator(kind, choice)
        with self.clock.step("collisions"):
            collisions = generator.batch(config.batch_events)
        with self.clock.step("detector"):
            mean = np.maximum(random.normal(config.pileup_mean, config.pileup_sigma, collisions.n_events), 1)
            counts = random.poisson(mean)
            n_vertices = 1 + random.binomial(counts, FOUND_VERTICES)
            hard = reconstruct(pass_material(collisions.final, random), random)
            candidates = join([hard, *add_pileup(self.pool, counts, random)])
        with self.clock.step("jets, vertices, branches"):
            conditions = Conditions(kind == "qcd", counts, n_vertices, mean, self.n_events)
            batch = make_batch(collisions, candidates, conditions)
        self.n_events += collisions.n_events
        return batch


def main() -> None:
    """Generate until there are enough jets, write the file and its receipt."""
    arguments = parse(__doc__, section="simulate", config=SimulateConfig, paths=["pool", "jets", "receipt"])
    config = arguments.config
    seed = zlib.crc32(f"{config.seed} {arguments.jets.name}".encode())
    source = Source(config, read_pool(arguments.pool), seed=seed)
    n_wanted = config.n_jets[arguments.jets.name.partition("_")[0]]
    batches, n_jets = [], 0
    while n_jets < n_wanted:
        batches.append(source.next())
        n_jets += len(batches[-1].counts["sv"])
    with source.clock.step("writing"), atomic_output(arguments.jets) as path:
        write_tree(path, as_table(batches, source.random))
    seconds = sum(source.clock.seconds.values())
    logging.info(
        "%d collisions, %d jets, %.0f jets/min; %s",
        source.n_events,
        n_jets,
        60 * n_jets / seconds,
        source.clock.shares(),
    )
    write_receipt(arguments.receipt, generated_receipt(arguments.jets, dataset="generated"))


if __name__ == "__main__":
    run(main)
