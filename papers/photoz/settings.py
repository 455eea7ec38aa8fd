"""Models of the sections of config.yaml for the reproduction of arXiv:1903.08174; the values are in that file."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from common.errors import nearest
from common.settings import RunSettings
from common.types import Count, Positive, Share
from common.yamlio import Strict


class PerBand(Strict):
    """One number for each band."""

    u: float
    g: float
    r: float
    i: float
    z: float
    y: float

    def values(self) -> list[float]:
        """Return the six numbers in the order u g r i z y."""
        return [self.u, self.g, self.r, self.i, self.z, self.y]


class PerQuality(Strict):
    """One fraction for each redshift quality `zquality` 1 to 4 of the DEEP2 survey."""

    q1: Share  # no redshift
    q2: Share  # doubtful
    q3: Share  # secure
    q4: Share  # very secure

    def values(self) -> list[float]:
        """Return the four fractions in the order of zquality 1 2 3 4."""
        return [self.q1, self.q2, self.q3, self.q4]


class GalaxyClass(Strict):
    """Redshifts and spectra of one class of galaxies at a given r magnitude; z law of Benitez (2000), Eq. (24)."""

    z_shape: Positive  # alpha in p(z) ~ z^alpha exp(-(z/zm)^alpha)
    zm_at_r20: Positive  # zm = zm_at_r20 + zm_per_mag (r - 20)
    zm_per_mag: float  # [1/mag]
    kind_mean: float  # position in the sequence E = 0, Sbc = 1, Scd = 2, Im = 3, at z = 0.7; draws are clipped to 0-3
    kind_per_ln_z: float  # change of the mean with ln z
    kind_scatter: Positive
    ebv_mean: float  # [mag] E(B-V) at r = 23; negative: bluer than the template, which contains some dust already
    ebv_per_mag: float  # change of the mean with r
    ebv_per_ln_z: float  # [mag] change of the mean with ln z, at z = 0.7
    ebv_scatter: Positive  # [mag]


class Population(Strict):
    """Galaxies that have a spectrum: number counts, redshifts, spectral types."""

    counts_slope: Positive  # [dex/mag] of the r-band number counts
    r_limit_mag: float  # [AB mag] targeting limit
    r_limit_width_mag: Positive  # [mag] softness of that limit
    early_at_r20: Share  # fraction of early types at r = 20 ...
    early_decline: float  # [1/mag] ... times exp(-early_decline (r - 20)), Benitez (2000), Eq. (23)
    early: GalaxyClass
    late: GalaxyClass
    z_limit: Positive  # [O II] 3727 leaves the spectrograph; redshifts fail beyond
    z_limit_width: Positive  # softness of that limit


class Photometry(Strict):
    """Filters, depths and coverage."""

    mean_wavelength_aa: PerBand  # [Angstrom] to which the LSST curves are stretched
    correction_knots_aa: list[Positive]  # [Angstrom] rest wavelengths of ...
    correction_mag: list[float]  # [mag] ... the correction of the templates, linear in ln(wavelength)
    zero_point_mag: PerBand  # [mag] added: templates and filters are not exactly the survey's
    intrinsic_scatter_mag: PerBand  # [mag] spectra differ from the templates; in y also calibration
    depth_deep_mag: PerBand  # [AB mag] 5 sigma, cfhtls_source 0 (ugriz), subaru_source 0 (y)
    depth_wide_mag: PerBand  # [AB mag] 5 sigma, cfhtls_source 1 (ugriz), subaru_source 1 (y)
    detection_sigma: Positive  # below this signal-to-noise the magnitude is 99
    fraction_wide: Share  # CFHTLS Wide, among rows with a CFHTLS match
    fraction_no_cfhtls: Share  # no CFHTLS match: u g r i z are -99
    fraction_no_y: Share  # not observed by Subaru: y is -99
    fraction_shallow_y: Share  # subaru_source 1, among rows with Y
    radius_at_r23_arcsec: Positive  # [arcsec] median half-light radius
    radius_per_mag_dex: float  # [dex/mag] change of its logarithm with r
    radius_scatter_dex: Positive  # [dex]
    auto_total_scatter: Positive  # [mag/arcsec] MAG_AUTO: error common to all bands, times the radius
    auto_colour_scatter: Positive  # [mag/arcsec] MAG_AUTO: error of each band (its own seeing), times the radius


class Spectroscopy(Strict):
    """Surveys and redshift quality."""

    fraction_deep3: Share  # the others are DEEP2
    zquality: PerQuality  # fractions, sum 1
    line_error: PerQuality  # fraction of wrong redshifts per zquality
    velocity_error: Positive  # sigma(z)/(1+z) of DEIMOS

    @field_validator("zquality")
    @classmethod
    def _sum_is_one(cls, zquality: PerQuality) -> PerQuality:
        if abs(sum(zquality.values()) - 1) > 1e-6:
            raise ValueError(f"the four fractions must sum to 1, found {sum(zquality.values()):.6f}")
        return zquality


class Outliers(Strict):
    """Galaxies whose colours are not those of one normal galaxy at the catalogue's redshift."""

    fraction_blend: Share  # a second galaxy, at its own redshift, in the aperture
    blend_flux_ratio: tuple[float, float]  # r-band flux of the second galaxy / first, uniform
    fraction_agn: Share  # an active nucleus
    agn_light_fraction: tuple[float, float]  # of the r-band flux, uniform
    agn_slope: float  # alpha in f_nu ~ nu^alpha


