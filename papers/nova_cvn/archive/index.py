"""The index of the course server's files, which the stage fetch writes: nobody publishes how many there are."""

from pathlib import Path

from pydantic import ValidationError

from common.errors import InputError
from common.yamlio import Strict


class Entry(Strict):
    """One downloaded file."""

    number: int
    file: str  # path below the data root
    bytes: int
    sha256: str  # of the first download


class Index(Strict):
    """Content of `index-<first>-<last>.json`."""

    address: str
    found: list[Entry]
    missing: dict[int, str]  # number -> what the server said


def read_index(path: Path) -> Index:
    """Return the index that the stage fetch wrote.

    Raises:
        InputError: If the file is no such index.
    """
    try:
        return Index.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise InputError(f"{path}: expected an index of files, found something else ({error}). Move it away.") from None
