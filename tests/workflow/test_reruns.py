"""Exactly the right steps run again."""

import os
import shutil

from tests.workflow.conftest import copy_sources

SMOKE = ("papers/mini", "--config", "run=smoke")
SUMMARY = {"papers/mini": 1}


def fresh_checkout_of(finished, tmp_path):
    """Copy the sources anew, with new times, and put results and Snakemake's memory beside them."""
    checkout = copy_sources(tmp_path / "checkout")
    for name in ("results", "data", ".snakemake"):
        shutil.copytree(finished.folder / name, checkout.folder / name)
    for path in checkout.folder.rglob("*.py"):
        os.utime(path)
    return checkout


def test_a_fresh_checkout_of_the_same_sources_reruns_nothing(finished, tmp_path):
    assert fresh_checkout_of(finished, tmp_path).jobs(*SMOKE) == SUMMARY


def test_editing_a_figure_reruns_figures_onwards(finished, tmp_path):
    checkout = fresh_checkout_of(finished, tmp_path)
    checkout.edit("papers/mini/plots.py", "np.linspace(0, 1, 21)", "np.linspace(0, 1, 11)")
    assert checkout.jobs(*SMOKE) == {"mini_figures": 1, "report": 1, **SUMMARY}


def test_editing_a_section_reruns_its_stage_onwards(finished, tmp_path):
    checkout = fresh_checkout_of(finished, tmp_path)
    checkout.edit("papers/mini/config.yaml", "regularisation: 1.0", "regularisation: 2.0")
    jobs = checkout.jobs(*SMOKE)
    assert {"mini_train", "mini_predict", "mini_evaluate", "aggregate", "compare", "report"} <= set(jobs)
    assert not {"mini_simulate", "mini_prepare"} & set(jobs)


def test_editing_published_numbers_only_compares_again(finished, tmp_path):
    checkout = fresh_checkout_of(finished, tmp_path)
    checkout.edit("papers/mini/published.yaml", "value: 0.760250", "value: 0.770000")
    assert checkout.jobs(*SMOKE) == {"compare": 1, "report": 1, **SUMMARY}


def test_editing_a_shared_module_reruns_what_imports_it(finished, tmp_path):
    checkout = fresh_checkout_of(finished, tmp_path)
    checkout.edit("common/plotting.py", "Without the date", "Without a date")
    assert checkout.jobs(*SMOKE) == {"mini_figures": 1, "report": 1, **SUMMARY}


def test_equal_seeds_give_equal_metrics(finished, data_elsewhere):
    name = "results/mini/smoke/metrics.json"
    assert (data_elsewhere.folder / name).read_bytes() == (finished.folder / name).read_bytes()
