"""The reader on whole and damaged ROOT and HDF5 files, and the prepared file (arXiv:1909.12285, data set)."""

import logging

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

from common.errors import InputError
from papers.hbb.archive import branches
from papers.hbb.archive.reader import COLLECTIONS, read_jets
from papers.hbb.prepare import classes, write_prepared
from papers.hbb.prepared import Jets
from papers.hbb.settings import PrepareConfig
from papers.hbb.tests.made_jets import VECTORS, make_table, write

CONFIG = PrepareConfig(
    window={"pt_gev": (300, 2000), "softdrop_mass_gev": (40, 200), "rho": (-8, -1)}, chunk_jets=7, particles=True
)


def naive(table, collection):
    """Pad feature by feature, jet by jet."""
    block = np.zeros((len(table["fj_pt"]), collection.n_kept, len(collection.branches)), np.float32)
    for k, branch in enumerate(collection.branches):
        group, _, name = branch.partition("_")
        for jet, values in enumerate(table[group][name]):
            kept = ak.to_numpy(values)[: collection.n_kept]
            block[jet, : len(kept), k] = kept
    return block


def read_all(path, *, chunk_jets=7, flat=("fj_pt",), collections=tuple(COLLECTIONS)):
    chunks = list(read_jets(path, list(flat), list(collections), chunk_jets=chunk_jets))
    padded = {name: np.concatenate([chunk.padded[name] for chunk in chunks]) for name in collections}
    counts = {name: np.concatenate([chunk.counts[name] for chunk in chunks]) for name in collections}
    return {name: np.concatenate([chunk.flat[name] for chunk in chunks]) for name in flat}, padded, counts, chunks


@pytest.mark.parametrize("chunk_jets", [1, 7, 1000])
def test_padding_is_that_of_a_loop_in_any_chunks(tmp_path, chunk_jets):
    table = make_table(90)
    flat, padded, counts, _ = read_all(write(tmp_path / "x.root", table), chunk_jets=chunk_jets)
    assert np.array_equal(flat["fj_pt"], table["fj_pt"])
    for name, collection in COLLECTIONS.items():
        assert padded[name].dtype == np.float32
        assert np.array_equal(padded[name], naive(table, collection)), name
    assert counts["tracks"].min() == 0 and counts["tracks"].max() == 60 and ak.max(ak.num(table["track"])) == 80


def test_the_highest_cycle_is_read(tmp_path):
    path = write(tmp_path / "x.root", make_table(10), cycles=3)
    with uproot.open(path) as file:
        assert {f"{branches.TREE};{cycle}" for cycle in (1, 2, 3)} < set(file.keys())
    flat, *_ = read_all(path)
    assert len(flat["fj_pt"]) == 10


@pytest.mark.parametrize("missing", ["fj_sdmass", "track_dxy"])
def test_a_missing_branch_is_named_with_the_nearest(tmp_path, missing):
    path = write(tmp_path / "x.root", make_table(3), without=[missing])
    with pytest.raises(InputError, match=rf"x\.root: no branch '{missing}' in deepntuplizer/tree\. Did you mean '"):
        read_all(path, flat=["fj_sdmass"])


def test_hdf5_arrays_of_different_lengths_are_named(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["fj_pt"], file["fj_eta"] = np.ones(5, np.float32), np.ones(4, np.float32)
    with pytest.raises(InputError, match=r"x\.h5: array 'fj_eta' has 4 jets, 'fj_pt' has 5"):
        read_all(tmp_path / "x.h5", flat=["fj_pt", "fj_eta"], collections=())


def test_a_file_without_any_labelled_jet_is_no_prepared_file(tmp_path):
    table = make_table(6)
    table |= {name: np.zeros_like(table[name]) for name in branches.LABELS}
    with pytest.raises(InputError, match=r"x\.root: none of its jets is labelled"):
        write_prepared(tmp_path / "x.h5", write(tmp_path / "x.root", table), CONFIG, origin="generated")


def test_another_tree_is_named(tmp_path):
    with uproot.recreate(tmp_path / "x.root") as file:
        file.mktree("deepntuplizer/trees", {"a": np.float32})
        file["deepntuplizer/trees"].extend({"a": np.zeros(3, np.float32)})
    with pytest.raises(InputError, match=r"no tree 'deepntuplizer/tree'\. Did you mean 'deepntuplizer/trees'"):
        read_all(tmp_path / "x.root")


def test_jets_without_any_particle(tmp_path):
    table = make_table(4)
    table["track"] = table["track"][:, :0]
    table["trackBTag"], table["sv"], table["pfcand"] = (table[n][:, :0] for n in ("trackBTag", "sv", "pfcand"))
    _, padded, counts, _ = read_all(write(tmp_path / "x.root", table))
    assert all((block == 0).all() for block in padded.values()) and all((n == 0).all() for n in counts.values())


def test_not_a_number_and_infinity_become_zero_and_are_counted(tmp_path):
    table = make_table(12)
    values = ak.to_numpy(ak.flatten(table["track"]["dxy"])).copy()
    values[[3, 4, 5]] = np.nan, np.inf, -np.inf
    table["track"] = ak.with_field(table["track"], ak.unflatten(values, ak.num(table["track"])), "dxy")
    table["fj_pt"][2] = np.nan
    flat, padded, _, chunks = read_all(write(tmp_path / "x.root", table))
    assert sum(chunk.n_not_finite for chunk in chunks) == 4
    assert all(np.isfinite(block).all() for block in padded.values()) and flat["fj_pt"][2] == 0


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_recognised(tmp_path, share):
    content = write(tmp_path / "x.root", make_table(60)).read_bytes()
    (tmp_path / "x.root").write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"x\.root: .*truncated or damaged"):
        read_all(tmp_path / "x.root", flat=branches.FLAT)


