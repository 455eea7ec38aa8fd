"""What people type, and what happens to the sources when they do."""

import os

import pytest


def test_the_summary_names_verdicts_and_existing_figures(finished):
    lines = finished.first_output.splitlines()
    figures = [line.strip() for line in lines if line.strip().endswith(".png")]
    assert figures and all((finished.folder / figure).exists() for figure in figures)
    assert "GENERATED" in finished.first_output and "not comparable" in finished.first_output
    assert "reproduced" not in finished.first_output


def test_all_four_spellings_are_targets(finished):
    for spelling in ("papers/mini", "papers/mini/", "./papers/mini", "./papers/mini/"):
        assert finished.jobs(spelling, "--config", "run=smoke") == {spelling: 1}


def test_a_second_call_prints_the_summary_again(finished):
    again = finished.snakemake("papers/mini", "--config", "run=smoke")
    assert again.returncode == 0 and "fig1_score.png" in again.stdout
    assert "[1/" not in again.stderr


@pytest.mark.parametrize("target", ["papers/minni", "papers/_template", "papers/"])
def test_a_target_without_rules_fails(finished, target):
    assert finished.snakemake("-n", target).returncode != 0


def test_forcing_everything_leaves_the_sources_alone(finished):
    assert len(finished.sources_before) > 50
    assert finished.sources_after == finished.sources_before


def test_the_bare_command_builds_every_paper(finished):
    jobs = finished.jobs("--config", "run=smoke")
    assert jobs == {"all": 1}


def test_the_interpreter_beside_snakemake_runs_the_stages(finished):
    """`.venv/bin/snakemake` without activation: another python comes first on the PATH."""
    done = finished.snakemake("papers/mini", "--config", "run=smoke", PATH=f"/usr/bin:/bin:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr


def test_seeds_can_be_given_as_a_list(finished):
    jobs = finished.jobs("papers/mini", "--config", "run=smoke", "seeds=0,1,2")
    assert (jobs["mini_train"], jobs["mini_evaluate"], jobs["aggregate"]) == (2, 2, 1)


def test_nested_settings_are_coerced(finished):
    """Text that means the same number must not look like a change to a stage."""
    same = finished.jobs("papers/mini", "--config", "run=smoke", "mini={train: {test_fraction: 0.5}}")
    assert set(same) == {"compare", "report", "papers/mini"}  # they note that settings were given
    changed = finished.jobs("papers/mini", "--config", "run=smoke", "mini={train: {test_fraction: 0.4}}")
    assert "mini_train" in changed and "mini_prepare" not in changed


def test_changed_settings_never_earn_a_verdict(finished):
    """Otherwise an easier generator would look like a better result."""
    options = ("papers/mini", "--config", "run=generated", "seeds=0")
    change = "mini={simulate: {n_events: 2000, separation: 2.0}}"
    done = finished.snakemake(*options, change)
    assert done.returncode == 0, done.stderr
    assert "made with changed settings" in done.stdout and "reproduced" not in done.stdout
    report = (finished.folder / "results/mini/generated/report.md").read_text()
    assert "n_events" in report.partition("```\n")[2].partition("```")[0], "the command must repeat the change"


def test_a_data_folder_may_have_a_space_in_its_name(data_elsewhere):
    assert data_elsewhere.done.returncode == 0, data_elsewhere.done.stderr
    assert (data_elsewhere.data / "generated/mini/smoke/events.csv").exists()
    assert not (data_elsewhere.folder / "data/generated").exists()
