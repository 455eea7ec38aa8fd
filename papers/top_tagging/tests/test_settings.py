"""The names of the archive's files, which stand in one module and in datasets.yaml, and what settings must fulfil."""

from pathlib import Path

import pytest

from common.download.datasets import load_datasets
from common.errors import InputError
from common.settings import load_settings

from ..archive import files
from ..settings import Settings

FOLDER = Path(__file__).parents[1]


def test_the_names_of_the_files_are_those_of_datasets_yaml():
    declared = load_datasets(FOLDER / "datasets.yaml")
    assert {name: [file.name for file in dataset.files] for name, dataset in declared.items()} == files.DATASETS


def test_a_star_stands_for_all_files_of_a_data_set():
    assert files.expand(["labels/*", "scores/PFN_v0.npy"]) == ["labels/labels.pkl", "scores/PFN_v0.npy"]
    assert files.expand(["labels/*", "reference_jets/*"])[1:] == [
        f"reference_jets/{n}.h5" for n in ("train", "val", "test")
    ]


def test_an_unknown_data_set_is_left_to_the_check_of_datasets_yaml():
    assert files.expand(["score/*"]) == ["score/*"]


def test_generated_runs_must_agree_on_the_number_of_test_jets():
    with pytest.raises(InputError, match=r"n_jets\.test and prepare\.n_test must agree; found 200 and 100"):
        load_settings(FOLDER, "smoke", Settings, changes={"prepare": {"n_test": 100}})


def test_toy_scores_need_an_area_for_each_tagger():
    with pytest.raises(InputError, match="expected one area for each of EFN, EFP"):
        load_settings(FOLDER, "smoke", Settings, changes={"simulate": {"toy_auc": {"EFM": 0.9}}})
