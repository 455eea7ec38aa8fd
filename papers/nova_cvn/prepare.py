"""Read the pixel maps of one split and store their hits, truth and moments (arXiv:1604.01444, Sec. on the pixel maps).

Receipts of data files -> prepared/<split>.h5. Files that cannot be used are left out and named in its attribute
`skipped`; the stage fails only if there is no usable file.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import h5py

from common.atomic import atomic_output
from common.download.receipts import Receipt, data_root, locate, origin_of, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive.dune import event_number, read_dune
from .archive.index import read_index
from .archive.nova import read_nova
from .prepared.file import Writer
from .prepared.labels import N_OUTPUTS
from .prepared.pixel_map import Events
from .settings import PrepareConfig, Split, of_split

log = logging.getLogger(__name__)

NO_FILE = "  the split has no file: every fifth of the course's files is test, the one after it validation"


def split_of(number: int, *, every: int) -> Split:
    """Return the split of a numbered file of the archive; it does not depend on how many files there are."""
    splits: dict[int, Split] = {0: "test", 1: "valid"}
    return splits.get(number % every, "train")


def files_of(receipt: Receipt, split: Split, config: PrepareConfig) -> list[Path]:
    """Return the files of a split that belong to a receipt: its file, or the files of the index that it is for."""
    path = locate(receipt)
    if path.suffix == ".json":
        numbered = {entry.number: data_root() / entry.file for entry in read_index(path).found}
    elif path.suffix == ".gz":
        numbered = {event_number(path): path}
    else:  # generated files carry the split in their name; DUNE's label files hold no images
        return [path] if path.name.startswith(f"{split}_") else []
    return [file for number, file in numbered.items() if split_of(number, every=config.split_every) == split]


def read_events(path: Path, config: PrepareConfig) -> Iterator[Events]:
    """Return an iterator over the events of one file of either detector, in blocks.

    Raises:
        InputError: If the file cannot be used; see the readers.
    """
    if path.suffix == ".gz":
        return read_dune(path)
    return read_nova(path, block_events=config.block_events, min_order_ratio=config.min_order_ratio)


def write_split(paths: list[Path], output: h5py.File, config: PrepareConfig) -> int:
    """Write the events of all usable files, and return their number.

    A file is read to its end before its first event is written, so that a damaged file is left out as a whole.

    Raises:
        InputError: If no file can be used.
    """
    writer: Writer | None = None
    skipped: dict[str, str] = {}
    n_events = 0
    for path in paths:
        try:
            n_file = sum(len(block) for block in read_events(path, config))
        except InputError as error:
            log.warning("WARNING: left out: %s", error)
            skipped[path.name] = str(error)
            continue
        n_written = 0
        for block in read_events(path, config):
            writer = writer or Writer(output, shape=block.views.shape[1:])
            # Types outside the 15 outputs cannot be trained on.
            known = block.take(block.interaction < N_OUTPUTS)
            writer.append(known)
            n_written += len(known)
        log.info("%s: %d events, %d of them without a type are left out", path.name, n_file, n_file - n_written)
        n_events += n_written
    output.attrs["skipped"] = json.dumps(skipped, sort_keys=True)
    if not n_events:
        reasons = "\n".join(f"  {reason}" for reason in skipped.values()) or NO_FILE
        raise InputError(f"no file of this split can be used:\n{reasons}\nWithout any network: --config run=generated")
    return n_events


def main() -> None:
    """Write the prepared file of one split."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"], texts=["split"])
    split: Split = arguments.split
    facts = arguments.run
    receipts = [read_receipt(path) for path in of_split(facts.receipts(arguments.receipts), split, source=facts.source)]
    paths = [path for receipt in receipts for path in files_of(receipt, split, arguments.config)]
    with atomic_output(arguments.prepared) as temporary, h5py.File(temporary, "w") as output:
        output.attrs["origin"] = origin_of(receipts)
        n_events = write_split(paths, output, arguments.config)
    log.info("%s: %d events of %d files", split, n_events, len(paths))


if __name__ == "__main__":
    run(main)
