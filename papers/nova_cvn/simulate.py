"""Generate one file of pixel maps in the format of NOvA's public files (arXiv:1604.01444, Sec. 2 and 3).

Settings -> <split>_<number>.h5 with `cvnmap` (event, 16000) uint8 and the group `neutrino`, and its receipt.

Neutrino interactions have the published shares of flavours and modes; cosmic-ray muons are added. The seed depends on
the name of the file, so that files are independent of each other and of the order in which they are made. Every event
is independent of the others, too.
"""

import logging
import time
import zlib
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import generated_receipt, write_receipt
from common.stage import parse, run

from .generator.event import Event, Generator
from .settings import SimulateConfig

CHUNK_EVENTS = 64


def choose_labels(config: SimulateConfig, *, n_events: int, random: np.random.Generator) -> np.ndarray:
    """Return interaction types (event,) with the shares of `class_counts`."""
    # Sorted as text, like the keys of JSON, so that the order in the settings file does not change the events.
    labels = sorted(config.class_counts, key=str)
    shares = np.array([config.class_counts[label] for label in labels], float)
    return random.choice(labels, size=n_events, p=shares / shares.sum())


def generate(config: SimulateConfig, *, n_events: int, seed: int) -> tuple[np.ndarray, list[Event]]:
    """Return interaction types (event,) and events; the same seed gives the same events."""
    generator = Generator(config)
    labels = choose_labels(config, n_events=n_events, random=np.random.default_rng(seed))
    return labels, [generator.event(int(label), (seed, index)) for index, label in enumerate(labels)]


def write_events(path: Path, labels: np.ndarray, events: list[Event]) -> None:
    """Write events in NOvA's order of axes: view, plane, cell, with the X view first."""
    maps = np.stack([event.maps for event in events]).reshape(len(events), -1)
    truth = {
        "interaction": labels.astype(np.int32),
        "nuenergy": np.array([event.energy_gev for event in events], np.float32),
        "lepenergy": np.array([event.lepton_gev for event in events], np.float32),
        "finalstate": np.array([event.n_visible for event in events], np.int32),
    }
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        chunks = (min(CHUNK_EVENTS, len(events)), maps.shape[1])
        file.create_dataset("cvnmap", data=maps, chunks=chunks, compression="gzip", compression_opts=1)
        for name, values in truth.items():
            file[f"neutrino/{name}"] = values


def main() -> None:
    """Generate the events, write them and their receipt."""
    arguments = parse(__doc__, section="simulate", config=SimulateConfig, paths=["events", "receipt"], texts=["split"])
    config: SimulateConfig = arguments.config
    n_events = config.n_events[arguments.split]
    seed = zlib.crc32(f"{config.seed} {arguments.events.name}".encode())
    generate(config, n_events=1, seed=seed)  # compiles the kernels, or loads them
    started = time.process_time()
    labels, events = generate(config, n_events=n_events, seed=seed)
    seconds = time.process_time() - started
    logging.info("%d events, %.0f per minute of one core", n_events, 60 * n_events / seconds)
    write_events(arguments.events, labels, events)
    write_receipt(arguments.receipt, generated_receipt(arguments.events, dataset="generated"))


if __name__ == "__main__":
    run(main)
