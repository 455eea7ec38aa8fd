"""Models of the sections of config.yaml for the reproduction of arXiv:1909.12285; the values are in that file."""

from typing import Literal

from pydantic import Field, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, OpenShare, Positive
from common.yamlio import Strict

Range = tuple[float, float]
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
Kind = Literal["interaction", "variables", "double_b"]


class PileupConfig(Strict):
    """Section `pileup`."""

    seed: int
    n_collisions: Count  # of the pool


class SimulateConfig(Strict):
    """Section `simulate`."""

    seed: int
    n_jets: dict[Split, Count]  # per file
    batch_events: Count  # collisions of one process that are generated together
    qcd_share: OpenShare  # of the collisions
    graviton_gev: list[Positive]
    pthat_gev: list[tuple[Positive, NonNegative]]  # upper edge 0: none
    pileup_mean: NonNegative  # collisions per crossing
    pileup_sigma: NonNegative


class WindowConfig(Strict):
    """Jets that the article's figures are made from."""

    pt_gev: Range
    softdrop_mass_gev: Range
    rho: Range  # ln(m^2 / pT^2)


class PrepareConfig(Strict):
    """Section `prepare`."""

    window: WindowConfig
    chunk_jets: Count  # that are in memory at once
    particles: bool  # also keep the 100 candidates that the all-particle network needs


class ExperimentConfig(Strict):
    """One tagger."""

    kind: Kind
    inputs: Literal["raw", "standardised"] = "raw"
    vertices: bool = True  # use the secondary vertices
    particles: bool = False  # use all candidates as well
    effect: Count = 20  # De, size of an interaction's effect
    output: Count = 24  # Do, size of a track's output
    hidden: tuple[Count, Count] = (60, 30)  # widths of the hidden layers
    learning_rate: Positive
    batch: Count
    epochs: Count
    patience: Count
    adversary_weight: NonNegative = 0.0  # lambda; 0: no adversary
    adversary_start: int = Field(default=0, ge=0)  # epochs before the adversary's gradient reaches the tagger


class TrainOne(Strict):
    """What one training job receives."""

    experiment: ExperimentConfig
    within_window: bool


class TrainConfig(Strict):
    """Section `train`."""

    within_window: bool  # train on the jets of the window only
    experiments: dict[str, ExperimentConfig]

    @model_validator(mode="after")
    def _headline_is_there(self) -> "TrainConfig":
        if "interaction" not in self.experiments:
            raise ValueError("experiments needs an entry 'interaction': figures and claims are about it")
        return self

    def one(self, method: str) -> TrainOne:
        """Return what the job of one experiment depends on."""
        return TrainOne(experiment=self.experiments[method], within_window=self.within_window)


class DdtConfig(Strict):
    """Quantile regression of the score against the soft-drop mass."""

    n_estimators: Count
    min_samples_leaf: Count
    max_depth: list[Count] = Field(min_length=1)  # of several, the best for the validation QCD jets
    seed: int


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    n_bootstrap: int = Field(ge=2)
    n_chance: Count  # random choices of jets, for D_JS without sculpting
    n_shuffles: Count  # of the masses, for D_JS of a mass-dependent cut where the mass means nothing
    signal_efficiencies: list[OpenShare]  # where 1/eps_b is stated
    decorrelation_efficiencies: list[OpenShare]  # where D_JS is stated
    mass_bins: Count  # within the window's range of mass
    mistag: OpenShare  # of sculpting and of the dependence on pile-up, pT and eta
    npv_edges: list[float]
    pt_edges_gev: list[float]
    eta_edges: list[float]
    ddt: DdtConfig


class Settings(RunSettings):
    """All sections of config.yaml."""

    splits: dict[Split, list[str]]  # by file: jets of one collision lie in the same file
    pileup: PileupConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _every_file_is_in_one_split(self) -> "Settings":
        files = self.generated if self.source == "generated" else [f.removeprefix("located/") for f in self.archive]
        listed = [file for split in SPLITS for file in self.splits.get(split, [])]
        if sorted(listed) != sorted(files):
            wrong = sorted(set(listed) ^ set(files)) or sorted({f for f in listed if listed.count(f) > 1})
            raise ValueError(f"splits must name each file of the run once; look at {wrong}")
        if not all(self.splits.get(split) for split in SPLITS):
            raise ValueError(f"each of the splits {SPLITS} needs a file")
        return self

    @model_validator(mode="after")
    def _particles_are_prepared(self) -> "Settings":
        if any(e.particles for e in self.train.experiments.values()) and not self.prepare.particles:
            raise ValueError("an experiment with 'particles' needs prepare.particles: true")
        return self
