"""The error of a difference: ours minus published.

Three independent parts make it up: the scatter s between our n seeds, the error E of our sample, and the article's
error e, unless that is the rounding of the last printed digit. What the claim says of the sample decides how they are
combined. The article's number counts as one more seed, and e has to contain what its sample adds to that:

    shared         s^2 (1 + 1/n) + E^2 + e^2      all seeds have the sample's error in common
    per seed       s^2 (1 + 1/n) + e^2            s contains it
    divided        s^2 (1 + 1/n) + f E^2 + e^2    two seeds that each test on the share f of one sample have f of its
                                                  variance in common, and s contains the rest
    the article's  s^2 (1 + 1/n) + e^2            both numbers have it

A scatter of few seeds is itself uncertain. Pulls count that by degrees of freedom (Satterthwaite, Biometrics Bulletin 2
(1946) 110; Welch, Biometrika 34 (1947) 28), which is exact for one part alone. Where both parts count, pulls of two
seeds come out up to 1.4 times too wide, of three 1.15 times. Verdicts must not be wrong that often: as soon as the
scatter is a fifth of the variance, "two standard deviations" are those of the scatter alone, the quantile of Student's
t with n - 1 degrees of freedom that is exceeded as seldom as two of a Gaussian (14 for two seeds, 4.5 for three).
"""

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from common.report.published import NumberClaim

TWO_SIGMA = float(ndtr(2.0))  # 0.977, one-sided
NEGLIGIBLE = 1e-9  # part of the variance
NOTABLE = 0.2  # part of the variance
SMALLEST = 1e-300  # probability; pulls end at 37


@dataclass(frozen=True)
class Sigma:
    """A standard error with the part of its variance that n seeds estimate."""

    value: float
    n_seeds: int
    part: float  # of the variance, 0 to 1; 0: the error is known

    @property
    def two(self) -> float:
        """What is exceeded as seldom as two standard deviations of a Gaussian, on one side, or more seldom."""
        return self.value * (2.0 if self.part < NOTABLE else float(stdtrit(self.n_seeds - 1, TWO_SIGMA)))

    def pull(self, difference: float) -> float | None:
        """Return the Gaussian deviate that is as seldom as the difference; None without any error."""
        if self.value == 0:
            return None
        ratio = difference / self.value
        if self.part < NEGLIGIBLE:
            return ratio
        freedom = (self.n_seeds - 1) / self.part**2
        one_sided = max(float(stdtr(freedom, -abs(ratio))), SMALLEST)
        return math.copysign(float(ndtri(one_sided)), ratio)


def combine(known: float, estimated: float, n_seeds: int) -> Sigma:
    """Return the error of a number whose variance is known + estimated.

    Args:
        known: Sum of the variances that are known.
        estimated: Variance that follows from the squared scatter of the seeds.
        n_seeds: The number of seeds.
    """
    total = known + estimated
    return Sigma(math.sqrt(total), n_seeds, estimated / total if total > 0 else 0.0)


def sigma_of(claim: NumberClaim, *, scatter: float | None, error: float, n_seeds: int) -> Sigma:
    """Return the error of ours - published.

    Args:
        claim: What the article states, with the declaration of its sample.
        scatter: Standard deviation of our seeds; None for a single one.
        error: Of our sample, for one seed.
        n_seeds: Number of our seeds.
    """
    of_seeds = (scatter or 0.0) ** 2 * (1 + 1 / n_seeds)
    common = {"shared": 1.0, "per seed": 0.0, "divided": claim.test_share or 0.0, "the article's": 0.0}[claim.sample]
    if scatter is None and claim.sample != "the article's":
        common = 1.0  # one seed, whose scatter contains nothing
    return combine(claim.standard_error**2 + common * error**2, of_seeds, n_seeds)
