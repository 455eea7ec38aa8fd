"""How much a cut sculpts the QCD mass: the Jensen-Shannon divergence D_JS (arXiv:1909.12285, mass decorrelation)."""

import numpy as np

from common.metrics import Metrics, entry

from ..prepared import Array


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
    return jensen_shannon(*(np.histogram(mass[mask], edges)[0] for mask in (passed, ~passed)))


def blind_divergences(mass: Array, n_passed: int, edges: Array, *, n_draws: int, seed: int) -> Array:
    """Return D_JS (draw,) of `n_passed` random jets: what a finite sample gives without any sculpting."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(n_draws):
        passed = np.zeros(len(mass), bool)
        passed[random.permutation(len(mass))[:n_passed]] = True
        values.append(sculpting(mass, passed, edges))
    return np.array(values)


def sculpting_entries(
    mass: Array, passed: Array, edges: Array, chance: Array, *, n_bootstrap: int, seed: int
) -> Metrics:
    """Return three measures of the sculpting of QCD jets.

    `djs`: the divergence. It is never negative, and grows as fewer jets pass, even for a cut that ignores the mass.
    `djs_excess`: the divergence minus its mean for cuts that ignore the mass.
    `djs_p`: the share of such cuts with at least this divergence.
    Use `djs_p` to ask whether there is sculpting, the other two, with their bootstrap errors, to ask how much.

    Args:
        mass: (jet,) [GeV]
        passed: (jet,) mask.
        edges: Bins of the mass [GeV].
        chance: (draw,) D_JS of cuts that ignore the mass.
        n_bootstrap: Number of resamplings of the jets.
        seed: Seed of the resamplings.
    """
    random, n_passed = np.random.default_rng(seed), int(passed.sum())
    draws = random.integers(len(mass), size=(n_bootstrap, len(mass)))
    error = np.std([sculpting(mass[draw], passed[draw], edges) for draw in draws], ddof=1)
    divergence = sculpting(mass, passed, edges)
    excess = divergence - chance.mean()
    return {
        "djs": entry(divergence, error, n_passed),
        "djs_excess": entry(excess, error, n_passed),
        "djs_p": entry((1 + np.sum(chance >= divergence)) / (1 + len(chance)), 0.0, n_passed),
    }


def removed(mass: Array, cuts: tuple[Array, Array], edges: Array, *, n_bootstrap: int, seed: int) -> dict[str, float]:
    """Return D_JS of the first cut minus that of the second; masks (jet,) of the same QCD jets, mass (jet,) [GeV].

    The error is that of the difference, from bootstrap samples of the jets.
    """
    draws = np.random.default_rng(seed).integers(len(mass), size=(n_bootstrap, len(mass)))

    def difference(index: Array) -> float:
        first, second = (sculpting(mass[index], cut[index], edges) for cut in cuts)
        return first - second

    error = np.std([difference(draw) for draw in draws], ddof=1)
    return entry(difference(np.arange(len(mass))), error, len(mass))
