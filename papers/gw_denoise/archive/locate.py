"""Find the archive's frame files that hold strain and witnesses for the wanted seconds, for arXiv:2005.06534.

The public data-find service (datafind.gwosc.org, asked with the client gwdatafind) knows which frame files exist and
where. Their addresses in the Open Science Data Federation (osdf:///path) become addresses of its director, which
forwards every request to a cache near by, so that the shared download can fetch them.

The result, `Located`, names interval and files in the form of a datasets.yaml; stage fetch adds sizes and checksums.
"""

import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import requests
from pydantic import Field

from common.download.datasets import DataFile, Dataset
from common.download.receipts import data_root
from common.errors import InputError, nearest
from common.yamlio import Strict, validate
from papers.gw_denoise.sources import LICENCE, Frames, Times, find_source

log = logging.getLogger(__name__)

CVMFS = "/cvmfs/gwosc.osgstorage.org"  # the same tree of files as osdf:///, mounted on clusters
ANONYMOUS = {"token": False, "cert": False, "timeout": (4.0, 60.0)}  # [s] to connect, to answer; no credentials
NO_NETWORK = "without any network: --config run=generated"

Interval = tuple[int, int]  # [GPS s] first second and the one after the last


class FetchConfig(Strict):
    """Section `fetch`: which seconds of which release."""

    source: Literal["o4a", "o3a", "gw170814"]
    detector: Literal["H1", "L1"]
    start_gps: Annotated[int, Field(gt=0)] | None  # [s] exactly this first second; null: the source's own times
    duration_s: Annotated[int, Field(gt=0)] | None  # [s] null: the source's own
    frame_types: list[str]  # patterns to use instead of the source's, the strain's first; empty: the source's own
    datafind: str  # address of the data-find service
    director: str  # address of the federation's director

    @property
    def times(self) -> Times:
        """Return which seconds to look for."""
        own = find_source(self.source).times
        start, search_s = (own.start_gps, own.search_s) if self.start_gps is None else (self.start_gps, 0)
        return Times(start, search_s=search_s, duration_s=self.duration_s or own.duration_s)

    @property
    def dataset(self) -> str:
        """Return the name of the data set, a folder below data/raw/ and of a mirror."""
        return f"gwosc_{self.source}"

    @property
    def file_name(self) -> str:
        """Return the name of the list of files; settings that may lead to other files give another name."""
        within = f"-within{self.times.search_s}" if self.times.search_s else ""
        types = f"-{hashlib.sha256(' '.join(self.frame_types).encode()).hexdigest()[:8]}" if self.frame_types else ""
        return f"{self.detector}-{self.times.start_gps}{within}-{self.times.duration_s}{types}.located.json"


class Located(Strict):
    """What was found: a list that a class can share and that needs no data-find service any more."""

    source: str  # key of sources.SOURCES
    detector: str
    start_gps: int  # [s]
    stop_gps: int  # [s]
    name: str  # of the data set
    dataset: Dataset  # as in datasets.yaml; bytes and checksum once the files have been fetched

    def paths(self) -> list[Path]:
        """Return where the files lie."""
        return [data_root() / "raw" / self.name / file.name for file in self.dataset.files]


def locate_frames(config: FetchConfig) -> Located:
    """Ask the data-find service.

    Raises:
        InputError: If the service cannot be asked, has no such frames, or not for all of the wanted seconds.
    """
    source = find_source(config.source)
    frames = [Frames(pattern) for pattern in config.frame_types] or list(source.frames)
    urls_by_frames = [_urls_of(kind, config) for kind in frames]
    required = [urls for kind, urls in zip(frames, urls_by_frames, strict=True) if kind.required]
    start, stop = _choose_interval(required, config)
    chosen = sorted({url for urls in urls_by_frames for url in urls if _overlaps(url, (start, stop))})
    log.info("%s, GPS %d to %d: %d addresses", source.title, start, stop, len(chosen))
    dataset = Dataset(title=source.title, source=source.page, files=_declare(chosen, config.director))
    return Located(
        source=config.source,
        detector=config.detector,
        start_gps=start,
        stop_gps=stop,
        name=config.dataset,
        dataset=dataset,
    )


def load_located(path: Path) -> Located:
    """Read a located list.

    Raises:
        InputError: If the file is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path}: not valid JSON ({error}). Move it away; the next call asks the data-find service again."
        ) from None
    return validate(content, Located, path)


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
    """Return the time within which the wanted seconds have to be."""
    return times.start_gps, times.start_gps + max(times.search_s, times.duration_s)


def _urls_of(frames: Frames, config: FetchConfig) -> list[str]:
    """Return the addresses of all matching frames; types without any are passed over."""
    interval = _horizon(config.times)
    pattern = frames.pattern.replace("{detector}", config.detector)
    types = _ask(config, "find_types", config.detector[0])
    matching = sorted(name for name in types if re.fullmatch(pattern, name))
    if not matching and frames.required:
        own = [name for name in types if name.startswith(config.detector)]
        raise InputError(
            f"{config.datafind}: no frame type matches '{pattern}'.{nearest(pattern, own)} Choose with"
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
            f" take over the file {config.file_name} from somebody who has it, into"
            f" {(data_root() / 'raw' / config.dataset).absolute()}; {NO_NETWORK}"
        ) from None
    return answer


def _choose_interval(urls_by_frames: list[list[str]], config: FetchConfig) -> Interval:
    """Return the wanted seconds: those asked for, or the first that need the fewest files of strain."""
    from igwn_segments import segment, segmentlist

    times = config.times
    ready = segmentlist([segment(*_horizon(times))])
    for urls in urls_by_frames:
        ready &= segmentlist(_span(url) for url in urls).coalesce()
    strain_spans = {_span(url) for url in urls_by_frames[0]}
    begins = {start for start, _ in ready} | {start for start, _ in strain_spans}
    candidates = [(begin, begin + times.duration_s) for begin in begins]
    inside = [wanted for wanted in candidates if segment(*wanted) in ready]
    if not inside:
        found = ", ".join(f"{start} to {stop}" for start, stop in ready) or "none"
        raise InputError(
            f"{config.datafind}: expected {times.duration_s} s in a row with all frames of source '{config.source}'"
            f" from GPS {times.start_gps} on, found {found}. Change fetch.start_gps or fetch.duration_s."
        )
    return min(inside, key=lambda wanted: (sum(segment(*wanted).intersects(span) for span in strain_spans), wanted))


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
