"""Models of the sections of config.yaml for the reproduction of arXiv:2005.06534; the values are in that file."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.errors import nearest
from common.settings import RunSettings
from common.types import Count, NonNegative, Positive, Share
from common.yamlio import Strict

Range = tuple[float, float]
Kind = Literal["wiener", "bilinear", "autoencoder", "slow_fast"]
Formulation = Literal["article", "fast"]
Task = Literal["lines", "broadband"]
Seconds = Annotated[int, Field(gt=0)]
GENERATED_FILES = {  # by task: what stage simulate writes; the last one holds the components of the strain
    "lines": ["lines_strain.hdf5", "lines_witnesses.hdf5", "lines_truth.hdf5"],
    "broadband": ["broadband.gwf", "broadband_truth.hdf5"],
}


class FetchConfig(Strict):
    """Which seconds of which release."""

    source: Literal["o4a", "o3a", "gw170814"]  # key of archive.sources.SOURCES
    detector: Literal["H1", "L1"]
    start_gps: Seconds | None  # [s] exactly this first second; null: the source's times
    duration_s: Seconds | None  # [s] null: the source's
    frame_types: list[str]  # patterns to use instead of the source's, the strain's first; empty: the source's
    datafind: str  # address of the data-find service
    director: str  # address of the federation's director


class FetchTasks(Strict):
    """Section `fetch`: the seconds of each task."""

    lines: FetchConfig
    broadband: FetchConfig

    def one(self, task: Task) -> FetchConfig:
        """Return the seconds of one task."""
        return self.lines if task == "lines" else self.broadband


class MainsConfig(Strict):
    """The power line, its monitor, and how much of it reaches the strain."""

    frequency_hz: Positive
    wander_hz: NonNegative  # rms of the Ornstein-Uhlenbeck frequency wander
    wander_time_s: Positive
    amplitude_wander: NonNegative  # relative rms
    amplitude_time_s: Positive
    harmonics: list[float]  # amplitudes of 2f, 3f, ... relative to f
    strain_rms: NonNegative  # of the line in the strain
    response_s: Positive  # length of the causal coupling filter
    monitor_rate_hz: Count
    monitor_volt: Positive  # rms
    monitor_snr: Positive  # rms of the line over rms of the sensor's white noise


class SlowConfig(Strict):
    """Slow angular motions, their sensors, and how they modulate the mains' coupling."""

    rate_hz: Count  # of the sensors
    resonances_hz: list[float]
    widths_hz: list[float]
    cutoff_hz: Positive
    mixing: NonNegative  # rms of the off-diagonal elements of the mixing matrix
    sensor_snr: Positive
    n_dominant: Count  # channels with a full-size coupling
    minor_coupling: NonNegative  # rms coupling of the others
    modulation_rms: NonNegative  # of the bilinear modulation, relative to the line
    trilinear: NonNegative  # rms of the term s_1 s_4, relative to the bilinear one
    unwitnessed: NonNegative  # rms of a modulation that no sensor sees, relative to the bilinear one
    drift: NonNegative  # relative rms of the slow wander of each coupling
    drift_time_s: Positive


class JitterConfig(Strict):
    """Beam jitter: linear, broadband, witnessed."""

    band_hz: Range
    strain_asd: NonNegative  # [1/sqrt(Hz)] of all channels together within the band
    rate_hz: Count  # of the sensors
    sensor_noise: NonNegative  # relative to the sensor's rms
    response_samples: Count  # length of the coupling filters at the strain's rate


class FaultsConfig(Strict):
    """What makes a record hard to use; 0 switches a fault off."""

    n_gaps: int = Field(ge=0)  # lock losses: NaN in the strain, data-quality mask 0
    gap_s: Positive
    n_glitches: int = Field(ge=0)  # sine-Gaussians
    glitch_snr: Positive


class SimulateConfig(Strict):
    """Section `simulate`."""

    seed: int
    gps_start: int
    rate_hz: Count
    duration_s: dict[Task, Count]
    floor_scale: Positive  # amplitude of the noise floor over the aLIGO design
    mains: MainsConfig
    slow: SlowConfig
    jitter: JitterConfig
    faults: FaultsConfig

    @model_validator(mode="after")
    def _rates_divide(self) -> "SimulateConfig":
        for name, rate_hz in (
            ("mains.monitor_rate_hz", self.mains.monitor_rate_hz),
            ("slow.rate_hz", self.slow.rate_hz),
        ):
            if self.rate_hz % rate_hz:
                raise ValueError(f"rate_hz must be a multiple of {name}; found {self.rate_hz} and {rate_hz}")
        return self


class InjectionConfig(Strict):
    """Binary black holes that are added to the strain before anything else, so that they are in the training too."""

    interval_s: Positive
    masses_msun: list[float]  # of both black holes; each signal has one of these masses
    snr: Range
    low_hz: Positive
    seed: int


