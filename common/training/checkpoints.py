"""Names for the saved states of trainings, so that none is continued with other data, settings or code."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from common.download.receipts import sha256_of


def checkpoint_name(config: BaseModel, inputs: Sequence[Path], *, seed: int, code: Path) -> str:
    """Return a file name that changes with anything that a training depends on.

    Args:
        config: Its settings.
        inputs: The files that it reads.
        seed: Its seed.
        code: The paper's folder: a state is not continued after an edit of any module in it.
    """
    files = [*inputs, *sorted(code.glob("*.py"))]
    key = json.dumps([config.model_dump(mode="json"), [sha256_of(file) for file in files], seed], sort_keys=True)
    return f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.pt"
