"""How often the verdicts are wrong: many drawn runs with a known truth, judged by the rules."""

from collections import Counter

import numpy as np
import pytest

from common.report.verdict import judge_number, judge_ordering
from tests.claims import BASIS, claim_number, claim_ordering, measured

N_RUNS = 600
NOISE = 3 * np.sqrt(0.05 * 0.95 / N_RUNS)  # of a rate of 5 %
SEEDS = (1, 2, 3, 5, 9)
ERRORS = (0.2, 0.5, 1.0, 2.0, 4.0)  # of ours - published, in tolerances
SHARES = (0.0, 0.2, 0.7, 0.9, 1.0)  # part of the error that is the scatter of trainings


def runs(*, bias, error, n_seeds, share, published_share=0.0):
    """Yield the verdicts of runs whose truth is `bias` tolerances off, with the given total error.

    The article has one training, and ours n seeds on a sample that they share.
    """
    random = np.random.default_rng([n_seeds, int(100 * error), int(100 * share), int(100 * bias)])
    scatter = share * error / np.sqrt(1 + 1 / n_seeds)
    rest = error * np.sqrt(1 - share**2)
    of_article, of_sample = rest * published_share, rest * np.sqrt(1 - published_share**2)
    for _ in range(N_RUNS):
        published = random.normal(0, np.hypot(scatter, of_article))
        values = bias + random.normal(0, of_sample) + random.normal(0, scatter, n_seeds)
        claim = claim_number(published, error=of_article, tolerance=1.0, seeded=n_seeds > 1)
        yield judge_number(claim, measured(*values, error=of_sample), BASIS)


def rate(verdict, **truth):
    return np.mean([outcome.verdict == verdict for outcome in runs(**truth)])


CASES = [(n, share) for n in SEEDS for share in (SHARES if n > 1 else SHARES[:1])]


@pytest.mark.parametrize(("n_seeds", "share"), CASES)
def test_a_truth_that_is_the_published_value_seldom_differs(n_seeds, share):
    for error in ERRORS:
        assert rate("differs", bias=0, error=error, n_seeds=n_seeds, share=share) <= 0.05 + NOISE


@pytest.mark.parametrize(("n_seeds", "share"), CASES)
def test_a_truth_that_is_two_tolerances_off_is_seldom_reproduced(n_seeds, share):
    for error in (0.3, 0.4, 0.6, 1.2, 2.0, 4.0):
        truth = {"bias": 2, "error": error, "n_seeds": n_seeds, "share": share}
        assert rate("reproduced", **truth) <= 0.05 + NOISE


@pytest.mark.parametrize(("n_seeds", "share"), CASES)
def test_a_well_measured_truth_is_reproduced(n_seeds, share):
    truth = {"bias": 0, "error": 0.2, "n_seeds": n_seeds, "share": share}
    assert rate("reproduced", **truth) >= 0.95 - NOISE


@pytest.mark.parametrize("published_share", [0.5, 0.9, 1.0])
def test_a_large_published_error_reproduces_nothing_that_is_two_tolerances_off(published_share):
    for error in (0.2, 0.28, 0.35, 0.4, 0.6, 1.0):
        truth = {"bias": 2, "error": error, "n_seeds": 3, "share": 0.2, "published_share": published_share}
        assert rate("reproduced", **truth) <= 0.05 + NOISE


@pytest.mark.parametrize(("n_seeds", "share"), CASES)
def test_pulls_have_the_width_of_a_gaussian(n_seeds, share):
    """Where scatter and sample both count, the few degrees of freedom of two or three seeds are an approximation."""
    pulls = [outcome.pull for _ in range(3) for outcome in runs(bias=0, error=1.0, n_seeds=n_seeds, share=share)]
    allowed = {2: 0.4, 3: 0.2}.get(n_seeds, 0.1) if share in (0.7, 0.9) else 0.05
    assert np.std(pulls) == pytest.approx(1.0, abs=allowed)
    assert np.mean(pulls) == pytest.approx(0.0, abs=4 / np.sqrt(N_RUNS))


@pytest.mark.parametrize("rounding", [0.2, 0.3, 0.4, 0.5])
def test_a_rounded_number_that_is_two_tolerances_off_is_seldom_reproduced(rounding):
    random = np.random.default_rng(3)
    for error in (0.0, 0.1, 0.2, 0.3, 0.4):
        found = []
        for _ in range(N_RUNS):
            claim = claim_number(random.uniform(-rounding, rounding), error=rounding, rounded=True, tolerance=1.0)
            value = 2 + random.normal(0, error)
            found.append(judge_number(claim, measured(value, value, error=error), BASIS).verdict == "reproduced")
        assert np.mean(found) <= 0.05 + NOISE


def drawn(sample, random, *, n_seeds, test_share=None):
    """Return one article's and our values for each declaration of the sample; sample error 1, trainings scatter 0.6.

    The article is one seed of its own. What its sample adds to that is 0, as the claim's published error says.
    """
    trainings = random.normal(0, 0.6, n_seeds + 1)
    if sample == "per seed":
        of_sample = random.normal(0, 1, n_seeds + 1)
    elif sample == "divided":
        parts = random.normal(0, np.sqrt(1 - test_share), n_seeds + 1)
        of_sample = parts + random.normal(0, np.sqrt(test_share)) * (np.arange(n_seeds + 1) > 0)
    else:
        of_sample = random.normal() * (np.arange(n_seeds + 1) > (-1 if sample == "the article's" else 0))
    values = trainings + of_sample
    return values[0], values[1:]


@pytest.mark.parametrize("n_seeds", [3, 9])
@pytest.mark.parametrize(
    ("sample", "test_share"), [("shared", None), ("per seed", None), ("divided", 0.3), ("the article's", None)]
)
def test_the_declared_sample_gives_pulls_of_width_one(sample, test_share, n_seeds):
    random = np.random.default_rng(5)
    pulls = []
    for _ in range(3000):
        published, values = drawn(sample, random, n_seeds=n_seeds, test_share=test_share)
        claim = claim_number(published, sample=sample, test_share=test_share)
        pulls.append(judge_number(claim, measured(*values, error=1.0), BASIS).pull)
    allowed = 0.2 if (sample, n_seeds) == ("divided", 3) else 0.05  # scatter and sample both count
    assert np.std(pulls) == pytest.approx(1.0, abs=allowed)


@pytest.mark.parametrize("n_seeds", SEEDS)
@pytest.mark.parametrize("scatter", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("gap", [0.0, 1.0, 3.0])
def test_an_order_is_seldom_reversed(n_seeds, scatter, gap):
    """Equal numbers, or a true gap of one or three errors, never "differ" in more than 5 % of runs."""
    if n_seeds == 1 and scatter:
        return
    random, claim = np.random.default_rng(1), claim_ordering(seeded=n_seeds > 1)
    verdicts = Counter()
    for _ in range(N_RUNS):
        low = random.normal() + random.normal(0, scatter, n_seeds)
        high = gap * np.sqrt(2) + random.normal() + random.normal(0, scatter, n_seeds)
        outcome = judge_ordering(claim, measured(*low, error=1.0), measured(*high, error=1.0), BASIS)
        verdicts[outcome.verdict] += 1
    assert verdicts["differs"] / N_RUNS <= 0.05 + NOISE
    if gap == 0:
        assert verdicts["reproduced"] / N_RUNS <= 0.05 + NOISE
    elif gap == 3 and not scatter:
        assert verdicts["reproduced"] / N_RUNS > 0.8  # three errors, of which two are asked for
