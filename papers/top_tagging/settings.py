"""Models of the sections of config.yaml for the reproduction of arXiv:1902.09914; the values are in that file."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, OpenShare, Positive, Share
from common.yamlio import Strict

from .archive import files

Range = tuple[float, float]
Kind = Literal["pfn", "efn", "nsub", "efp", "graph"]  # what model.build can build


class DetectorConfig(Strict):
    """A toy of Delphes' e-flow: tracks, and calorimeter towers for all particles without a track."""

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
    n_jets: dict[Literal["train", "valid", "test"], Count]  # half of them tops, half QCD
    jets_per_shard: Count  # jets that one generator makes; the number of parallel generators changes nothing
    energy_gev: Positive
    pt_hat_gev: Range
    jet_radius: Positive
    jet_pt_gev: Range
    jet_eta_max: Positive
    matching_radius: Positive
    detector: DetectorConfig
    toy_auc: dict[str, Annotated[float, Field(gt=0.5, lt=1)]]  # area of the toy scores in each tagger's file

    @field_validator("toy_auc")
    @classmethod
    def _one_for_each_file(cls, toy_auc: dict[str, float]) -> dict[str, float]:
        if set(toy_auc) != set(files.SCORES):
            raise ValueError(f"expected one area for each of {', '.join(files.SCORES)}")
        return toy_auc


class PrepareConfig(Strict):
    """Section `prepare`."""

    n_test: Count
    n_constituents: Count  # the hardest ones are read
    chunk: Count  # jets read at a time
    bodies: Count  # M of the M-body phase space that N-subjettiness spans
    betas: list[Positive]
    efp_degree: Count
    efp_constituents: Count  # the hardest ones enter the polynomials


class ExperimentConfig(Strict):
    """One tagger of ours and how it is trained."""

    kind: Kind
    learning_rate: Positive = 0.001
    epochs: Count = 1
    neighbours: Count = 8  # edges that end at each constituent, for the kind `graph` only


class Optimisation(Strict):
    """Settings that all trainings share."""

    batch: Count  # jets
    patience: Count  # epochs without a better validation loss that end a training


class TrainOne(Optimisation):
    """What one training job receives."""

    experiment: ExperimentConfig


class TrainConfig(Optimisation):
    """Section `train`."""

    experiments: dict[str, ExperimentConfig]

    def one(self, method: str) -> TrainOne:
        """Return what the job of one tagger depends on."""
        return TrainOne(**self.model_dump(exclude={"experiments"}), experiment=self.experiments[method])


class PredictConfig(Strict):
    """Section `predict`."""

    batch: Count  # jets


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    efficiencies: list[OpenShare]  # of the signal, where the rejection is measured


class Settings(RunSettings):
    """All sections of config.yaml."""

    archive: Annotated[list[str], AfterValidator(files.expand)]
    generated: list[str] = files.ALL
    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    predict: PredictConfig
    evaluate: EvaluateConfig

    @model_validator(mode="after")
    def _counts_agree(self) -> "Settings":
        n_simulated, n_expected = self.simulate.n_jets["test"], self.prepare.n_test
        if self.source == "generated" and n_simulated != n_expected:
            raise ValueError(
                f"simulate.n_jets.test and prepare.n_test must agree; found {n_simulated} and {n_expected}"
            )
        return self
