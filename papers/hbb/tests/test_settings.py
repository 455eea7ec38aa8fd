"""The files of a run are named once, in `splits`, and the name of an experiment tells its framework."""

import pytest

from common.errors import InputError
from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.hbb.settings import Settings, expand


def settings(run, **changes):
    return load_settings(ROOT / "papers/hbb", run, Settings, changes=changes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test/a_{8..11}.root", ["test/a_8.root", "test/a_9.root", "test/a_10.root", "test/a_11.root"]),
        ("test/a_7.root", ["test/a_7.root"]),
    ],
)
def test_a_range_stands_for_its_files(name, expected):
    assert expand(name) == expected


def test_the_full_run_reads_all_91_files_of_the_record_once():
    full = settings("full")
    assert sorted(full.archive) == sorted(
        [f"located/train/ntuple_merged_{k}.root" for k in range(9, 91)]
        + [f"located/test/ntuple_merged_{k}.root" for k in range(9)]
    )
    assert full.generated == []


def test_the_files_of_a_generated_run_are_those_of_its_splits():
    smoke = settings("smoke")
    assert smoke.generated == ["train_0.root", "valid_0.root", "test_0.root"] and smoke.archive == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"splits": {"test": ["train/ntuple_merged_9.root"]}}, "splits must name each file once"),
        ({"splits": {"test": []}}, "each of the splits .* needs a file"),
        ({"archive": ["located/test/ntuple_merged_3.root"]}, "name the files of the run in 'splits'"),
        ({"splits": "train"}, "splits"),
        ({"train": {"experiments": {"double_b_2": {"kind": "variables"}}}}, "double_b_2"),
        ({"train": {"experiments": {"variables": {"kind": "double_b"}}}}, "begin with 'double_b'"),
        ({"train": {"experiments": {"variables": {"particles": True}}}}, r"needs prepare\.particles"),
    ],
)
def test_contradicting_settings_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        settings("small", **changes)
