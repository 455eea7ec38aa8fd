"""From the data-find service to a recording, over an archive on the loopback interface."""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import yaml

from common.download.receipts import locate, read_receipt
from common.errors import InputError
from papers.gw_denoise import fetch as stage
from papers.gw_denoise.archive.locate import list_name, load_frame_list, locate_frames, times_of, web_address
from papers.gw_denoise.archive.reader import read_located
from papers.gw_denoise.archive.sources import SOURCES, Times
from papers.gw_denoise.fetch import fetch_recording
from papers.gw_denoise.settings import FetchConfig
from papers.gw_denoise.tests.made_files import MAINS, PITCH, START, STRAIN, Archive, noise, strain_frame, witness_frame
from tests.faulty_server import Fault, closed_url

DIRECTOR = "https://osdf-director.example"


@pytest.fixture
def archive():
    with Archive().running() as running:
        yield running


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch, caplog):
    """An empty data root, and an environment without mirror, proxies and credentials."""
    for variable in ("PAPERS_MIRROR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "GWDATAFIND_API"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path / "data"))
    caplog.set_level(logging.INFO)
    return tmp_path / "data"


def config(archive, **changes):
    address = archive.url("") if archive else closed_url("")
    values = {
        "source": "o4a",
        "detector": "H1",
        "start_gps": START,
        "duration_s": 96,
        "frame_types": [],
        "datafind": address,
        "director": address,
    }
    return FetchConfig(**values | changes)


def offer(archive, folder, *, strain=((START - 64, 256),), witnesses=range(START - 128, START + 256, 64), **options):
    folder.mkdir(exist_ok=True)
    for start, duration in strain:
        archive.offer(strain_frame(folder, start=start, duration=duration), **options)
    for start in witnesses:
        archive.offer(witness_frame(folder, start=start), **options)
    return sorted(archive.osdf)


def test_only_the_files_with_the_wanted_seconds(archive, tmp_path):
    offer(archive, tmp_path / "release")
    located = locate_frames(config(archive))
    assert (located.start_gps, located.stop_gps, located.name) == (START, START + 96, "gwosc_o4a")
    assert [file.name for file in located.dataset.files] == [
        f"H-H1_AUX_AR1-{START}-64.gwf",
        f"H-H1_AUX_AR1-{START + 64}-64.gwf",
        f"H-H1_HOFT_C00_AR-{START - 64}-256.gwf",
    ]
    assert located.dataset.files[0].urls == [archive.url(f"/gwdata/O4a/H-H1_AUX_AR1-{START}-64.gwf")]


def test_from_the_service_to_a_recording(archive, tmp_path, root):
    offer(archive, tmp_path / "release")
    receipt = fetch_recording(config(archive))
    assert receipt.origin == "archive" and receipt.dataset == "gwosc_o4a"
    path = locate(receipt)
    for file in load_frame_list(path).dataset.files:
        stored = root / "raw" / "gwosc_o4a" / file.name
        assert stored.read_bytes() == (tmp_path / "release" / file.name).read_bytes()
        assert file.bytes == stored.stat().st_size and file.checksum.startswith("sha256:")
    recording = read_located(path, missing_witnesses="go_on")
    assert recording.start_gps == START and len(recording.good) == 96 and recording.good.all()
    assert np.array_equal(recording.strain.samples, noise(STRAIN, rate_hz=256, duration=96).samples)
    assert list(recording.witnesses) == [PITCH, MAINS]
    assert np.array_equal(recording.witnesses[MAINS].samples, noise(MAINS, rate_hz=64, duration=96, seed=1).samples)


def test_no_credentials_are_looked_for(archive, tmp_path, monkeypatch):
    asked = []
    for kind in ("find_scitoken", "find_x509_credentials"):
        monkeypatch.setattr(f"igwn_auth_utils.requests.{kind}", lambda *_, kind=kind, **__: asked.append(kind))
    offer(archive, tmp_path / "release")
    fetch_recording(config(archive))
    assert archive.queries() and not asked


def test_missing_witnesses_of_the_source_are_named(archive, tmp_path, caplog):
    offer(archive, tmp_path / "release")
    path = locate(fetch_recording(config(archive)))
    with pytest.raises(
        InputError, match=r"(?s)witnesses missing: H1:CAL-PCALX_RX_PD_OUT_DQ, H1:CAL.*missing_witnesses"
    ):
        read_located(path, missing_witnesses="stop")
    read_located(path, missing_witnesses="go_on")
    assert caplog.text.count("witness missing: ") == 12
    assert list(read_located(path, missing_witnesses="stop", witnesses=["PEM-*"]).witnesses) == [MAINS]


def test_second_call_needs_no_network_and_gives_the_same_receipt(archive, tmp_path):
    offer(archive, tmp_path / "release")
    first = fetch_recording(config(archive))
    n_requests = len(archive.seen)
    assert fetch_recording(config(archive)) == first
    assert len(archive.seen) == n_requests


def test_shared_data_folder_needs_no_service(archive, tmp_path):
    offer(archive, tmp_path / "release")
    receipt = fetch_recording(config(archive))
    elsewhere = fetch_recording(config(None))
    assert elsewhere.model_copy(update={"url": receipt.url}) == receipt


def test_two_processes_agree_on_one_list(archive, tmp_path):
    offer(archive, tmp_path / "release")
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(fetch_recording, [config(archive)] * 4))
    assert receipts == [receipts[0]] * 4
    assert len(archive.queries()) == 4  # two kinds of frames, two questions for each


