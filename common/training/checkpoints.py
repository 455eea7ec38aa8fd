"""Names for the saved states of trainings, so that none is continued with other data, settings or code."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from common.download.receipts import sha256_of
from common.workflow.closure import ROOT, import_closure


def checkpoint_path(model: Path, config: BaseModel, inputs: Sequence[Path], *, seed: int, stage: str) -> Path:
    """Return the file of a training's state; its name changes with anything that the training depends on.

    It lies beside the model's folder, where Snakemake does not delete it when a training is killed.

    Args:
        model: The model that the training writes.
        config: Its settings.
        inputs: The files that it reads.
        seed: Its seed.
        stage: Its module, e.g. "papers.hbb.train": a state is not continued after an edit of what that imports.
    """
    files = [*inputs, *(ROOT / file for file in import_closure(stage))]
    key = json.dumps([config.model_dump(mode="json"), [sha256_of(file) for file in files], seed], sort_keys=True)
    return model.parent.parent / "checkpoints" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.state"
