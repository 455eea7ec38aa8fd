"""The run `small` as a user calls it, against an archive on the loopback interface that serves generated strain.

The frames are made by the generator, under the names and in the frames of the O4a release: data-find service, director,
cache, download, readers, both tasks, comparison and report are those of a real run.
"""

import json
from dataclasses import replace

import pytest

from common.settings import load_settings, merge
from common.workflow.closure import ROOT
from papers.gw_denoise.archive.frame_files import write_gwf
from papers.gw_denoise.archive.reader import read_recording
from papers.gw_denoise.settings import Settings, SimulateConfig
from papers.gw_denoise.simulate import STRAIN_CHANNEL, simulate_task
from papers.gw_denoise.tests.made_files import MAINS, STATE, STRAIN, Archive, noise, with_samples
from tests.workflow.conftest import copy_sources

DURATION_S, RATE, START = 512, 1024, 1376516096  # [s], [Hz], [GPS s] of the source
SMALLER = {
    "fetch": {"duration_s": DURATION_S},
    "prepare": {
        "tasks": {
            "lines": {"rate_hz": 256, "train_s": 240, "valid_s": 64, "min_segment_s": 32},
            "broadband": {"train_s": 240, "valid_s": 64, "band_hz": [40, 400], "rate_hz": 1024},
        }
    },
    "train": {
        "experiments": {"lines": {"autoencoder": {"updates": 30}}, "broadband": {"autoencoder": {"updates": 2}}},
    },
    "predict": {"ablation_s": 32},
    "evaluate": {"n_bootstrap": 20, "outside_hz": [[20, 450]]},
}


def make_release(folder, archive):
    """Serve strain with the line and the jitter, two of the jitter's sensors, and the mains monitor."""
    settings = load_settings(ROOT / "papers/gw_denoise", "small", Settings).simulate.model_dump()
    changes = {"rate_hz": RATE, "gps_start": START, "duration_s": {"lines": DURATION_S, "broadband": DURATION_S}}
    changes |= {"jitter": {"rate_hz": RATE}}
    config = SimulateConfig(**merge(settings, changes))
    strain_file, witness_file, _ = simulate_task("lines", config, folder)
    frame_file = simulate_task("broadband", config, folder)[0]
    lines = read_recording([strain_file, witness_file], witnesses=["PEM-*"])
    jitter = read_recording([frame_file], strain=STRAIN_CHANNEL, witnesses=["IMC-WFS_A_DC_*"])
    strain = replace(lines.strain, name=STRAIN, samples=lines.strain.samples + jitter.strain.samples)
    state = noise(STATE, rate_hz=16, start=START, duration=DURATION_S)
    witnesses = [replace(channel, name=MAINS) for channel in lines.witnesses.values()]
    witnesses += [replace(channel, name=name) for name, channel in jitter.witnesses.items()]
    in_frames(folder, archive, "H1_HOFT_C00_AR", [strain, with_samples(state, state.samples * 0 + 7)], 256)
    in_frames(folder, archive, "H1_AUX_AR1", witnesses, 64)


def in_frames(folder, archive, kind, channels, duration):
    for start in range(START, START + DURATION_S, duration):
        path = folder / f"H-{kind}-{start}-{duration}.gwf"
        write_gwf(path, [channel.crop(start, start + duration) for channel in channels])
        archive.offer(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The finished run, and the archive's log."""
    folder = tmp_path_factory.mktemp("archive_run")
    with Archive().running() as archive:
        make_release(folder, archive)
        checkout = copy_sources(folder / "checkout", papers=["gw_denoise"])
        address = {"datafind": archive.url(""), "director": archive.url("")}
        both = {"fetch": {task: SMALLER["fetch"] | address for task in ("lines", "broadband")}}
        changes = json.dumps(SMALLER | both)
        command = ["papers/gw_denoise", "--config", "seeds=0", f"gw_denoise={changes}"]
        checkout.first = checkout.snakemake(*command, NO_PROXY="*")
        n_requests = len(archive.seen)
        report = checkout.folder / "results/gw_denoise/small/report.md"
        checkout.report = report.read_text() if report.is_file() else ""  # fetching again removes it as outdated
        receipts = [f"results/gw_denoise/small/receipts/located/{task}.json" for task in ("lines", "broadband")]
        checkout.second = checkout.snakemake(*receipts, *command[1:], "--force", NO_PROXY="*")
        yield checkout, archive, n_requests


def metrics_of(checkout):
    return json.loads((checkout.folder / "results/gw_denoise/small/metrics.json").read_text())


def test_it_ends_with_figures_and_a_report_on_archive_data(run):
    checkout, _, _ = run
    assert checkout.first.returncode == 0, checkout.first.stdout + checkout.first.stderr
    results = checkout.folder / "results/gw_denoise/small"
    receipts = [json.loads(path.read_text()) for path in sorted(results.glob("receipts/located/*.json"))]
    assert [receipt["origin"] for receipt in receipts] == ["archive", "archive"]
    assert checkout.report and "generated stand-in" not in checkout.report
    assert len(list(results.glob("figures/*.png"))) == 10


def test_the_line_and_the_jitter_are_removed_by_the_witnesses_of_the_release(run):
    metrics = metrics_of(run[0])
    assert metrics["lines.wiener.line_suppression"]["value"] > 20
    assert metrics["lines.wiener.sideband_ratio"]["value"] > 0.97, "no angular channel is in the release"
    assert metrics["broadband.wiener.snr_gain_percent"]["value"] > 3
    assert "lines.wiener.eta" not in metrics, "the limit is known for generated data only"


def test_missing_witnesses_are_named_in_the_log(run):
    log = (run[0].folder / "results/gw_denoise/small/logs/prepare_lines.log").read_text()
    assert "witness missing: H1:ASC-*_INMON" in log


def test_each_frame_is_fetched_once_for_both_tasks(run):
    _, archive, n_requests = run
    fetched = [seen.path for seen in archive.seen[:n_requests] if seen.path.startswith("/cache/")]
    assert len(fetched) == len(set(fetched)) == DURATION_S // 256 + DURATION_S // 64


def test_fetching_again_needs_no_network(run):
    checkout, archive, n_requests = run
    assert checkout.second.returncode == 0, checkout.second.stderr
    assert "gw_denoise_fetch · task lines" in checkout.second.stderr
    assert len(archive.seen) == n_requests
