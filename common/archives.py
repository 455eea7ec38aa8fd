"""Unpacking of downloaded zip and tar files, safe against hostile or broken members.

Refused, before anything appears under the target's name:
- members that would land outside of the target (absolute paths, `..`, drive letters), and links of every kind: a chain
  of links can leave the folder although each of them looks harmless;
- devices and other special files, and encrypted members;
- pickles (.pkl, .pickle, compressed ones too): loading one runs whatever code its author put there. Ask the authors
  for another format, or convert it yourself on a machine that may be lost;
- more bytes than the caller allows, counted from the sizes that the members declare (readers stop at these sizes).
"""

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from common.yamlio import InputError

PICKLE_SUFFIXES = {".pkl", ".pickle"}
UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)


@dataclass(frozen=True)
class _Member:
    """What decides whether a member is unpacked."""

    name: str
    bytes: int
    is_plain: bool  # a file or a folder, not encrypted


def unpack(archive: Path, target: Path, *, most_bytes: int) -> list[Path]:
    """Unpack a zip or tar (plain, gz, bz2, xz) file into the new folder `target`.

    Args:
        archive: The archive.
        target: Folder to create; it appears complete or not at all.
        most_bytes: Largest total size of the unpacked files.

    Returns:
        The unpacked files, sorted.

    Raises:
        InputError: If a member is refused, the archive is broken or of another format, or `target` exists.
    """
    if target.exists():
        raise InputError(f"{target}: expected no such folder yet, found one. Move it away to unpack {archive} again.")
    with _new_folder(target) as folder:
        try:
            _unpack_checked(archive, folder, most_bytes=most_bytes)
        except UNREADABLE as error:
            raise InputError(
                f"{archive}: expected a complete zip or tar file, found a broken one ({error}). Move it away and "
                "download it again."
            ) from None
    return sorted(path for path in target.rglob("*") if path.is_file())


def _unpack_checked(archive: Path, folder: Path, *, most_bytes: int) -> None:
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            _check(archive, map(_from_tar, tar), most_bytes=most_bytes)
            tar.extractall(folder, filter="data")
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as content:
            _check(archive, map(_from_zip, content.infolist()), most_bytes=most_bytes)
            content.extractall(folder)
    else:
        raise InputError(f"{archive}: expected a zip or tar file, found another format.")


def _from_tar(info: tarfile.TarInfo) -> _Member:
    return _Member(info.name, info.size, is_plain=info.isfile() or info.isdir())


def _from_zip(info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on Unix
    is_encrypted = bool(info.flag_bits & 0x1)
    return _Member(info.filename, info.file_size, is_plain=kind in (0, stat.S_IFREG, stat.S_IFDIR) and not is_encrypted)


def _check(archive: Path, members: Iterator[_Member], *, most_bytes: int) -> None:
    """Refuse the archive for its first bad member; members are read one by one, so a bomb is not read to its end."""
    total = 0
    for member in members:
        total += member.bytes
        if problem := _problem(member):
            raise InputError(f"{archive}: the member '{member.name}' {problem}. Nothing was unpacked.")
        if total > most_bytes:
            raise InputError(
                f"{archive}: unpacks to more than the {most_bytes} bytes that are allowed for it (reached at the "
                f"member '{member.name}'). Nothing was unpacked."
            )


def _problem(member: _Member) -> str | None:
    name = member.name.replace("\\", "/")
    if name.startswith("/") or PureWindowsPath(name).drive or ".." in PurePosixPath(name).parts:
        return "would be written outside of the target folder"
    if not member.is_plain:
        return "is a link, a device or encrypted; only plain files and folders are unpacked"
    if PICKLE_SUFFIXES & {suffix.lower() for suffix in PurePosixPath(name).suffixes}:
        return "is a pickle, and loading one can run any code; ask for another format"
    return None


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty sibling that becomes `target` if the block succeeds and disappears if not."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        os.rename(temporary, target)  # noqa: PTH104 - like os.replace elsewhere; fails if the folder has appeared
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
