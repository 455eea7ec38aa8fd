"""What a stage notes of a data file, and how a later stage finds it."""

import pytest

from common.atomic import write_text
from common.download.receipts import Receipt, generated_receipt, locate, read_receipt, sha256_of, write_receipt
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


def test_the_data_root_can_move(generated, tmp_path, monkeypatch):
    path, receipt = generated
    moved = (tmp_path / "data").rename(tmp_path / "scratch")
    monkeypatch.setenv("PAPERS_DATA", str(moved))
    assert locate(receipt) == moved / "generated/mini/events.csv" != path


def test_an_origin_is_archive_or_generated_and_nothing_else(generated):
    with pytest.raises(ValueError, match="origin"):
        Receipt(**generated[1].model_dump() | {"origin": "simulated"})
