"""The archive's HDF5 layout: what is written is read, by PyTables too, and other layouts are refused."""

import h5py
import numpy as np
import pytest

from common.errors import InputError

from ..archive.jets import DATASET, LAYOUT, count_jets, read_chunk, write_jets


def write_sample(path, n_jets=7, split="test"):
    generator = np.random.default_rng(0)
    momenta = np.zeros((n_jets, 200, 4), np.float32)
    for jet, n in enumerate(generator.integers(5, 60, n_jets)):
        momenta[jet, :n] = generator.random((n, 4))
    label = generator.integers(0, 2, n_jets).astype(np.int8)
    write_jets(path, momenta, label[:, None] * generator.random((n_jets, 4)), label, split=split)
    return momenta, label


def test_a_round_trip_in_chunks(tmp_path):
    momenta, label = write_sample(tmp_path / "a.h5")
    assert count_jets(tmp_path / "a.h5") == 7
    parts = [read_chunk(tmp_path / "a.h5", a, a + 3) for a in (0, 3, 6)]
    assert np.array_equal(np.concatenate([part[0] for part in parts]), momenta)
    assert np.array_equal(np.concatenate([part[1] for part in parts]), label)
    assert parts[0][0].dtype == np.float64


def test_the_layout_is_the_archive_s(tmp_path):
    """The columns are E_0, PX_0, PY_0, PZ_0 ... PZ_199, truthE, PX, PY, PZ; then ttv, is_signal_new. Blosc is 32001."""
    momenta, label = write_sample(tmp_path / "a.h5", split="valid")
    with h5py.File(tmp_path / "a.h5") as file:
        table = file["table/table"]
        assert table.dtype.names == ("index", "values_block_0", "values_block_1")
        assert table.dtype["values_block_0"].shape == (804,) and table.dtype["values_block_0"].base == np.float32
        assert table.id.get_create_plist().get_filter(0)[0] == 32001
        row = table[2]
    assert row["index"] == 2
    assert np.array_equal(row["values_block_0"][4:8], momenta[2, 1, [3, 0, 1, 2]])
    assert np.array_equal(row["values_block_1"], [2, label[2]])


@pytest.mark.parametrize(("split", "ttv"), [("train", 0), ("test", 1), ("valid", 2)])
def test_the_column_ttv_names_the_split(tmp_path, split, ttv):
    write_sample(tmp_path / "a.h5", split=split)
    with h5py.File(tmp_path / "a.h5") as file:
        assert set(file["table/table"]["values_block_1"][:, 0]) == {ttv}


def test_pytables_reads_it(tmp_path):
    tables = pytest.importorskip("tables", reason="PyTables is not installed; the project does not need it")
    momenta, label = write_sample(tmp_path / "a.h5")
    with tables.open_file(tmp_path / "a.h5") as file:
        rows = file.root.table.table[:]
    assert np.array_equal(rows["values_block_0"][:, :800].reshape(-1, 200, 4), momenta[..., [3, 0, 1, 2]])
    assert np.array_equal(rows["values_block_1"][:, 1], label)


def test_a_file_that_pytables_wrote_is_read(tmp_path):
    """The archive's files were written by PyTables with blosc."""
    tables = pytest.importorskip("tables", reason="PyTables is not installed; the project does not need it")
    write_sample(tmp_path / "ours.h5")
    with h5py.File(tmp_path / "ours.h5") as file:
        rows = file[DATASET][:]
    with tables.open_file(tmp_path / "theirs.h5", "w") as file:
        columns = {
            "index": tables.Int64Col(pos=0),
            "values_block_0": tables.Float32Col(shape=(804,), pos=1),
            "values_block_1": tables.Int64Col(shape=(2,), pos=2),
        }
        filters = tables.Filters(complevel=9, complib="blosc")
        table = file.create_table(file.create_group("/", "table"), "table", columns, filters=filters)
        table.append([rows[name] for name in LAYOUT.names])
    for first, second in zip(
        read_chunk(tmp_path / "ours.h5", 0, 7), read_chunk(tmp_path / "theirs.h5", 0, 7), strict=True
    ):
        assert np.array_equal(first, second)


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.h5").write_text("<html>not found</html>")
    with pytest.raises(InputError, match="expected an HDF5 file"):
        count_jets(tmp_path / "a.h5")


def test_another_layout_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["jets"] = np.zeros(3)
    with pytest.raises(InputError, match=r"expected a table 'table/table'.*found only \['jets'\]"):
        count_jets(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["table/table"] = np.zeros(3, [("index", "<i8"), ("values_block_0", "<f4", (400,))])
    with pytest.raises(InputError, match="expected a table"):
        count_jets(tmp_path / "b.h5")


@pytest.mark.parametrize(("column", "value"), [("values_block_0", np.nan), ("values_block_1", 3)])
def test_broken_jets_are_refused(tmp_path, column, value):
    rows = np.zeros(4, LAYOUT)
    rows[column][1] = value
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file[DATASET] = rows
    with pytest.raises(InputError, match="jets 0 to 4"):
        read_chunk(tmp_path / "a.h5", 0, 4)
