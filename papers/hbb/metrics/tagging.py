"""Figures of merit of a tagger, and the mass-dependent cut DDT (arXiv:1909.12285, evaluation)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from common.physics.roc import auc_with_error, rejection_with_error
from papers.hbb.cache import Array
from papers.hbb.settings import DdtConfig

if TYPE_CHECKING:
    from sklearn.ensemble import GradientBoostingRegressor

Entry = dict[str, float]
N_BOOTSTRAP = 100  # of the efficiency in a bin


def entry(value: float, error: float, n: int) -> Entry:
    """Return one value of metrics.json."""
    return {"value": float(value), "error": float(error), "n": int(n)}


def area(label: Array, score: Array) -> Entry:
    """Return the area under the ROC curve of a score (jet,), larger for H; label (jet,) is 1 for H, else 0."""
    return entry(*auc_with_error(label, score), len(label))


def threshold_at(score: Array, efficiency: float) -> float:
    """Return the threshold that the share `efficiency` of the scores (jet,) lies above."""
    return float(np.quantile(score, 1 - efficiency, method="higher"))


def rejection(label: Array, score: Array, *, efficiency: float) -> Entry:
    """Return 1/eps_b at a signal efficiency; arguments as above."""
    return entry(*rejection_with_error(label, score, efficiency), np.count_nonzero(label == 0))


def jensen_shannon(first: Array, second: Array) -> float:
    """Return the Jensen-Shannon divergence, base 2, of two histograms (bin,); 0 if one is empty.

    0 means equal shapes, 1 no overlap.
    """
    if not first.sum() or not second.sum():
        return 0.0
    p, q = first / first.sum(), second / second.sum()
    middle = (p + q) / 2
    parts = [a[a > 0] @ np.log2(a[a > 0] / middle[a > 0]) for a in (p, q)]
    return float(sum(parts) / 2)


def sculpting(mass: Array, passed: Array, edges: Array) -> float:
    """Return D_JS between the masses (jet,) of passing and failing QCD jets."""
    return jensen_shannon(*(np.histogram(mass[chosen], edges)[0] for chosen in (passed, ~passed)))


def blind_divergences(mass: Array, n_passed: int, edges: Array, *, n_draws: int, seed: int) -> Array:
    """Return D_JS (draw,) of `n_passed` jets chosen at random: what a finite sample gives without any sculpting."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(n_draws):
        passed = np.zeros(len(mass), bool)
        passed[random.permutation(len(mass))[:n_passed]] = True
        values.append(sculpting(mass, passed, edges))
    return np.array(values)


def sculpting_entries(
    mass: Array, passed: Array, edges: Array, chance: Array, *, n_bootstrap: int, seed: int
) -> dict[str, Entry]:
    """Return D_JS of QCD jets as `djs`, what it has beyond chance as `djs_excess`, both with their bootstrap error.

    D_JS is never negative, so even a cut that ignores the mass has one: the fewer jets pass, the larger. `djs_p` is the
    probability that such a cut has as much: the sign that there is sculpting, where the errors of the other two tell
    how well its size is known.

    Args:
        mass: (jet,) [GeV]
        passed: (jet,) mask.
        edges: Bins of the mass [GeV].
        chance: (draw,) D_JS of cuts that cannot know the mass.
        n_bootstrap: Resamplings of the jets.
        seed: Of these.
    """
    random, n_passed = np.random.default_rng(seed), int(passed.sum())
    draws = random.integers(len(mass), size=(n_bootstrap, len(mass)))
    error = np.std([sculpting(mass[draw], passed[draw], edges) for draw in draws], ddof=1)
    found = sculpting(mass, passed, edges)
    excess = found - chance.mean()
    return {
        "djs": entry(found, error, n_passed),
        "djs_excess": entry(excess, error, n_passed),
        "djs_p": entry((1 + np.sum(chance >= found)) / (1 + len(chance)), 0.0, n_passed),
    }


def removed(mass: Array, cuts: tuple[Array, Array], edges: Array, *, n_bootstrap: int, seed: int) -> Entry:
    """Return by how much D_JS of the first cut is larger; masks (jet,) of the same QCD jets and mass (jet,) [GeV].

    The error is that of the difference, from bootstrap samples of the jets.
    """
    draws = np.random.default_rng(seed).integers(len(mass), size=(n_bootstrap, len(mass)))

    def difference(chosen: Array) -> float:
        first, second = (sculpting(mass[chosen], cut[chosen], edges) for cut in cuts)
        return first - second

    error = np.std([difference(draw) for draw in draws], ddof=1)
    return entry(difference(np.arange(len(mass))), error, len(mass))


