"""Models of the sections of config.yaml; the values are in that file."""

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, OpenShare, Positive
from common.yamlio import Strict

Range = tuple[float, float]
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
Kind = Literal["interaction", "variables", "double_b"]
Formulation = Literal["article", "fast"]
KERAS = "double_b"  # the kind that Keras trains, and what the names of its experiments begin with: see rules.smk


class PileupConfig(Strict):
    """Section `simulate_pileup`."""

    seed: int
    n_collisions: Count  # in the pool


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
    chunk_jets: Count  # jets in memory at a time
    particles: bool  # also store the 100 candidates that the all-particle network needs


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

    def collections(self) -> list[str]:
        """Return the collections that an interaction network reads, the tracks first; none for other kinds."""
        if self.kind != "interaction":
            return []
        used = {"tracks": True, "vertices": self.vertices, "particles": self.particles}
        return [name for name, is_used in used.items() if is_used]

    def datasets(self) -> list[str]:
        """Return the datasets of the prepared files that a PyTorch tagger reads."""
        collections = self.collections()
        return [*collections, *(f"n_{name}" for name in collections)] or ["variables"]


class TrainOne(Strict):
    """What one training job receives."""

    experiment: ExperimentConfig
    formulation: Formulation
    within_window: bool
    mass_range_gev: Range


class TrainConfig(Strict):
    """Section `train`."""

    formulation: Formulation  # of the interaction network
    within_window: bool  # train on the jets of the window only
    mass_range_gev: Range  # soft-drop masses that the adversary distinguishes
    experiments: dict[str, ExperimentConfig]

    @model_validator(mode="after")
    def _headline_is_there(self) -> "TrainConfig":
        if "interaction" not in self.experiments:
            raise ValueError("experiments needs an entry 'interaction': figures and claims are about it")
        return self

    @model_validator(mode="after")
    def _names_tell_the_framework(self) -> "TrainConfig":
        for name, experiment in self.experiments.items():
            if name.startswith(KERAS) != (experiment.kind == KERAS):
                raise ValueError(
                    f"experiment '{name}' of kind '{experiment.kind}': the names of the experiments of kind '{KERAS}',"
                    f" and no others, begin with '{KERAS}', so that each model is made by one rule"
                )
        return self

    def one(self, method: str) -> TrainOne:
        """Return what the job of one experiment depends on."""
        shared = {name: getattr(self, name) for name in ("formulation", "within_window", "mass_range_gev")}
        return TrainOne(experiment=self.experiments[method], **shared)


class DdtConfig(Strict):
    """Quantile regression of the score against the soft-drop mass."""

    n_estimators: Count
    min_samples_leaf: Count
    max_depth: list[Count] = Field(min_length=1)  # of the trees; of several, cross-validation chooses one
    seed: int


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    n_bootstrap: int = Field(ge=2)
    n_chance: Count  # random selections of jets, for D_JS without sculpting
    n_shuffles: Count  # times that the masses are shuffled, for D_JS of a mass-dependent cut without sculpting
    signal_efficiencies: list[OpenShare]  # where 1/eps_b is stated
    decorrelation_efficiencies: list[OpenShare]  # where D_JS is stated
    mass_range_gev: Range  # soft-drop masses that D_JS compares
    mass_bins: Count
    mistag: OpenShare  # where sculpting and the dependence on pile-up, pT and eta are stated
    npv_edges: list[float]
    pt_edges_gev: list[float]
    eta_edges: list[float]
    ddt: DdtConfig


class Settings(RunSettings):
    """All sections of config.yaml."""

    splits: dict[Split, list[str]]  # by file: jets of one collision lie in the same file
    simulate_pileup: PileupConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    evaluate: EvaluateConfig

    @model_validator(mode="before")
    @classmethod
    def _splits_name_the_files_of_the_run(cls, content: Any) -> Any:
        """Expand the ranges in `splits`; the files of the run are all that are named there."""
        splits = content.get("splits") if isinstance(content, dict) else None
        if not isinstance(splits, dict) or not all(isinstance(names, list) for names in splits.values()):
            return content  # the types of the fields say what is wrong
        splits = {split: [file for name in names for file in expand(str(name))] for split, names in splits.items()}
        files = [file for split in SPLITS for file in splits.get(split, [])]
        if content.get("source") == "generated":
            named: dict[str, list[str]] = {"archive": [], "generated": files}
        else:
            named = {"archive": [f"located/{file}" for file in files], "generated": []}
        for key, names in named.items():
            if content.get(key, names) != names:
                raise ValueError(f"name the files of the run in 'splits'; '{key}' follows from them")
        return content | named | {"splits": splits}

    @model_validator(mode="after")
    def _every_file_is_in_one_split(self) -> "Settings":
        files = [file for names in self.splits.values() for file in names]
        doubled = sorted({file for file in files if files.count(file) > 1})
        if doubled:
            raise ValueError(f"splits must name each file once; look at {doubled}")
        if not all(self.splits.get(split) for split in SPLITS):
            raise ValueError(f"each of the splits {SPLITS} needs a file")
        return self

    @model_validator(mode="after")
    def _particles_are_prepared(self) -> "Settings":
        if any(e.particles for e in self.train.experiments.values()) and not self.prepare.particles:
            raise ValueError("an experiment with 'particles' needs prepare.particles: true")
        return self


def expand(name: str) -> list[str]:
    """Return the names that a range such as "ntuple_merged_{9..17}.root" stands for; other names as they are."""
    match = re.fullmatch(r"(.*)\{(\d+)\.\.(\d+)\}(.*)", name)
    if match is None:
        return [name]
    before, first, last, after = match.groups()
    return [f"{before}{number}{after}" for number in range(int(first), int(last) + 1)]
