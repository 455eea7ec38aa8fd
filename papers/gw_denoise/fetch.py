"""Find and download the frames of one release that hold the wanted seconds (arXiv:2005.06534).

Settings -> <data>/raw/gwosc_<source>/<frame files>, beside them the list `*.located.json` with the interval and every
file's address, size and SHA-256, and a receipt of that list: its checksums identify the files.

If the list exists already, here or on the mirror, it is used as it is, and the data-find service is not asked. Files
that were downloaded and verified before need no network at all.
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

from .archive.locate import FrameList, dataset_of, list_name, load_frame_list, locate_frames
from .archive.sources import LICENCE, find_source
from .settings import FetchConfig, FetchTasks

log = logging.getLogger(__name__)


def fetch_recording(config: FetchConfig) -> Receipt:
    """Return the receipt of the list of frames, after downloading or verifying every file in it.

    Raises:
        InputError: If frames are not found or cannot be downloaded. Those downloaded before stay where they are.
    """
    path = data_root() / "raw" / dataset_of(config) / list_name(config)
    with _alone(path):
        if not path.exists() and not _from_mirror(config):
            _write(path, locate_frames(config))
        frames = load_frame_list(path)
        pinned = [_pin(file, frames.name) for file in frames.dataset.files]
        if pinned != frames.dataset.files:
            _write(path, frames.model_copy(update={"dataset": frames.dataset.model_copy(update={"files": pinned})}))
        size, sha256 = path.stat().st_size, sha256_of(path)
    return Receipt(
        origin="archive",
        dataset=dataset_of(config),
        file=str(path.relative_to(data_root())),
        bytes=size,
        sha256=sha256,
        verified=f"a list of {len(pinned)} files, each verified by its sha256 of the first download",
        url=config.datafind,
        licence=LICENCE,
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time work on a list; in a read-only folder nothing is written, so no lock is needed."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        yield
        return
    with FileLock(path.with_name(f".{path.name}.list.lock"), mode=LOCK_MODE):
        yield


def _pin(file: DataFile, dataset: str) -> DataFile:
    """Download or verify one file and return its declaration with size and checksum."""
    receipt = fetch(file, dataset=dataset)
    return file.model_copy(update={"bytes": receipt.bytes, "checksum": f"sha256:{receipt.sha256}"})


def _from_mirror(config: FetchConfig) -> bool:
    """Download the list from the mirror; return whether there is a mirror that has it."""
    if not os.environ.get(MIRROR_VARIABLE):
        return False
    login = Login(page=find_source(config.source).page, accept="look up the frames")
    wanted = DataFile(name=list_name(config), licence=LICENCE, size_class="small", access="manual", login=login)
    try:
        fetch(wanted, dataset=dataset_of(config))
    except InputError:
        log.info("%s is not on the mirror; asking %s", list_name(config), config.datafind)
        return False
    return True


def _write(path: Path, frames: FrameList) -> None:
    try:
        write_text(path, frames.model_dump_json(indent=1, exclude_none=True) + "\n")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}). Choose another data folder with: --config data=DIR"
        ) from None


def main() -> None:
    """Ask the data-find service, download, write the receipt."""
    arguments = parse(__doc__, section="fetch", config=FetchTasks, paths=["receipt"], texts=["task"])
    write_receipt(arguments.receipt, fetch_recording(arguments.config.one(arguments.task)))


if __name__ == "__main__":
    run(main)
