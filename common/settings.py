"""From `config.yaml`, a run's overlay and `--config` to one checked settings object per paper and run."""

import functools
import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from common.errors import InputError, nearest
from common.yamlio import Location, Strict, read_yaml, validate

RUNS = ("smoke", "generated", "small", "full")
BASE_RUN = "small"  # config.yaml itself describes this run, so it has no overlay


def _as_seed_list(value: Any) -> Any:
    """Accept 3, "0,1,2" and [0, 1, 2]: `--config seeds=0,1,2` arrives as text."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return [value] if isinstance(value, int) else value


def _without_repeats(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice: its repetition would look like agreement")
    return seeds


Seed = Annotated[int, Field(ge=0)]
Seeds = Annotated[list[Seed], BeforeValidator(_as_seed_list), AfterValidator(_without_repeats), Field(min_length=1)]


class Options(Strict):
    """What `--config` may set for every paper; a paper's own name takes changes of its settings."""

    run: str = BASE_RUN
    seeds: Seeds | None = None
    data: str | None = None
    mirror: str | None = None
    strict: bool = False


class RunSettings(Strict):
    """Base of a paper's settings: what the workflow itself needs; stages add one section each."""

    source: Literal["generated", "archive"]  # which files the run is made from
    archive: list[str]  # "<data set>/<file>" of datasets.yaml that the run reads if source is archive
    generated: list[str]  # files that simulate writes for the run if source is generated
    seeds: Seeds  # one independent repetition of training and evaluation per seed

    @model_validator(mode="after")
    def _names_the_files_of_its_source(self) -> "RunSettings":
        if self.source == "archive" and not self.archive:
            raise ValueError("a run with source 'archive' needs at least one file in 'archive'")
        if self.source == "generated" and not self.generated:
            raise ValueError("a run with source 'generated' needs at least one file in 'generated'")
        return self

    def methods(self) -> list[str]:
        """Return the names of all methods that are trained or evaluated: the folders below those of the seeds.

        A paper whose `train.experiments` is no mapping of names overrides this.
        """
        return list(getattr(getattr(self, "train", None), "experiments", {}))

    def sections(self) -> dict[str, BaseModel]:
        """Return the sections of the stages by name."""
        content = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in content.items() if isinstance(value, BaseModel)}


class RunFacts(BaseModel):
    """What every stage may know of its run, beside its own section of the settings.

    A paper's settings that are no section, e.g. `splits`, are further attributes.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    changes: str  # settings that the command line changed, as JSON; "" for none
    source: Literal["generated", "archive"]
    archive: list[str]
    generated: list[str]
    seeds: list[int]
    asked_seeds: list[int] | None = None  # those of the command line; None if it named none
    methods: list[str]

    def receipts(self, folder: Path) -> list[Path]:
        """Return the receipts of the run's data; `folder` is results/<paper>/<run>/receipts."""
        names = self.archive if self.source == "archive" else [f"generated/{name}" for name in self.generated]
        return [folder / f"{name}.json" for name in names]

    def each_seed(self, folder: Path, file: str) -> list[Path]:
        """Return one file of each seed; `folder` is that of the run."""
        return [folder / f"seed{seed}" / file for seed in self.seeds]


S = TypeVar("S", bound=RunSettings)
M = TypeVar("M", bound=BaseModel)


def split_options(config: dict[str, Any], *, papers: list[str]) -> tuple[Options, dict[str, Any]]:
    """Separate `--config` into the options of all papers and the changes for single papers.

    Raises:
        InputError: For a key that is neither an option nor a paper; the nearest ones are named.
    """
    fields = set(Options.model_fields)
    for key in config:
        if key not in fields and key not in papers:
            raise InputError(f"--config: unknown key '{key}'.{nearest(key, [*fields, *papers])}")
    options = validate({k: v for k, v in config.items() if k in fields}, Options, "--config")
    return options, {k: v for k, v in config.items() if k in papers}


