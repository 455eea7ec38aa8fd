"""YAML files checked against pydantic models; errors name the file, the key and the nearest valid key."""

import typing
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from common.errors import InputError, nearest


class Strict(BaseModel):
    """Base of all models: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T")
Location = tuple[int | str, ...]  # of a key: ("train", "n_trees")


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: plain YAML silently keeps the last one."""


def _mapping_without_duplicates(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            problem = "a key in braces or brackets; put quotes around the text"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' is given twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)


def read_yaml(path: Path) -> Any:
    """Return the content of one YAML file.

    Raises:
        InputError: If the file is missing or is not valid YAML; the message has its line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: this file is missing. Restore it, e.g. with: git checkout -- {path}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid YAML: {error}. Save the file as UTF-8.") from None
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: not valid YAML: {error.problem}. Check indentation and colons.") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {error}. Remove the character.") from None


def validate(content: Any, model: type[T], where: Path | str | Callable[[Location], str]) -> T:
    """Return `content` as `model`.

    Args:
        content: Nested mappings and lists, as YAML or JSON gives them.
        model: What it has to be.
        where: The file that the message names, or a function that finds it from the key's location.

    Raises:
        InputError: With one line for each fault: file, key, what is wrong, the nearest valid key.
    """
    try:
        return TypeAdapter(model).validate_python(content)
    except ValidationError as error:
        details = error.errors()
    raise InputError(
        "\n".join(f"{where(d['loc']) if callable(where) else where}: {_describe(d, model)}" for d in details)
    )


def load(path: Path, model: type[T]) -> T:
    """Read a YAML file and check it against `model` (see `read_yaml` and `validate` for the errors)."""
    return validate(read_yaml(path), model, path)


def _describe(detail: ErrorDetails, model: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "(top level)"
    if detail["type"] == "extra_forbidden":
        return f"unknown key '{key}'.{nearest(str(detail['loc'][-1]), _fields_at(model, detail['loc'][:-1]))}"
    if detail["type"] == "missing":
        return f"the key '{key}' is missing."
    found = "" if isinstance(detail["input"], dict) else f" (found {detail['input']!r})"
    return f"key '{key}': {detail['msg']}{found}."


def _fields_at(model: Any, location: Location) -> list[str]:
    """Return the field names of the model found by following `location` down from `model`."""
    for part in location:
        fields = getattr(model, "model_fields", {})
        model = fields[part].annotation if part in fields else _inner(model, part)
    return list(getattr(model, "model_fields", {}))


def _inner(annotation: Any, part: int | str) -> Any:
    """Return what a list, mapping or union holds; `part` is an index, a key or a union's discriminator."""
    models = _models_in(annotation)
    chosen = [m for m in models if any(part in typing.get_args(field.annotation) for field in m.model_fields.values())]
    candidates = chosen or models
    return candidates[0] if len(candidates) == 1 else annotation


def _models_in(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]