def test_a_corrupt_basket_names_the_jets(tmp_path):
    path = write(tmp_path / "x.root", make_table(60))
    with uproot.open(path) as file:
        branch = file[branches.TREE]["track_dxy"]
        place, size = branch.member("fBasketSeek")[0], 400
    content = bytearray(path.read_bytes())
    content[place + 100 : place + 100 + size] = bytes(255 for _ in range(size))
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.root: jets 0 to 60 cannot be decoded"):
        read_all(path, chunk_jets=1000)


def test_collections_of_different_lengths_are_refused(tmp_path):
    table = make_table(9)
    table["trackBTag"] = table["trackBTag"][:, :1]
    with pytest.raises(InputError, match=r"'trackBTag_EtaRel' has other lengths than 'track_ptrel'"):
        read_all(write(tmp_path / "x.root", table))


def test_neither_root_nor_hdf5(tmp_path):
    (tmp_path / "x.root").write_text("<html>not found</html>")
    with pytest.raises(InputError, match=r"expected a ROOT or an HDF5 file"):
        read_all(tmp_path / "x.root")


def write_hdf5(path, table):
    """Write the layout of the record's HDF5 files: one padded array per branch."""
    with h5py.File(path, "w") as file:
        for name in ("fj_pt", *branches.LABELS, *branches.DOUBLE_B, *branches.SPECTATORS):
            if name not in file:
                file[name] = table[name]
        for collection in COLLECTIONS.values():
            block = naive(table, collection)
            for k, branch in enumerate(collection.branches):
                file[branch] = block[:, :, k]
    return path


def test_hdf5_gives_the_chunks_of_root(tmp_path):
    table = make_table(30)
    first = read_all(write(tmp_path / "x.root", table))
    second = read_all(write_hdf5(tmp_path / "x.h5", table))
    for name in COLLECTIONS:
        assert np.array_equal(first[1][name], second[1][name])
        assert np.array_equal(first[2][name], second[2][name])


def test_the_records_own_encoding():
    """The file holds our generator's jets as std::vector<float>, rewritten with ROOT itself, in two cycles."""
    with uproot.open(VECTORS) as file:
        assert {f"{branches.TREE};1", f"{branches.TREE};2"} < set(file.keys())
        tree = file[branches.TREE]
        assert set(tree.keys()) == {*branches.FLAT, *branches.JAGGED}
        assert str(tree["track_dxy"].interpretation) == "AsJagged(AsDtype('>f4'), header_bytes=10)"
        assert tree["track_dxy"].typename == "std::vector<float>"
        own = tree["trackBTag_Sip2dSig"].array(library="ak")
    _, padded, counts, _ = read_all(VECTORS)
    kept = own[:, :60]
    feature = branches.TRACK_FEATURES.index("trackBTag_Sip2dSig")
    used = np.arange(60) < counts["tracks"][:, None]
    assert np.array_equal(padded["tracks"][:, :, feature][used], ak.to_numpy(ak.flatten(kept)))
    falling = [np.diff(values) for values in ak.to_list(own)]
    assert all((steps <= 0).all() for steps in falling) and sum(map(len, falling)) > 100


# ---- what prepare keeps ----


def test_only_labelled_jets_are_kept_and_every_cut_is_counted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    table = make_table(40)
    table["fj_isH"][:4], table["fj_isQCD"][:4], table["sample_isQCD"][:4] = 0, 1, 0  # not matched, in a signal file
    table["fj_pt"][10], table["fj_sdmass"][11] = 250, 30
    flow = write_prepared(tmp_path / "x.h5", write(tmp_path / "x.root", table), CONFIG, origin="generated")
    flow.log()
    totals = [sum(counts) for counts in flow.counts.values()]
    assert totals[:4] == [40, 36, 35, 34] and "labelled" in caplog.text
    jets = Jets.open([tmp_path / "x.h5"])
    assert len(jets) == 36 and len(Jets.open([tmp_path / "x.h5"], within_window=True)) == totals[-1]
    expected = naive(table, COLLECTIONS["tracks"])[4:]
    assert np.array_equal(jets.column("tracks"), expected)


def test_qcd_needs_the_sample_and_the_jet():
    flat = {"fj_isH": np.array([1, 0, 0]), "fj_isQCD": np.array([0, 1, 1]), "sample_isQCD": np.array([0, 1, 0])}
    higgs, qcd = classes(flat)
    assert higgs.tolist() == [True, False, False] and qcd.tolist() == [False, True, False]


def test_random_batches_from_several_files(tmp_path):
    tables = [make_table(11, seed=1), make_table(23, seed=2)]
    paths = []
    for number, table in enumerate(tables):
        paths.append(tmp_path / f"{number}.h5")
        write_prepared(paths[-1], write(tmp_path / "x.root", table), CONFIG, origin="generated")
    jets = Jets.open(paths)
    everything = np.concatenate([naive(table, COLLECTIONS["vertices"]) for table in tables])
    order = np.random.default_rng(0).permutation(34)
    batches = list(jets.batches(["vertices", "label"], size=8, order=order))
    assert np.array_equal(np.concatenate([batch["vertices"] for batch in batches]), everything[order])
    assert isinstance(jets._map(paths[0], "tracks"), np.memmap)