class SimulateConfig(Strict):
    """Section `simulate`: the stand-in for the catalogue."""

    n_galaxies: Annotated[int, Field(gt=0)]  # rows
    seed: Annotated[int, Field(ge=0)]
    population: Population
    photometry: Photometry
    spectroscopy: Spectroscopy
    outliers: Outliers


class PrepareConfig(Strict):
    """Section `prepare`: which galaxies are used."""

    min_zquality: int  # 3: secure, 4: very secure
    depths: list[Literal["deep", "wide"]]  # layers of CFHTLS


class Experiment(Strict):
    """One experiment; written as one word, "deep/apercor/colours_i/forest"."""

    depth: Literal["deep", "wide"]
    photometry: Literal["apercor", "auto"]
    features: Literal["colours_i", "colours", "magnitudes", "no_u", "no_y", "no_u_no_y"]
    model: str  # key of `models`

    @property
    def name(self) -> str:
        """Return the one-word form."""
        return "/".join((self.depth, self.photometry, self.features, self.model))


def _experiment_from_word(word: Any) -> Any:
    if not isinstance(word, str):
        return word
    parts = word.split("/")
    if len(parts) != len(Experiment.model_fields):
        raise ValueError("an experiment is written depth/photometry/features/model")
    return dict(zip(Experiment.model_fields, parts, strict=True))


ExperimentWord = Annotated[
    Experiment, BeforeValidator(_experiment_from_word), PlainSerializer(lambda experiment: experiment.name)
]


class ModelConfig(Strict):
    """One kind of regressor, and the values among which the inner cross-validation chooses."""

    kind: Literal["forest", "gradient_boosting", "nearest_neighbours"]
    grid: dict[str, list[int | float]]  # scikit-learn's parameter names; one value each: nothing is tuned
    inner_folds: Annotated[int, Field(ge=2)]


class TrainOne(Strict):
    """What the result of one experiment depends on."""

    experiment: ExperimentWord
    model: ModelConfig
    outer_folds: Count
    is_headline: bool
    importance_repeats: Count


class TrainConfig(Strict):
    """Section `train`: which experiments, and how they are cross-validated."""

    outer_folds: Annotated[int, Field(ge=2)]
    headline: str  # the experiment whose bins, n(z) and feature importance are shown
    importance_repeats: Annotated[int, Field(ge=1)]  # shuffles per feature and fold
    experiments: Annotated[list[ExperimentWord], Field(min_length=1)]
    models: dict[str, ModelConfig]

    @model_validator(mode="after")
    def _names_exist(self) -> "TrainConfig":
        names = [experiment.name for experiment in self.experiments]
        if self.headline not in names:
            raise ValueError(f"headline '{self.headline}' is not in experiments.{nearest(self.headline, names)}")
        if len(set(names)) < len(names):
            raise ValueError("an experiment is listed twice")
        for experiment in self.experiments:
            if experiment.model not in self.models:
                raise ValueError(
                    f"experiment '{experiment.name}': no model '{experiment.model}'."
                    f"{nearest(experiment.model, self.models)}"
                )
        return self

    def one(self, experiment: Experiment) -> TrainOne:
        """Return what the result of one experiment depends on."""
        return TrainOne(
            experiment=experiment,
            model=self.models[experiment.model],
            outer_folds=self.outer_folds,
            is_headline=experiment.name == self.headline,
            importance_repeats=self.importance_repeats,
        )


class EvaluateConfig(Strict):
    """Section `evaluate`: errors and bins."""

    n_bootstrap: Annotated[int, Field(ge=2)]
    min_per_bin: Annotated[int, Field(ge=2)]
    i_edges_mag: list[float]
    z_edges: list[float]


class Settings(RunSettings):
    """All sections of config.yaml."""

    simulate: SimulateConfig
    prepare: PrepareConfig
    train: TrainConfig
    evaluate: EvaluateConfig

    def methods(self) -> list[str]:
        """Return the names of the experiments: groups of the predictions, here, and no folders."""
        return [experiment.name for experiment in self.train.experiments]
