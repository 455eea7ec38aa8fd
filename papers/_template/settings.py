"""Settings of each stage, checked before any job starts (arXiv:0000.00000)."""

from pydantic import Field

from common.settings import RunSettings
from common.yamlio import Strict


class SimulateConfig(Strict):
    """Section `simulate`."""

    n_events: int = Field(ge=10)
    separation: float
    seed: int


class PrepareConfig(Strict):
    """Section `prepare`."""

    feature_range: tuple[float, float]


class TrainConfig(Strict):
    """Section `train`."""

    test_fraction: float = Field(gt=0, lt=1)
    regularisation: float = Field(gt=0)


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    n_bootstrap: int = Field(ge=2)


class Settings(RunSettings):
    """All sections of config.yaml."""

    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    evaluate: EvaluateConfig