def logit(score: Array) -> Array:
    """Return the log odds of probabilities; a quantile does not care about a monotone function, a regression does."""
    clipped = np.clip(score.astype(float), 1e-9, 1 - 1e-7)
    return np.log(clipped / (1 - clipped))


@dataclass(frozen=True)
class MassCut:
    """DDT: a threshold of the score that depends on the soft-drop mass, so that QCD passes evenly at every mass."""

    regression: "GradientBoostingRegressor"

    @classmethod
    def fit(cls, mass: Array, score: Array, *, mistag: float, depth: int, config: DdtConfig) -> "MassCut":
        """Fit the quantile 1 - mistag of the score of QCD jets (jet,) against their mass (jet,) [GeV]."""
        from sklearn.ensemble import GradientBoostingRegressor  # two seconds, which the figures can do without

        regression = GradientBoostingRegressor(
            loss="quantile",
            alpha=1 - mistag,
            n_estimators=config.n_estimators,
            min_samples_leaf=config.min_samples_leaf,
            min_samples_split=2 * config.min_samples_leaf,
            max_depth=depth,
            random_state=config.seed,
        )
        return cls(regression.fit(mass[:, None], logit(score)))

    def passes(self, mass: Array, score: Array) -> Array:
        """Return a mask (jet,) of the jets above their mass's threshold."""
        return logit(score) > self.regression.predict(mass[:, None])


def best_depth(mass: Array, score: Array, *, mistag: float, config: DdtConfig) -> int:
    """Return which depth of the trees describes best, among QCD jets (jet,) with fifths left out in turn, the fifth."""
    fold = np.random.default_rng(config.seed).permutation(len(mass)) % 5

    def loss(depth: int) -> float:
        total = 0.0
        for left_out in (fold == number for number in range(5)):
            cut = MassCut.fit(mass[~left_out], score[~left_out], mistag=mistag, depth=depth, config=config)
            above = logit(score[left_out]) - cut.regression.predict(mass[left_out, None])
            total += float(np.maximum((1 - mistag) * above, -mistag * above).sum())
        return total

    return config.max_depth[0] if len(config.max_depth) == 1 else min(config.max_depth, key=loss)


def binned_efficiency(
    value: Array, label: Array, score: Array, edges: list[float], *, mistag: float
) -> dict[str, Array]:
    """Return the signal efficiency at a mistag rate that is met anew in each bin, as the authors' code does.

    Its error is that of bootstrap samples of both classes: few QCD jets decide on the threshold.

    Args:
        value: (jet,) what is binned.
        label: (jet,)
        score: (jet,)
        edges: Of the bins.
        mistag: Share of the QCD jets of a bin that may pass.
    """
    columns: dict[str, list[float]] = {"low": [], "high": [], "efficiency": [], "error": [], "n_qcd": []}
    random = np.random.default_rng(0)
    for low, high in pairwise(edges):
        here = (value >= low) & (value < high)
        signal, background = score[here & (label == 1)], score[here & (label == 0)]
        if len(background) * mistag < 1 or len(signal) < 2:
            continue  # fewer than one QCD jet would pass
        passed = (signal >= threshold_at(background, mistag)).mean()
        drawn = [
            (random.choice(signal, len(signal)) >= threshold_at(random.choice(background, len(background)), mistag))
            for _ in range(N_BOOTSTRAP)
        ]
        error = np.std([resampled.mean() for resampled in drawn], ddof=1)
        for name, number in zip(columns, (low, high, passed, error, len(background)), strict=True):
            columns[name].append(float(number))
    return {name: np.array(numbers) for name, numbers in columns.items()}


def binned_rates(value: Array, chosen: Array, passed: Array, edges: list[float]) -> dict[str, Array]:
    """Return the share of the chosen jets (mask) that pass (mask), with binomial errors, in bins of `value` (jet,)."""
    columns: dict[str, list[float]] = {"low": [], "high": [], "rate": [], "error": []}
    for low, high in pairwise(edges):
        here = chosen & (value >= low) & (value < high)
        n = int(here.sum())
        if n:
            rate = float(passed[here].mean())
            numbers = (low, high, rate, np.sqrt(rate * (1 - rate) / n))
            for name, number in zip(columns, numbers, strict=True):
                columns[name].append(float(number))
    return {name: np.array(numbers) for name, numbers in columns.items()}
