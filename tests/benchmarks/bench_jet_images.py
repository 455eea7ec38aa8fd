"""What Russian roulette is worth, and whether it leaves rates and distributions as they are.

python -m tests.benchmarks.bench_jet_images [images of each class without roulette, 300; with it, twice as many]

Both generators run in turns, so that a busy machine slows down both. Images of unequal weight hold less information
than as many of equal weight: they are worth (sum w)^2 / sum w^2. Rates are per tried event, in the article's windows
and beside them, where there are more plain jets and larger weights. The p-values test number and shape together: the
rates in ten bins, by chi-squared. A few large weights make its tabulated distribution wrong (toys with the weights of
the wide region fall below p = 0.01 in 5 % of all cases), so its distribution comes from a bootstrap.
"""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common.physics.kinematics import eta, mass, pt
from common.settings import load_settings
from papers.jet_images.archive import ratio
from papers.jet_images.generator.detector import n_subjettiness, select, subjet_distance, towers, trimmed_jets
from papers.jet_images.generator.pythia import Roulette, generate_events, start
from papers.jet_images.settings import Settings, SimulateConfig

BATCH = 50  # events
N_BINS = 10
N_BOOTSTRAP = 1000
WIDE_MASS = (40.0, 150.0)  # [GeV]
WIDE_PT = (200.0, 350.0)  # [GeV]
REGIONS = {  # mass and pT [GeV]
    "window": ((65, 95), (250, 300)),
    "lower mass": ((40, 65), (250, 300)),
    "higher mass": ((95, 150), (250, 300)),
    "lower pT": ((65, 95), (200, 250)),
    "higher pT": ((65, 95), (300, 350)),
    "all": (WIDE_MASS, WIDE_PT),
}
VARIABLES = ("mass", "tau21", "delta_r", "pt")
Pair = tuple[np.ndarray, np.ndarray]


