"""Models of the sections of config.yaml for the reproduction of arXiv:1511.05190; the values are in that file."""

from typing import Annotated, Literal

from pydantic import Field

from common.settings import RunSettings
from common.types import Count, NonNegative, OpenShare, Positive
from common.yamlio import Strict

Chance = Annotated[float, Field(gt=0, le=1)]
Range = tuple[float, float]
Class = Literal["signal", "background"]


class RouletteConfig(Strict):
    """Which events are worth finishing; the others survive with a small chance and a large weight."""

    scale_gev: NonNegative  # of the evolution at which a background event is looked at
    boson_pt_spread_gev: Positive  # by how much showers change the pT of a W's jet, for the shape of the chance
    pt_spread_gev: Positive  # by how much the rest of the evolution moves a background jet, likewise
    mass_spread_gev: Positive
    eta_spread: Positive
    smallest_chance: Chance  # of the least promising events; 1 means plain generation


class JetConfig(Strict):
    """Towers, jets, and their trimming."""

    tower: Positive  # size in rapidity and azimuth
    rapidity_max: Positive
    radius: Positive  # of anti-kT
    subjet_radius: Positive  # of kT
    subjet_fraction: NonNegative  # of the jet's pT; softer subjets are dropped
    pt_gev: Range  # of the trimmed jet
    mass_gev: Range  # of the trimmed jet
    eta_max: Positive


class SimulateConfig(Strict):
    """Section `simulate`."""

    seed: Annotated[int, Field(ge=0, le=4000)]
    n_jets: dict[Class, Count]  # images of each class
    jets_per_shard: Count  # one generator each; the result does not depend on how many run at a time
    energy_gev: Positive
    tune: Count  # Pythia's number of a set of parameters for collisions of protons
    w_prime_mass_gev: Positive
    pt_hat_gev: Range
    roulette: RouletteConfig
    jets: JetConfig
    steps_pt_gev: Range  # of the jets whose mass is followed through the preprocessing
    image_range: Positive  # half width of an image
    preprocessing: list[Literal["rotate", "flip"]]  # after translation and pixelation, which every image needs


class PrepareConfig(Strict):
    """Section `prepare`."""

    mass_gev: Range
    pt_gev: Range
    eta_max: Positive
    pixel_floor_gev: NonNegative  # smaller pixels are set to zero
    pt_bins: Count  # of the reweighting
    max_weight: Positive


class TaggerConfig(Strict):
    """One network."""

    kind: Literal["maxout", "convnet"]
    normalised: bool  # images of unit L2 norm instead of GeV
    batch: Count
    epochs: Count
    n_train: Count | None = None  # jets to train on; None: all


class Splits(Strict):
    """How each seed divides the jets."""

    test_fraction: OpenShare
    valid_fraction: OpenShare


class TrainOne(Splits):
    """What one training job receives."""

    learning_rate: Positive
    patience: Count
    tagger: TaggerConfig


class TrainConfig(Splits):
    """Section `train`."""

    learning_rate: Positive
    patience: Count  # epochs without improvement
    taggers: dict[str, TaggerConfig]
    learning_curve: dict[str, list[Count]]  # tagger: numbers of training jets

    def all_taggers(self) -> dict[str, TaggerConfig]:
        """Return every training by name: the taggers, and those of the learning curve, e.g. maxout_n1000."""
        found = dict(self.taggers)
        for name, sizes in self.learning_curve.items():
            for size in sizes:
                found[f"{name}_n{size}"] = self.taggers[name].model_copy(update={"n_train": size})
        return found

    def one(self, name: str) -> TrainOne:
        """Return what the job of one training depends on."""
        shared = self.model_dump(exclude={"taggers", "learning_curve"})
        return TrainOne(**shared, tagger=self.all_taggers()[name])


class PredictConfig(Strict):
    """Section `predict`."""

    batch: Count
    n_strongest: Count  # jets that make the mean image of a node


class PredictOne(PredictConfig, Splits):
    """What the job of one seed receives: the jets are divided as they were for the training."""


class EvaluateConfig(Strict):
    """Section `evaluate`."""

    n_bootstrap: Count


class Settings(RunSettings):
    """All sections of config.yaml."""

    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    predict: PredictConfig
    evaluate: EvaluateConfig
