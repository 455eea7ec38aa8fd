"""Unpacking: complete or not at all, and never outside of its folder."""

import io
import random
import stat
import tarfile
import zipfile

import pytest

from common.archives import unpack
from common.yamlio import InputError

CONTENT = {"readme.txt": b"hello", "data/x.csv": b"1,2\n", "data/deep/y.bin": random.Random(1).randbytes(5000)}


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, content)
    return path


def make_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def make_special_tar(path, **fields):
    """A tar whose second member is no plain file."""
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("plain"), io.BytesIO())
        info = tarfile.TarInfo("special")
        for field, value in fields.items():
            setattr(info, field, value)
        archive.addfile(info)
    return path


def refusal(archive, target, *, most_bytes=10**6):
    """Return the message of the refused archive; nothing may be left behind, inside or outside of the target."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(InputError) as caught:
        unpack(archive, target, most_bytes=most_bytes)
    assert sorted(archive.parent.rglob("*")) == before
    return str(caught.value)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_all_formats_arrive_complete(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        make_zip(path, CONTENT)
    else:
        make_tar(path, CONTENT, mode=f"w:{kind.partition('.')[2]}")
    files = unpack(path, tmp_path / "out", most_bytes=10_000)
    assert {str(file.relative_to(tmp_path / "out")): file.read_bytes() for file in files} == CONTENT
    assert files == sorted(files)
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name, "out"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "C:\\evil", "C:/evil"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_no_member_leaves_the_target(tmp_path, make, name):
    archive = make(tmp_path / "a", {"good": b"1", name: b"2"})
    message = refusal(archive, tmp_path / "out")
    assert "would be written outside of the target folder. Nothing was unpacked" in message
    assert f"'{name}'" in message


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": "../.."},
        {"type": tarfile.LNKTYPE, "linkname": "../outside"},
        {"type": tarfile.LNKTYPE, "linkname": "plain"},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3},
        {"type": tarfile.FIFOTYPE},
    ],
)
def test_links_and_devices_are_refused(tmp_path, fields):
    message = refusal(make_special_tar(tmp_path / "a.tar", **fields), tmp_path / "out")
    assert "'special' is a link, a device or encrypted" in message


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    message = refusal(make_zip(tmp_path / "a.zip", {link: b"/etc/passwd"}), tmp_path / "out")
    assert "'link' is a link" in message


def test_an_encrypted_zip_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"x": b"1"})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(raw)
    assert "encrypted" in refusal(path, tmp_path / "out")


@pytest.mark.parametrize("name", ["model.pkl", "a/MODEL.PICKLE", "model.pkl.gz"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_pickles_are_refused(tmp_path, make, name):
    assert "is a pickle" in refusal(make(tmp_path / "a", {name: b"1"}), tmp_path / "out")


def test_a_bomb_is_refused_by_its_total(tmp_path):
    bomb = {f"zeros{n}": bytes(400_000) for n in range(3)}
    for make in (make_zip, make_tar):
        message = refusal(make(tmp_path / "a", bomb), tmp_path / "out")
        assert "unpacks to more than the 1000000 bytes" in message and "'zeros2'" in message
    assert len(unpack(tmp_path / "a", tmp_path / "out", most_bytes=1_200_000)) == 3


@pytest.mark.parametrize("make", [make_zip, lambda path, members: make_tar(path, members, mode="w:gz")])
def test_a_truncated_archive_leaves_nothing(tmp_path, make):
    path = make(tmp_path / "a", CONTENT)
    path.write_bytes(path.read_bytes()[:-1500])
    assert "expected " in refusal(path, tmp_path / "out")


def test_damaged_content_leaves_nothing(tmp_path):
    path = make_zip(tmp_path / "a.zip", CONTENT)
    raw = bytearray(path.read_bytes())
    raw[raw.index(CONTENT["data/deep/y.bin"][1000:1020])] ^= 0xFF
    path.write_bytes(raw)
    assert "found a broken one" in refusal(path, tmp_path / "out")


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("keep")
    assert "found one. Move it away" in refusal(make_zip(tmp_path / "a.zip", CONTENT), tmp_path / "out")


def test_another_format_is_named(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    assert "expected a zip or tar file, found another format" in refusal(tmp_path / "a.rar", tmp_path / "out")
