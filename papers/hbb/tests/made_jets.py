"""Made jets and trees for the tests, quick and with known content."""

from pathlib import Path

import awkward as ak
import numpy as np
import uproot

from papers.hbb.archive import branches
from papers.hbb.generator.ntuple import flat_type

REAL = Path(__file__).parents[4] / "shared/real/hbb"
VECTORS = Path(__file__).with_name("vectors.root")  # std::vector<float>, two cycles; see its test


def make_table(n_jets=20, *, seed=0, max_tracks=80):
    """Return a random tree: `fj_pt` and so on within the window, alternating classes, tracks in every number."""
    random = np.random.default_rng(seed)
    table = {name: random.random(n_jets).astype(flat_type(name)) for name in branches.FLAT}
    higgs = np.arange(n_jets) % 2
    table |= {"fj_isH": higgs, "fj_isQCD": 1 - higgs, "sample_isQCD": 1 - higgs}
    table = {name: values.astype(flat_type(name)) for name, values in table.items()}
    table["fj_pt"] = random.uniform(400, 900, n_jets).astype(np.float32)
    table["fj_sdmass"] = random.uniform(60, 180, n_jets).astype(np.float32)
    for name, most in (("pfcand", 120), ("track", max_tracks), ("trackBTag", max_tracks), ("sv", 7)):
        counts = np.arange(n_jets) % (most + 1) if name != "trackBTag" else ak.to_numpy(ak.num(table["track"]))
        own = [branch for branch in branches.JAGGED if branch.split("_")[0] == name]
        fields = {b.removeprefix(f"{name}_"): random.normal(size=counts.sum()).astype(np.float32) for b in own}
        table[name] = ak.unflatten(ak.zip(fields), counts)
    return table


def write(path, table, *, without=(), cycles=1, basket_jets=10_000):
    """Write a table as the tree of the record; `without` names branches to leave out, all jagged ones are float[]."""
    flat = {name: values for name, values in table.items() if name not in branches.COLLECTIONS}
    for name in branches.COLLECTIONS:
        flat |= {f"{name}_{field}": table[name][field] for field in table[name].fields}
    kept = {name: values for name, values in flat.items() if name not in without}
    with uproot.recreate(path) as file:
        for cycle in range(1, cycles + 1):  # the earlier ones are unfinished: they lack all jets but one
            file.mktree(branches.TREE, {n: v.type if isinstance(v, ak.Array) else v.dtype for n, v in kept.items()})
            n_jets = len(table["fj_pt"]) if cycle == cycles else 1
            for start in range(0, n_jets, basket_jets):
                part = slice(start, min(start + basket_jets, n_jets))
                file[branches.TREE].extend({name: values[part] for name, values in kept.items()})
    return path
