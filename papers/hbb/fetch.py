"""Fetch one file of CERN Open Data record 12102, checked against the record's own index (arXiv:1909.12285, data set).

datasets.yaml -> <data>/raw/cms_hbb/<split>/<file>, verified by size and adler32 of the index, and its receipt. The
index itself is verified by the adler32 of the record's metadata. The data file is requested from every server that
datasets.yaml names for the index; a mirror or a shared folder has it under the same name.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common.download.datasets import DataFile, find_file, load_datasets
from common.download.fetch import fetch
from common.download.receipts import Receipt, locate, write_receipt
from common.errors import InputError, nearest
from common.stage import parse, run

DATASET = "cms_hbb"
RECORD = "HiggsToBBNTuple_HiggsToBB_QCD_RunII_13TeV_MC"


def index_name(split: str, file: str) -> str:
    """Return the name of the index that lists a file, e.g. of "train" and "ntuple_merged_9.root"."""
    return f"{split}/file-indexes/{RECORD}_{split}_{file.rpartition('.')[2]}_file_index.json"


def read_index(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of an index (uri, size, checksum) by file name.

    Raises:
        InputError: If the file is no index.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            entry["uri"].rpartition("/")[2]: {name: entry[name] for name in ("uri", "size", "checksum")}
            for entry in entries
        }
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected a list of entries with 'uri', 'size' and 'checksum', found something else"
            f" ({type(error).__name__}: {error}). Move it away and call again."
        ) from None


def checksum_of(entry: dict[str, Any]) -> str:
    """Return "adler32:<8 digits>"; some tools of the portal drop leading zeros."""
    algorithm, _, digits = str(entry["checksum"]).rpartition(":")
    return f"{algorithm or 'adler32'}:{digits.lower().rjust(8, '0')}"


def addresses(uri: str, index: DataFile) -> list[str]:
    """Return the addresses of the file root://server//path of an index: the same path on each server of the index."""
    path = "/" + urlsplit(uri).path.lstrip("/")
    servers = [urlsplit(url) for url in index.urls if "/eos/" in url]
    return [f"{server.scheme}://{server.netloc}{path}" for server in servers]


def fetch_file(datasets: Path, split: str, file: str) -> Receipt:
    """Return the receipt of a data file after fetching or verifying the index and the file.

    Raises:
        InputError: If one of them cannot be downloaded or has another checksum, or the index does not list the file.
    """
    index = find_file(load_datasets(datasets), DATASET, index_name(split, file), where=datasets)
    path = locate(fetch(index, dataset=DATASET))
    entries = read_index(path)
    if file not in entries:
        raise InputError(f"{path}: the index lists no file '{file}'.{nearest(file, entries)}")
    entry = entries[file]
    declared = DataFile(
        name=f"{split}/{file}",
        urls=addresses(entry["uri"], index),
        bytes=entry["size"],
        checksum=checksum_of(entry),
        licence=index.licence,
        doi=index.doi,
        size_class="medium",
    )
    return fetch(declared, dataset=DATASET)


def main() -> None:
    """Download and verify the file, write its receipt."""
    arguments = parse(__doc__, paths=["datasets", "receipt"], texts=["split", "file"])
    write_receipt(arguments.receipt, fetch_file(arguments.datasets, arguments.split, arguments.file))


if __name__ == "__main__":
    run(main)
