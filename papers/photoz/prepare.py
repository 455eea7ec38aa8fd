"""From the catalogue to the sample of arXiv:1903.08174: secure redshifts, all six bands measured.

Receipts of the data -> prepared.h5 with, for each selected galaxy: `z_spec`, `depth`, `survey` (galaxy,) and
`magnitudes/<photometry>` (galaxy, band). The counts after each cut are attributes of the file and are printed.
"""

import logging

import numpy as np

from common.download.receipts import locate, origin_of, read_receipt
from common.errors import InputError
from common.stage import parse, run

from .archive import Catalogue, read_catalogue
from .prepared import write_prepared
from .settings import PrepareConfig


def select(catalogue: Catalogue, config: PrepareConfig) -> tuple[np.ndarray, dict[str, int]]:
    """Return the mask of selected galaxies (galaxy,) and the number left after each cut.

    All six bands have to be measured in every photometry that the file has, so that photometries and feature
    sets are compared on the same galaxies.

    Raises:
        InputError: If no galaxy is left.
    """
    secure = catalogue.zquality >= config.min_zquality
    covered = secure & np.isin(catalogue.depth, list(config.depths))
    complete = covered & np.isfinite(catalogue.z_spec)
    counts = {"read": len(catalogue), "secure_redshift": int(secure.sum()), "cfhtls": int(covered.sum())}
    for photometry, magnitudes in catalogue.magnitudes.items():
        complete = complete & np.isfinite(magnitudes).all(axis=1)
        counts[f"six_bands_{photometry}"] = int(complete.sum())
    deep_apercor = np.isfinite(catalogue.magnitudes["apercor"]).all(axis=1) & (catalogue.depth == "deep")
    counts["deep_six_bands_apercor"] = int((secure & deep_apercor).sum())
    counts |= {survey: int((catalogue.survey == survey).sum()) for survey in np.unique(catalogue.survey).tolist()}
    if not complete.any():
        raise InputError(f"no galaxy is left after the cuts: {counts}. Check the section 'prepare' of the settings.")
    return complete, counts


def take(catalogue: Catalogue, chosen: np.ndarray) -> Catalogue:
    """Return the chosen galaxies (mask) of a catalogue."""
    return Catalogue(
        z_spec=catalogue.z_spec[chosen],
        zquality=catalogue.zquality[chosen],
        depth=catalogue.depth[chosen],
        survey=catalogue.survey[chosen],
        magnitudes={name: magnitudes[chosen] for name, magnitudes in catalogue.magnitudes.items()},
    )


def main() -> None:
    """Read, select, write."""
    arguments = parse(__doc__, section="prepare", config=PrepareConfig, paths=["receipts", "prepared"])
    receipts = [read_receipt(path) for path in arguments.run.receipts(arguments.receipts)]
    catalogue = read_catalogue([locate(receipt) for receipt in receipts])
    chosen, counts = select(catalogue, arguments.config)
    for cut, count in counts.items():
        logging.info("%-24s %6d galaxies", cut, count)
    write_prepared(arguments.prepared, take(catalogue, chosen), counts, origin=origin_of(receipts))


if __name__ == "__main__":
    run(main)
