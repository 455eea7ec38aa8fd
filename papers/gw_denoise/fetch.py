"""Find and fetch the frames of one release, only those with the wanted seconds (arXiv:2005.06534).

Settings -> <data>/raw/gwosc_<source>/<frame files>, beside them the list `*.located.json` with the interval and every
file's address, size and SHA-256, and a receipt of that list: it vouches for the files through their checksums.

A list that is there already, or on the mirror, is used as it is: then the data-find service is not asked, and files
that are there and verified need no network at all.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from common.atomic import write_text
from common.download.addresses import MIRROR_VARIABLE
from common.download.datasets import DataFile, Login
from common.download.fetch import LOCK_MODE, fetch
from common.download.receipts import Receipt, data_root, sha256_of, write_receipt
from common.errors import InputError
from common.stage import parse, run
from papers.gw_denoise.locate import FetchConfig, Located, load_located, locate_frames
from papers.gw_denoise.sources import LICENCE, find_source

log = logging.getLogger(__name__)


def fetch_recording(config: FetchConfig) -> Receipt:
    """Return the receipt of the located list, after fetching or verifying every file in it.

    Raises:
        InputError: If the files cannot be found or had. What was fetched until then is kept.
    """
    path = data_root() / "raw" / config.dataset / config.file_name
    with _alone(path):
        if not path.exists() and not _from_mirror(config):
            _write(path, locate_frames(config))
        located = load_located(path)
        pinned = [_pin(file, located.name) for file in located.dataset.files]
        if pinned != located.dataset.files:
            _write(path, located.model_copy(update={"dataset": located.dataset.model_copy(update={"files": pinned})}))
        size, sha256 = path.stat().st_size, sha256_of(path)
    return Receipt(
        origin="archive",
        dataset=config.dataset,
        file=str(path.relative_to(data_root())),
        bytes=size,
        sha256=sha256,
        verified=f"a list of {len(pinned)} files, each verified by its sha256 of the first download",
        url=config.datafind,
        licence=LICENCE,
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time work on a list; a shared folder that is read-only needs no such care."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        yield
        return
    with FileLock(path.with_name(f".{path.name}.list.lock"), mode=LOCK_MODE):
        yield


def _pin(file: DataFile, dataset: str) -> DataFile:
    """Fetch or verify one file and return its declaration with size and checksum."""
    receipt = fetch(file, dataset=dataset)
    return file.model_copy(update={"bytes": receipt.bytes, "checksum": f"sha256:{receipt.sha256}"})


def _from_mirror(config: FetchConfig) -> bool:
    """Fetch the list from the mirror, if there is a mirror and it has the list."""
    if not os.environ.get(MIRROR_VARIABLE):
        return False
    login = Login(page=find_source(config.source).page, accept="look up the frames")
    wanted = DataFile(name=config.file_name, licence=LICENCE, size_class="small", access="manual", login=login)
    try:
        fetch(wanted, dataset=config.dataset)
    except InputError:
        log.info("%s is not on the mirror; asking %s", config.file_name, config.datafind)
        return False
    return True


def _write(path: Path, located: Located) -> None:
    try:
        write_text(path, located.model_dump_json(indent=1, exclude_none=True) + "\n")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}). Choose another data folder with: --config data=DIR"
        ) from None


def main() -> None:
    """Find, fetch, vouch."""
    arguments = parse(__doc__, config=FetchConfig, paths=["receipt"])
    write_receipt(arguments.receipt, fetch_recording(arguments.config))


if __name__ == "__main__":
    run(main)
