"""Made galaxies, and small samples that can be drawn again and again with the metrics of each and their errors."""

import os
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from papers.photoz.archive import Catalogue
from papers.photoz.evaluate import describe_sample, score_bins
from papers.photoz.metrics import measure
from papers.photoz.prepared import write_prepared
from papers.photoz.settings import EvaluateConfig
from tests.guards.chain import Array

WIDE_EVERY = 8  # one galaxy in eight is of CFHTLS Wide and takes part in nothing


def made_galaxies(n: int, random: np.random.Generator) -> Catalogue:
    """Return galaxies whose five colours depend on redshift, with scatter, and whose MAG_AUTO has some more."""
    z_spec = random.uniform(0.1, 1.4, n)
    colours = np.stack([np.sin((2 + band) * z_spec) for band in range(5)], axis=1) + random.normal(0, 0.1, (n, 5))
    u_mag = 22.5 + z_spec + random.normal(0, 0.7, n)
    apercor = u_mag[:, None] - np.concatenate([np.zeros((n, 1)), np.cumsum(colours, axis=1)], axis=1)
    return Catalogue(
        z_spec=z_spec,
        zquality=np.full(n, 4),
        depth=np.where(np.arange(n) % WIDE_EVERY == 3, "wide", "deep"),
        survey=random.choice(["DEEP2", "DEEP3"], n),
        magnitudes={"auto": apercor + random.normal(0, 0.2, apercor.shape), "apercor": apercor},
    )


@contextmanager
def data_folder(folder: Path):
    """Let generated files lie below `folder`."""
    before = os.environ.get("PAPERS_DATA")
    os.environ["PAPERS_DATA"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PAPERS_DATA"]
        else:
            os.environ["PAPERS_DATA"] = before


def draw_redshifts(random: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return z_phot and z_spec (galaxy,); dz is normal with mean 0.01 and width 0.1."""
    z_spec = random.uniform(0.2, 1.5, n)
    return z_spec + (1 + z_spec) * random.normal(0.01, 0.1, n), z_spec


def draw_experiment(random: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Return value and error of the three metrics of one sample."""
    z_phot, z_spec = draw_redshifts(random, 400)
    scores = measure(z_phot, z_spec, n_bootstrap=60, seed=int(random.integers(1000)))
    return {name: (score["value"], score["error"]) for name, score in scores.items()}


def draw_bins(random: np.random.Generator, folder: Path) -> dict[str, tuple[float, float]]:
    """Return those of a bin of i and of a bin of redshift."""
    z_phot, z_spec = draw_redshifts(random, 500)
    path = folder / "toy_predictions.h5"
    with h5py.File(path, "w") as file:
        file.attrs["headline"] = "toy"
        file["toy/z_phot"], file["toy/z_spec"] = z_phot, z_spec
        file["toy/i_mag"] = random.uniform(20, 22, 500)
    config = EvaluateConfig(n_bootstrap=60, min_per_bin=20, i_edges_mag=[20, 21], z_edges=[0.0, 0.6])
    scores = score_bins(path, config, seed=int(random.integers(1000)))
    wanted = ("bins.i_20_21.sigma_nmad", "bins.redshift_0_0.6.eta_percent")
    return {key: (scores[key]["value"], scores[key]["error"]) for key in wanted}


def draw_sample(random: np.random.Generator, folder: Path) -> dict[str, tuple[float, float]]:
    """Return those of percentiles of the sample, and of the share of a bin."""
    n = 400
    mags = random.normal(22, 1, (n, 6))
    galaxies = Catalogue(
        *(random.normal(0.7, 0.2, n), np.full(n, 4), np.full(n, "deep"), np.full(n, "DEEP2"), {"apercor": mags})
    )
    path = folder / "toy_prepared.h5"
    write_prepared(path, galaxies, {}, origin="generated")
    config = EvaluateConfig(n_bootstrap=60, min_per_bin=20, i_edges_mag=[20, 21], z_edges=[0.0, 0.6])
    found = describe_sample(path, config, seed=int(random.integers(1000)))
    wanted = ("redshift.p16", "redshift.median", "redshift.p84", "u_g.median", "share_redshift_0_0.6")
    return {key: (found[f"sample.{key}"]["value"], found[f"sample.{key}"]["error"]) for key in wanted}
