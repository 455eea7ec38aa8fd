"""HDF5 files of detector data, for arXiv:2005.06534: the archive's strain files and files with a dataset per channel.

Strain files of the Gravitational Wave Open Science Center (gwosc.org) hold one channel and its data quality:
    strain/Strain          (time,) with the attributes Xstart [GPS s] and Xspacing [s]; 4096 or 16384 Hz
    quality/simple/DQmask  (second,) bits, see DQ_BITS
    meta/Detector, and in newer files meta/StrainChannel: the channel of the detector that the strain was made from
Files up to the first observing run (LOSC) have neither meta/StrainChannel nor strain/GWOSCmeta.

Channel files are what GWpy writes for a TimeSeriesDict: a dataset for each channel, at the top, with x0 [GPS s] and
dx [s]; `t0` and `sample_rate` are understood too.
"""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from common.atomic import atomic_output
from common.errors import InputError

from .channel import Channel, index_at_or_after

MAGIC = b"\x89HDF\r\n\x1a\n"
STRAIN, MASK = "strain/Strain", "quality/simple/DQmask"
DQ_BITS = ("DATA", "CBC_CAT1", "CBC_CAT2", "CBC_CAT3", "BURST_CAT1", "BURST_CAT2", "BURST_CAT3")
INJECTION_BITS = ("NO_CBC_HW_INJ", "NO_BURST_HW_INJ", "NO_DETCHAR_HW_INJ", "NO_CW_HW_INJ", "NO_STOCH_HW_INJ")
START_KEYS, SPACING_KEYS, RATE_KEYS = ("Xstart", "x0", "t0"), ("Xspacing", "dx"), ("sample_rate",)
O2_START_GPS = 1164556817  # start of the second observing run; since then the archive's strain is cleaned


def channel_names(path: Path) -> list[str]:
    """Return the channels in a file; that of a strain file is `strain_name`."""
    with h5py.File(path) as file:
        if STRAIN in file:
            return [_strain_name(file)]
        return [name for name, item in file.items() if isinstance(item, h5py.Dataset) and _has_time_axis(item)]


def strain_name(path: Path) -> str | None:
    """Return the name of the channel in a strain file, None if the file is of another kind.

    It is meta/StrainChannel where the file has it. Otherwise it is "<detector>:LOSC-STRAIN" for files up to the first
    observing run, and the entry strain/GWOSCmeta for later ones.
    """
    with h5py.File(path) as file:
        return _strain_name(file) if STRAIN in file else None


def read_piece(path: Path, name: str, *, start_gps: float, stop_gps: float) -> Channel:
    """Return what a file has of a channel within [start_gps, stop_gps); only that part is read."""
    with h5py.File(path) as file:
        dataset = file[STRAIN] if STRAIN in file else file[name]
        return _read_dataset(dataset, name, path, start_gps, stop_gps)


def span(path: Path, name: str) -> tuple[float, float]:
    """Return the GPS times [s] at which a channel begins and ends in a file."""
    with h5py.File(path) as file:
        dataset = file[STRAIN] if STRAIN in file else file[name]
        start, rate_hz = _time_axis(dataset, path)
        return start, start + len(dataset) / rate_hz


def read_quality(path: Path, flags: Sequence[str], *, start_gps: float, stop_gps: float) -> Channel | None:
    """Return 1.0 for each second in which all `flags` are set, else 0.0; None if the file has no mask.

    Raises:
        InputError: If the file's mask has no such flag.
    """
    with h5py.File(path) as file:
        if MASK not in file:
            return None
        known = [_text(flag) for flag in file["quality/simple"].get("DQShortnames", DQ_BITS)]
        unknown = [flag for flag in flags if flag not in known]
        if unknown:
            raise InputError(f"{path}: {MASK} has no flag '{unknown[0]}'. Known: {', '.join(known)}.")
        start_file = float(_attribute(file[STRAIN], START_KEYS, path))
        first = max(index_at_or_after(start_gps - start_file, 1.0), 0)
        mask = file[MASK][first : max(index_at_or_after(stop_gps - start_file, 1.0), first)]
    required = sum(1 << known.index(flag) for flag in flags)
    return Channel("DQmask", start_file + first, 1.0, ((mask & required) == required).astype(float))


