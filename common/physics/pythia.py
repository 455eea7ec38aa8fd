"""Collisions with Pythia 8, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import awkward as ak
import numpy as np
import pythia8mc

from common.errors import InputError

NEUTRINOS = (12, 14, 16)  # PDG codes


@dataclass(frozen=True)
class Particles:
    """Particles of some events: event number (particle,), PDG code (particle,), px, py, pz, E [GeV] (particle, 4)."""

    event: np.ndarray
    pid: np.ndarray
    p4: np.ndarray

    def take(self, chosen: np.ndarray) -> "Particles":
        """Return some of the particles, by a mask or indices."""
        return Particles(self.event[chosen], self.pid[chosen], self.p4[chosen])


def start_pythia(settings: Sequence[str], *, seed: int, hooks: pythia8mc.UserHooks | None = None) -> pythia8mc.Pythia:
    """Return Pythia, silent and ready to make events.

    Args:
        settings: Lines such as "HardQCD:all = on".
        seed: 1 to 900 million.
        hooks: What looks at unfinished events; the caller keeps it alive as long as Pythia.

    Raises:
        InputError: If Pythia does not know a setting, or cannot start with them.
    """
    pythia = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", "Random:setSeed = on", f"Random:seed = {seed}", *settings):
        if not pythia.readString(line):
            raise InputError(f"Pythia does not know the setting '{line}'.")
    if hooks is not None:
        pythia.setUserHooksPtr(hooks)
    if not pythia.init():
        raise InputError(f"Pythia could not be initialised with {list(settings)}.")
    return pythia


def momenta(vectors: ak.Array) -> np.ndarray:
    """Return px, py, pz, E (vector, 4) of a flat array of Pythia's four-vectors."""
    return np.stack([ak.to_numpy(vectors[name]) for name in ("px", "py", "pz", "e")], axis=-1)


def final_particles(record: ak.Array) -> Particles:
    """Return the final particles of Pythia's record (event, any number); events count from 0."""
    final = record[record.status > 0]
    flat = ak.flatten(final)
    event = np.repeat(np.arange(len(record)), ak.to_numpy(ak.num(final.id)))
    return Particles(event, ak.to_numpy(flat.id), momenta(flat.p))


def is_neutrino(pid: np.ndarray) -> np.ndarray:
    """Return a mask of PDG codes (particle,)."""
    return np.isin(np.abs(pid), NEUTRINOS)
