"""What `published.yaml` of a paper holds: every number, ordering and figure that the article states."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from common.yamlio import Strict, load

# "recalled" marks a number that nobody has checked against the article yet, "third party" one of somebody else than its
# authors (a student's notebook, a comment, a later reproduction); neither ever decides a verdict on the article.
Source = Literal["article", "abstract", "authors' code", "authors' vector figure", "third party", "recalled"]
# What our sample has in common with others, which decides how the error of a difference is made up.
#   shared: all our seeds measure on one sample, and the article measured on another one.
#   per seed: each of our seeds draws a sample of its own.
#   divided: each of our seeds divides one sample anew into training and test.
#   the article's: our seeds measure on the very events that the article measured on.
Sample = Literal["shared", "per seed", "divided", "the article's"]


OF_THE_ARTICLE = ("article", "abstract", "authors' vector figure", "recalled")


class Article(Strict):
    """The article that a folder reproduces."""

    title: str
    authors: str
    arxiv: Annotated[str, Field(pattern=r"^\d{4}\.\d{4,5}$")]
    extras: list[str]  # optional dependencies of pyproject.toml that its stages import


class Tolerance(Strict):
    """How far a reproduction may lie off, fixed before the result is seen."""

    abs: FiniteFloat | None = Field(default=None, gt=0)
    rel: FiniteFloat | None = Field(default=None, gt=0)
    baseline: FiniteFloat = 0.0  # what a coin has: `rel` is a share of value - baseline
    reason: str

    @model_validator(mode="after")
    def _one_of_both(self) -> "Tolerance":
        if (self.abs is None) == (self.rel is None):
            raise ValueError("give either abs or rel")
        if self.abs is not None and self.baseline:
            raise ValueError("baseline belongs to rel")
        return self

    def around(self, value: float) -> float:
        """Return the tolerance in the units of `value`."""
        return self.abs if self.abs is not None else (self.rel or 0.0) * abs(value - self.baseline)


class _Statement(Strict):
    id: str
    where: str  # place in the article, e.g. "Table II, row 3"
    source: Source
    data: list[str]  # data sets that all have to be used for the comparison to mean anything
    own_recipe: bool = False  # the article itself generates its data, and simulate.py follows its recipe
    seeded: bool = True  # our value depends on the seed of a training; false: no seed can change it
    recomputed: bool = False  # we evaluate what the authors stored, which tests arithmetic and not the article
    note: str

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> "_Statement":
        if not self.data and not self.own_recipe:
            raise ValueError("name in 'data' the data sets that make the comparison meaningful, or set own_recipe")
        return self


class NumberClaim(_Statement):
    """The article states a number."""

    kind: Literal["number"]
    metric: str  # key of metrics.json
    value: FiniteFloat
    error: FiniteFloat = Field(ge=0)  # published standard error, or half a unit of the last printed digit
    rounded: bool = False  # the error is that half unit, a bound
    unit: str
    better: Literal["higher", "lower", "none"]
    tolerance: Tolerance
    sample: Sample = "shared"
    test_share: FiniteFloat | None = Field(default=None, gt=0, lt=1)  # of a divided sample that each seed tests on

    @model_validator(mode="after")
    def _a_divided_sample_has_a_share(self) -> "NumberClaim":
        if (self.sample == "divided") != (self.test_share is not None):
            raise ValueError("sample: divided needs test_share, the part of the events that each seed tests on")
        return self

    @property
    def rounding(self) -> float:
        """The published error if it is half a unit of the value's last digit: a bound, and no standard deviation."""
        return self.error if self.rounded else 0.0

    @property
    def standard_error(self) -> float:
        """The published error if it is a standard deviation, else 0."""
        return 0.0 if self.rounding else self.error

    @property
    def metrics(self) -> list[str]:
        """The keys of metrics.json that the claim is about."""
        return [self.metric]


class OrderingClaim(_Statement):
    """The article states that one quantity is larger than another."""

    kind: Literal["ordering"]
    smaller: str  # key of metrics.json
    larger: str  # key of metrics.json
    gap: str | None = None  # key of larger - smaller with the error of the difference on the same events

    @property
    def metrics(self) -> list[str]:
        """The keys of metrics.json that the claim needs."""
        return [self.smaller, self.larger, *([self.gap] if self.gap else [])]


Claim = Annotated[NumberClaim | OrderingClaim, Field(discriminator="kind")]


class PublishedFigure(Strict):
    """One figure of the article, and the file stem of ours."""

    id: str
    file: str | None  # stem below figures/; None: not regenerated, `shows` says why
    where: str
    shows: str
    picture: bool = False  # a small copy stands in the README; one to three of a paper, of its main result

    @model_validator(mode="after")
    def _a_picture_is_drawn(self) -> "PublishedFigure":
        if self.picture and self.file is None:
            raise ValueError("picture: true needs a 'file', the stem of the figure that is shown")
        return self


class Reference(Strict):
    """A property of the real data, to judge how far generated data can be trusted."""

    metric: str
    value: FiniteFloat
    where: str
    label: str


class Check(Strict):
    """What we expect of a run where the truth is known, such as the limit that only a leak could beat.

    It is no claim of the article and gets no verdict. Exactly one of the three conditions is given.
    """

    metric: str
    label: str
    at_least: FiniteFloat | None = None  # of the mean over the seeds
    at_most: FiniteFloat | None = None  # of the mean over the seeds
    below: str | None = None  # another metric, on the mean over the seeds
    why: str

    @model_validator(mode="after")
    def _one_condition(self) -> "Check":
        if sum(condition is not None for condition in (self.at_least, self.at_most, self.below)) != 1:
            raise ValueError("give exactly one of at_least, at_most and below")
        return self

    @property
    def metrics(self) -> list[str]:
        """The keys of metrics.json that the check is about."""
        return [self.metric, *([self.below] if self.below else [])]

    @property
    def name(self) -> str:
        """What tells it from the other checks, of which some share a label."""
        return f"{self.metric}: {self.label}"


class Published(Strict):
    """Content of one `published.yaml`."""

    paper: Article
    claims: list[Claim]
    figures: list[PublishedFigure]
    reference: list[Reference]
    checks: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Published":
        ids = [entry.id for entry in [*self.claims, *self.figures]]
        names = [check.name for check in self.checks]
        doubled = {entry for entries in (ids, names) for entry in entries if entries.count(entry) > 1}
        if doubled:
            raise ValueError(f"these ids or checks are used twice: {', '.join(sorted(doubled))}")
        return self

    @model_validator(mode="after")
    def _no_claim_counts_twice(self) -> "Published":
        seen: dict[tuple[str, float], str] = {}
        for claim in self.claims:
            if isinstance(claim, NumberClaim):
                first = seen.setdefault((claim.metric, claim.value), claim.id)
                if first != claim.id:
                    raise ValueError(f"{first} and {claim.id} compare the same metric with the same value: one claim")
        return self

    @property
    def pictures(self) -> list[PublishedFigure]:
        """The figures that the README shows."""
        return [figure for figure in self.figures if figure.picture]


def load_published(path: Path) -> Published:
    """Read and check one `published.yaml`.

    Raises:
        InputError: Naming file and key.
    """
    return load(path, Published)
