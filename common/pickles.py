"""Pickles from the network. Loading one runs whatever code its author put there, unless every name in it is checked."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import InputError

Admitted = Mapping[tuple[str, str], Any]  # (module, name) in the file -> what it stands for here


class _Restricted(pickle.Unpickler):
    """Refuses every name that is not admitted, before it is imported."""

    def __init__(self, content: bytes, admitted: Admitted, *, encoding: str) -> None:
        super().__init__(io.BytesIO(content), encoding=encoding)
        self._admitted = admitted

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._admitted:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return self._admitted[module, name]


def read_pickle(path: Path, *, expected: str, admitted: Admitted | None = None, encoding: str = "ASCII") -> Any:
    """Return the content of a pickle without running code of its author.

    Args:
        path: The file.
        expected: What should be in it, for the message.
        admitted: The names that it may hold; without any: lists, dictionaries, texts and numbers.
        encoding: Of the texts of Python 2.

    Raises:
        InputError: If the file is broken or asks for any other name.
    """
    try:
        return _Restricted(path.read_bytes(), admitted or {}, encoding=encoding).load()
    except Exception as error:  # a broken pickle may raise whatever the machine inside meets
        raise InputError(
            f"{path}: expected a pickle of {expected}, found something else: {error}. It was not loaded; fetch it"
            " again, or ask its author for another format."
        ) from None
