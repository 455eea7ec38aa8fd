"""Tables in the release's format with known content, and the stages called on them one after the other."""

from dataclasses import dataclass
from pathlib import Path

from astropy.table import Table

from common.download.receipts import generated_receipt, write_receipt
from papers.photoz.tests.made_galaxies import data_folder
from tests.guards.chain import call
from tests.run_settings import write_settings

BANDS = "ugrizy"
FILE = "catalogue.fits"


@dataclass(frozen=True)
class Run:
    """A run below `folder`, and the table that it was made from."""

    folder: Path
    table: Table

    @property
    def prepared(self):
        return self.folder / "prepared.h5"

    def of_seed(self, seed, name):
        return self.folder / f"seed{seed}" / name

    def options(self, *names):
        """Return paths of the run by the name of the option that takes them."""
        known = {"settings": self.folder / "settings.yaml", "prepared": self.prepared, "seeds": self.folder}
        return {name: known[name] for name in names}


def as_table(magnitudes, **columns):
    """Return a table of the release's columns; `magnitudes` are (galaxy, band) by photometry ("auto", "apercor")."""
    bands = {f"{band}{end}": magnitudes[name][:, k] for name, end in ENDS.items() for k, band in enumerate(BANDS)}
    return Table(columns | bands)


ENDS = {"auto": "", "apercor": "_apercor"}


def run_stages(folder, table, *, train, evaluate, depths, seeds):
    """Call prepare, and train and evaluate for each seed; return the run."""
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder, table)
    settings = write_settings(
        folder / "settings.yaml",
        facts={"generated": [FILE], "seeds": list(seeds)},
        prepare={"min_zquality": 3, "depths": depths},
        train=train,
        evaluate=evaluate,
    )
    with data_folder(folder / "data"):
        path = folder / "data" / FILE
        path.parent.mkdir()
        table.write(path)
        receipt = folder / "receipts" / "generated" / f"{FILE}.json"
        write_receipt(receipt, generated_receipt(path, dataset="generated"))
        call("papers.photoz.prepare", settings=settings, receipts=folder / "receipts", prepared=run.prepared)
    for seed in seeds:
        predictions = run.of_seed(seed, "predictions.h5")
        common = run.options("settings", "prepared") | {"predictions": predictions, "seed": seed}
        call("papers.photoz.train", **common, threads=1)
        call("papers.photoz.evaluate", **common, metrics=run.of_seed(seed, "metrics.json"))
    return run