def test_changed_frame_is_noticed(archive, tmp_path, root):
    offer(archive, tmp_path / "release")
    fetch_recording(config(archive))
    frame = root / "raw" / "gwosc_o4a" / f"H-H1_AUX_AR1-{START}-64.gwf"
    content = bytearray(frame.read_bytes())
    content[5000] ^= 1
    frame.chmod(0o644)
    frame.write_bytes(content)
    with pytest.raises(InputError, match=rf"{frame.name}: expected sha256:.* left as it is"):
        fetch_recording(config(archive))


def test_interrupted_download_goes_on_with_the_same_list(archive, tmp_path):
    offer(archive, tmp_path / "release")
    broken = f"/cache/H-H1_HOFT_C00_AR-{START - 64}-256.gwf"
    archive.fail(broken, Fault(404))
    with pytest.raises(InputError, match=r"HOFT_C00_AR.* could not be downloaded"):
        fetch_recording(config(archive))
    n_queries = len(archive.queries())
    assert fetch_recording(config(archive)).bytes > 0
    assert len(archive.queries()) == n_queries
    assert archive.statuses(f"/cache/H-H1_AUX_AR1-{START}-64.gwf") == [200]


def test_mirror_serves_list_and_frames(archive, tmp_path, root, monkeypatch):
    offer(archive, tmp_path / "release")
    receipt = fetch_recording(config(archive))
    mirror = tmp_path / "mirror"
    root.rename(tmp_path / "was")
    (tmp_path / "was" / "raw").rename(mirror)
    monkeypatch.setenv("PAPERS_MIRROR", mirror.as_uri())
    from_mirror = fetch_recording(config(None))
    assert from_mirror.sha256 == receipt.sha256
    assert len(read_located(locate(from_mirror), missing_witnesses="go_on").witnesses) == 2


def test_mirror_without_the_list_falls_back_to_the_service(archive, tmp_path, monkeypatch, caplog):
    offer(archive, tmp_path / "release")
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("PAPERS_MIRROR", (tmp_path / "mirror").as_uri())
    assert fetch_recording(config(archive)).bytes > 0
    assert "is not on the mirror" in caplog.text


# --- which seconds ---


@pytest.mark.parametrize(
    ("start", "search_s", "expected", "n_files"),
    [
        (START, 2000, START + 320, 3),  # one file of strain; START would need two
        (START, 200, START, 4),
        (START + 380, 2000, START + 512, 3),  # 68 s are left of the file at START + 320
    ],
)
def test_search_takes_the_first_stretch_in_the_fewest_files(
    archive, tmp_path, monkeypatch, start, search_s, expected, n_files
):
    offer(
        archive,
        tmp_path / "release",
        strain=[(START, 64), (START + 64, 64), (START + 256, 64), (START + 320, 128), (START + 512, 128)],
        witnesses=[START, START + 64, START + 320, START + 384, START + 512, START + 576],
    )
    source = replace(SOURCES["o4a"], times=Times(start, search_s=search_s, duration_s=96))
    monkeypatch.setitem(SOURCES, "o4a", source)
    located = locate_frames(config(archive, start_gps=None, duration_s=None))
    assert (located.start_gps, located.stop_gps) == (expected, expected + 96)
    assert len(located.dataset.files) == n_files


def test_other_settings_have_another_list():
    changes = [{}, {"start_gps": START + 1}, {"start_gps": None}, {"duration_s": 97}, {"frame_types": ["a"]}]
    changes += [{"frame_types": ["b"]}, {"detector": "L1"}]
    assert len({list_name(config(None, **change)) for change in changes}) == len(changes)
    assert list_name(config(None)) == f"H1-{START}-96.located.json"


def test_times_of_the_sources():
    own = {name: times_of(config(None, source=name, start_gps=None, duration_s=None)) for name in SOURCES}
    assert own["o3a"] == Times(1243926522, search_s=0, duration_s=1024 + 1024)  # train, then test
    for name, times in own.items():
        assert SOURCES[name].epoch_gps[0] <= times.start_gps and times.duration_s == 2048
        assert times.start_gps + max(times.search_s, 2048) <= SOURCES[name].epoch_gps[1]
    assert times_of(config(None, source="o4a", start_gps=START, duration_s=None)) == Times(START, search_s=0)


def test_exact_seconds_are_not_moved(archive, tmp_path):
    offer(archive, tmp_path / "release", strain=[(START + 10, 200)])
    assert locate_frames(config(archive, start_gps=START + 17)).start_gps == START + 17
    with pytest.raises(InputError, match=rf"expected 96 s in a row .* found {START + 10} to {START + 96}"):
        locate_frames(config(archive))


