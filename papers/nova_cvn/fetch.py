"""Fetch NOvA's public pixel maps, however many the course server has (arXiv:1604.01444, training sample).

datasets.yaml and the section `fetch` -> <data>/raw/nova_course/neutrino<N>.h5, an index of them, and its receipt. The
files are requested one after the other until several in a row are missing. Files that are in the data folder already,
placed by hand or shared by a class, need no server. No checksum is published, so that of the first download is recorded
and enforced later.
"""

import logging

from common.atomic import write_text
from common.download.datasets import DataFile, find_file, load_datasets
from common.download.fetch import fetch
from common.download.receipts import Receipt, data_root, sha256_of, write_receipt
from common.download.transfer import Policy
from common.errors import InputError
from common.stage import parse, run

from .archive.index import Entry, Index
from .settings import FetchConfig

log = logging.getLogger(__name__)

DATASET, FIRST_NAME = "nova_course", "neutrino1.h5"


def declare(first: DataFile, number: int) -> DataFile:
    """Return the declaration of file `number`, made from that of the first one."""
    name = f"neutrino{number}.h5"
    urls = [url.replace(FIRST_NAME, name) for url in first.urls]
    return first.model_copy(update={"name": name, "urls": urls})


def collect(first: DataFile, config: FetchConfig, *, policy: Policy | None = None) -> Index:
    """Return the index of the available files, after downloading or verifying each.

    Raises:
        InputError: If there is none; the message has the reason for each number.
    """
    found: list[Entry] = []
    missing: dict[int, str] = {}
    in_a_row = 0
    for number in range(config.first, config.last + 1):
        try:
            receipt = fetch(declare(first, number), dataset=DATASET, policy=policy)
        except InputError as error:
            log.warning("neutrino%d.h5 is left out: %s", number, str(error).splitlines()[0])
            missing[number] = str(error)
            in_a_row += 1
            if in_a_row >= config.patience:
                break
            continue
        in_a_row = 0
        found.append(Entry(number=number, file=receipt.file, bytes=receipt.bytes, sha256=receipt.sha256))
    if not found:
        reasons = "\n".join(missing.values())
        raise InputError(f"no file from {config.first} to {config.last} could be downloaded.\n{reasons}")
    return Index(address=first.urls[0], found=found, missing=missing)


def write_index(index: Index, config: FetchConfig, licence: str) -> Receipt:
    """Write the index beside the files, and return its receipt."""
    path = data_root() / "raw" / DATASET / f"index-{config.first}-{config.last}.json"
    text = index.model_dump_json(indent=1) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return Receipt(
        origin="archive",
        dataset=DATASET,
        file=str(path.relative_to(data_root())),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        verified=f"a list of {len(index.found)} files, each verified by its sha256 of the first download",
        url=index.address,
        licence=licence,
    )


def main() -> None:
    """Ask the server, download, write the index and its receipt."""
    arguments = parse(__doc__, section="fetch", config=FetchConfig, paths=["datasets", "receipt"])
    first = find_file(load_datasets(arguments.datasets), DATASET, FIRST_NAME, where=arguments.datasets)
    index = collect(first, arguments.config)
    log.info("%d files downloaded or verified, %d not available", len(index.found), len(index.missing))
    write_receipt(arguments.receipt, write_index(index, arguments.config, first.licence))


if __name__ == "__main__":
    run(main)
