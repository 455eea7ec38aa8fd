"""What the figures are made from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.classifier import SELECTIONS, ScoredEvents, choose_cuts, selection_score
from ..metrics.event_weights import Components, Selection, components
from ..metrics.examples import choose_examples
from ..metrics.selection import Merit
from ..prepared.file import Prepared
from ..prepared.pixel_map import MAX_VALUE
from ..settings import EvaluateConfig

Y_VIEW = 1


@dataclass(frozen=True)
class Inputs:
    """Results of all seeds. What shows a single network is that of the first seed."""

    config: EvaluateConfig
    valid: Prepared
    test: Prepared
    cvn: dict[str, Any]  # the first seed's predictions.h5 of the CVN: its arrays, `layers` and `examples`
    histories: dict[str, list[dict[str, np.ndarray]]]  # network -> for each seed the columns (epoch,) of history.csv
    metrics: dict[str, Any]  # of all seeds together
    names: list[str]  # of the classifiers
    thesis: dict[str, dict[str, float]]  # event of the thesis -> quantity -> value

    def images(self, index: list[int]) -> np.ndarray:
        """Return the images (event, view, plane, cell) of test events, 0 to MAX_VALUE."""
        parts = [self.test.hits(event, event + 1).images(self.test.shape) for event in index]
        return np.rint(MAX_VALUE * np.concatenate(parts))

    def example_images(self) -> dict[str, np.ndarray]:
        """Return the Y views (plane, cell) of the example events by name; types without an event are left out."""
        examples = choose_examples(self.test.interaction, np.diff(self.test.offset))
        return {name: self.images([event])[0][Y_VIEW] for name, event in examples.items()}

    def inner_maps(self, name: str) -> dict[str, np.ndarray]:
        """Return what a layer of the CVN makes of the example events (plane, cell, channel) by the event's name."""
        return dict(zip(self.cvn["examples"], self.cvn.get(name, ()), strict=True))

    def scores(self) -> dict[Selection, np.ndarray]:
        """Return the CVN's scores (event,) of the test events, for each selection."""
        events = ScoredEvents.of(self.test, self.cvn["test"])
        return {selection: selection_score(events, selection) for selection in SELECTIONS}

    def weights(self) -> dict[Selection, Components]:
        """Return the weights (event,) of the test events, for each selection and component."""
        test = self.test
        return {s: components(s, test.interaction, test.energy_gev, self.config) for s in SELECTIONS}

    def cuts(self) -> dict[tuple[Selection, Merit], int]:
        """Return the indices of the cuts on the CVN's scores that are best on the validation events."""
        return choose_cuts(ScoredEvents.of(self.valid, self.cvn["valid"]), self.config)
