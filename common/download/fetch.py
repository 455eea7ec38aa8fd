"""Fetch one declared file into the data root, or vouch for the one that is there.

    python -m common.download.fetch --datasets papers/photoz/datasets.yaml --dataset photoz --file sel_features.csv \
        --receipt results/photoz/small/receipts/sel_features.csv.json

The file goes to <data root>/raw/<dataset>/<name>. Beside it lie:
  <name>.origin.json  address, time, size and SHA-256 of the first download. Where the archive publishes no checksum,
                      this record is what the file is held to from then on (trust on first use)
  <name>.part         an unfinished download, continued by the next call
  .<name>.lock        makes a second process wait that wants the same file

Variables: PAPERS_DATA (the data root, default ./data) and PAPERS_MIRROR (an address or file:///folder that is laid out
as <mirror>/<dataset>/<name> and tried before the archive's own addresses).
"""

import argparse
import errno
import hashlib
import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from common.atomic import write_text
from common.download.addresses import Address, ConnectionChecks, addresses_of
from common.download.datasets import DataFile, find_file, load_datasets
from common.download.fingerprint import Expected, Fingerprint, fingerprint_of
from common.download.partfile import PartFile, remove_part
from common.download.progress import in_megabytes
from common.download.receipts import Receipt, data_root, write_receipt
from common.download.transfer import Policy, RefusedError, Transfer
from common.errors import InputError
from common.stage import run
from common.yamlio import Strict

log = logging.getLogger(__name__)

LOCK_MODE = 0o666  # members of a class who share the folder must be able to take each other's locks
UNUSABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
OWN_DATA_ROOT = "choose another data folder with: --config data=DIR"


class Origin(Strict):
    """The record beside a data file: what it was when it was first seen."""

    url: str | None  # without credentials; None: placed by hand
    retrieved: str  # UTC
    bytes: int
    sha256: str


def fetch(file: DataFile, *, dataset: str, policy: Policy | None = None) -> Receipt:
    """Return the receipt of a declared file, after downloading it unless a verified one is there.

    Args:
        file: The file as datasets.yaml declares it.
        dataset: Name of its data set, a folder below <data root>/raw.
        policy: Time-outs and retries, if not the usual ones.

    Raises:
        InputError: If the file cannot be had or is not the expected one. A file under its final name is never changed
            or removed, and what was downloaded so far is kept.
    """
    target = data_root() / "raw" / dataset / file.name
    with _system_errors_explained(target):
        if not target.exists():
            with _locked(target):
                if not target.exists():
                    return _download(file, target, dataset=dataset, policy=policy or Policy())
        return _vouch(file, target, dataset=dataset)


def _vouch(file: DataFile, target: Path, *, dataset: str) -> Receipt:
    """Return the receipt of a file that is there already; needs neither network nor write access."""
    expected = _expected(file, _read_origin(target))
    found = fingerprint_of(target, checksum=expected.checksum)
    problem = expected.mismatch(found)
    if problem:
        raise InputError(
            f"{target.absolute()}: {problem}. The file was left as it is. Move it away, e.g. with\n"
            f"  mv {shlex.quote(str(target.absolute()))} {shlex.quote(f'{target.absolute()}.bad')}\n"
            f"and call the same command again.{_advice_on_record(file, target)}"
        )
    if expected.checksum is None:
        _record(file, target, found=found, address=None)
    return _receipt(file, target, dataset=dataset, found=found)


def _download(file: DataFile, target: Path, *, dataset: str, policy: Policy) -> Receipt:
    """Try all addresses in turn; the caller holds the lock of `target`."""
    expected = _expected(file, _read_origin(target))
    addresses = addresses_of(file, dataset=dataset, environment=os.environ)
    checks = ConnectionChecks(addresses, timeout_s=policy.connect_timeout_s)
    failures = []
    with ExitStack() as stack:
        open_part = cache(lambda path: stack.enter_context(PartFile(path, checksum=expected.checksum)))
        for address in addresses:
            try:
                if reason := checks.problem(address):
                    raise RefusedError(reason)
                part = open_part(_part_path(target, address, expected))
                log.info("%s: from %s%s", file.name, address, f", after {in_megabytes(part.size)}" if part.size else "")
                transfer = Transfer(part, name=file.name, expected=expected, policy=policy, token=address.token)
                transfer.into(target, address.url)
            except RefusedError as refusal:
                log.warning("%s: %s: %s", file.name, address, refusal)
                failures.append(f"{address}: {refusal}")
            else:
                for leftover in (_part_path(target, other, expected) for other in addresses):
                    remove_part(leftover)
                _record(file, target, found=part.fingerprint, address=address)
                return _receipt(file, target, dataset=dataset, found=part.fingerprint)
    parts = {_part_path(target, address, expected) for address in addresses}
    raise InputError(_how_to_obtain(file, target, dataset=dataset, failures=failures, parts=parts))


def _part_path(target: Path, address: Address, expected: Expected) -> Path:
    """Return where a transfer grows.

    Web addresses share one part if a checksum will notice a mixture of two different files; else each has its own. The
    copy from a folder has its own too, because it begins at zero and must not cost what the network brought.
    """
    if expected.checksum and not address.url.startswith("file:"):
        return target.with_name(f"{target.name}.part")
    tag = hashlib.sha256(str(address).encode()).hexdigest()[:8]
    return target.with_name(f"{target.name}.{tag}.part")


