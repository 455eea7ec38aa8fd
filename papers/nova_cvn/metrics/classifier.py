"""The numbers of one classifier with their bootstrap errors (arXiv:1604.01444, Tables 1-2 and confusion matrix)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from papers.nova_cvn.cache import Prepared
from papers.nova_cvn.classes import FLAVOURS, INTERACTIONS, NEUTRINO_CLASSES, flavour_scores, is_flavour
from papers.nova_cvn.confusion import (
    SHARED_TABLE,
    class_matrix,
    flavour_matrix,
    largest_other_mistake,
    mean_efficiency,
    mistaken,
    normalised,
)
from papers.nova_cvn.selection import MERITS, best_cut, cumulate, cut_grid, working_point
from papers.nova_cvn.settings import EvaluateConfig
from papers.nova_cvn.weights import Selection, components

SELECTIONS: tuple[Selection, ...] = ("nue", "numu")
Metric = dict[str, float]


@dataclass(frozen=True)
class Scored:
    """Events of one split with the outputs of one classifier."""

    interaction: np.ndarray  # (event,)
    energy_gev: np.ndarray  # (event,)
    probability: np.ndarray  # (event, output)

    @classmethod
    def of(cls, events: Prepared, probability: np.ndarray) -> "Scored":
        """Return a split's events with their outputs."""
        return cls(events.interaction, events.energy_gev, probability)

    def drawn(self, place: np.ndarray) -> "Scored":
        """Return the events at some places (event,), repeated if a place is."""
        return Scored(self.interaction[place], self.energy_gev[place], self.probability[place])

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.interaction)


def selection_score(events: Scored, selection: Selection) -> np.ndarray:
    """Return the score (event,): the sum of the outputs of a flavour."""
    return flavour_scores(events.probability)[:, list(FLAVOURS).index(selection)]


def counted_classes(events: Scored, *, min_events: int) -> np.ndarray:
    """Return which of the 13 classes (class,) have enough events: the same ones for every seed and bootstrap draw."""
    return class_matrix(events.interaction, events.probability).sum(axis=1) >= min_events


def matrix_values(events: Scored, counted: np.ndarray) -> dict[str, float]:
    """Return what follows from the two confusion matrices.

    Args:
        events: The events.
        counted: (class,) mask of the 13 classes that have enough of them.
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
    for number, place in enumerate(NEUTRINO_CLASSES):
        if counted[number]:
            key = INTERACTIONS[place].lower().replace(" ", "_")
            values[f"class.{key}"] = float(normalised(classes)[number, number])
    return values


def choose_cuts(valid: Scored, config: EvaluateConfig) -> dict[tuple[Selection, str], int]:
    """Return the place in the grid of the best cut on the validation events, by selection and figure of merit."""
    chosen = {}
    for selection in SELECTIONS:
        weights = components(selection, valid.interaction, valid.energy_gev, config)
        passed = cumulate(selection_score(valid, selection), weights, cut_grid(config.n_cuts))
        for kind in MERITS:
            chosen[selection, kind] = best_cut(passed, kind, min_background=config.min_background)
    return chosen


def selection_values(
    events: Scored, cuts: dict[tuple[Selection, str], int], config: EvaluateConfig
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


def with_errors(
    events: Scored, measure: Callable[[Scored], dict[str, float]], *, n_bootstrap: int, seed: int
) -> dict[str, Metric]:
    """Return each number with its bootstrap error: events are drawn with repetition.

    A draw that lacks a number, such as one without any signal, does not count for its error.
    """
    random, found = np.random.default_rng(seed), {}
    draws = [measure(events.drawn(random.integers(len(events), size=len(events)))) for _ in range(n_bootstrap)]
    for name, value in measure(events).items():
        scatter = [draw[name] for draw in draws if name in draw]
        error = float(np.std(scatter, ddof=1)) if len(scatter) > 1 else 0.0
        found[name] = {"value": value, "error": error, "n": len(events)}
    return found