def test_gap_in_the_witnesses_is_reported(archive, tmp_path):
    offer(archive, tmp_path / "release", witnesses=[START, START + 128])
    with pytest.raises(InputError, match=rf"found {START} to {START + 64}. Change fetch.start_gps"):
        locate_frames(config(archive))


# --- frame types and addresses ---


def test_unknown_frame_type_names_those_of_the_service(archive, tmp_path):
    offer(archive, tmp_path / "release")
    with pytest.raises(
        InputError, match=r"no frame type matches 'H1_HOFT_C01_AR'. Did you mean 'H1_HOFT_C00_AR'.*O3alt"
    ):
        locate_frames(config(archive, source="o3a"))


def test_frame_types_of_the_settings_replace_those_of_the_source(archive, tmp_path):
    offer(archive, tmp_path / "release")
    types = ["{detector}_HOFT_C00_AR", "{detector}_AUX_.*"]
    assert len(locate_frames(config(archive, source="o3a", frame_types=types)).dataset.files) == 3


def test_optional_frames_may_be_missing(archive, tmp_path):
    release = tmp_path / "release"
    offer(archive, release)
    strain = release / f"H-H1_HOFT_C00_AR-{START - 64}-256.gwf"
    archive.offer(strain.rename(release / strain.name.replace("C00", "C01")))
    located = locate_frames(config(archive, source="o3a"))  # AUX_CLN does not exist here
    assert [file.name for file in located.dataset.files][-1] == f"H-H1_HOFT_C01_AR-{START - 64}-256.gwf"


def test_no_frames_at_that_time(archive, tmp_path):
    offer(archive, tmp_path / "release")
    with pytest.raises(InputError, match=r"no frames H1_HOFT_C00_AR in GPS .*The detector may not have been ready"):
        locate_frames(config(archive, start_gps=START + 100000))


def test_paths_of_the_cluster_file_system_become_addresses(archive, tmp_path):
    names = offer(archive, tmp_path / "release", scheme="cvmfs")
    assert fetch_recording(config(archive)).bytes > 0
    for name in names[:1]:
        archive.offer(tmp_path / "release" / name)  # the service now gives both addresses of one file
    located = locate_frames(config(archive))
    assert [len(file.urls) for file in located.dataset.files] == [1, 1, 1]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("osdf:///gwdata/O4a/x.gwf", f"{DIRECTOR}/gwdata/O4a/x.gwf", id="federation becomes director"),
        pytest.param("https://gwosc.org/x.gwf", "https://gwosc.org/x.gwf", id="web address stays"),
        pytest.param(
            "file://localhost/cvmfs/gwosc.osgstorage.org/gwdata/O2/x.gwf",
            f"{DIRECTOR}/gwdata/O2/x.gwf",
            id="cluster file system becomes director",
        ),
        pytest.param("file://localhost/archive/frames/x.gwf", None, id="local file has no web address"),
        pytest.param("gsiftp://ldas.example:15000/x.gwf", None, id="internal scheme has no web address"),
    ],
)
def test_data_find_addresses_become_web_addresses(url, address):
    assert web_address(url, f"{DIRECTOR}/") == address


def test_service_that_cannot_be_reached(root):
    with pytest.raises(InputError, match=rf"(?s)the data-find service could not be asked .*{root}.*run=generated"):
        fetch_recording(config(None))


@pytest.mark.parametrize("status", [401, 500])
def test_service_that_refuses(archive, status):
    archive.fail("/api/v1/gwf/H.json", Fault(status))
    with pytest.raises(InputError, match=r"could not be asked \(HTTPError\)"):
        fetch_recording(config(archive))


def test_damaged_list_is_reported(archive, tmp_path, root):
    offer(archive, tmp_path / "release")
    path = locate(fetch_recording(config(archive)))
    content = json.loads(path.read_text())
    path.write_text(path.read_text()[:100])
    with pytest.raises(InputError, match="not valid JSON"):
        fetch_recording(config(archive))
    content["dataset"]["files"][0]["urlz"] = []
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"unknown key 'dataset.files.0.urlz'. Did you mean 'urls'"):
        fetch_recording(config(archive))


def test_stage_writes_the_receipt(archive, tmp_path, monkeypatch):
    offer(archive, tmp_path / "release")
    receipt = tmp_path / "results" / "o4a.json"
    facts = {"name": "small", "changes": "", "source": "archive", "archive": ["located/lines"], "generated": []}
    seconds = {task: config(archive).model_dump(mode="json") for task in ("lines", "broadband")}
    settings = {"run": facts | {"seeds": [0], "methods": []}, "fetch": seconds}
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(settings))
    options = ["--settings", str(tmp_path / "settings.yaml"), "--task", "lines", "--receipt", str(receipt)]
    monkeypatch.setattr(sys, "argv", ["fetch", *options])
    stage.main()
    assert read_receipt(receipt) == fetch_recording(config(archive))
