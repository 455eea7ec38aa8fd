"""Models of the sections of config.yaml for the reproduction of arXiv:1604.01444; the values are in that file."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, Positive, ShareBelowOne
from common.yamlio import Strict

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
NETWORKS = ("cvn", "modern", "plain")  # kinds that Keras trains
Kind = Literal["cvn", "modern", "plain", "moments", "library"]


class SimulateConfig(Strict):
    """Section `simulate`: what one job writes; the file's name (`<split>_<number>.h5`) changes the seed."""

    seed: int
    n_events: dict[Split, Count]  # per file
    class_counts: dict[int, Positive]  # interaction enum -> relative number of events
    min_hits: Count  # of both views together, for an event to be kept
    vertex_margin_cm: NonNegative  # of the vertices to the detector's surface
    slice_us: NonNegative  # microseconds within which a stopped muon's electron belongs to the event
    photoelectrons_per_mev: Positive  # of scintillation light made right at the readout
    threshold_photoelectrons: NonNegative  # smallest signal of a hit
    full_mev: Positive  # energy of the largest value of a pixel, 255


class FetchConfig(Strict):
    """Section `fetch`: the numbers of the course server's files."""

    first: Count
    last: Count
    patience: Count  # that many missing in a row are taken as the end


class PrepareConfig(Strict):
    """Section `prepare`."""

    min_layout_ratio: Annotated[float, Field(gt=1)]  # neighbouring hit pairs, right order of the axes over the other
    block_events: Count  # that are in memory at once
    split_every: Annotated[int, Field(ge=3)]  # of the archive's files, one in so many is for test, one for validation


class AugmentConfig(Strict):
    """Changes of the training images."""

    mirror: bool  # both views together, along the cells
    jitter: NonNegative  # standard deviation of the factor on each pixel


class StepConfig(Strict):
    """Stepped learning rate."""

    factor: ShareBelowOne  # applied at each step
    steps: list[Count]  # iterations between the first steps, at `full_events`
    last_step: Count  # iterations between all further steps, at `full_events`
    full_events: Count  # training events that these numbers are for; shorter for fewer events


class ExperimentConfig(Strict):
    """One classifier."""

    kind: Kind
    width: Positive = 1.0  # factor on the numbers of filters
    input_scale: Positive = 1.0  # factor on the pixels, which the readers give between 0 and 1
    dropout: ShareBelowOne = 0.4
    weight_decay: NonNegative = 2.0e-4  # L2, on the weights only
    learning_rate: Positive = 0.01
    momentum: ShareBelowOne = 0.9
    batch: Count = 32
    epochs: Count = 1
    n_neighbours: Count = 50  # kind library
    n_library: Count = 20_000  # kind library: events that the seed draws from the training files
    max_iterations: Count = 300  # kind moments: trees of each class


class TrainOne(Strict):
    """What one training job receives."""

    experiment: ExperimentConfig
    augment: AugmentConfig
    schedule: StepConfig
    precision: Literal["float32", "mixed_bfloat16"]
    shuffle_blocks: Count


class TrainConfig(Strict):
    """Section `train`."""

    augment: AugmentConfig
    schedule: StepConfig
    precision: Literal["float32", "mixed_bfloat16"]  # of the layers; the weights are float32
    shuffle_blocks: Count  # blocks of events that are mixed with each other
    experiments: dict[str, ExperimentConfig]

    @model_validator(mode="after")
    def _headline_is_there(self) -> "TrainConfig":
        if "cvn" not in self.experiments:
            raise ValueError("experiments needs an entry 'cvn': figures and claims are about it")
        return self

    def one(self, method: str) -> TrainOne:
        """Return what the job of one experiment depends on."""
        shared = {name: getattr(self, name) for name in ("augment", "schedule", "precision", "shuffle_blocks")}
        return TrainOne(experiment=self.experiments[method], **shared)


class PredictConfig(Strict):
    """Section `predict`."""

    n_features: Count  # test events whose pooled features are kept for the t-SNE


class OscillationConfig(Strict):
    """Two-flavour oscillation that turns the generated spectra into far-detector spectra."""

    baseline_km: Positive
    delta_m2_ev2: Positive
    sin2_2theta: Annotated[float, Field(gt=0, le=1)]


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    nue_counts: dict[Literal["signal", "nc", "numu", "beam_nue"], Positive]  # events of the contained sample
    numu_counts: dict[Literal["signal", "nc", "nue", "beam_nue"], Positive]
    oscillation: OscillationConfig
    n_cuts: Count  # thresholds tried between 0 and 1
    min_background: Positive  # [events] below it s/sqrt(b) is not trusted
    min_class_events: Count  # test events of a class for its efficiency to count in the mean
    n_bootstrap: Annotated[int, Field(ge=2)]
    perplexity: Positive  # of the t-SNE


class Settings(RunSettings):
    """All sections of config.yaml."""

    fetch: FetchConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    predict: PredictConfig
    evaluate: EvaluateConfig
