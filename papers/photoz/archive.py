"""Read the catalogue of arXiv:1903.08174 as it is published: the release's FITS table, or its text excerpt.

In the release -99 means "not observed" and 99 "not detected". Both are numbers, so both become NaN here,
before anybody subtracts two magnitudes.
"""

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io.registry import IORegistryError
from astropy.table import Table
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from common.errors import InputError, nearest

BANDS = ("u", "g", "r", "i", "z", "y")
VALID_MAG = (-10.0, 90.0)  # [AB mag] the sentinels lie outside
FIRST_DEEP3_MASK = 2000  # slit masks below are DEEP2's, the others DEEP3's
DEPTHS = {0: "deep", 1: "wide"}  # cfhtls_source; other values: no CFHTLS photometry

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Catalogue:
    """Galaxies with spectroscopic redshifts.

    Attributes:
        z_spec: (galaxy,) heliocentric spectroscopic redshift.
        zquality: (galaxy,) 4 very secure, 3 secure, below not secure, -1 star.
        depth: (galaxy,) "deep", "wide" or "none": the layer of the CFHTLS survey.
        survey: (galaxy,) "DEEP2", "DEEP3", or "DEEP2/3" where the file does not tell.
        magnitudes: By photometry ("apercor": corrected aperture, "auto": SExtractor's MAG_AUTO), each
            (galaxy, band) in AB mag, bands u g r i z y, NaN where there is no measurement.
    """

    z_spec: Floats
    zquality: NDArray[np.int64]
    depth: NDArray[np.str_]
    survey: NDArray[np.str_]
    magnitudes: dict[str, Floats]

    def __len__(self) -> int:
        """Return the number of galaxies."""
        return len(self.z_spec)


def read_catalogue(paths: Sequence[Path]) -> Catalogue:
    """Read one FITS table, or the pair of text files whose names hold "features" and "target".

    Raises:
        InputError: If the files are neither, or cannot be read.
    """
    by_suffix = {path.suffix: path for path in paths}
    if set(by_suffix) == {".fits"} and len(paths) == 1:
        return read_release(paths[0])
    features = [path for path in paths if "features" in path.name]
    target = [path for path in paths if "target" in path.name]
    if len(features) == len(target) == 1 and len(paths) == 2:
        return read_excerpt(features[0], target[0])
    raise InputError(
        f"{', '.join(map(str, paths))}: expected one .fits file, or two text files with 'features' and 'target' in"
        " their names. Check the setting 'archive' of this run."
    )


def read_release(path: Path) -> Catalogue:
    """Read the release's FITS binary table (DEEP2_uniq_Terapix_Subaru_v1.fits); column names in any case.

    Raises:
        InputError: If the file is cut short or is no FITS table, or if a column is missing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # a file that is cut short raises as well
            table = Table.read(path, hdu=1, memmap=False)
    except (OSError, ValueError, TypeError, IndexError, IORegistryError) as error:
        raise InputError(
            f"{path}: cannot be read as a FITS table ({error}). The file has {path.stat().st_size} bytes and may be cut"
            f" short: move it and the record {path.name}.origin.json beside it away, and obtain the file again."
        ) from None
    columns = {name.lower(): name for name in table.colnames}

    def column(name: str) -> NDArray[np.generic]:
        if name not in columns:
            raise InputError(f"{path}: no column '{name}' in the table.{nearest(name, columns)}")
        return np.asarray(table[columns[name]])

    return Catalogue(
        z_spec=column("zhelio").astype(float),
        zquality=column("zquality").astype(int),
        depth=np.array([DEPTHS.get(int(source), "none") for source in column("cfhtls_source")], dtype=str),
        survey=np.where(_mask_numbers(column("maskname"), path) < FIRST_DEEP3_MASK, "DEEP2", "DEEP3"),
        magnitudes={
            "auto": without_sentinels(np.column_stack([column(band) for band in BANDS])),
            "apercor": without_sentinels(np.column_stack([column(f"{band}_apercor") for band in BANDS])),
        },
    )


def _mask_numbers(names: NDArray[np.generic], path: Path) -> NDArray[np.int64]:
    """Return the numbers of slit masks, which FITS gives as text or bytes."""
    text = np.char.strip(np.char.decode(names.astype("S"), "ascii"))
    wrong = np.flatnonzero(~np.char.isdigit(text))
    if wrong.size:
        raise InputError(
            f"{path}: column 'maskname', row {wrong[0] + 1} of {len(text)}: expected the number of a slit mask, found"
            f" '{text[wrong[0]]}' ({wrong.size} such rows)."
        )
    return text.astype(int)


def read_excerpt(features: Path, target: Path) -> Catalogue:
    """Read the excerpt: tab-separated corrected-aperture magnitudes, and the redshifts row by row.

    The excerpt's rows were chosen with zquality >= 3, CFHTLS Deep and six valid magnitudes, so it has no
    columns for these; zquality is set to 3 here.

    Raises:
        InputError: If a column is missing, a cell is no number, or the two files do not have the same rows.
    """
    magnitudes = _read_columns(features, [f"{band}_apercor" for band in BANDS])
    z_spec = _read_columns(target, ["zhelio"])[:, 0]
    if len(magnitudes) != len(z_spec):
        raise InputError(
            f"{features} has {len(magnitudes)} rows, but {target} has {len(z_spec)}: they must describe the same"
            " galaxies. Move both away and run the same command again to fetch both."
        )
    n = len(z_spec)
    return Catalogue(
        z_spec=z_spec,
        zquality=np.full(n, 3),
        depth=np.full(n, "deep"),
        survey=np.full(n, "DEEP2/3"),
        magnitudes={"apercor": without_sentinels(magnitudes)},
    )


def without_sentinels(magnitudes: Floats) -> Floats:
    """Return magnitudes with NaN for -99 (not observed), 99 (not detected) and anything else outside VALID_MAG."""
    values = np.asarray(magnitudes, dtype=float)
    low, high = VALID_MAG
    return np.where((values > low) & (values < high), values, np.nan)


def _read_columns(path: Path, names: list[str]) -> Floats:
    """Return the named columns (row, column) of a tab-separated text file."""
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t")
        header = reader.fieldnames or []
        for name in names:
            if name not in header:
                raise InputError(f"{path}: no column '{name}' in the first line.{nearest(name, header)}")
        rows = []
        for row in reader:
            try:
                rows.append([float(row[name]) for name in names])
            except (TypeError, ValueError):
                raise InputError(
                    f"{path}:{reader.line_num}: expected {len(names)} numbers, found {list(row.values())}."
                ) from None
    return np.array(rows, dtype=float).reshape(-1, len(names))
