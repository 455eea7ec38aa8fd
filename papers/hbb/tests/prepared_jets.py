"""Prepared files with known content, written without ROOT and without stage prepare."""

import h5py
import numpy as np

from papers.hbb.archive import branches

N_FEATURES = {"tracks": 30, "vertices": 14}


def make_jets(n_jets, random, *, n_places, signal=None):
    """Return datasets (jet, ...) of jets with equal shares of both classes and any number of used places.

    Args:
        n_jets: Number of jets.
        random: Source of randomness.
        n_places: Of "tracks" and "vertices".
        signal: Function that gets the datasets and changes them, so that the label shows in them.
    """
    label = random.permutation(np.arange(n_jets) % 2).astype(np.uint8)
    jets = {"label": label}
    for name, n_features in N_FEATURES.items():
        used = random.integers(n_places[name] + 1, size=n_jets)
        values = random.normal(1, 1, (n_jets, n_places[name], n_features))
        jets |= {name: values.astype(np.float32), f"n_{name}": used.astype(np.uint8)}
    jets["variables"] = random.normal(size=(n_jets, 27)).astype(np.float32)
    spectators = {
        "fj_pt": random.uniform(260, 1200, n_jets),  # [GeV], some below the window
        "fj_eta": random.uniform(-2.4, 2.4, n_jets),
        "fj_sdmass": random.uniform(36, 190, n_jets),  # [GeV], some below the window
        "npv": random.integers(1, 45, n_jets),
        "ntracks": jets["n_tracks"],
        "nsv": jets["n_vertices"],
    }
    columns = [spectators.get(name, random.random(n_jets)) for name in branches.SPECTATORS]
    jets["spectators"] = np.stack(columns, axis=1).astype(np.float32)
    if signal is not None:
        signal(jets)
    for name in N_FEATURES:
        jets[name] *= (np.arange(n_places[name]) < jets[f"n_{name}"][:, None])[..., None]
    return jets | {"in_window": in_window(jets)}


def spectator(jets, name):
    """Return a view of one of the spectators (jet,)."""
    return jets["spectators"][:, branches.SPECTATORS.index(name)]


def in_window(jets):
    """Return a mask (jet,) of the article's window, written out once more."""
    pt, mass = (spectator(jets, name).astype(float) for name in ("fj_pt", "fj_sdmass"))
    rho = np.log(mass**2 / pt**2)
    return (pt > 300) & (pt < 2000) & (mass > 40) & (mass < 200) & (rho > -8) & (rho < -1)


def write_jets(path, jets):
    """Write one prepared file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["origin"] = "generated"
        for name, values in jets.items():
            file[name] = values
    return path


def read_jets(paths):
    """Return the datasets (jet, ...) of prepared files, joined."""
    parts = []
    for path in paths:
        with h5py.File(path) as file:
            parts.append({name: file[name][:] for name in file})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def rewrite(paths, jets, *, sizes=None):
    """Write joined datasets over prepared files; each keeps its number of jets, or gets one of `sizes`."""
    start = 0
    for number, path in enumerate(paths):
        n_jets = len(read_jets([path])["label"]) if sizes is None else sizes[number]
        write_jets(path, {name: values[start : start + n_jets] for name, values in jets.items()})
        start += n_jets
