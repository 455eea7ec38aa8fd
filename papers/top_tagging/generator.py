"""Jets of hadronic tops and of QCD with Pythia 8, selected as in arXiv:1902.09914, Sec. 2.

14 TeV, no multiple interactions; e-flow objects clustered with anti-kT, R = 0.8; the hardest jet of an event within
550-650 GeV and |eta| < 2; a top jet has a top and its three decay quarks within 0.8 of its axis.
"""

import logging
from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np
import pythia8mc

from papers.top_tagging.detector import Objects, detect, pt_eta_phi
from papers.top_tagging.jet_files import N_STORED
from papers.top_tagging.settings import SimulateConfig

TOP, W_BOSON = 6, 24
BATCH = 100  # events
PROCESS = {
    "top": ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on", "24:onMode = off", "24:onIfAny = 1 2 3 4 5"],
    "qcd": ["HardQCD:all = on"],
}


@dataclass(frozen=True)
class Jets:
    """Selected jets: E, px, py, pz [GeV] of the constituents (jet, 200, 4), and of the top (jet, 4)."""

    momenta: np.ndarray
    truth: np.ndarray


def start_pythia(kind: str, config: SimulateConfig, *, seed: int) -> pythia8mc.Pythia:
    """Return Pythia ready to make events of "top" or "qcd".

    Raises:
        ValueError: If Pythia refuses a setting.
    """
    pythia = pythia8mc.Pythia("", False)
    low, high = config.pt_hat_gev
    for setting in (
        "Print:quiet = on",
        "Random:setSeed = on",
        f"Random:seed = {seed}",
        f"Beams:eCM = {config.energy_gev}",
        "PartonLevel:MPI = off",
        f"PhaseSpace:pTHatMin = {low}",
        f"PhaseSpace:pTHatMax = {high}",
        *PROCESS[kind],
    ):
        if not pythia.readString(setting):
            raise ValueError(f"Pythia does not accept '{setting}'")
    pythia.init()
    return pythia


def momenta_of(particles: ak.Array) -> np.ndarray:
    """Return E, px, py, pz (particle, 4) of a flat record array with the field p."""
    return np.stack([ak.to_numpy(particles.p[name]) for name in ("e", "px", "py", "pz")], axis=-1)


def cluster(objects: Objects, config: SimulateConfig, *, n_events: int) -> tuple[ak.Array, ak.Array]:
    """Return the jets of each event above the lowest wanted pT, and their constituents, aligned with them."""
    order = np.argsort(objects.event, kind="stable")
    counts = np.bincount(objects.event, minlength=n_events)
    columns = dict(zip(("E", "px", "py", "pz"), objects.momenta[order].T, strict=True))
    events = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), counts)
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, config.jet_radius)
    clusters = fastjet.ClusterSequence(events, definition)
    lowest = config.jet_pt_gev[0]
    return clusters.inclusive_jets(min_pt=lowest), clusters.constituents(min_pt=lowest)


def as_momenta(vectors: ak.Array) -> np.ndarray:
    """Return E, px, py, pz (vector, 4) of a flat array of Momentum4D."""
    return np.stack([ak.to_numpy(vectors[name]) for name in ("E", "px", "py", "pz")], axis=-1)


def padded(constituents: np.ndarray) -> np.ndarray:
    """Return the hardest 200 of a jet's constituents (n, 4) as (200, 4), sorted by pT and padded with zeros."""
    order = np.argsort(-np.hypot(constituents[:, 1], constituents[:, 2]))[:N_STORED]
    found = np.zeros((N_STORED, 4), np.float32)
    found[: len(order)] = constituents[order]
    return found


def separation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Delta R of two four-momenta (4,)."""
    (_, eta, phi), (_, other_eta, other_phi) = pt_eta_phi(first), pt_eta_phi(second)
    turn = (phi - other_phi + np.pi) % (2 * np.pi) - np.pi
    return float(np.hypot(eta - other_eta, turn))


def matched_top(event: ak.Array, jet: np.ndarray, radius: float) -> np.ndarray | None:
    """Return the four-momentum (4,) of a top that a jet contains with its three quarks, or None.

    Args:
        event: Pythia's record of one event, with `id`, `daughter1`, `daughter2` and `p`.
        jet: (4,)
        radius: Largest distance from the jet's axis.
    """
    code = np.abs(ak.to_numpy(event.id))
    first, last = ak.to_numpy(event.daughter1), ak.to_numpy(event.daughter2)
    momenta = momenta_of(event)
    for top in np.flatnonzero((code == TOP) & (first != last)):  # the last copy: the one that decays
        pair = (first[top], last[top])
        bosons = [index for index in pair if code[index] == W_BOSON]
        if len(bosons) != 1:
            continue
        boson = bosons[0]
        while first[boson] == last[boson] or code[first[boson]] == W_BOSON:
            boson = first[boson]
        bottom = pair[0] if pair[1] == bosons[0] else pair[1]
        if all(separation(jet, momenta[index]) < radius for index in (top, bottom, first[boson], last[boson])):
            return momenta[top]
    return None


def select(events: ak.Array, kind: str, config: SimulateConfig, generator: np.random.Generator) -> Jets:
    """Return the selected jets of some events, at most one each."""
    final = events[events.status > 0]
    counts = ak.to_numpy(ak.num(final.id))
    flat = ak.flatten(final)
    particles = Objects(np.repeat(np.arange(len(events)), counts), momenta_of(flat))
    objects = detect(particles, ak.to_numpy(flat.id), config.detector, generator)
    jets, constituents = cluster(objects, config, n_events=len(events))
    momenta, truth = [], []
    for index in np.flatnonzero(ak.to_numpy(ak.num(jets.px)) > 0):
        candidates = as_momenta(jets[index])
        pt, eta, _ = pt_eta_phi(candidates)
        inside = (pt > config.jet_pt_gev[0]) & (pt < config.jet_pt_gev[1]) & (np.abs(eta) < config.jet_eta_max)
        for number in np.argsort(-pt)[inside[np.argsort(-pt)]][:1]:
            top = (
                np.zeros(4) if kind == "qcd" else matched_top(events[index], candidates[number], config.matching_radius)
            )
            if top is not None:
                momenta.append(padded(as_momenta(constituents[index][number])))
                truth.append(top)
    return Jets(np.array(momenta).reshape(-1, N_STORED, 4), np.array(truth).reshape(-1, 4))


def generate(kind: str, config: SimulateConfig, *, n_jets: int, seed: int) -> Jets:
    """Return `n_jets` jets of one kind, "top" or "qcd"; the same seed gives the same jets."""
    pythia, generator = start_pythia(kind, config, seed=seed), np.random.default_rng(seed)
    parts: list[Jets] = []
    n_events = n_found = 0
    while n_found < n_jets:
        events = pythia.nextBatch(BATCH).prt
        parts.append(select(events, kind, config, generator))
        n_events, n_found = n_events + len(events), n_found + len(parts[-1].momenta)
    logging.info("%s, seed %d: %d jets of %d events", kind, seed, n_jets, n_events)
    momenta = np.concatenate([part.momenta for part in parts])[:n_jets]
    return Jets(momenta, np.concatenate([part.truth for part in parts])[:n_jets])
