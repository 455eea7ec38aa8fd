"""Find the archive's frame files that hold strain and witnesses for the wanted seconds, for arXiv:2005.06534.

The public data-find service (datafind.gwosc.org, asked with the client gwdatafind) knows which frame files exist and
where. Their addresses in the Open Science Data Federation (osdf:///path) become addresses of its director, which
forwards every request to a cache near by, so that the shared download can fetch them.

The result, `FrameList`, names interval and files in the form of a datasets.yaml; stage fetch adds sizes and checksums.
"""

import hashlib
import json
import logging
import re
from pathlib import Path
from urllib.parse import urlsplit

import requests

from common.download.datasets import DataFile, Dataset
from common.download.receipts import data_root
from common.errors import InputError, nearest
from common.yamlio import Strict, validate

from ..settings import FetchConfig
from .sources import LICENCE, Frames, Times, find_source

log = logging.getLogger(__name__)

CVMFS = "/cvmfs/gwosc.osgstorage.org"  # the same tree of files as osdf:///, mounted on clusters
ANONYMOUS = {"token": False, "cert": False, "timeout": (4.0, 60.0)}  # [s] to connect, to answer; no credentials
LIST_SUFFIX = ".located.json"  # ends the name of a list of frames
NO_NETWORK = "without any network: --config run=generated"

Interval = tuple[int, int]  # [GPS s] first second and the one after the last


class FrameList(Strict):
    """The frames of one interval: a file that a class can share, and with which nobody asks the data-find service."""

    source: str  # key of sources.SOURCES
    detector: str
    start_gps: int  # [s]
    stop_gps: int  # [s]
    name: str  # of the data set
    dataset: Dataset  # as in datasets.yaml; bytes and checksum once the files have been fetched

    def paths(self) -> list[Path]:
        """Return where the files lie."""
        return [data_root() / "raw" / self.name / file.name for file in self.dataset.files]


def times_of(config: FetchConfig) -> Times:
    """Return which seconds to look for: those of the settings, else those of the source."""
    default = find_source(config.source).times
    start, search_s = (default.start_gps, default.search_s) if config.start_gps is None else (config.start_gps, 0)
    return Times(start, search_s=search_s, duration_s=config.duration_s or default.duration_s)


def dataset_of(config: FetchConfig) -> str:
    """Return the name of the data set, a folder below data/raw/ and of a mirror."""
    return f"gwosc_{config.source}"


def list_name(config: FetchConfig) -> str:
    """Return the name of the list of frames; settings that may lead to other frames give another name."""
    times = times_of(config)
    within = f"-within{times.search_s}" if times.search_s else ""
    types = f"-{hashlib.sha256(' '.join(config.frame_types).encode()).hexdigest()[:8]}" if config.frame_types else ""
    return f"{config.detector}-{times.start_gps}{within}-{times.duration_s}{types}{LIST_SUFFIX}"


def locate_frames(config: FetchConfig) -> FrameList:
    """Ask the data-find service.

    Raises:
        InputError: If the service does not answer, or does not have such frames for all of the wanted seconds.
    """
    source = find_source(config.source)
    frames = [Frames(pattern) for pattern in config.frame_types] or list(source.frames)
    urls_by_frames = [_urls_of(kind, config) for kind in frames]
    required = [urls for kind, urls in zip(frames, urls_by_frames, strict=True) if kind.required]
    start, stop = _choose_interval(required, config)
    chosen = sorted({url for urls in urls_by_frames for url in urls if _overlaps(url, (start, stop))})
    log.info("%s, GPS %d to %d: %d addresses", source.title, start, stop, len(chosen))
    dataset = Dataset(title=source.title, source=source.page, files=_declare(chosen, config.director))
    return FrameList(
        source=config.source,
        detector=config.detector,
        start_gps=start,
        stop_gps=stop,
        name=dataset_of(config),
        dataset=dataset,
    )


def load_frame_list(path: Path) -> FrameList:
    """Read a list of frames.

    Raises:
        InputError: If the file is not such a list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path}: not valid JSON ({error}). Move it away; the next call asks the data-find service again."
        ) from None
    return validate(content, FrameList, path)


def web_address(url: str, director: str) -> str | None:
    """Return where a file of the data-find service can be fetched from; None for schemes of a computing centre."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return url
    if parts.scheme == "osdf":
        return f"{director.rstrip('/')}/{(parts.netloc + parts.path).lstrip('/')}"
    if parts.scheme == "file" and parts.path.startswith(f"{CVMFS}/"):
        return director.rstrip("/") + parts.path.removeprefix(CVMFS)
    return None


