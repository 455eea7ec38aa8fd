"""Wrong input and broken surroundings: the message, and that nothing was lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.faulty_server import closed_url


def output(done):
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def test_no_network_ends_soon_with_all_that_one_needs_to_know(checkout):
    addresses = [closed_url("/primary/events.csv"), closed_url("/mirror/events.csv")]
    checkout.edit("papers/mini/datasets.yaml", "[https://example.org/template/events.csv]", f"[{', '.join(addresses)}]")
    started = time.monotonic()
    said = output(checkout.snakemake("papers/mini"))
    assert time.monotonic() - started < 15
    for expected in (*addresses, f"{checkout.folder}/data/raw/template/events.csv", "--config run=generated"):
        assert expected in said


def test_a_typo_in_the_settings_names_file_key_and_neighbour(checkout):
    checkout.edit("papers/mini/smoke.yaml", "n_bootstrap", "n_bootstap")
    said = output(checkout.snakemake("papers/mini", "--config", "run=smoke"))
    assert "papers/mini/smoke.yaml: unknown key 'evaluate.n_bootstap'. Did you mean 'n_bootstrap'?" in said


def test_broken_yaml_names_file_and_line(checkout):
    checkout.edit("papers/mini/config.yaml", "test_fraction: 0.5", "test_fraction 0.5")
    said = output(checkout.snakemake("papers/mini", "--config", "run=smoke"))
    assert "papers/mini/config.yaml:1" in said and "not valid YAML" in said


def test_a_broken_paper_does_not_stop_the_others(checkout):
    (checkout.folder / "papers/mini").rename(checkout.folder / "papers/good")
    subprocess.run(["cp", "-r", "papers/_template", "papers/broken"], cwd=checkout.folder, check=True)
    (checkout.folder / "papers/broken/config.yaml").write_text("source: [")
    assert "good_train" in checkout.jobs("papers/good", "--config", "run=smoke")


def test_unknown_options_and_runs_name_their_neighbours(checkout):
    assert "unknown key 'rum'. Did you mean 'run'?" in output(checkout.snakemake("-n", "--config", "rum=smoke"))
    said = output(checkout.snakemake("papers/mini", "-n", "--config", "run=smok"))
    assert "no run 'smok'" in said and "Did you mean 'smoke'?" in said


def test_a_failing_stage_shows_its_message_and_keeps_what_is_done(checkout):
    checkout.edit("papers/mini/simulate.py", 'header="label,feature"', 'header="label,featur"')
    said = output(checkout.snakemake("papers/mini", "--config", "run=smoke"))
    assert "no column 'feature' in the first line. Did you mean 'featur'?" in said
    assert "Traceback" not in said
    assert (checkout.folder / "data/generated/mini/smoke/events.csv").exists()


def test_a_data_folder_that_cannot_be_written_is_named(checkout, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    said = output(checkout.snakemake("papers/mini", "--config", "run=smoke", f"data={tmp_path}/file/data"))
    assert f"{tmp_path}/file/data" in said and "--config data=DIR" in said


def test_a_removed_data_file_is_fetched_again(checkout, tmp_path):
    mirror = tmp_path / "mirror/template"
    mirror.mkdir(parents=True)
    (mirror / "events.csv").write_text("label,feature\n" + "0,0.1\n1,0.9\n0,-0.4\n1,1.7\n" * 50)
    small = ("papers/mini", "--config", "seeds=0", f"mirror={mirror.parent.as_uri()}")
    assert checkout.snakemake(*small).returncode == 0
    assert checkout.jobs(*small) == {"papers/mini": 1}
    raw = checkout.folder / "data/raw/template/events.csv"
    raw.unlink()
    assert checkout.jobs(*small)["download"] == 1
    receipt = "results/mini/small/receipts/template/events.csv.json"
    assert checkout.snakemake(receipt, *small[1:]).returncode == 0 and raw.exists()


def test_two_calls_at_once_are_explained(checkout):
    checkout.edit(
        "papers/mini/simulate.py", "    arguments = parse", "    import time; time.sleep(90)\n    arguments = parse"
    )
    command = [str(Path(sys.executable).parent / "snakemake"), "papers/mini", "--config", "run=smoke"]
    first = subprocess.Popen(
        command, cwd=checkout.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    locks = checkout.folder / ".snakemake/locks"
    try:
        deadline = time.monotonic() + 30
        while not (locks.is_dir() and any(locks.iterdir())):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        said = output(checkout.snakemake("papers/mini", "--config", "run=smoke"))
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert "another snakemake call is at work in this folder" in said and "snakemake --unlock" in said
    assert checkout.snakemake("--unlock").returncode == 0
    checkout.edit("papers/mini/simulate.py", "import time; time.sleep(90)", "pass")
    events = "data/generated/mini/smoke/events.csv"  # what the killed call was at
    assert checkout.snakemake(events, "--config", "run=smoke").returncode == 0
    assert (checkout.folder / events).exists()


def test_strict_makes_a_difference_fail(checkout):
    checkout.edit("papers/mini/published.yaml", "value: 0.760250", "value: 2.0")
    checkout.edit("papers/mini/config.yaml", "n_events: 20000", "n_events: 2000")
    options = ("papers/mini", "--config", "run=generated", "seeds=0,1")  # a single seed decides nothing
    assert checkout.snakemake(*options).returncode == 0
    assert "these claims differ from the article: auc" in output(checkout.snakemake(*options, "strict=true"))
