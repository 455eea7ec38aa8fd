"""What Russian roulette is worth: QCD images per minute of one core with it and without, and what their weights cost.

python -m tests.benchmarks.bench_jet_images [images of each kind]

Images of unequal weight hold less information than as many of equal weight: (sum w)^2 / sum w^2 is how many they are
worth. Both numbers are printed, and the rate at which events reach an image, which must agree.
"""

import sys
import time
from pathlib import Path

import numpy as np

from common.config import load_settings
from papers.jet_images.detector import select, towers, trimmed_jets
from papers.jet_images.generator import generate_events, start
from papers.jet_images.settings import Settings, SimulateConfig

BATCH = 50  # events


def measure(kind: str, config: SimulateConfig, n_images: int) -> dict[str, float]:
    """Return accepted images, what they are worth, seconds, and the rate per tried event with its error."""
    pythia, roulette = start(kind, config, seed=1)
    started, weights, n_finished = time.process_time(), [], 0
    while sum(map(len, weights)) < n_images:
        particles, weight = generate_events(pythia, roulette, n_events=BATCH)
        jets = trimmed_jets(towers(particles, config.jets), config.jets, n_events=len(weight), lowest_pt_gev=240)
        weights.append(weight[select(jets, config.jets, pt_gev=config.jets.pt_gev).event])
        n_finished += len(weight)
    seconds = time.process_time() - started
    found, n_tried = np.concatenate(weights), roulette.n_tried or n_finished
    per_minute = 60 / seconds
    return {
        "images per minute": len(found) * per_minute,
        "worth per minute": found.sum() ** 2 / np.sum(found**2) * per_minute,
        "rate": found.sum() / n_tried,
        "error": np.sqrt(np.sum(found**2)) / n_tried,
    }


def main() -> None:
    """Print both, and their ratio."""
    n_images = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    config = load_settings(Path("papers/jet_images"), "generated", Settings).simulate
    plain = config.model_copy(update={"roulette": config.roulette.model_copy(update={"smallest_chance": 1.0})})
    for kind in ("background", "signal"):
        found = [measure(kind, settings, n_images) for settings in (plain, config)]
        for name, row in zip(("plain", "roulette"), found, strict=True):
            print(kind, name, ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
        ratios = {key: found[1][key] / found[0][key] for key in ("images per minute", "worth per minute")}
        pull = (found[1]["rate"] - found[0]["rate"]) / np.hypot(found[0]["error"], found[1]["error"])
        print(
            kind,
            ", ".join(f"{key}: {value:.2f} times" for key, value in ratios.items()),
            f"; rates differ by {pull:.1f} sigma",
        )


if __name__ == "__main__":
    main()
