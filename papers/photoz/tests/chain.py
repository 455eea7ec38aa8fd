"""The chain of photoz for the guards of tests/guards: a few hundred made galaxies, from prepared.h5 to metrics.json.

Folds take the place of splits. "test" are the Deep galaxies of the first outer fold, "train" all other Deep galaxies;
the inner folds that judge a choice lie within "train", so "valid" has no galaxies of its own. What is decided without
the test galaxies is the first fold's fit; what is predicted are its z_phot, and what is measured is this fold alone.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
from astropy.table import Table

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.photoz.archive import Catalogue
from papers.photoz.prepared import write_prepared
from papers.photoz.settings import Settings
from papers.photoz.tests.made_galaxies import data_folder, draw_bins, draw_experiment, draw_sample, made_galaxies
from papers.photoz.tests.recorded_fits import fitted, recorded_fits
from tests.guards.chain import Array, Arrays, Chain, Toy, call
from tests.run_settings import write_settings

N_GALAXIES, N_FOLDS = 700, 3
TRAIN = {
    "outer_folds": N_FOLDS,
    "headline": "deep/apercor/colours_i/forest",
    "importance_repeats": 1,
    "experiments": [
        "deep/apercor/colours_i/forest",
        "deep/apercor/no_u/forest",
        "deep/apercor/colours_i/gradient_boosting",
        "deep/apercor/colours_i/nearest_neighbours",
    ],
    "models": {
        "forest": {"kind": "forest", "grid": {"n_estimators": [8], "max_features": [4]}, "inner_folds": 2},
        "gradient_boosting": {
            "kind": "gradient_boosting",
            "grid": {"max_iter": [12], "learning_rate": [0.1, 0.3]},
            "inner_folds": 2,
        },
        "nearest_neighbours": {"kind": "nearest_neighbours", "grid": {"n_neighbors": [3, 8]}, "inner_folds": 2},
    },
}
EVALUATE = {
    "n_bootstrap": 40,
    "min_per_bin": 20,
    "i_edges_mag": [18.0, 21.0, 22.0, 25.0],
    "z_edges": [0.0, 0.5, 0.9, 2.0],
}
CORRELATION = "correlation"  # of z_phot and z_spec: what is known for redshifts that nothing is related to


class PaperChain(Chain):
    """Stages train and evaluate. What a call decided is kept in fits.npz; how it was called in calls.json."""

    paper = "photoz"
    methods = TRAIN["experiments"]
    chance = {f"{name.replace('/', '.')}.{CORRELATION}": 0.0 for name in methods}  # noqa: RUF012
    splits = ("train", "test")

    @property
    def prepared(self) -> Path:
        return self.folder / "prepared.h5"

    @property
    def predictions(self) -> Path:
        return self.folder / "seed0" / "predictions.h5"

    def make(self) -> None:
        write_settings(self.folder / "settings.yaml", train=TRAIN, evaluate=EVALUATE)
        galaxies = made_galaxies(N_GALAXIES, np.random.default_rng(1))
        write_prepared(self.prepared, galaxies, {"read": N_GALAXIES}, origin="generated")
        self._note(seed=0, threads=1)

    def _note(self, **changes: int) -> None:
        path = self.folder / "calls.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | changes))

    def _call_train(self) -> None:
        calls = json.loads((self.folder / "calls.json").read_text())
        with recorded_fits() as regressors:
            call(
                "papers.photoz.train",
                settings=self.folder / "settings.yaml",
                prepared=self.prepared,
                predictions=self.predictions,
                **calls,
            )
        assert len(regressors) == N_FOLDS * len(self.methods)
        first = dict(zip(self.methods, regressors[::N_FOLDS], strict=True))
        arrays = {f"{name}:{key}": v for name, fit in first.items() for key, v in fitted(fit).items()}
        np.savez(self.folder / "fits.npz", **arrays)
        (self.folder / "trained_on").write_bytes(self.prepared.read_bytes())

    def train(self, *, seed: int = 0) -> None:
        self._note(seed=seed)
        self._call_train()

    def predict(self) -> None:
        """Call the stage train, which predicts as well; it has done so if nothing was changed since."""
        calls, trained_on = self.folder / "calls.json", self.folder / "trained_on"
        is_new = trained_on.stat().st_mtime >= calls.stat().st_mtime
        if not is_new or trained_on.read_bytes() != self.prepared.read_bytes():
            self._call_train()

    def measure(self) -> None:
        """Call evaluate with the galaxies of the first fold, and those of Wide, as if there were no others."""
        with h5py.File(self.predictions) as source, h5py.File(self.folder / "first_fold.h5", "w") as target:
            target.attrs["headline"] = source.attrs["headline"]
            for name in self.methods:
                inside = source[name]["fold"][:] == 0
                for key in ("z_phot", "z_spec", "i_mag"):
                    target[f"{name}/{key}"] = source[name][key][:][inside]
        galaxies = self._galaxies()
        kept = galaxies.depth == "wide"
        kept[self._rows("test")] = True
        sample = {name: values[kept] for name, values in self._columns(galaxies).items()}
        prepared = self.folder / "prepared_first_fold.h5"
        write_prepared(prepared, self._catalogue(sample), {"read": N_GALAXIES}, origin="generated")
        call(
            "papers.photoz.evaluate",
            settings=self.folder / "settings.yaml",
            prepared=prepared,
            predictions=self.folder / "first_fold.h5",
            metrics=self.folder / "metrics.json",
            seed=0,
        )

    # What the stages wrote -------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, Arrays]:
        """Return the first fold's fits; of trees, whose numbers of nodes vary, as many nodes as both seeds have."""
        found = {name: {} for name in self.methods}
        for key, values in self.decided().items():
            method, _, name = key.partition(":")
            if name in ("threshold", "value"):
                found[method][name] = values[:100]
            elif name not in ("choice", "scores_of_choices"):
                found[method][name] = values
        return found

    def decided(self) -> Arrays:
        with np.load(self.folder / "fits.npz") as file:
            return dict(file)

    def scores(self) -> Arrays:
        with h5py.File(self.predictions) as file:
            return {name: file[name]["z_phot"][:][file[name]["fold"][:] == 0] for name in self.methods}

    def metrics(self) -> dict[str, float]:
        """Return metrics.json, and with it the correlation of z_phot and z_spec of each experiment."""
        content = json.loads((self.folder / "metrics.json").read_text())
        found = {key: entry["value"] for key, entry in content.items()}
        with h5py.File(self.folder / "first_fold.h5") as file:
            for name in self.methods:
                correlation = np.corrcoef(file[name]["z_phot"][:], file[name]["z_spec"][:])[0, 1]
                found[f"{name.replace('/', '.')}.{CORRELATION}"] = float(correlation)
        return found

    def errors(self) -> dict[str, float]:
        """Return the errors of all that `metrics` returns; that of a correlation of 0 is 1 / sqrt(n)."""
        content = json.loads((self.folder / "metrics.json").read_text())
        return {key: entry["error"] for key, entry in content.items()} | dict.fromkeys(
            self.chance, 1 / np.sqrt(self.n_test())
        )

    def history_file(self, method: str) -> Path:
        """Return a file that does not exist: nothing here is trained in epochs."""
        return self.folder / method / "history.csv"

    def stored_loss(self, method: str) -> None:
        return None

    def learning_rate(self, method: str) -> None:
        return None

    # What the guards change ------------------------------------------------------------------------------------------

    def _galaxies(self) -> Catalogue:
        with h5py.File(self.prepared) as file:
            depth, survey = file["depth"][:].astype(str), file["survey"][:].astype(str)
            magnitudes = {name: file[f"magnitudes/{name}"][:] for name in ("auto", "apercor")}
            return Catalogue(file["z_spec"][:], np.full(len(depth), 4), depth, survey, magnitudes)

    @staticmethod
    def _columns(galaxies: Catalogue) -> Arrays:
        own = {name: getattr(galaxies, name) for name in ("z_spec", "zquality", "depth", "survey")}
        return own | galaxies.magnitudes

    @staticmethod
    def _catalogue(columns: Arrays) -> Catalogue:
        own = {name: values for name, values in columns.items() if name not in ("auto", "apercor")}
        return Catalogue(**own, magnitudes={name: columns[name] for name in ("auto", "apercor")})

    def _rows(self, split: str) -> Array:
        """Return the rows of a split in prepared.h5; the folds are those of the last training."""
        deep = np.flatnonzero(self._galaxies().depth == "deep")
        with h5py.File(self.predictions) as file:
            inside = file[self.methods[0]]["fold"][:] == 0
        return {"test": deep[inside], "train": deep[~inside], "valid": deep[:0]}[split]

    def _change(self, rows: Array, **new: Array) -> None:
        """Put other values of columns into rows of prepared.h5."""
        columns = self._columns(self._galaxies())
        for name, values in new.items():
            columns[name][rows] = values
        write_prepared(self.prepared, self._catalogue(columns), {"read": N_GALAXIES}, origin="generated")

    def replace(self, split: str) -> None:
        rows = self._rows(split)
        other = self._columns(made_galaxies(len(rows), np.random.default_rng(2)))
        # Other units as well: a mean or a width that knows of these galaxies is far off.
        bright = {name: 2 * other[name] for name in ("auto", "apercor")}
        self._change(rows, z_spec=other["z_spec"], survey=other["survey"], **bright)

    def relabel(self, split: str, new: Callable[[Array], Array]) -> None:
        rows = self._rows(split)
        self._change(rows, z_spec=new(self._galaxies().z_spec[rows]))

    def reorder(self, order: Array) -> None:
        rows = self._rows("test")
        columns = self._columns(self._galaxies())
        self._change(rows, **{name: values[rows][order] for name, values in columns.items()})

    def n_test(self) -> int:
        return len(self._rows("test"))

    # What the models claim -------------------------------------------------------------------------------------------

    def _magnitudes(self, photometry: str, new: Callable[[Array], Array]) -> None:
        rows = self._rows("test")
        self._change(rows, **{photometry: new(self._galaxies().magnitudes[photometry][rows])})

    def _change_wide(self) -> None:
        galaxies = self._galaxies()
        rows = galaxies.depth == "wide"
        self._change(rows, z_spec=galaxies.z_spec[rows] + 1, apercor=galaxies.magnitudes["apercor"][rows] - 2)

    def equal_views(self) -> dict[str, Callable[[], None]]:
        return {
            "another MAG_AUTO": lambda: self._magnitudes("auto", lambda mags: mags + 0.5),
            "the other survey": lambda: self._change(self._rows("test"), survey="DEEP3"),
            "other galaxies of Wide": self._change_wide,
        }

    def unequal_views(self) -> dict[str, Callable[[], None]]:
        views = {"fainter": lambda: self._magnitudes("apercor", lambda mags: mags + 1.0)}
        for one, other in pairwise("griz"):  # not u, which `no_u` does not have, nor y
            order = ["ugrizy".index(band) for band in "ugrizy".translate(str.maketrans(one + other, other + one))]
            views[f"{one} and {other} exchanged"] = lambda order=order: self._magnitudes(
                "apercor", lambda mags: mags[:, order]
            )
        return views

    def other_batches(self) -> None:
        """Use two threads: nothing is predicted in batches."""
        self._note(threads=2)

    # What can be drawn again and again -------------------------------------------------------------------------------

    def toys(self) -> dict[str, Toy]:
        return {
            "experiment": draw_experiment,
            "bins": lambda random: draw_bins(random, self.folder),
            "sample": lambda random: draw_sample(random, self.folder),
        }

    def generated_files(self, folder: Path) -> dict[str, set[bytes]]:
        """Return the rows of the one file that a run has, from runs with two seeds."""
        section = load_settings(ROOT / "papers/photoz", "smoke", Settings).simulate.model_dump(mode="json")
        found = {}
        for seed in (1, 2):
            below = folder / f"seed{seed}"
            settings = write_settings(below / "settings.yaml", simulate=section | {"n_galaxies": 60, "seed": seed})
            catalogue = below / "catalogue.fits"
            with data_folder(below):
                options = {"catalogue": catalogue, "receipt": below / "receipt.json"}
                call("papers.photoz.simulate", settings=settings, **options)
            table = Table.read(catalogue, hdu=1)
            rows = np.column_stack([table[name] for name in ("zhelio", "u_apercor", "r_apercor", "y_apercor")])
            found[f"catalogue of seed {seed}"] = {row.tobytes() for row in rows}
        return found
