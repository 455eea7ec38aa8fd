"""Models of the sections of config.yaml for the reproduction of arXiv:1902.09914; the values are in that file."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, Positive, Share
from common.yamlio import Strict

Range = tuple[float, float]


class DetectorConfig(Strict):
    """A toy of Delphes' e-flow: tracks, and calorimeter towers of what has no track."""

    eta_max: Positive
    tower: Positive  # size in eta and phi
    track_pt_gev: Positive
    track_efficiency: Share
    track_resolution: NonNegative  # of 1/pT, relative, constant term
    track_resolution_pt: NonNegative  # [1/GeV] term that grows with pT
    photon_resolution: Range  # stochastic [sqrt(GeV)] and constant term
    hadron_resolution: Range
    tower_energy_gev: NonNegative  # threshold


class SimulateConfig(Strict):
    """Section `simulate`."""

    seed: int
    n_jets: dict[Literal["train", "val", "test"], Count]  # of both classes together, half each
    jets_per_shard: Count  # one generator each; the result does not depend on how many run at a time
    energy_gev: Positive
    pt_hat_gev: Range
    jet_radius: Positive
    jet_pt_gev: Range
    jet_eta_max: Positive
    matching_radius: Positive
    detector: DetectorConfig
    toy_auc: dict[str, Annotated[float, Field(gt=0.5, lt=1)]]  # of toy scores, by file


class PrepareConfig(Strict):
    """Section `prepare`."""

    n_test: Count
    scores: dict[str, str]  # tagger by file
    n_constituents: Count
    chunk: Count  # jets read at a time
    bodies: Count  # M of the M-body phase space that N-subjettiness spans
    betas: list[Positive]
    efp_degree: Count
    efp_constituents: Count  # hardest ones that enter the polynomials


class TaggerConfig(Strict):
    """One tagger of ours."""

    kind: Literal["pfn", "efn", "nsub", "efp", "graph"]
    learning_rate: Positive = 0.001
    epochs: Count = 1
    neighbours: Count = 8  # of the graph


class Optimisation(Strict):
    """What all networks share."""

    batch: Count  # jets
    patience: Count  # epochs without improvement


class TrainOne(Optimisation):
    """What one training job receives."""

    tagger: TaggerConfig


class TrainConfig(Optimisation):
    """Section `train`."""

    taggers: dict[str, TaggerConfig]

    def one(self, name: str) -> TrainOne:
        """Return what the job of one tagger depends on."""
        return TrainOne(**self.model_dump(exclude={"taggers"}), tagger=self.taggers[name])


class PredictConfig(Strict):
    """Section `predict`."""

    batch: Count  # jets


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    efficiencies: list[Annotated[float, Field(gt=0, lt=1)]]


class Settings(RunSettings):
    """All sections of config.yaml."""

    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    predict: PredictConfig
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _counts_agree(self) -> "Settings":
        made = self.simulate.n_jets["test"]
        if self.source == "generated" and made != self.prepare.n_test:
            raise ValueError(
                f"simulate.n_jets.test and prepare.n_test must agree; found {made} and {self.prepare.n_test}"
            )
        return self