def write_gwosc_hdf5(path: Path, strain: Channel, *, good: NDArray[np.bool_], frame_type: str) -> None:
    """Write strain as the archive does; a second that is not good gets the mask 0.

    Args:
        path: Where; the archive's names are "<site>-<frame type>-<GPS start>-<duration>.hdf5".
        strain: Starts at a whole second; NaN where there are no data.
        good: (second,) data quality.
        frame_type: Of the frames that the strain stands for, e.g. "H1_HOFT_C00_AR".
    """
    detector, start_gps = strain.name.split(":")[0], round(strain.start_gps)
    rate_khz = round(strain.rate_hz / 1024)
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        meta = {
            "Description": "Strain data time series from LIGO",
            "DescriptionURL": "http://gwosc.org/",
            "Detector": detector,
            "FrameType": frame_type,
            "Observatory": detector[0],
            "StrainChannel": strain.name,
            "Type": "StrainTimeSeries",
        }
        file.update({f"meta/{key}": np.bytes_(value) for key, value in meta.items()})
        file.update({"meta/GPSstart": start_gps, "meta/Duration": len(good)})
        data = file.create_dataset(STRAIN, data=strain.samples, chunks=True)
        _describe(data, "Strain", start_gps=start_gps, spacing_s=1 / strain.rate_hz)
        data.attrs["Yunits"] = np.bytes_("")
        file["strain/GWOSCmeta"] = np.bytes_(f"GWOSC-{rate_khz}KHZ_R1_STRAIN")
        mask = np.where(good, (1 << len(DQ_BITS)) - 1, 0)
        _write_mask(file, MASK, mask, DQ_BITS, start_gps=start_gps)
        injections = np.full(len(good), (1 << len(INJECTION_BITS)) - 1)
        _write_mask(file, "quality/injections/Injmask", injections, INJECTION_BITS, start_gps=start_gps)


def write_channels_hdf5(path: Path, channels: Sequence[Channel]) -> None:
    """Write channels as GWpy does for a TimeSeriesDict; each keeps its own rate."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        for channel in channels:
            dataset = file.create_dataset(channel.name, data=channel.samples)
            dataset.attrs.update(name=channel.name, channel=channel.name, unit="", xunit="s")
            dataset.attrs.update(x0=channel.start_gps, dx=1 / channel.rate_hz)


def _write_mask(file: h5py.File, key: str, mask: np.ndarray, bits: Sequence[str], *, start_gps: int) -> None:
    dataset = file.create_dataset(key, data=mask.astype(np.uint32))
    prefix = key.rsplit("/", 1)[1][: -len("mask")]
    _describe(dataset, f"{prefix}mask", start_gps=start_gps, spacing_s=1.0)
    dataset.attrs["Bits"] = len(bits)
    for what in ("Shortnames", "Descriptions"):
        file[f"{key.rsplit('/', 1)[0]}/{prefix}{what}"] = np.array(bits, dtype="S")


def _describe(dataset: h5py.Dataset, label: str, *, start_gps: int, spacing_s: float) -> None:
    dataset.attrs.update(Npoints=len(dataset), Xstart=start_gps, Xspacing=spacing_s)
    dataset.attrs.update(Xlabel=np.bytes_("GPS time"), Xunits=np.bytes_("second"), Ylabel=np.bytes_(label))


def _strain_name(file: h5py.File) -> str:
    if "meta/StrainChannel" in file:
        return _text(file["meta/StrainChannel"][()])
    name = _text(file["strain/GWOSCmeta"][()]) if "strain/GWOSCmeta" in file else "LOSC-STRAIN"
    return f"{_text(file['meta/Detector'][()])}:{name}"


def _has_time_axis(dataset: h5py.Dataset) -> bool:
    known = set(dataset.attrs)
    return bool(known.intersection(START_KEYS)) and bool(known.intersection(SPACING_KEYS + RATE_KEYS))


def _read_dataset(dataset: h5py.Dataset, name: str, path: Path, start_gps: float, stop_gps: float) -> Channel:
    start_file, rate_hz = _time_axis(dataset, path)
    first = min(max(index_at_or_after(start_gps - start_file, rate_hz), 0), len(dataset))
    stop = max(index_at_or_after(stop_gps - start_file, rate_hz), first)
    return Channel(name, start_file + first / rate_hz, rate_hz, dataset[first:stop].astype(np.float64))


def _time_axis(dataset: h5py.Dataset, path: Path) -> tuple[float, float]:
    """Return the time [GPS s] of sample 0 and the rate [Hz]."""
    start = float(_attribute(dataset, START_KEYS, path))
    if any(key in dataset.attrs for key in RATE_KEYS):
        return start, float(_attribute(dataset, RATE_KEYS, path))
    return start, _nearest_whole(1 / float(_attribute(dataset, SPACING_KEYS, path)))


def _attribute(dataset: h5py.Dataset, keys: Sequence[str], path: Path) -> float:
    for key in keys:
        if key in dataset.attrs:
            value: float = dataset.attrs[key]
            return value
    found = ", ".join(sorted(dataset.attrs)) or "none"
    raise InputError(f"{path}: data set {dataset.name}: expected the attribute {' or '.join(keys)}, found {found}.")


def _nearest_whole(rate_hz: float) -> float:
    """Undo the rounding of 1/rate in the file."""
    return float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-6 * rate_hz else rate_hz


def _text(value: bytes | str | np.bytes_) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
