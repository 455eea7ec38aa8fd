"""Each guard passes on a right chain, and fails on one with the mistake that it is for."""

import numpy as np
import pytest

from tests.guards import (
    test_alignment,
    test_errors,
    test_independence,
    test_null,
    test_symmetries,
    test_training,
)
from tests.guards.chains import Chains
from tests.guards.fake import EPOCHS, FEATURES, LABEL, Fake


class ScaledOnAll(Fake):
    def for_scaling(self, splits):
        return np.concatenate(list(splits.values()))


class ScaledOnValid(Fake):
    def for_scaling(self, splits):
        return np.concatenate([splits["train"], splits["valid"]])


class CutOnTest(Fake):
    def cut(self, splits):
        return np.median(self.scores()["network"])


class NeverTrained(Fake):
    def epoch(self, weights, train, *, rate, generator):
        return weights

    def for_scaling(self, splits):
        return np.zeros((1, 16))


class ScoresKnowLabels(Fake):
    def method_scores(self, split):
        scores = super().method_scores(split)
        return scores | {"means": scores["means"] + 0.5 * split[:, LABEL]}


class SameSeedOfFiles(Fake):
    def seed_of_file(self, number):
        return 0


class NothingLearned(Fake):
    def make(self):
        super().make()
        splits = self.read()
        for split in splits.values():
            split[:, FEATURES] = np.random.default_rng(len(split)).normal(size=split[:, FEATURES].shape)
        self.write(splits)


class ScoresSorted(Fake):
    def predict(self):
        super().predict()
        np.savez(self.folder / "predictions.npz", **{name: np.sort(score) for name, score in self.scores().items()})


class LabelsShifted(Fake):
    def labels_of_scores(self, test):
        return np.roll(test[:, LABEL], 1)


class WeightsAsInputs(Fake):
    def method_scores(self, split):
        scores = super().method_scores(split)
        return scores | {"network": scores["network"] * split[:, 1]}


class MirroredAtPrediction(Fake):
    def method_scores(self, split):
        mirrored = split.copy()
        mirrored[:, 2] *= -1
        one, other = super().method_scores(split), super().method_scores(mirrored)
        return {name: (score + other[name]) / 2 for name, score in one.items()}


class NormalisedByBatch(Fake):
    def method_scores(self, split):
        return {name: score - score.mean() for name, score in super().method_scores(split).items()}


class RandomAtPrediction(Fake):
    def method_scores(self, split):
        scores = super().method_scores(split)
        return scores | {"network": scores["network"] + np.random.default_rng().normal(size=len(split)) * 1e-9}


class LastWeights(Fake):
    def best(self, found, losses):
        return found[-1]


class ValidatedOnTrain(Fake):
    def for_validation(self, splits):
        return splits["train"]


class BestIsLast(Fake):
    def rates(self):
        return np.full(EPOCHS, 0.01)

    def best(self, found, losses):
        return found[-1]


class Unstepped(Fake):
    def rates(self):
        return np.full(EPOCHS, 1.5)


class SameStart(Fake):
    def start(self, seed, mean):
        return super().start(0, mean)


class SeedIgnored(Fake):
    def train(self, *, seed=0):
        super().train(seed=0)


class NoSeed(Fake):
    def train(self, *, seed=0):
        super().train(seed=int(np.random.default_rng().integers(1 << 40)))


class SmallErrors(Fake):
    def error_factor(self):
        return 1 / np.sqrt(2)


class LargeErrors(Fake):
    def error_factor(self):
        return np.sqrt(2)


def alignment(chains, guard):
    guard(chains, test_alignment.in_other_order(chains))


def files(chains):
    test_independence.test_no_two_generated_files_share_an_event(chains, chains.folder)


def rows(chains):
    alignment(chains, test_alignment.test_reordered_events_keep_their_predictions)


def metrics(chains):
    alignment(chains, test_alignment.test_reordered_events_change_no_metric)


GUARDS = {  # what each guard says of each mistake
    test_independence.test_nothing_decided_depends_on_the_test_events: {
        ScaledOnAll: "decided with the test events",
        CutOnTest: "decided with the test events",
        NeverTrained: r"other training events change nothing of \['network'\]",
    },
    test_independence.test_what_the_training_split_decides_depends_on_no_other: {
        ScaledOnAll: "decided with valid",
        ScaledOnValid: "decided with valid",
    },
    test_independence.test_no_prediction_depends_on_the_labels_of_the_test_events: {
        ScoresKnowLabels: r"know the test labels: \['means'\]",
    },
    files: {SameSeedOfFiles: "files with the same events"},
    test_null.test_shuffled_labels_give_chance: {
        ScoresKnowLabels: r"from chance: {'means.gap'",
        NothingLearned: "nothing was learned",
    },
    rows: {ScoresSorted: "network"},
    metrics: {ScoresSorted: "depend on the order", LabelsShifted: "depend on the order"},
    test_symmetries.test_equal_views_have_equal_scores: {WeightsAsInputs: "weights changes scores: {'network'"},
    test_symmetries.test_unequal_views_have_other_scores: {MirroredAtPrediction: "changes no score of"},
    test_symmetries.test_the_size_of_batches_changes_no_score: {NormalisedByBatch: "other events of a batch"},
    test_symmetries.test_prediction_repeats_itself: {RandomAtPrediction: "differ each time"},
    test_training.test_the_stored_model_is_the_best_row_of_its_history: {
        LastWeights: "network: history",
        ValidatedOnTrain: "network: history",
        BestIsLast: "the best row is the last one",
    },
    test_training.test_the_learning_rate_is_that_of_the_settings: {Unstepped: "network"},
    test_training.test_two_seeds_differ_in_every_weight: {
        SameStart: "correlations of two seeds' weights: {'first'",
        SeedIgnored: "the same for two seeds",
    },
    test_training.test_one_seed_repeats_itself: {NoSeed: "the seed does not fix"},
    test_errors.test_errors_have_coverage: {SmallErrors: "{'gap': 0.7", LargeErrors: "{'gap': 1.4"},
}
REASONS = {(guard, mistake): reason for guard, mistakes in GUARDS.items() for mistake, reason in mistakes.items()}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_a_right_chain_passes(guard, tmp_path):
    guard(Chains(Fake, tmp_path))


@pytest.mark.parametrize(("guard", "mistake"), REASONS, ids=lambda value: value.__name__)
def test_a_mistake_is_noticed(guard, mistake, tmp_path):
    with pytest.raises(AssertionError, match=REASONS[guard, mistake]):
        guard(Chains(mistake, tmp_path))
