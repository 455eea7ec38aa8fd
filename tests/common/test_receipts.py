"""What a stage notes of a data file, and how a later stage finds it."""

import hashlib

import pytest

from common.atomic import write_text
from common.download.fingerprint import fingerprint_of
from common.download.receipts import (
    CHUNK_BYTES,
    Receipt,
    generated_receipt,
    locate,
    origin_of,
    read_receipt,
    sha256_of,
    write_receipt,
)
from common.errors import InputError


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """A file below the data root, as a generator leaves it, and its receipt."""
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "generated" / "mini" / "events.csv"
    write_text(path, "label,feature\n0,1.0\n")
    return path, generated_receipt(path, dataset="generated")


def test_a_receipt_survives_the_disk_and_finds_its_file(generated, tmp_path):
    path, receipt = generated
    assert (receipt.origin, receipt.file) == ("generated", "generated/mini/events.csv")
    assert receipt.bytes == 20 and receipt.sha256 == sha256_of(path)
    for name in ("a.json", "b.json"):
        write_receipt(tmp_path / name, receipt)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_receipt(tmp_path / "a.json") == receipt
    assert locate(receipt) == path


def test_a_missing_data_file_is_named_with_the_command_that_makes_it(generated):
    path, receipt = generated
    path.unlink()
    with pytest.raises(InputError, match=r"events\.csv: expected the 20 bytes .* found no file.*snakemake"):
        locate(receipt)


def test_a_data_file_of_another_size_than_its_receipt_says_is_refused(generated):
    path, receipt = generated
    path.write_text("label\n")
    with pytest.raises(InputError, match=r"expected the 20 bytes .* found 6 bytes"):
        locate(receipt)


def test_generated_data_of_another_run_are_refused_even_if_they_have_the_same_size(generated):
    path, receipt = generated
    path.write_text("label,feature\n1,0.0\n")
    assert path.stat().st_size == receipt.bytes
    with pytest.raises(InputError, match="another run has generated a different file"):
        locate(receipt)


def test_a_run_is_generated_as_soon_as_one_of_its_files_is(generated):
    _, made = generated
    real = made.model_copy(update={"origin": "archive"})
    assert origin_of([real, made]) == origin_of([made, real]) == origin_of([made]) == "generated"
    assert origin_of([real, real]) == "archive"


def test_a_file_longer_than_a_chunk_is_hashed_to_its_end(tmp_path):
    content = bytes(CHUNK_BYTES) + b"the end"
    (tmp_path / "long").write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert sha256_of(tmp_path / "long") == fingerprint_of(tmp_path / "long").digits() == expected
    assert fingerprint_of(tmp_path / "long").bytes == len(content)


def test_the_data_root_can_move(generated, tmp_path, monkeypatch):
    path, receipt = generated
    moved = (tmp_path / "data").rename(tmp_path / "scratch")
    monkeypatch.setenv("PAPERS_DATA", str(moved))
    assert locate(receipt) == moved / "generated/mini/events.csv" != path


def test_an_origin_is_archive_or_generated_and_nothing_else(generated):
    with pytest.raises(ValueError, match="origin"):
        Receipt(**generated[1].model_dump() | {"origin": "simulated"})