def merge(base: Any, overlay: Any) -> Any:
    """Return `base` with the keys of `overlay` put over it; mappings merge, all else is replaced."""
    if isinstance(base, dict) and isinstance(overlay, dict):
        return {**base, **{key: merge(base.get(key), value) for key, value in overlay.items()}}
    return overlay


def load_settings(folder: Path, run: str, model: type[S], *, changes: Any = None, seeds: list[int] | None = None) -> S:
    """Return the settings of one paper for one run.

    Args:
        folder: The paper's folder with `config.yaml` and the overlays `<run>.yaml`.
        run: Name of the run; "small" is `config.yaml` as it stands.
        model: The paper's settings model.
        changes: What `--config <paper>={...}` asks for, put over both files.
        seeds: What `--config seeds=...` asks for.

    Raises:
        InputError: If a file is missing or a key is unknown, missing or of the wrong type.
    """
    layers = [(str(folder / "config.yaml"), read_yaml(folder / "config.yaml"))]
    if run != BASE_RUN:
        overlay = folder / f"{run}.yaml"
        if not overlay.exists():
            known = [BASE_RUN, *(name for name in RUNS if (folder / f"{name}.yaml").exists())]
            raise InputError(f"{folder}: there is no run '{run}', because {overlay} is missing.{nearest(run, known)}")
        layers.append((str(overlay), read_yaml(overlay)))
    if changes is not None:
        layers.append((f"--config {folder.name}={{...}}", changes))
    if seeds is not None:
        layers.append(("--config seeds=...", {"seeds": seeds}))
    content = functools.reduce(merge, (layer for _, layer in layers))
    return validate(content, model, lambda key: _layer_with(key, layers))


def _layer_with(key: Location, layers: list[tuple[str, Any]]) -> str:
    """Return the name of the last layer that sets `key`, else of the first: it is the complete one."""
    names = [name for name, content in layers if _sets(content, key)]
    return names[-1] if names else layers[0][0]


def _sets(content: Any, key: Location) -> bool:
    """Say whether a layer sets `key`, or with a list or a plain value something above it."""
    if not key or not isinstance(content, dict):
        return True
    if key[0] in content:
        return _sets(content[key[0]], key[1:])
    return len(key) > 1 and _sets(content, key[1:])  # key[0] may be the choice in a union, which is no key


def section_json(settings: BaseModel, section: str) -> str:
    """Return one section as JSON with sorted keys: the same settings always give the same text."""
    content: BaseModel = getattr(settings, section)
    return json.dumps(content.model_dump(mode="json"), sort_keys=True)


def resolved(settings: RunSettings, *, run: str, changes: str, asked_seeds: list[int] | None = None) -> dict[str, Any]:
    """Return the content of `settings.yaml`: the facts of the run under `run`, and the section of each stage."""
    content = settings.model_dump(mode="json")
    sections = {name: content.pop(name) for name in settings.sections()}
    asked = {"changes": changes, "asked_seeds": asked_seeds}
    facts = {"name": run, **asked, **content, "methods": settings.methods()}
    return {"run": facts, **sections}


def read_section(path: Path, section: str, model: type[M]) -> M:
    """Return one section of a run's `settings.yaml`; the others are not looked at.

    Raises:
        InputError: If the section is missing or breaks its model.
    """
    return validate(_entry(path, section), model, f"{path}: section '{section}'")


def read_facts(path: Path) -> RunFacts:
    """Return what a run's `settings.yaml` says of the run itself."""
    return validate(_entry(path, "run"), RunFacts, path)


def _entry(path: Path, section: str) -> Any:
    content = read_yaml(path)
    if not isinstance(content, dict) or section not in content:
        known = list(content) if isinstance(content, dict) else []
        raise InputError(
            f"{path}: expected the section '{section}', found {known}. Delete the file: snakemake writes it again."
        )
    return content[section]
