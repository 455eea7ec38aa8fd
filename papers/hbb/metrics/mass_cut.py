"""The mass-dependent cut DDT (arXiv:1909.12285, mass decorrelation)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..prepared import Array
from ..settings import DdtConfig

if TYPE_CHECKING:
    from sklearn.ensemble import GradientBoostingRegressor


def logit(score: Array) -> Array:
    """Return the log odds of probabilities: a monotone function moves no quantile, but the regression works better."""
    clipped = np.clip(score.astype(float), 1e-9, 1 - 1e-7)
    return np.log(clipped / (1 - clipped))


@dataclass(frozen=True)
class MassCut:
    """DDT: a threshold of the score that depends on the soft-drop mass, so that QCD passes evenly at every mass."""

    regression: "GradientBoostingRegressor"

    @classmethod
    def fit(cls, mass: Array, score: Array, *, mistag: float, depth: int, config: DdtConfig) -> "MassCut":
        """Fit the quantile 1 - mistag of the score of QCD jets (jet,) against their mass (jet,) [GeV]."""
        from sklearn.ensemble import GradientBoostingRegressor  # here, because the figures do without these two seconds

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

    def threshold(self, mass: Array) -> Array:
        """Return the threshold (jet,) of the log odds at masses (jet,) [GeV]."""
        return self.regression.predict(mass[:, None])

    def passes(self, mass: Array, score: Array) -> Array:
        """Return a mask (jet,) of the jets above the threshold of their mass."""
        return logit(score) > self.threshold(mass)


def best_depth(mass: Array, score: Array, *, mistag: float, config: DdtConfig) -> int:
    """Return the depth of the trees with the lowest loss in a five-fold cross-validation on QCD jets (jet,)."""
    fold = np.random.default_rng(config.seed).permutation(len(mass)) % 5

    def loss(depth: int) -> float:
        total = 0.0
        for left_out in (fold == number for number in range(5)):
            cut = MassCut.fit(mass[~left_out], score[~left_out], mistag=mistag, depth=depth, config=config)
            above = logit(score[left_out]) - cut.regression.predict(mass[left_out, None])
            total += float(np.maximum((1 - mistag) * above, -mistag * above).sum())
        return total

    return config.max_depth[0] if len(config.max_depth) == 1 else min(config.max_depth, key=loss)