def _origin_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.origin.json")


def _read_origin(target: Path) -> Origin | None:
    path = _origin_path(target)
    try:
        return Origin.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValidationError:
        raise InputError(
            f"{path}: expected the record of a download, found something else. Restore it, or delete it if you trust "
            f"the file that the archive offers today."
        ) from None


def _record(file: DataFile, target: Path, *, found: Fingerprint, address: Address | None) -> None:
    """Write the record beside `target`; warn if this makes it the only standard the file is held to."""
    retrieved = datetime.now(UTC).isoformat(timespec="seconds")
    url = str(address) if address else None
    origin = Origin(url=url, retrieved=retrieved, bytes=found.bytes, sha256=found.digits())
    path = _origin_path(target)
    if file.checksum is None and not path.exists():
        log.warning(
            "WARNING: trust on first use. The archive publishes no checksum for %s. Its sha256:%s (%d bytes) is taken "
            "as right, kept in %s and enforced from now on.",
            *(file.name, found.digits(), found.bytes, path.name),
        )
    try:
        write_text(path, origin.model_dump_json(indent=2) + "\n")
    except OSError as error:
        log.warning("%s could not be written (%s).", path, error.strerror)


def _expected(file: DataFile, origin: Origin | None) -> Expected:
    """Return what the archive publishes, else what was recorded at the first download, else nothing."""
    if file.checksum is None and origin is not None:
        return Expected(origin.bytes, f"sha256:{origin.sha256}")
    return Expected(file.bytes, file.checksum)


def _receipt(file: DataFile, target: Path, *, dataset: str, found: Fingerprint) -> Receipt:
    origin = _read_origin(target)
    algorithm = file.checksum.partition(":")[0] if file.checksum else None
    return Receipt(
        origin="archive",
        dataset=dataset,
        file=str(target.relative_to(data_root())),
        bytes=found.bytes,
        sha256=found.digits(),
        verified=f"{algorithm} published by the archive" if algorithm else "trust on first use",
        # a record of other bytes (an older version of the file) says nothing about these
        url=origin.url if origin and origin.sha256 == found.digits() else None,
        licence=file.licence,
        doi=file.doi,
    )


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Let one process at a time fetch `target`; the system frees the lock when its holder dies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.with_name(f".{target.name}.lock"), mode=LOCK_MODE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("%s: another process is fetching this file; waiting until it has finished.", target.name)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _system_errors_explained(target: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be used into a message with the next step."""
    try:
        yield
    except OSError as error:
        place = f"{target.parent.absolute()}: {error.strerror}"
        if error.errno in DISK_FULL:
            raise InputError(
                f"{place}, so {target.name} is not complete. What was fetched is kept and continued by the next call. "
                f"Free some space, or {OWN_DATA_ROOT}"
            ) from None
        if error.errno in UNUSABLE:
            is_there = os.path.exists(target)  # noqa: PTH110 - Path.exists fails in a folder that may not be entered
            problem = "cannot be read" if is_there else "is missing there and cannot be written"
            raise InputError(
                f"{place}. The file {target.name} {problem}. Ask the folder's owner to mend this, or {OWN_DATA_ROOT}"
            ) from None
        raise


def _how_to_obtain(file: DataFile, target: Path, *, dataset: str, failures: list[str], parts: set[Path]) -> str:
    """Return the message for a file that could not be had: what was tried and what a person can do."""
    expected = _expected(file, _read_origin(target))
    lines = [f"{dataset}/{file.name}: the file is not there and could not be downloaded."]
    if failures:
        lines += ["Addresses tried:", *(f"  {failure}" for failure in failures)]
    for part in sorted(path for path in parts if path.exists()):
        lines.append(f"Kept, and continued by the next call: {part.absolute()} ({part.stat().st_size} bytes)")
    if file.login:
        lines.append(f"A person can get it: open {file.login.page} and {file.login.accept}.")
        if file.access == "login" and file.login.token_variable:
            lines.append(f"Or set the variable {file.login.token_variable} to your access token and call again.")
    lines.append(f"To place it by hand, save it as {target.absolute()} ({expected}).")
    lines.append("Without any network: --config run=generated" + _advice_on_record(file, target))
    return "\n".join(lines)


def _advice_on_record(file: DataFile, target: Path) -> str:
    path = _origin_path(target)
    if file.checksum is not None or not path.exists():
        return ""
    return f"\nIf the archive has published a new version that you trust, also delete the record {path.absolute()}"


def main() -> None:
    """Fetch one file and write its receipt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, required=True, help="the paper's datasets.yaml")
    parser.add_argument("--dataset", required=True, help="name of the data set in it")
    parser.add_argument("--file", required=True, help="name of the file in the data set")
    parser.add_argument("--receipt", type=Path, required=True, help="where the receipt goes")
    arguments = parser.parse_args()
    declared = load_datasets(arguments.datasets)
    file = find_file(declared, arguments.dataset, arguments.file, where=arguments.datasets)
    write_receipt(arguments.receipt, fetch(file, dataset=arguments.dataset))


if __name__ == "__main__":
    run(main)