class TaskConfig(Strict):
    """One subtraction: files, channels, band, splits."""

    files: list[str]  # patterns of file names
    strain: str | None = None  # channel; None: that of the strain file
    witnesses: list[str]  # names or patterns, without the detector's prefix
    missing_witnesses: Literal["stop", "go_on"] = "stop"
    interval_gps: tuple[int, int] | None = None  # [s] None: what the strain's files hold
    band_hz: Range
    rate_hz: Count
    filter_order: Count
    train_s: Count
    valid_s: Count
    gap_s: int = Field(ge=0)  # between the splits
    edge_s: Count  # dropped at both ends of each segment after filtering
    min_segment_s: Count


class PrepareConfig(Strict):
    """Section `prepare`."""

    tasks: dict[Task, TaskConfig]
    injections: InjectionConfig


class ExperimentConfig(Strict):
    """One way to predict the noise."""

    kind: Kind
    taps: Count = 1  # of the Wiener filters
    tap_step: Count = 1
    psd_weight: Share = 0.5
    mse_weight: Share = 0.5
    reference: Literal["window", "record"] = "window"  # the spectral loss is divided by the PSD of this
    learning_rate: Positive = 0.001
    updates: Count = 1
    rank: Count = 2  # quadratic terms of the slow branch
    phases: Count = 1  # filters of the fast branch

    @property
    def is_network(self) -> bool:
        """Tell whether it is trained by gradient descent; the others are solved for."""
        return self.kind in ("autoencoder", "slow_fast")

    @property
    def needs_mains_monitor(self) -> bool:
        """Tell whether the method treats the mains monitor differently from the other witnesses."""
        return self.kind in ("bilinear", "slow_fast")


class Optimisation(Strict):
    """What all networks share."""

    window_s: Positive
    stride_s: Positive
    batch: Count  # windows
    neighbours: Count  # windows, one stride apart, that are drawn together; 1: all are drawn independently
    formulation: Formulation  # article: each window passes the network by itself; fast: neighbours share a pass
    weight_decay: NonNegative
    warmup_fraction: Share
    gradient_clip: Positive
    ema_updates: NonNegative  # averaging time of the weights; 0: none
    psd_window_s: Positive
    check_every: Count  # updates between two validations
    patience: Count  # validations without improvement

    @model_validator(mode="after")
    def _stretches_fill_the_batch(self) -> "Optimisation":
        if self.batch % self.neighbours:
            raise ValueError(f"batch must be a multiple of neighbours; found {self.batch} and {self.neighbours}")
        return self


class TrainOne(Optimisation):
    """What one training job receives."""

    experiment: ExperimentConfig


class TrainConfig(Optimisation):
    """Section `train`."""

    experiments: dict[Task, dict[str, ExperimentConfig]]

    def names(self) -> list[str]:
        """Return all experiments as "task/method"."""
        return [f"{task}/{method}" for task, methods in self.experiments.items() for method in methods]

    def one(self, task: Task, method: str) -> TrainOne:
        """Return what the job of one experiment depends on."""
        shared = self.model_dump(exclude={"experiments"})
        return TrainOne(**shared, experiment=self.experiments[task][method])


class PredictConfig(Strict):
    """Section `predict`."""

    window_s: Positive
    stride_s: Positive
    batch: Count
    chunk_s: Positive  # length of the record that is in memory at a time
    ablate: list[str]  # "task/method" whose witnesses are ranked
    ablation_s: Positive  # of the test split


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    edge_s: NonNegative  # dropped at both ends of each segment
    fft_s: Positive
    loss_fft_s: Positive
    snr_fft_s: Positive
    coherence_fft_s: Positive
    line_hz: Range
    sidebands_hz: list[Range]
    outside_hz: list[Range]  # where nothing may change
    low_hz: Positive  # lower limit of signal-to-noise ratios and ranges
    n_bootstrap: int = Field(ge=2)
    block: Count  # neighbouring FFTs that the bootstrap draws together: they overlap, and the noise drifts slowly


class Settings(RunSettings):
    """All sections of config.yaml."""

    generated: list[str] = Field(default=[file for files in GENERATED_FILES.values() for file in files])
    fetch: FetchTasks
    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    predict: PredictConfig
    evaluate: EvaluateConfig

    def methods(self) -> list[str]:
        """Return all experiments as "task/method"."""
        return self.train.names()

    @model_validator(mode="after")
    def _ablations_exist(self) -> "Settings":
        names = self.train.names()
        for name in self.predict.ablate:
            if name not in names:
                raise ValueError(f"predict.ablate: no experiment '{name}'.{nearest(name, names)}")
        return self


def tasks_of(methods: Sequence[str]) -> list[str]:
    """Return the tasks of methods such as "lines/wiener", each task once."""
    return list(dict.fromkeys(method.partition("/")[0] for method in methods))
