"""Jets of hadronic tops and of QCD with Pythia 8, selected as in arXiv:1902.09914, Sec. 2.

14 TeV, no multiple interactions; e-flow objects clustered with anti-kT, R = 0.8; the hardest jet of an event within
550-650 GeV and |eta| < 2; a top jet has a top and its three decay quarks within 0.8 of its axis.
"""

import logging
from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

from common.physics.jets import as_p4, cluster, events_of
from common.physics.kinematics import delta_r, pt_eta_phi
from common.physics.pythia import final_particles, momenta, start_pythia

from ..archive.jets import N_STORED
from ..settings import SimulateConfig
from .detector import detect

TOP, W_BOSON = 6, 24  # PDG codes
BATCH = 100  # events
PROCESS = {  # Pythia's settings for each of labels.CLASSES
    "top": ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on", "24:onMode = off", "24:onIfAny = 1 2 3 4 5"],
    "qcd": ["HardQCD:all = on"],
}


@dataclass(frozen=True)
class Jets:
    """Selected jets; four-momenta are px, py, pz, E [GeV]."""

    constituents: np.ndarray  # (jet, 200, 4)
    truth: np.ndarray  # (jet, 4) of the top; zeros for QCD


def settings_of(kind: str, config: SimulateConfig) -> list[str]:
    """Return Pythia's settings for "top" or "qcd"."""
    low, high = config.pt_hat_gev
    return [
        f"Beams:eCM = {config.energy_gev}",
        "PartonLevel:MPI = off",
        f"PhaseSpace:pTHatMin = {low}",
        f"PhaseSpace:pTHatMax = {high}",
        *PROCESS[kind],
    ]


def padded(constituents: np.ndarray) -> np.ndarray:
    """Return the hardest 200 of a jet's constituents (n, 4) as (200, 4), sorted by pT and padded with zeros."""
    order = np.argsort(-np.hypot(constituents[:, 0], constituents[:, 1]))[:N_STORED]
    stored = np.zeros((N_STORED, 4), np.float32)
    stored[: len(order)] = constituents[order]
    return stored


def matched_top(event: ak.Array, jet: np.ndarray, radius: float) -> np.ndarray | None:
    """Return the four-momentum (4,) of a top that lies in the jet together with its three quarks, or None.

    Args:
        event: Pythia's record of one event, with `id`, `daughter1`, `daughter2` and `p`.
        jet: (4,)
        radius: Largest distance from the jet's axis.
    """
    code = np.abs(ak.to_numpy(event.id))
    first, last = ak.to_numpy(event.daughter1), ak.to_numpy(event.daughter2)
    p4 = momenta(event.p)
    for top in np.flatnonzero((code == TOP) & (first != last)):  # only the last copy of a top decays
        pair = (first[top], last[top])
        bosons = [index for index in pair if code[index] == W_BOSON]
        if len(bosons) != 1:
            continue
        boson = bosons[0]
        while first[boson] == last[boson] or code[first[boson]] == W_BOSON:
            boson = first[boson]
        bottom = pair[0] if pair[1] == bosons[0] else pair[1]
        if all(delta_r(jet, p4[index]) < radius for index in (top, bottom, first[boson], last[boson])):
            return p4[top]
    return None


def select(events: ak.Array, kind: str, config: SimulateConfig, generator: np.random.Generator) -> Jets:
    """Return the selected jets of some events, at most one per event."""
    objects = events_of(detect(final_particles(events), config.detector, generator), n_events=len(events))
    jets, constituents = cluster(
        objects, algorithm=fastjet.antikt_algorithm, radius=config.jet_radius, lowest_pt_gev=config.jet_pt_gev[0]
    )
    selected, truth = [], []
    for index in np.flatnonzero(ak.to_numpy(ak.num(jets.px)) > 0):
        candidates = as_p4(jets[index])
        pt, eta, _ = pt_eta_phi(candidates)
        inside = (pt > config.jet_pt_gev[0]) & (pt < config.jet_pt_gev[1]) & (np.abs(eta) < config.jet_eta_max)
        for number in np.flatnonzero(inside)[:1]:
            top = (
                np.zeros(4) if kind == "qcd" else matched_top(events[index], candidates[number], config.matching_radius)
            )
            if top is not None:
                selected.append(padded(as_p4(constituents[index][number])))
                truth.append(top)
    return Jets(np.array(selected).reshape(-1, N_STORED, 4), np.array(truth).reshape(-1, 4))


def generate(kind: str, config: SimulateConfig, *, n_jets: int, seed: int) -> Jets:
    """Return `n_jets` jets of one kind, "top" or "qcd"; the same seed gives the same jets."""
    pythia = start_pythia(settings_of(kind, config), seed=seed)
    generator = np.random.default_rng(seed)
    parts: list[Jets] = []
    n_events = n_selected = 0
    while n_selected < n_jets:
        events = pythia.nextBatch(BATCH).prt
        parts.append(select(events, kind, config, generator))
        n_events, n_selected = n_events + len(events), n_selected + len(parts[-1].truth)
    logging.info("%s, seed %d: %d jets of %d events", kind, seed, n_jets, n_events)
    constituents = np.concatenate([part.constituents for part in parts])[:n_jets]
    return Jets(constituents, np.concatenate([part.truth for part in parts])[:n_jets])
