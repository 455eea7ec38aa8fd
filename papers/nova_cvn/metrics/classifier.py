"""The numbers of one classifier: the article's Tables 1-2, its confusion matrix, areas under ROC curves."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from ..prepared.file import Prepared
from ..prepared.labels import FLAVOURS, INTERACTIONS, NEUTRINO_CLASSES, flavour_scores, is_flavour
from ..settings import EvaluateConfig
from .confusion import (
    SHARED_TABLE,
    class_matrix,
    flavour_matrix,
    largest_other_mistake,
    mean_efficiency,
    mistaken,
    normalised,
)
from .event_weights import Selection, components
from .selection import MERITS, best_cut, cumulate, cut_grid, working_point

SELECTIONS: tuple[Selection, ...] = ("nue", "numu")


@dataclass(frozen=True)
class ScoredEvents:
    """Events of one split, with the outputs of one classifier."""

    interaction: np.ndarray  # (event,)
    energy_gev: np.ndarray  # (event,)
    probability: np.ndarray  # (event, output)

    @classmethod
    def of(cls, events: Prepared, probability: np.ndarray) -> "ScoredEvents":
        """Return the events of a split with their outputs (event, output)."""
        return cls(events.interaction, events.energy_gev, probability)

    def take(self, index: np.ndarray) -> "ScoredEvents":
        """Return the selected events; indices may repeat (bootstrap)."""
        return ScoredEvents(self.interaction[index], self.energy_gev[index], self.probability[index])

    def __len__(self) -> int:
        return len(self.interaction)


def selection_score(events: ScoredEvents, selection: Selection) -> np.ndarray:
    """Return the score (event,): the sum of the outputs of a flavour."""
    return flavour_scores(events.probability)[:, list(FLAVOURS).index(selection)]


def counted_classes(events: ScoredEvents, *, min_events: int) -> np.ndarray:
    """Return a mask (class,) of the 13 classes with enough events, to be used for every seed and bootstrap draw."""
    return class_matrix(events.interaction, events.probability).sum(axis=1) >= min_events


def matrix_values(events: ScoredEvents, counted: np.ndarray) -> dict[str, float]:
    """Return what follows from the two confusion matrices.

    Args:
        events: The events.
        counted: Mask (class,) of the classes with enough events; see `counted_classes`.
    """
    classes, flavours = (
        function(events.interaction, events.probability) for function in (class_matrix, flavour_matrix)
    )
    shares = normalised(flavours)
    values = {
        "accuracy": float(np.mean(events.probability.argmax(axis=1) == events.interaction)),
        "mean_class_efficiency": mean_efficiency(classes, counted),
        "mistaken.nc_nue": mistaken(flavours, "nc", "nue"),
        "mistaken.largest_other": largest_other_mistake(flavours, SHARED_TABLE),
        "mistaken.largest_other_with_nutau": largest_other_mistake(flavours, (*SHARED_TABLE, "nutau")),
    }
    for number, name in enumerate(FLAVOURS):
        values[f"flavour.{name}"] = float(shares[number, number])
    values["flavour.best_other"] = max(values[f"flavour.{name}"] for name in ("nue", "nutau", "nc"))
    for number, interaction in enumerate(NEUTRINO_CLASSES):
        if counted[number]:
            key = INTERACTIONS[interaction].lower().replace(" ", "_")
            values[f"class.{key}"] = float(normalised(classes)[number, number])
    return values


def choose_cuts(valid: ScoredEvents, config: EvaluateConfig) -> dict[tuple[Selection, str], int]:
    """Return the index into the grid of the best cut on the validation events, by selection and figure of merit."""
    cuts = {}
    for selection in SELECTIONS:
        weights = components(selection, valid.interaction, valid.energy_gev, config)
        passed = cumulate(selection_score(valid, selection), weights, cut_grid(config.n_cuts))
        for kind in MERITS:
            cuts[selection, kind] = best_cut(passed, kind, min_background=config.min_background)
    return cuts


def selection_values(
    events: ScoredEvents, cuts: dict[tuple[Selection, str], int], config: EvaluateConfig
) -> dict[str, float]:
    """Return the rows of both tables at cuts that were chosen on other events, and the areas under the ROC curves."""
    values = {}
    for selection in SELECTIONS:
        score = selection_score(events, selection)
        weights = components(selection, events.interaction, events.energy_gev, config)
        passed = cumulate(score, weights, cut_grid(config.n_cuts))
        for kind in MERITS:
            row = working_point(passed, cuts[selection, kind], min_background=config.min_background)
            values |= {f"{selection}.at_{kind}.{name}": value for name, value in row.items()}
        signal = is_flavour(events.interaction, selection)
        beam = signal | is_flavour(events.interaction, "numu") | is_flavour(events.interaction, "nue")
        beam |= is_flavour(events.interaction, "nc")
        if signal.any() and not signal[beam].all():
            values[f"{selection}.auc"] = float(roc_auc_score(signal[beam], score[beam]))
    return values
