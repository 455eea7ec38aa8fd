"""Generate one file of pixel maps in the format of NOvA's public files (arXiv:1604.01444, Sec. 2 and 3).

Settings -> <split>_<number>.h5 with `cvnmap` (event, 16000) uint8 and the group `neutrino`, and its receipt.

Neutrino interactions with the published shares of flavours and modes, cosmic-ray muons, and their light in NOvA's far
detector. The seed comes from the file's name, so files are independent of each other and of the order in which they are
made, and every event is independent of the others.
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
from papers.nova_cvn.generator import Event, Generator
from papers.nova_cvn.settings import SimulateConfig

CHUNK_EVENTS = 64


def draw_classes(config: SimulateConfig, *, n_events: int, random: np.random.Generator) -> np.ndarray:
    """Return classes (n_events,) with the shares of `class_counts`."""
    shares = np.array(list(config.class_counts.values()), float)
    return random.choice(list(config.class_counts), size=n_events, p=shares / shares.sum())


def generate(config: SimulateConfig, *, n_events: int, seed: int) -> tuple[np.ndarray, list[Event]]:
    """Return classes (event,) and events; the same seed gives the same events."""
    generator = Generator(config)
    labels = draw_classes(config, n_events=n_events, random=np.random.default_rng(seed))
    return labels, [generator.event(int(label), (seed, index)) for index, label in enumerate(labels)]


def write_events(path: Path, labels: np.ndarray, events: list[Event]) -> None:
    """Write events in NOvA's layout: both views of an event in a row, plane by plane, X view first."""
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
    """Generate, write, vouch."""
    arguments = parse(__doc__, config=SimulateConfig, paths=["events", "receipt"])
    config: SimulateConfig = arguments.config
    n_events = config.n_events[arguments.events.name.partition("_")[0]]
    seed = zlib.crc32(f"{config.seed} {arguments.events.name}".encode())
    generate(config, n_events=1, seed=seed)  # compiles, or loads what has been compiled before
    started = time.process_time()
    labels, events = generate(config, n_events=n_events, seed=seed)
    seconds = time.process_time() - started
    logging.info("%d events, %.0f per minute of one core", n_events, 60 * n_events / seconds)
    write_events(arguments.events, labels, events)
    write_receipt(arguments.receipt, generated_receipt(arguments.events, dataset="generated"))


if __name__ == "__main__":
    run(main)
