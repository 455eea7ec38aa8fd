"""From the portal's index to a verified file, over a server with the portal's layout on the loopback interface."""

import json
import logging
import zlib

import pytest
import yaml

from common.download.datasets import load_datasets
from common.download.receipts import locate
from common.errors import InputError
from common.workflow.closure import ROOT
from papers.hbb.fetch import DATASET, RECORD, checksum_of, fetch_file, index_name
from papers.hbb.tests.made_jets import REAL
from tests.faulty_server import FaultyServer, isolate_data

FOLDER = f"/eos/opendata/cms/datascience/HiggsToBBNtupleProducerTool/{RECORD}"
METADATA = "cern_opendata_record_cms-derived-Run2-datascience.json"
CONTENT = {"ntuple_merged_9.root": b"root" + bytes(range(256)) * 40, "ntuple_merged_10.root": b"root" + b"x" * 999}


@pytest.fixture
def servers():
    with FaultyServer().running() as first, FaultyServer().running() as second:
        yield first, second


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch, caplog):
    """An empty data root, and an environment without mirror and proxies."""
    caplog.set_level(logging.INFO)
    return isolate_data(tmp_path, monkeypatch)


def adler32(content):
    return f"adler32:{zlib.adler32(content):08x}"


def make_index(**changes):
    """The index in the portal's form; keywords replace the checksum of a file ("_" for the dot)."""
    return json.dumps(
        [
            {
                "checksum": changes.get(name.partition(".")[0], adler32(content)),
                "size": len(content),
                "uri": f"root://eospublic.cern.ch/{FOLDER}/train/{name}",
            }
            for name, content in CONTENT.items()
        ]
    ).encode()


def offer(servers, tmp_path, *, index=None, missing_on_first=(), declared=None):
    """Serve index and files in the portal's layout on both servers and return a datasets.yaml that names them."""
    index = make_index() if index is None else index
    name = index_name("train", "ntuple_merged_9.root")
    urls = []
    for number, server in enumerate(servers):
        urls.append(server.serve(f"{FOLDER}/{name}", index))
        for file, content in CONTENT.items():
            if number or file not in missing_on_first:
                server.serve(f"{FOLDER}/train/{file}", content)
    file = {
        "name": name,
        "urls": urls,
        "bytes": len(index),
        "checksum": declared or adler32(index),
        "licence": "CC0-1.0",
        "size_class": "small",
    }
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump({DATASET: {"title": "t", "source": "s", "files": [file]}}))
    return path


def test_a_file_is_fetched_and_held_to_the_index(servers, tmp_path, root):
    receipt = fetch_file(offer(servers, tmp_path), "train", "ntuple_merged_9.root")
    assert locate(receipt) == root / "raw/cms_hbb/train/ntuple_merged_9.root"
    assert locate(receipt).read_bytes() == CONTENT["ntuple_merged_9.root"]
    assert receipt.origin == "archive" and "adler32" in receipt.verified and receipt.licence == "CC0-1.0"


def test_a_file_that_the_first_server_lacks_comes_from_the_second(servers, tmp_path):
    datasets = offer(servers, tmp_path, missing_on_first=["ntuple_merged_9.root"])
    receipt = fetch_file(datasets, "train", "ntuple_merged_9.root")
    assert receipt.url == servers[1].url(f"{FOLDER}/train/ntuple_merged_9.root")
    assert 404 in servers[0].statuses(f"{FOLDER}/train/ntuple_merged_9.root")


def test_a_wrong_adler32_is_refused(servers, tmp_path, root):
    datasets = offer(servers, tmp_path, index=make_index(ntuple_merged_9="adler32:deadbeef"))
    with pytest.raises(InputError, match=r"(?s)ntuple_merged_9\.root.*deadbeef"):
        fetch_file(datasets, "train", "ntuple_merged_9.root")
    assert not (root / "raw/cms_hbb/train/ntuple_merged_9.root").exists()


def test_a_wrong_index_is_refused_before_any_file_is_asked_for(servers, tmp_path):
    datasets = offer(servers, tmp_path, declared="adler32:00000001")
    with pytest.raises(InputError, match=r"(?s)file_index\.json.*00000001"):
        fetch_file(datasets, "train", "ntuple_merged_9.root")
    assert not servers[0].statuses(f"{FOLDER}/train/ntuple_merged_9.root")


def test_a_checksum_without_its_leading_zeros_is_the_same(servers, tmp_path):
    """adler32 of short contents begins with zeros, which some clients drop."""
    assert checksum_of({"checksum": "adler32:1a2b"}) == "adler32:00001a2b"
    short = adler32(CONTENT["ntuple_merged_10.root"]).replace("adler32:0", "adler32:")
    datasets = offer(servers, tmp_path, index=make_index(ntuple_merged_10=short))
    assert fetch_file(datasets, "train", "ntuple_merged_10.root").bytes == 1003


def test_a_file_that_the_index_does_not_list(servers, tmp_path):
    with pytest.raises(
        InputError, match=r"lists no file 'ntuple_merged_8\.root'\. Did you mean 'ntuple_merged_9\.root'"
    ):
        fetch_file(offer(servers, tmp_path), "train", "ntuple_merged_8.root")


@pytest.mark.parametrize("index", [b'{"error": 1}', b'[{"uri": "root://server//a/ntuple_merged_9.root"}]', b"no JSON"])
def test_what_is_no_index_is_named(servers, tmp_path, index):
    with pytest.raises(InputError, match=r"expected a list of entries with 'uri', 'size' and 'checksum'"):
        fetch_file(offer(servers, tmp_path, index=index), "train", "ntuple_merged_9.root")


@pytest.mark.skipif(
    not (REAL / METADATA).is_file(),
    reason=f"{REAL} needs {METADATA} from github.com/cernopendata/opendata.cern.ch (data/records/)",
)
def test_the_declared_indexes_are_those_of_the_record():
    records = json.loads((REAL / METADATA).read_text())
    (record,) = (entry for entry in records if entry["recid"] == "12102")
    theirs = {
        file["uri"].partition(f"{RECORD}/")[2]: (file["size"], file["checksum"])
        for file in record["files"]
        if file["type"] == "index.json"
    }
    ours = load_datasets(ROOT / "papers/hbb/datasets.yaml")[DATASET].files
    assert {file.name: (file.bytes, file.checksum) for file in ours} == theirs
