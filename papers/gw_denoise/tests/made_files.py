"""Small files in the archive's formats, an archive on the loopback interface that serves them, and a split."""

import json
import re
from pathlib import Path

import numpy as np

from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.archive.frame_files import write_gwf
from papers.gw_denoise.prepared import Split
from tests.faulty_server import FaultyServer, Served

REAL = Path(__file__).parents[4] / "shared" / "real" / "gw"
START = 1369000000  # in O4a
MAINS = "H1:PEM-EY_MAINSMON_EBAY_1_DQ"
PITCH = "H1:IMC-WFS_A_DC_PIT_OUT_DQ"
STRAIN = "H1:GDS-CALIB_STRAIN_AR"
STATE = "H1:GDS-CALIB_STATE_VECTOR_AR"
RATE = 64  # [Hz] of `split`
QUERY = re.compile(r"/api/v1/gwf/H/(?P<type>\w+)/(?P<start>\d+),(?P<stop>\d+)\.json")


def split(seconds=40, seed=0, segments=None):
    """A split whose target is the product of two of its three witnesses."""
    generator = np.random.default_rng(seed)
    witnesses = generator.standard_normal((3, seconds * RATE)).astype(np.float32)
    target = (witnesses[0] * (1 + 0.5 * witnesses[1])).astype(np.float32)
    return Split(witnesses, target, np.array(segments or [[0, seconds * RATE]]))


def noise(name, *, rate_hz, start=START, duration=16, seed=0):
    """White noise whose value depends on the GPS time alone, so that pieces of it fit together."""
    samples = np.random.default_rng([seed, rate_hz]).normal(size=4096 * rate_hz)
    first = (start - START + 1024) % 2048 * rate_hz
    return Channel(name, float(start), float(rate_hz), samples[first : first + duration * rate_hz])


def with_samples(channel, samples):
    return Channel(channel.name, channel.start_gps, channel.rate_hz, np.asarray(samples, dtype=float))


def strain_frame(folder, *, start, duration, observing=True):
    state = noise(STATE, rate_hz=16, start=start, duration=duration)
    channels = [
        noise(STRAIN, rate_hz=256, start=start, duration=duration),
        with_samples(state, np.full(len(state.samples), 7 if observing else 1)),
    ]
    path = folder / f"H-H1_HOFT_C00_AR-{start}-{duration}.gwf"
    write_gwf(path, channels)
    return path


def witness_frame(folder, *, start, duration=64, names=(MAINS, PITCH)):
    rates = {MAINS: 64, PITCH: 32}
    path = folder / f"H-H1_AUX_AR1-{start}-{duration}.gwf"
    write_gwf(path, [noise(name, rate_hz=rates[name], start=start, duration=duration, seed=1) for name in names])
    return path


class Archive(FaultyServer):
    """A data-find service, a federation's director that redirects, and the cache it redirects to."""

    def __init__(self):
        super().__init__()
        self.files = _Answers(self)
        self.osdf = {}

    def offer(self, path, *, scheme="osdf"):
        """Serve a frame file, and let the data-find service know it."""
        cache = f"/cache/{path.name}"
        dict.__setitem__(self.files, cache, Served(path.read_bytes()))
        self.redirects[f"/gwdata/O4a/{path.name}"] = self.url(cache)
        prefix = {"osdf": "osdf:///gwdata", "cvmfs": "file://localhost/cvmfs/gwosc.osgstorage.org/gwdata"}[scheme]
        self.osdf.setdefault(path.name, []).append(f"{prefix}/O4a/{path.name}")

    def queries(self):
        return [seen.path for seen in self.seen if seen.path.startswith("/api/")]

    def answer(self, path):
        """Return what the data-find service says, None if it does not know the question."""
        if path == "/api/v1/gwf/H.json":
            return sorted({name.split("-")[1] for name in self.osdf} | {"H1_GWOSC_O2_4KHZ_R1"})
        query = QUERY.fullmatch(path)
        if not query:
            return None
        return [url for name, urls in self.osdf.items() if _matches(name, query) for url in urls]


class _Answers(dict):
    def __init__(self, archive):
        super().__init__()
        self._archive = archive

    def __contains__(self, path):
        return super().__contains__(path) or self._archive.answer(path) is not None

    def __getitem__(self, path):
        answer = self._archive.answer(path)
        if answer is None:
            return super().__getitem__(path)
        return Served(json.dumps(answer).encode(), content_type="application/json")


def _matches(name, query):
    _, kind, start, rest = name.split("-")
    stop = int(start) + int(rest.split(".")[0])
    return kind == query["type"] and int(start) < int(query["stop"]) and int(query["start"]) < stop