def _horizon(times: Times) -> Interval:
    """Return the interval within which the wanted seconds are looked for."""
    return times.start_gps, times.start_gps + max(times.search_s, times.duration_s)


def _urls_of(frames: Frames, config: FetchConfig) -> list[str]:
    """Return the addresses of all matching frames; types without frames are skipped."""
    interval = _horizon(times_of(config))
    pattern = frames.pattern.replace("{detector}", config.detector)
    types = _ask(config, "find_types", config.detector[0])
    matching = sorted(name for name in types if re.fullmatch(pattern, name))
    if not matching and frames.required:
        of_detector = [name for name in types if name.startswith(config.detector)]
        raise InputError(
            f"{config.datafind}: no frame type matches '{pattern}'.{nearest(pattern, of_detector)} Choose with"
            f" fetch.frame_types in config.yaml; see {find_source(config.source).page}."
        )
    urls = [url for name in matching for url in _ask(config, "find_urls", config.detector[0], name, *interval)]
    if not urls and frames.required:
        raise InputError(
            f"{config.datafind}: no frames {' or '.join(matching)} in GPS {interval[0]} to {interval[1]}. The detector"
            " may not have been ready: change fetch.start_gps."
        )
    return [url for url in urls if web_address(url, config.director)]


def _ask(config: FetchConfig, question: str, *arguments: str | int) -> list[str]:
    """Put one question to the data-find service."""
    import gwdatafind

    options = {"urltype": None, "on_gaps": "ignore"} if question == "find_urls" else {}
    try:
        ask = getattr(gwdatafind, question)
        answer: list[str] = ask(*arguments, host=config.datafind, **ANONYMOUS, **options)
    except (requests.RequestException, ValueError) as error:
        raise InputError(
            f"{config.datafind}: the data-find service could not be asked ({type(error).__name__}). Try again later, or"
            f" copy the file {list_name(config)} from somebody who has it into"
            f" {(data_root() / 'raw' / dataset_of(config)).absolute()}; {NO_NETWORK}"
        ) from None
    return answer


def _choose_interval(urls_by_frames: list[list[str]], config: FetchConfig) -> Interval:
    """Return the interval of the settings, or the first of those that need the fewest files of strain."""
    from igwn_segments import segment, segmentlist

    times = times_of(config)
    ready = segmentlist([segment(*_horizon(times))])
    for urls in urls_by_frames:
        ready &= segmentlist(_span(url) for url in urls).coalesce()
    strain_spans = {_span(url) for url in urls_by_frames[0]}
    begins = {start for start, _ in ready} | {start for start, _ in strain_spans}
    candidates = [(begin, begin + times.duration_s) for begin in begins]
    complete = [wanted for wanted in candidates if segment(*wanted) in ready]
    if not complete:
        available = ", ".join(f"{start} to {stop}" for start, stop in ready) or "none"
        raise InputError(
            f"{config.datafind}: expected {times.duration_s} s in a row with all frames of source '{config.source}'"
            f" from GPS {times.start_gps} on, found {available}. Change fetch.start_gps or fetch.duration_s."
        )
    return min(complete, key=lambda wanted: (sum(segment(*wanted).intersects(span) for span in strain_spans), wanted))


def _span(url: str) -> Interval:
    """Return the GPS times that a frame file's name states."""
    from gwdatafind.utils import file_segment
    from igwn_segments import segment

    start, stop = file_segment(url)
    span: Interval = segment(int(start), int(stop))
    return span


def _overlaps(url: str, interval: Interval) -> bool:
    start, stop = _span(url)
    return start < interval[1] and interval[0] < stop


def _declare(urls: list[str], director: str) -> list[DataFile]:
    """Return one declared file per name; several addresses of it are tried in turn."""
    by_name: dict[str, list[str]] = {}
    for url in urls:
        address = web_address(url, director)
        addresses = by_name.setdefault(Path(urlsplit(url).path).name, [])
        if address and address not in addresses:
            addresses.append(address)
    return [
        DataFile(name=name, urls=addresses, licence=LICENCE, size_class="medium")
        for name, addresses in sorted(by_name.items())
    ]
