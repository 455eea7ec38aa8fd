"""The data that the figures are drawn from."""

from dataclasses import dataclass
from typing import Any

from ..metrics.scored_jets import Sample
from ..prepared import Array, Jets
from ..settings import EvaluateConfig

HEADLINE, STANDARDISED, ADVERSARIAL = "interaction", "interaction_standardised", "interaction_adversarial"
SHOWN = (HEADLINE, STANDARDISED, "double_b", "variables")  # in figures where more methods would hide each other


@dataclass(frozen=True)
class Inputs:
    """Test jets with the scores of the first seed, and results of all seeds.

    Attributes:
        config: Settings of stage evaluate.
        test: Jets within the article's window.
        everything: Jets with and without the window.
        jets: The same as `everything`, with the features of the tracks.
        decorrelated: By name of the mass-dependent cut: `roc`, and the jets that pass at each working point.
        histories: Learning curves of each seed, by method.
        metrics: Means over the seeds.
        reference: Numbers of the record's jets, by metric.
    """

    config: EvaluateConfig
    test: Sample
    everything: Sample
    jets: Jets
    decorrelated: dict[str, dict[str, Array]]
    histories: dict[str, list[dict[str, Array]]]
    metrics: dict[str, dict[str, Any]]
    reference: dict[str, float]

    def shown(self) -> dict[str, Array]:
        """Return the scores of the methods in SHOWN."""
        return {name: self.test.scores[name] for name in SHOWN if name in self.test.scores}
