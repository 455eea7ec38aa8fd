"""Models of the sections of config.yaml; the values and their sources are in that file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, model_validator

from common.settings import RunSettings
from common.types import Count, NonNegative, Positive, ShareBelowOne
from common.yamlio import Strict

Split = Literal["train", "valid", "test"]
NetworkKind = Literal["cvn", "modern", "plain"]
BaselineKind = Literal["moments", "library"]
NETWORKS: tuple[NetworkKind, ...] = get_args(NetworkKind)
Formulation = Literal["article", "fast"]
NETWORK_FOLDER, BASELINE_FOLDER = "network", "baseline"  # below that of a seed, because different stages predict
P = TypeVar("P", str, Path)


class SimulateConfig(Strict):
    """Section `simulate`: what one job writes; the file's name (`<split>_<number>.h5`) changes the seed."""

    seed: int
    n_events: dict[Split, Count]  # per file
    class_counts: dict[int, Positive]  # interaction type -> relative number of events
    min_hits: Count  # of both views together, for an event to be kept
    vertex_margin_cm: NonNegative  # smallest distance of a vertex to the surface of the detector
    slice_us: NonNegative  # microseconds within which a stopped muon's electron belongs to the event
    photoelectrons_per_mev: Positive  # of scintillation light produced at the readout
    threshold_photoelectrons: NonNegative  # smallest signal of a hit
    full_mev: Positive  # energy that a pixel stores as its largest value


class FetchConfig(Strict):
    """Section `fetch`: the numbers of the course server's files."""

    first: Count
    last: Count
    patience: Count  # after so many missing files in a row, no further one is asked for


class PrepareConfig(Strict):
    """Section `prepare`."""

    # Pairs of neighbouring hits: those with the best order of the axes over those with the second best.
    min_order_ratio: Annotated[float, Field(gt=1)]
    block_events: Count  # events read into memory at a time
    split_every: Annotated[int, Field(ge=3)]  # every n-th archive file is test, the next one validation


class AugmentConfig(Strict):
    """Random changes of the training images."""

    mirror: bool  # both views together, along the cells
    jitter: NonNegative  # standard deviation of the factor on each pixel


class StepConfig(Strict):
    """Steps of the learning rate."""

    factor: ShareBelowOne  # applied at each step
    steps: list[Count]  # iterations between the first steps, at `full_events`
    last_step: Count  # iterations between all further steps, at `full_events`
    full_events: Count  # training events for which the article states these numbers; with fewer, the steps are shorter


class ExperimentConfig(Strict):
    """One classifier."""

    kind: NetworkKind | BaselineKind
    width: Positive = 1.0  # factor on the numbers of filters
    input_scale: Positive = 1.0  # factor on the pixels, which lie between 0 and 1 in the batches
    dropout: ShareBelowOne = 0.4
    weight_decay: NonNegative = 2.0e-4  # L2, on the weights only
    learning_rate: Positive = 0.01
    momentum: ShareBelowOne = 0.9
    batch: Count = 32
    epochs: Count = 1
    n_neighbours: Count = 50  # kind library
    n_library: Count = 20_000  # kind library: training events, chosen by the seed
    max_iterations: Count = 300  # kind moments: trees of each class


class TrainOne(Strict):
    """The settings of one training job."""

    experiment: ExperimentConfig
    augment: AugmentConfig
    schedule: StepConfig
    precision: Literal["float32", "mixed_bfloat16"]
    formulation: Formulation
    shuffle_blocks: Count


class TrainConfig(Strict):
    """Section `train`."""

    augment: AugmentConfig
    schedule: StepConfig
    precision: Literal["float32", "mixed_bfloat16"]  # of the layers; the weights are float32
    formulation: Formulation  # how the layers of the CVN are computed
    shuffle_blocks: Count  # blocks of events that are mixed with each other
    experiments: dict[str, ExperimentConfig]

    @model_validator(mode="after")
    def _headline_is_there(self) -> "TrainConfig":
        if "cvn" not in self.experiments:
            raise ValueError("experiments needs an entry 'cvn': the figures and claims are about it")
        return self

    def one(self, method: str) -> TrainOne:
        """Return what the job of one experiment depends on."""
        shared = {name: getattr(self, name) for name in TrainOne.model_fields if name != "experiment"}
        return TrainOne(experiment=self.experiments[method], **shared)


class PredictConfig(Strict):
    """Section `predict`."""

    n_features: Count  # test events whose pooled features are stored for the t-SNE


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
    n_cuts: Count  # thresholds between 0 and 1 that are tried
    min_background: Positive  # [events] cuts that leave less background are not considered for s/sqrt(b)
    min_class_events: Count  # smallest number of test events with which a class enters the mean efficiency
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

    def methods(self) -> list[str]:
        """Return "<folder>/<method>" of all classifiers."""
        folders = {
            name: NETWORK_FOLDER if experiment.kind in NETWORKS else BASELINE_FOLDER
            for name, experiment in self.train.experiments.items()
        }
        return [f"{folder}/{name}" for name, folder in folders.items()]


def is_network(method: str) -> bool:
    """Tell whether an entry of `Settings.methods` is a network, which has a learning curve."""
    return method.startswith(f"{NETWORK_FOLDER}/")


def of_split(receipts: Iterable[P], split: str, *, source: str) -> list[P]:
    """Return the receipts that a split needs: generated files carry their split in the name, an archive's do not."""
    return [receipt for receipt in receipts if source == "archive" or Path(receipt).name.startswith(f"{split}_")]
