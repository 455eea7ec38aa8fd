"""What the figures of arXiv:1511.05190 are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..prepared import Jets

Arrays = Mapping[str, np.ndarray]
Metrics = Mapping[str, Mapping[str, Any]]  # of metrics.json, all seeds together


@dataclass(frozen=True)
class Networks:
    """The networks of one seed on its test jets.

    Attributes:
        test: The test jets.
        scores: (jet,) of each method
        filters: (map, row, column) first kernels of the ConvNet
        strongest: (node, row, column) mean image [GeV] of the jets that excite each of MaxOut's last hidden nodes most
    """

    test: Jets
    scores: Arrays
    filters: np.ndarray
    strongest: np.ndarray


@dataclass(frozen=True)
class Inputs:
    """All that is drawn.

    Attributes:
        jets: All jets of the run.
        steps: Masses [GeV] by step of the preprocessing, `signal` and `weight`, each (jet,); empty for the archive
        efficiency: (point,) of the signal, for all curves
        curves: "rejection" and "error" (point,) of each curve, averaged over the seeds
        networks: Those of the first seed.
        metrics: Areas and numbers of training jets, with the values of each seed.
    """

    jets: Jets
    steps: Arrays
    efficiency: np.ndarray
    curves: Mapping[str, Arrays]
    networks: Networks
    metrics: Metrics
