"""What `datasets.yaml` of a paper declares: the archive's files, where they lie and how they are checked."""

import hashlib
import re
import zlib
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, Field, model_validator

from common.errors import InputError, nearest
from common.yamlio import Strict, load

HEX_DIGITS = {"sha256": 64, "md5": 32, "adler32": 8}
RESERVED_NAMES = ("generated", "located")  # receipts of files that a paper writes or finds itself


class Digest(Protocol):
    """The part of hashlib's interface that a streaming check needs."""

    def update(self, data: bytes, /) -> None: ...  # noqa: D102
    def hexdigest(self) -> str: ...  # noqa: D102


class _Adler32:
    """adler32 (what CERN Open Data publishes) behind hashlib's interface, zero-padded to eight digits."""

    def __init__(self) -> None:
        self._value = 1

    def update(self, data: bytes, /) -> None:
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value & 0xFFFFFFFF:08x}"


def new_digest(algorithm: str) -> Digest:
    """Return an empty digest for "sha256", "md5" or "adler32"."""
    return _Adler32() if algorithm == "adler32" else hashlib.new(algorithm)


def _check_checksum(text: str) -> str:
    algorithm, _, digits = text.partition(":")
    if algorithm not in HEX_DIGITS or not re.fullmatch(f"[0-9a-f]{{{HEX_DIGITS[algorithm]}}}", digits):
        expected = ", ".join(f"{name}:<{n} lower-case hex digits>" for name, n in HEX_DIGITS.items())
        raise ValueError(f"a checksum is one of {expected}")
    return text


def _check_name(name: str) -> str:
    if name.startswith("/") or ".." in Path(name).parts or not name:
        raise ValueError("a file name must stay below its data set's folder")
    return name


def _check_dataset_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name in RESERVED_NAMES:
        raise ValueError(
            "a data set's name is a folder below data/raw/: letters, digits, '.', '_' and '-', the first a letter or"
            f" a digit, and none of: {', '.join(RESERVED_NAMES)}"
        )
    return name


class Login(Strict):
    """How a person obtains a file that the archive does not give to anonymous programs."""

    page: str  # the page to open in a browser
    accept: str  # what to do there, e.g. "accept the competition rules"
    token_variable: str | None = None  # environment variable whose value is sent as a bearer token


class DataFile(Strict):
    """One file of an archive."""

    name: Annotated[str, AfterValidator(_check_name)]  # path below data/raw/<dataset>/
    urls: list[str] = Field(default_factory=list)  # primary first, then mirrors, tried in this order
    bytes: int | None = Field(default=None, ge=0)
    checksum: Annotated[str, AfterValidator(_check_checksum)] | None = None  # None: trust on first use
    licence: str
    doi: str | None = None
    size_class: Literal["small", "medium", "large"]  # below 100 MB, below 10 GB, above
    access: Literal["open", "login", "manual"] = "open"
    login: Login | None = None

    @model_validator(mode="after")
    def _access_is_complete(self) -> "DataFile":
        if self.access != "manual" and not self.urls:
            raise ValueError(f"access '{self.access}' needs at least one entry in urls")
        if self.access != "open" and self.login is None:
            raise ValueError(f"access '{self.access}' needs the section 'login' (page, accept)")
        return self


class Dataset(Strict):
    """A named group of files; the name is a folder below data/raw/."""

    title: str
    source: str  # citation or landing page
    files: list[DataFile]


DatasetName = Annotated[str, AfterValidator(_check_dataset_name)]
Datasets = dict[DatasetName, Dataset]  # content of one `datasets.yaml`


def load_datasets(path: Path) -> Datasets:
    """Return the data sets of one paper by name.

    Raises:
        InputError: If the file is missing, is not YAML or breaks the model; file and key are named.
    """
    return load(path, Datasets)


def find_file(datasets: dict[str, Dataset], dataset: str, name: str, *, where: Path) -> DataFile:
    """Return one declared file.

    Raises:
        InputError: If `where` declares no such data set or file; the nearest names are given.
    """
    if dataset not in datasets:
        raise InputError(f"{where}: no data set '{dataset}'.{nearest(dataset, datasets)}")
    for file in datasets[dataset].files:
        if file.name == name:
            return file
    known = [file.name for file in datasets[dataset].files]
    raise InputError(f"{where}: data set '{dataset}' has no file '{name}'.{nearest(name, known)}")
