"""Measure every subtraction on the test split (arXiv:2005.06534).

prepared_<task>.h5 and predictions.h5 -> metrics.json with, per "task.method":
`psd_ratio` (the training's loss), `asd_ratio`, `line_suppression`, `sideband_ratio`, `eta`, ...
"""

from pathlib import Path

import h5py
import numpy as np

from common.atomic import write_json
from common.stage import parse, run
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.subtraction import measure_task


def main() -> None:
    """Read, measure, write."""
    arguments = parse(
        __doc__, config=EvaluateConfig, path_lists=["prepared"], paths=["predictions", "metrics"], numbers=["seed"]
    )
    metrics: dict[str, dict[str, float]] = {}
    for prepared in arguments.prepared:
        metrics |= measure_task(prepared, arguments.predictions, arguments.config, seed=arguments.seed)
    write_json(arguments.metrics, metrics)


if __name__ == "__main__":
    run(main)
