"""Proton collisions at 13 TeV with Pythia 8, as flat arrays: the processes of the record's parent samples.

The signal is bulk graviton -> HH -> 4b at the record's twelve masses, the background QCD in the record's nine bins of
pT-hat; pile-up are inelastic collisions. The tune is CUETP8M1. Pythia decays K_S, Lambda and charged hyperons within
the tracker. Lengths are in cm.
"""

from dataclasses import dataclass

import awkward as ak
import numpy as np

from common.physics.pythia import is_neutrino, momenta, start_pythia

Array = np.ndarray
COMMON = [
    "Beams:eCM=13000",  # [GeV]
    "Tune:pp=18",  # CUETP8M1
    "ParticleDecays:limitCylinder=on",
    "ParticleDecays:xyMax=500",  # [mm]
    "ParticleDecays:zMax=1000",  # [mm]
]
GRAVITON = [
    *("ExtraDimensionsG*:gg2G*=on", "ExtraDimensionsG*:SMinBulk=on", "ExtraDimensionsG*:VLVL=on"),
    *("5100039:onMode=off", "5100039:onIfMatch=25 25", "25:m0=125", "25:onMode=off", "25:onIfMatch=5 -5"),
]
HIGGS, BOTTOM, CHARM = 25, 5, 4


@dataclass(frozen=True)
class Particles:
    """Particles of a batch of collisions.

    Attributes:
        event: (particle,) index of the collision within the batch, sorted.
        pid: (particle,) PDG code.
        p4: (particle, 4) [GeV]
        vertex: (particle, 3) where it was produced [cm], the collision at the origin.
    """

    event: Array
    pid: Array
    p4: Array
    vertex: Array

    def take(self, index: Array) -> "Particles":
        """Return the selected particles; `index` is a mask or indices (n,)."""
        return Particles(self.event[index], self.pid[index], self.p4[index], self.vertex[index])


@dataclass(frozen=True)
class Truth:
    """Hadrons and Higgs bosons of a batch, each with its collision: the labels come from them."""

    bottom: Particles  # weakly decaying b hadrons
    charm: Particles  # weakly decaying c hadrons
    higgs: Particles  # those that decay to b quarks
    quarks: tuple[Array, Array]  # (higgs, 4) both of them [GeV]


@dataclass(frozen=True)
class Collisions:
    """A batch: final particles without neutrinos, and the truth."""

    n_events: int
    final: Particles
    truth: Truth


def process(*, graviton_gev: float | None = None, pthat_gev: tuple[float, float] | None = None) -> list[str]:
    """Return Pythia's settings for a graviton mass, a bin of pT-hat (upper edge 0: none), or else pile-up."""
    if graviton_gev is not None:
        return [*GRAVITON, f"5100039:m0={graviton_gev}"]
    if pthat_gev is not None:
        low, high = pthat_gev
        limits = [f"PhaseSpace:pTHatMin={low}"] + ([f"PhaseSpace:pTHatMax={high}"] if high else [])
        return ["HardQCD:all=on", *limits]
    return ["SoftQCD:inelastic=on"]


class Generator:
    """Pythia with the settings of one process."""

    def __init__(self, settings: list[str], *, seed: int) -> None:
        """Initialise Pythia, which takes about a second, for pile-up ten seconds.

        Raises:
            InputError: If Pythia does not know a setting.
        """
        self._pythia = start_pythia([*COMMON, *settings], seed=seed)

    def batch(self, n_events: int) -> Collisions:
        """Return the next collisions."""
        record = self._pythia.nextBatch(n_events).prt
        counts = ak.to_numpy(ak.num(record))
        flat = ak.flatten(record)
        everything = _particles(flat, counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        parents = [first + ak.to_numpy(flat[name]) for name in ("mother1", "mother2")]
        children = [first + ak.to_numpy(flat[name]) for name in ("daughter1", "daughter2")]
        final = (ak.to_numpy(flat.status) > 0) & ~is_neutrino(everything.pid)
        truth = _truth(everything, parents, children)
        return Collisions(len(counts), everything.take(final), truth)


def _particles(flat: ak.Array, counts: Array) -> Particles:
    vertex = [ak.to_numpy(ak.fill_none(flat.vProd[name], 0.0)) / 10 for name in ("px", "py", "pz")]  # mm to cm
    event = np.repeat(np.arange(len(counts)), counts)
    return Particles(event, ak.to_numpy(flat.id), momenta(flat.p), np.stack(vertex, axis=1))


def has_quark(pid: Array, flavour: int) -> Array:
    """Return a mask of hadrons (n,) whose heaviest quark is `flavour`."""
    digits = abs(pid) % 10_000
    heaviest = np.where(digits >= 1000, digits // 1000, digits // 100 % 10)
    is_hadron = (abs(pid) > 100) & (digits // 10 % 10 > 0)  # diquarks have a zero there
    return (heaviest == flavour) & is_hadron


def _truth(everything: Particles, parents: list[Array], children: list[Array]) -> Truth:
    hadrons = []
    for flavour in (BOTTOM, CHARM):
        has_flavour = has_quark(everything.pid, flavour)
        keeps_flavour = np.zeros_like(
            has_flavour
        )  # a daughter has the same flavour, so the hadron does not decay weakly
        for parent in parents:
            keeps_flavour[parent[has_flavour]] = True
        hadrons.append(everything.take(has_flavour & ~keeps_flavour))
    to_bottom = (everything.pid == HIGGS) & (
        abs(everything.pid[np.minimum(children[0], len(everything.pid) - 1)]) == BOTTOM
    )
    quarks = tuple(everything.p4[child[to_bottom]] for child in children)
    return Truth(hadrons[0], hadrons[1], everything.take(to_bottom), (quarks[0], quarks[1]))
