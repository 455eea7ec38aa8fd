"""Receipts: small JSON files that say which input bytes a run was made from, archive or generated.

The workflow tracks receipts instead of the data files themselves. A forced or failed rule therefore never
deletes a downloaded file, and a class can share one read-only data folder.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from common.atomic import write_text
from common.download.datasets import new_digest
from common.errors import InputError
from common.yamlio import Strict

CHUNK_BYTES = 1 << 20
Origin = Literal["archive", "generated"]


class Receipt(Strict):
    """Where one input file came from and what was checked."""

    origin: Origin
    dataset: str
    file: str  # path relative to the data root
    bytes: int
    sha256: str
    verified: str  # e.g. "md5 published by the archive", "first download (trust on first use)", "generator"
    url: str | None = None  # where it was fetched; None for generated or hand-placed files
    licence: str
    doi: str | None = None


def data_root() -> Path:
    """Return the folder that holds all data: the variable PAPERS_DATA, or `data` in the current folder."""
    return Path(os.environ.get("PAPERS_DATA") or "data").expanduser()


def origin_of(receipts: Iterable[Receipt]) -> Origin:
    """Return what a run is made from: generated as soon as one of its inputs is."""
    return "generated" if any(receipt.origin == "generated" for receipt in receipts) else "archive"


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in chunks."""
    digest = new_digest("sha256")
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write a receipt atomically; equal receipts give equal bytes."""
    write_text(path, receipt.model_dump_json(indent=2) + "\n")


def read_receipt(path: Path) -> Receipt:
    """Read one receipt written by `write_receipt`.

    Raises:
        InputError: If the file is no receipt.
    """
    try:
        return Receipt.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except ValidationError as error:
        raise InputError(
            f"{path}: expected a receipt, found something else ({error}). Delete it and call again."
        ) from None


def generated_receipt(path: Path, *, dataset: str) -> Receipt:
    """Return the receipt of a file that a generator of ours has just written below the data root."""
    return Receipt(
        origin="generated",
        dataset=dataset,
        file=str(path.relative_to(data_root())),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        verified="written by this project's generator",
        licence="generated here, no archive data",
    )


def locate(receipt: Receipt) -> Path:
    """Return the path of the file that a receipt vouches for.

    A generated file can be written again by another checkout that shares the data folder, so its content is
    checked as well; a download is read-only and was checked when its receipt was written.

    Raises:
        InputError: If the file has gone or changed since the receipt was written.
    """
    path = data_root() / receipt.file
    found = f"{path.stat().st_size} bytes" if path.exists() else "no file"
    if not path.exists() or path.stat().st_size != receipt.bytes:
        raise InputError(
            f"{path}: expected the {receipt.bytes} bytes that were verified before, found {found}. "
            "Call the same snakemake command again: it fetches or regenerates the file."
        )
    if receipt.origin == "generated" and sha256_of(path) != receipt.sha256:
        raise InputError(
            f"{path}: another run has generated a different file here since. Generate it again with:"
            " snakemake papers/<name> --forceall, or use a data folder of your own: --config data=DIR"
        )
    return path
