"""The error of a difference: ours minus published.

Three independent parts make it up: the scatter s between our n seeds, the error E of our sample, and the article's
error e, unless that is the rounding of the last printed digit. What the claim says of the sample decides how they are
combined; the article's number counts as one training:

    shared         s^2 (1 + 1/n) + E^2 + e^2
    per seed       s^2/n + max(s^2 - E^2, 0) + e^2, because s contains the error of each seed's own sample
    divided        s^2/n + max(s^2 - (1 - f) E^2, 0) + f E^2 + e^2, because two seeds that each test on the share f of
                   one sample have f of its variance in common
    the article's  s^2 (1 + 1/n) + e^2, because the sample's error is in both numbers

A scatter of few seeds is itself uncertain. So the error has degrees of freedom (Satterthwaite, Biometrics Bulletin 2
(1946) 110; Welch, Biometrika 34 (1947) 28), and "two standard deviations" is the quantile of Student's t that is
exceeded as seldom as two of a Gaussian. This is exact for one part alone. Where both count and the seeds are two or
three, pulls come out up to a fifth too wide.
"""

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from common.report.published import NumberClaim

TWO_SIGMA = float(ndtr(2.0))  # 0.977, one-sided
NEGLIGIBLE = 1e-9  # part of the variance
SMALLEST = 1e-300  # probability; pulls end at 37


@dataclass(frozen=True)
class Sigma:
    """A standard error, and the degrees of freedom of its estimate."""

    value: float
    freedom: float  # infinite: the error is known

    @property
    def two(self) -> float:
        """What is exceeded as seldom as two standard deviations of a Gaussian, on one side."""
        return self.value * (2.0 if math.isinf(self.freedom) else float(stdtrit(self.freedom, TWO_SIGMA)))

    def pull(self, difference: float) -> float | None:
        """Return the Gaussian deviate that is as seldom as the difference; None without any error."""
        if self.value == 0:
            return None
        ratio = difference / self.value
        if math.isinf(self.freedom):
            return ratio
        one_sided = max(float(stdtr(self.freedom, -abs(ratio))), SMALLEST)
        return math.copysign(float(ndtri(one_sided)), ratio)


def combine(known: float, estimated: float, n_seeds: int, *, uncertain: float | None = None) -> Sigma:
    """Return sqrt(known + estimated) with its degrees of freedom.

    Args:
        known: Sum of the variances that are known.
        estimated: Variance that follows from the squared scatter of the seeds.
        n_seeds: The number of seeds.
        uncertain: The part of the estimate that is proportional to the squared scatter, if it is more than `estimated`
            because something known was subtracted.
    """
    total, part = known + estimated, estimated if uncertain is None else uncertain
    if part <= NEGLIGIBLE * total:
        return Sigma(math.sqrt(max(total, 0.0)), math.inf)
    return Sigma(math.sqrt(total), max((n_seeds - 1) * (total / part) ** 2, 0.5))


def sigma_of(claim: NumberClaim, *, scatter: float | None, error: float, n_seeds: int) -> Sigma:
    """Return the error of ours - published.

    Args:
        claim: What the article states, with the declaration of its sample.
        scatter: Standard deviation of our seeds; None for a single one.
        error: Of our sample, for one seed.
        n_seeds: Number of our seeds.
    """
    e2, s2, sample2 = claim.standard_error**2, (scatter or 0.0) ** 2, error**2
    if claim.sample == "the article's":
        return combine(e2, s2 * (1 + 1 / n_seeds), n_seeds)
    if scatter is None or claim.sample == "shared":
        return combine(e2 + sample2, s2 * (1 + 1 / n_seeds), n_seeds)
    common = claim.common_share  # 0 for "per seed"
    of_training = max(s2 - (1 - common) * sample2, 0.0)
    uncertain = s2 * ((1 if of_training else 0) + 1 / n_seeds)
    return combine(e2 + common * sample2, s2 / n_seeds + of_training, n_seeds, uncertain=uncertain)
