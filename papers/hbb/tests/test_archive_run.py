"""The run `small` as a user calls it, against two servers on the loopback interface with the portal's layout.

The ROOT files are made, under the record's names and listed in an index like the record's: index, download, reader,
trainings, comparison and report are those of a real run. One file is missing on the first server, another one has other
bytes there than the index says, and at first on the second server, too.
"""

import json
import re
import zlib

import numpy as np
import pytest
import yaml

from papers.hbb.fetch import DATASET, RECORD, index_name
from papers.hbb.tests.made_jets import make_table, write
from tests.faulty_server import FaultyServer
from tests.workflow.conftest import copy_sources

FOLDER = f"/eos/opendata/cms/datascience/HiggsToBBNtupleProducerTool/{RECORD}"
FILES = {"train": ["ntuple_merged_9.root", "ntuple_merged_18.root"], "test": ["ntuple_merged_0.root"]}
MISSING, SPOILT = "train/ntuple_merged_18.root", "train/ntuple_merged_9.root"
N_JETS = 240
EXPERIMENTS = ("interaction", "interaction_standardised", "double_b", "variables")
SMALLER = {
    "train": {"experiments": {name: {"epochs": 1, "batch": 32} for name in EXPERIMENTS}},
    "evaluate": {
        "n_bootstrap": 5,
        "n_chance": 20,
        "n_shuffles": 3,
        "mistag": 0.1,
        "ddt": {"n_estimators": 5, "min_samples_leaf": 10},
    },
}


def make_file(path, *, seed):
    """Jets whose class shows in one track feature and in one of the 27 variables."""
    table = make_table(N_JETS, seed=seed, max_tracks=30)
    shift = 2 * table["fj_isH"].astype(np.float32)
    table["track"]["ptrel"] = table["track"]["ptrel"] + shift
    table["fj_nSV"] = table["fj_nSV"] + shift
    return write(path, table).read_bytes()


def spoil(content):
    """Other bytes of the same size."""
    return content[:-1] + bytes([content[-1] ^ 1])


def offer(servers, folder):
    """Serve indexes and files on both servers; return datasets.yaml and the content of the spoilt file."""
    declared, contents = [], {}
    for number, (split, files) in enumerate(FILES.items()):
        own = {f"{split}/{file}": make_file(folder / file, seed=10 * number + k) for k, file in enumerate(files)}
        contents |= own
        entries = [
            {
                "checksum": f"adler32:{zlib.adler32(content):08x}",
                "size": len(content),
                "uri": f"root://eospublic.cern.ch/{FOLDER}/{name}",
            }
            for name, content in own.items()
        ]
        index, name = json.dumps(entries).encode(), index_name(split, "x.root")
        declared.append(
            {
                "name": name,
                "urls": [server.serve(f"{FOLDER}/{name}", index) for server in servers],
                "bytes": len(index),
                "checksum": f"adler32:{zlib.adler32(index):08x}",
                "licence": "CC0-1.0",
                "size_class": "small",
            }
        )
    for number, server in enumerate(servers):
        for name, content in contents.items():
            if number or name != MISSING:
                server.serve(f"{FOLDER}/{name}", spoil(content) if name == SPOILT else content)
    return yaml.safe_dump({DATASET: {"title": "t", "source": "s", "files": declared}}), contents[SPOILT]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run, called once while one file is wrong everywhere, once after its repair, and once without servers."""
    pytest.importorskip("tensorflow", reason="needs the extra tensorflow")
    folder = tmp_path_factory.mktemp("archive_run")
    checkout = copy_sources(folder / "checkout", papers=["hbb"])
    command = ["papers/hbb", "--config", "seeds=0", f"hbb={json.dumps(SMALLER)}"]
    with FaultyServer().running() as first, FaultyServer().running() as second:
        datasets, content = offer((first, second), folder)
        (checkout.folder / "papers/hbb/datasets.yaml").write_text(datasets)
        receipt = f"results/hbb/small/receipts/located/{SPOILT}.json"
        checkout.refused = checkout.snakemake(receipt, *command[1:], NO_PROXY="*")
        second.serve(f"{FOLDER}/{SPOILT}", content)
        checkout.done = checkout.snakemake(*command, timeout=1200, NO_PROXY="*")
        checkout.servers = first, second
    checkout.again = checkout.snakemake(*command, NO_PROXY="*")
    return checkout


def results(run):
    return run.folder / "results/hbb/small"


def test_a_file_with_another_adler32_than_the_index_says_is_refused(run):
    assert run.refused.returncode != 0
    text = run.refused.stdout + run.refused.stderr
    assert "ntuple_merged_9.root" in text and "adler32" in text


def test_it_ends_with_figures_and_a_report_on_archive_data(run):
    assert run.done.returncode == 0, run.done.stdout + run.done.stderr
    receipts = [json.loads(path.read_text()) for path in sorted(results(run).glob("receipts/located/*/*.json"))]
    assert [receipt["origin"] for receipt in receipts] == ["archive"] * 3
    assert all("adler32" in receipt["verified"] for receipt in receipts)
    assert "generated stand-in" not in (results(run) / "report.md").read_text()
    assert len(list(results(run).glob("figures/*.png"))) == 7


def test_what_the_first_server_lacks_or_has_wrong_comes_from_the_second(run):
    first, second = run.servers
    assert first.statuses(f"{FOLDER}/{MISSING}") == [404]
    for name in (MISSING, SPOILT):
        receipt = json.loads((results(run) / f"receipts/located/{name}.json").read_text())
        assert receipt["url"] == second.url(f"{FOLDER}/{name}")
    whole = "test/ntuple_merged_0.root"
    assert first.statuses(f"{FOLDER}/{whole}") == [200] and not second.statuses(f"{FOLDER}/{whole}")


def test_the_metrics_are_of_all_taggers_and_of_the_served_jets(run):
    metrics = json.loads((results(run) / "metrics.json").read_text())
    for name in (*EXPERIMENTS, "best_variable"):
        assert metrics[f"{name}.auc_all"]["n"] == N_JETS
    assert metrics["variables.auc"]["value"] > 0.6
    assert metrics["best_variable.auc"]["value"] > 0.95
    assert metrics["interaction.n_parameters"]["value"] == 18_144


def test_a_second_call_needs_no_network_and_does_nothing(run):
    assert run.again.returncode == 0, run.again.stderr
    assert "fig1_roc.png" in run.again.stdout
    assert re.search(r"\[ *\d+/\d+\]", run.done.stderr), "the screen has a line for each finished job"
    assert not re.search(r"\[ *\d+/\d+\]", run.again.stderr)
