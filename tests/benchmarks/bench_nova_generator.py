"""Speed of nova_cvn's generator on one core, and how long its kernels take to compile.

    python -m tests.benchmarks.bench_nova_generator [events]

Processor time, so that other work on the machine changes little. The kernels are compiled into an empty folder first;
loading them from there, as every later start does, is timed in a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

from common.settings import load_settings
from papers.nova_cvn.generator import compiled  # names the folder for compiled code, which is changed below
from papers.nova_cvn.prepared.labels import INTERACTIONS
from papers.nova_cvn.settings import Settings, SimulateConfig


def start(folder: str, config: SimulateConfig) -> float:
    """Return the seconds until all kernels have run once, compiled into or loaded from a folder."""
    numba.config.CACHE_DIR = folder
    started = time.process_time()
    from papers.nova_cvn.generator.event import Generator

    generator = Generator(config)
    for label in (2, 6, 14):
        generator.event(label, (1, label))
    return time.process_time() - started


def rates(config: SimulateConfig, n_events: int) -> None:
    """Print events per minute of the mix, and of each class with enough events."""
    from papers.nova_cvn.generator.event import Generator
    from papers.nova_cvn.simulate import choose_labels

    generator = Generator(config)
    labels = choose_labels(config, n_events=n_events, random=np.random.default_rng(1))
    seconds = np.empty(n_events)
    for index, label in enumerate(labels):
        started = time.process_time()
        generator.event(int(label), (1, index))
        seconds[index] = time.process_time() - started
    print(f"{n_events} events of the published mix: {60 / seconds.mean():.0f} per minute of one core")
    for label in np.unique(labels):
        part = seconds[labels == label]
        if len(part) >= 30:
            print(f"    {INTERACTIONS[label]}: {60 / part.mean():.0f} per minute")


def main() -> None:
    """Measure, or only load the kernels if a folder is given after the number of events."""
    config = load_settings(Path("papers/nova_cvn"), "generated", Settings).simulate
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    if len(sys.argv) > 2:
        print(f"start with compiled kernels: {start(sys.argv[2], config):.1f} s")
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"first start, {len(compiled.KERNEL_FILES)} files compiled: {start(folder, config):.1f} s", flush=True)
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_nova_generator", "0", folder], check=True)
    rates(config, n_events)


if __name__ == "__main__":
    main()
