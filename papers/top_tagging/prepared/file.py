"""The file prepared.h5, from which the later stages of arXiv:1902.09914 read everything.

origin (an attribute)                    "archive" or "generated"
label (jet,), scores/<tagger> (jet,)     of the test jets, in the order of test.h5
jets/<split>/{label, offsets, constituents, kinematics, nsub, efp}    if the run has jets; see TaggerInputs.
    The constituents of all jets follow each other; those of jet k are offsets[k] to offsets[k + 1].
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

STORED = ("label", "constituents", "kinematics", "nsub", "efp")  # as they are; the counts become offsets


@dataclass(frozen=True)
class TaggerInputs:
    """Some jets, ready for the taggers."""

    label: np.ndarray  # (jet,)
    n_constituents: np.ndarray  # (jet,)
    constituents: np.ndarray  # (constituent of any jet, 3): share of pT, distance in rapidity and azimuth
    kinematics: np.ndarray  # (jet, 3): transverse momentum [GeV], pseudorapidity, mass [GeV]
    nsub: np.ndarray  # (jet, 3 M - 2)
    efp: np.ndarray  # (jet, polynomial)


@dataclass(frozen=True)
class JetProperties:
    """What figures and metrics show of the jets of one split."""

    label: np.ndarray  # (jet,)
    n_constituents: np.ndarray  # (jet,)
    kinematics: np.ndarray  # (jet, 3): transverse momentum [GeV], pseudorapidity, mass [GeV]


def append_jets(group: h5py.Group, jets: TaggerInputs) -> None:
    """Append some jets to the group of their split."""
    if "offsets" not in group:
        _append(group, "offsets", np.zeros(1, np.int64))
    _append(group, "offsets", group["offsets"][-1] + np.cumsum(jets.n_constituents))
    for name in STORED:
        _append(group, name, getattr(jets, name))


def _append(group: h5py.Group, name: str, values: np.ndarray) -> None:
    """Append rows to a dataset, which is created with the first ones."""
    if name not in group:
        group.create_dataset(name, data=values, maxshape=(None, *values.shape[1:]), chunks=True)
        return
    dataset = group[name]
    dataset.resize(len(dataset) + len(values), axis=0)
    dataset[-len(values) :] = values


def read_origin(prepared: Path) -> str:
    """Return what the run is made from, "archive" or "generated"."""
    with h5py.File(prepared) as file:
        return str(file.attrs["origin"])


def read_properties(prepared: Path, split: str) -> JetProperties | None:
    """Return the properties of the jets of "train", "valid" or "test"; None if the run has scores but no jets."""
    with h5py.File(prepared) as file:
        if "jets" not in file:
            return None
        group = file[f"jets/{split}"]
        return JetProperties(group["label"][:], np.diff(group["offsets"][:]), group["kinematics"][:])