@dataclass
class Sample:
    """Jets of one class, made with or without roulette, and what they cost; one list entry for each batch."""

    kind: str
    config: SimulateConfig
    seed: int
    n_tried: int = 0
    seconds: list[float] = field(default_factory=list)
    jets: list[dict[str, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start Pythia."""
        self._generator = start(self.kind, self.config, seed=self.seed)
        self._wide = self.config.jets.model_copy(update={"mass_gev": WIDE_MASS})

    @property
    def n_images(self) -> int:
        """Return the number of jets in the article's windows."""
        return sum(int(inside(part, "window").sum()) for part in self.jets)

    def add_batch(self) -> None:
        """Make some more events; the time of the variables, which all jets need alike, is not counted."""
        roulette: Roulette = self._generator[1]
        started = time.process_time()
        particles, weight = generate_events(*self._generator, n_events=BATCH)
        jets = trimmed_jets(towers(particles, self._wide), self._wide, n_events=len(weight), lowest_pt_gev=WIDE_PT[0])
        jets = select(jets, self._wide, pt_gev=WIDE_PT)
        self.seconds.append(time.process_time() - started)
        self.n_tried = roulette.n_tried or self.n_tried + len(weight)
        tau = n_subjettiness(jets.constituents, radius=self.config.jets.radius)
        self.jets.append(
            {
                "weight": weight[jets.event],
                "mass": mass(jets.p4),
                "pt": pt(jets.p4),
                "eta": eta(jets.p4),
                "tau21": ratio(tau[:, 1], tau[:, 0]),
                "delta_r": subjet_distance(jets.subjets),
            }
        )

    def table(self, region: str) -> dict[str, np.ndarray]:
        """Return the variables (jet,) of all jets in a region."""
        joined = {name: np.concatenate([part[name] for part in self.jets]) for name in self.jets[0]}
        selection = inside(joined, region)
        return {name: values[selection] for name, values in joined.items()}

    def per_minute(self) -> np.ndarray:
        """Return images, and their worth in images of equal weight, per minute: (2, 1 + N_BOOTSTRAP).

        The first is measured; the others come from a bootstrap of the batches, for the errors.
        """
        weights = [part["weight"][inside(part, "window")] for part in self.jets]
        sums = np.array([[len(w), w.sum(), np.sum(w**2), s] for w, s in zip(weights, self.seconds, strict=True)])
        sample = np.random.default_rng(1).integers(len(sums), size=(N_BOOTSTRAP, len(sums)))
        number, total, squares, seconds = np.vstack([sums.sum(axis=0), sums[sample].sum(axis=1)]).T
        return np.stack([number, total**2 / squares]) * 60 / seconds


def inside(jets: dict[str, np.ndarray], region: str) -> np.ndarray:
    """Return which jets (jet,) lie in a region."""
    windows = dict(zip(("mass", "pt"), REGIONS[region], strict=True))
    passes = [(jets[name] > low) & (jets[name] < high) for name, (low, high) in windows.items()]
    is_inside: np.ndarray = np.logical_and(*passes)
    return is_inside


def rates(sample: Sample, jets: dict[str, np.ndarray], bin_of_jet: np.ndarray, copies: np.ndarray) -> Pair:
    """Return rates per tried event (bin,) and their variances, with each jet counted `copies` (jet,) times.

    An event has one jet at most, so copies of jets are copies of events, and the number of tried events stays.
    """
    weight = jets["weight"]
    content, squares = (np.bincount(bin_of_jet, copies * weight**power, minlength=N_BINS) for power in (1, 2))
    return content / sample.n_tried, squares / sample.n_tried**2


def probability(samples: tuple[Sample, Sample], region: str, name: str) -> tuple[float, float]:
    """Return chi-squared of the difference of both samples' rates, in bins with as many jets, and its p-value."""
    tables = [sample.table(region) for sample in samples]
    edges = np.quantile(np.concatenate([jets[name] for jets in tables]), np.linspace(0, 1, N_BINS + 1))
    bins_of_jets = [np.clip(np.digitize(jets[name], edges) - 1, 0, N_BINS - 1) for jets in tables]
    generator = np.random.default_rng(1)

    def difference(copies: list[np.ndarray]) -> Pair:
        first, second = (rates(*parts) for parts in zip(samples, tables, bins_of_jets, copies, strict=True))
        return second[0] - first[0], np.maximum(first[1] + second[1], np.finfo(float).tiny)

    measured_difference, variance = difference([np.ones(len(bin_of_jet)) for bin_of_jet in bins_of_jets])
    chi2_of_copies = []
    for _ in range(N_BOOTSTRAP):
        resampled, its_variance = difference([generator.poisson(1.0, len(bin_of_jet)) for bin_of_jet in bins_of_jets])
        chi2_of_copies.append(np.sum((resampled - measured_difference) ** 2 / its_variance))
    measured = float(np.sum(measured_difference**2 / variance))
    return measured, float(np.mean(np.array(chi2_of_copies) >= measured))


def total_rate(sample: Sample, region: str) -> tuple[float, float]:
    """Return the rate per tried event in a region, and its error."""
    weight = sample.table(region)["weight"]
    return weight.sum() / sample.n_tried, np.sqrt(np.sum(weight**2)) / sample.n_tried


def make(kind: str, config: SimulateConfig, n_images: int) -> tuple[Sample, Sample]:
    """Return `n_images` images without roulette and twice as many with it."""
    never = config.roulette.model_copy(update={"smallest_chance": 1.0})
    plain = Sample(kind, config.model_copy(update={"roulette": never}), seed=1)
    early = Sample(kind, config, seed=2)
    while min(plain.n_images, early.n_images / 2) < n_images:
        (plain if plain.n_images < early.n_images / 2 else early).add_batch()
    return plain, early


def show(kind: str, samples: tuple[Sample, Sample]) -> None:
    """Print gains, rates and p-values of one class."""
    speeds = [sample.per_minute() for sample in samples]
    for row, what in enumerate(("images", "images of equal weight")):
        parts = [f"{speed[row, 0]:.0f} +- {speed[row, 1:].std(ddof=1):.0f}" for speed in speeds]
        gain = speeds[1][row, 0] / speeds[0][row, 0]
        relative = np.hypot(*(speed[row, 1:].std(ddof=1) / speed[row, 0] for speed in speeds))
        print(f"{kind}: {what} per minute: plain {parts[0]}, roulette {parts[1]}: {gain:.2f} +- {gain * relative:.2f}")
    for region in REGIONS:
        rates_and_errors = [total_rate(sample, region) for sample in samples]
        sizes = [len(sample.table(region)["weight"]) for sample in samples]
        parts = [
            f"{100 * rate:.3f} +- {100 * error:.3f} % ({n} jets)"
            for (rate, error), n in zip(rates_and_errors, sizes, strict=True)
        ]
        (plain, plain_error), (early, early_error) = rates_and_errors
        pull = (early - plain) / np.hypot(plain_error, early_error)
        print(f"{kind}: rate, {region}: plain {parts[0]}, roulette {parts[1]}: {pull:+.1f} sigma")
    for region in ("window", "all"):
        for name in VARIABLES:
            chi2, p_value = probability(samples, region, name)
            print(f"{kind}: {name}, {region}: chi2 {chi2:.1f} in {N_BINS} bins, p = {p_value:.3f}")


def main() -> None:
    """Make and compare both classes."""
    n_images = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    config = load_settings(Path("papers/jet_images"), "generated", Settings).simulate
    for kind in ("background", "signal"):
        show(kind, make(kind, config, n_images))


if __name__ == "__main__":
    main()
