"""Models of the sections of config.yaml for the reproduction of arXiv:1511.05190; the values are in that file."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from common.settings import RunSettings
from common.types import Count, NonNegative, OpenShare, Positive
from common.yamlio import Strict

Chance = Annotated[float, Field(gt=0, le=1)]
Range = tuple[float, float]
Kind = Literal["background", "signal"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # in the order of their labels: 0 for QCD, 1 for W bosons
IMAGES_FILE, STEPS_FILE = "jet_images.hdf5", "steps.hdf5"  # what stage simulate writes


class RouletteConfig(Strict):
    """The roulette: which events are worth finishing; the others survive with a small chance and a large weight."""

    scale_gev: NonNegative  # the roulette looks at a background event when its evolution has come down to this scale
    # The chance of survival falls exponentially with the distance from the windows, in these units.
    boson_pt_spread_gev: Positive  # change of pT between a W boson and its jet
    pt_spread_gev: Positive  # change of a background jet's pT in the rest of the evolution
    mass_spread_gev: Positive  # the same for its mass
    eta_spread: Positive  # the same for its pseudorapidity
    smallest_chance: Chance  # chance of the least promising events; 1 means plain generation


class JetConfig(Strict):
    """Towers, jets, and their trimming."""

    tower: Positive  # size in rapidity and azimuth
    rapidity_max: Positive
    radius: Positive  # parameter R of anti-kT
    subjet_radius: Positive  # parameter R of kT
    subjet_fraction: NonNegative  # subjets with a smaller share of the jet's pT are dropped
    pt_gev: Range  # window of the trimmed jet
    mass_gev: Range  # window of the trimmed jet
    eta_max: Positive


class SimulateConfig(Strict):
    """Section `simulate`."""

    seed: Annotated[int, Field(ge=0, le=4000)]
    n_jets: dict[Kind, Count]  # images of each class
    jets_per_shard: Count  # each shard has a generator; the result does not depend on how many run at a time
    energy_gev: Positive
    tune: Count  # number of the tune in Pythia
    w_prime_mass_gev: Positive
    pt_hat_gev: Range
    roulette: RouletteConfig
    jets: JetConfig
    steps_pt_gev: Range  # pT window of the jets whose mass is followed through the preprocessing
    preprocessing: list[Literal["rotate", "flip"]]  # steps after translation and pixelation, which every image needs


class PrepareConfig(Strict):
    """Section `prepare`."""

    mass_gev: Range
    pt_gev: Range
    eta_max: Positive
    pixel_floor_gev: NonNegative  # smaller pixels are set to zero
    pt_bins: Count  # bins of the pT spectrum for the weights
    max_weight: Positive  # largest ratio of both spectra
    test_fraction: OpenShare  # share of the test jets; each seed divides the jets in another way
    valid_fraction: OpenShare  # share of the validation jets


class ExperimentConfig(Strict):
    """One network and how it is trained."""

    kind: Literal["maxout", "convnet"]
    normalised: bool  # images of unit L2 norm instead of GeV
    batch: Count
    epochs: Count
    n_train: Count | None = None  # jets to train on; None: all


class TrainOne(Strict):
    """What one training job receives."""

    learning_rate: Positive
    patience: Count
    experiment: ExperimentConfig


class TrainConfig(Strict):
    """Section `train`."""

    learning_rate: Positive
    patience: Count  # epochs without improvement
    experiments: dict[str, ExperimentConfig]
    learning_curve: dict[str, list[Count]]  # experiment -> numbers of training jets

    def all_experiments(self) -> dict[str, ExperimentConfig]:
        """Return every training by name: the experiments, and those of the learning curve, e.g. maxout_n1000."""
        experiments = dict(self.experiments)
        for name, sizes in self.learning_curve.items():
            for size in sizes:
                experiments[f"{name}_n{size}"] = self.experiments[name].model_copy(update={"n_train": size})
        return experiments

    def one(self, method: str) -> TrainOne:
        """Return what the job of one training depends on."""
        shared = self.model_dump(exclude={"experiments", "learning_curve"})
        return TrainOne(**shared, experiment=self.all_experiments()[method])


class PredictConfig(Strict):
    """Section `predict`."""

    batch: Count
    n_strongest: Count  # number of jets in the mean image of a node


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

    def methods(self) -> list[str]:
        """Return the names of all trainings, those of the learning curve included."""
        return list(self.train.all_experiments())
