"""Events of W' -> W Z and of QCD with Pythia 8, with the settings of the authors' code (arXiv:1511.05190, Sec. 3).

Three of a hundred QCD events end up in an image, and the late shower and multiple interactions take nearly all of the
time. So the evolution is stopped once, at a scale where the jet's mass is decided but the expensive part has not begun.
An event with a jet in the windows is finished. Any other event is finished with a chance p that falls with the distance
from the windows, and then counts 1/p. This Russian roulette leaves every expectation value as it was. If Pythia repeats
the evolution of an event, the roulette looks at the event again, and the weights multiply.
"""

from typing import NamedTuple

import awkward as ak
import fastjet
import numpy as np
import pythia8mc

from common.physics.pythia import Particles, final_particles, is_neutrino, start_pythia

from ..settings import JetConfig, Kind, SimulateConfig

W_BOSON = 24
HARD = 5  # index in Pythia's record of the first particle that the hard process makes; later steps leave it unchanged
CARDS: dict[Kind, list[str]] = {
    "signal": [
        "NewGaugeBoson:ffbar2Wprime = on",
        "Wprime:coup2WZ = 1",
        "34:m0 = {w_prime_mass_gev}",
        "34:onMode = off",
        "34:onIfAny = 23 24",
        "24:onMode = off",
        "24:onIfAny = 1 2 3 4",
        "23:onMode = off",
        "23:onIfAny = 12",
    ],
    "background": [
        "HardQCD:all = on",
        "PhaseSpace:pTHatMin = {pt_hat_gev[0]}",
        "PhaseSpace:pTHatMax = {pt_hat_gev[1]}",
    ],
}


class Roulette(pythia8mc.UserHooks):
    """Ends unpromising events early, and stores the weights of the others."""

    def __init__(self, config: SimulateConfig, *, seed: int) -> None:
        super().__init__()
        self.config = config
        self.n_tried = 0
        self._weights: dict[float, float] = {}
        windows = (*config.jets.pt_gev, *config.steps_pt_gev)
        self.pt_window = (min(windows), max(windows))
        self._generator = np.random.default_rng(seed)

    def ends(self, event: pythia8mc.Event, distance: float) -> bool:
        """Return whether an event ends here, and store its weight in case it is finished.

        Args:
            event: The unfinished event.
            distance: Distance from the windows, in units of the typical change in the rest of the evolution.
        """
        hard_pz, chance = event[HARD].pz(), max(float(np.exp(-distance)), self.config.roulette.smallest_chance)
        # If Pythia fails to finish an event, it repeats the evolution of the same hard process: a second roulette.
        before = self._weights.get(hard_pz)
        self.n_tried += before is None
        self._weights[hard_pz] = (before or 1.0) / chance
        return bool(self._generator.random() >= chance)

    def weights_of(self, hard_pz: np.ndarray) -> np.ndarray:
        """Return the weights (event,) of finished events, identified by the pz of their hard process, and delete them.

        Their order would not be enough: sometimes Pythia drops an event that has survived the roulette.
        """
        weights = np.array([self._weights[pz] for pz in hard_pz])
        self._weights.clear()
        return weights

    def pt_distance(self, pt: float) -> float:
        """Return the distance of a transverse momentum [GeV] from the window."""
        return outside(pt, self.pt_window) / self.config.roulette.pt_spread_gev


class NoRoulette(Roulette):
    """Finishes every event."""

    def weights_of(self, hard_pz: np.ndarray) -> np.ndarray:
        """Return a weight of one for each event."""
        return np.ones(len(hard_pz))


class BosonRoulette(Roulette):
    """Roulette of the signal: the W boson's transverse momentum before any shower decides."""

    def canVetoProcessLevel(self) -> bool:  # noqa: N802 (Pythia's name)
        """Ask to be called when W' and W have decayed."""
        return True

    def doVetoProcessLevel(self, process: pythia8mc.Event) -> bool:  # noqa: N802
        """Return true to end the event.

        Pythia's veto of resonance decays comes at the same point, but would be wrong: it repeats the decays of the
        same W' until one passes. Then every mass of the W' is as frequent as without roulette, in spite of the weights.
        """
        particles = (process[index] for index in range(process.size()))
        missed = min(outside(p.pT(), self.pt_window) for p in particles if abs(p.id()) == W_BOSON)
        return self.ends(process, missed / self.config.roulette.boson_pt_spread_gev)


class JetRoulette(Roulette):
    """Roulette of the background: the trimmed jets of the partons at a scale of the evolution decide."""

    def canVetoPT(self) -> bool:  # noqa: N802
        """Ask to be called once, when the evolution has come down to the scale."""
        return True

    def scaleVetoPT(self) -> float:  # noqa: N802
        """Return the scale [GeV]."""
        return self.config.roulette.scale_gev

    def doVetoPT(self, position: int, event: pythia8mc.Event) -> bool:  # noqa: N802
        """Return true to end the event."""
        config = self.config
        # Trimming only lowers pT, so a softer jet than this always has the smallest chance.
        softest = self.pt_window[0] + np.log(config.roulette.smallest_chance) * config.roulette.pt_spread_gev
        jets = parton_jets(event, config.jets, lowest_pt_gev=softest)
        leading = max((jet.untrimmed_pt for jet in jets), default=0.0)
        return self.ends(event, min((self.distance(jet, leading) for jet in jets), default=np.inf))

    def distance(self, jet: "PartonJet", leading_pt: float) -> float:
        """Return the distance of a jet from the windows and from being the leading jet."""
        config, windows = self.config.roulette, self.config.jets
        distances = (
            self.pt_distance(jet.pt),
            outside(jet.mass, windows.mass_gev) / config.mass_spread_gev,
            outside(jet.eta, (-windows.eta_max, windows.eta_max)) / config.eta_spread,
            (leading_pt - jet.untrimmed_pt) / config.pt_spread_gev,
        )
        return float(np.linalg.norm(distances))


class PartonJet(NamedTuple):
    """A trimmed jet of partons: momenta and mass in GeV."""

    untrimmed_pt: float
    pt: float
    eta: float
    mass: float


def outside(value: float, window: tuple[float, float]) -> float:
    """Return the distance of a value from a window; 0 inside it."""
    return max(window[0] - value, value - window[1], 0.0)


def parton_jets(event: pythia8mc.Event, config: JetConfig, *, lowest_pt_gev: float) -> list[PartonJet]:
    """Return the trimmed jets of an unfinished event's partons that exceed `lowest_pt_gev` before trimming."""
    particles = (event[index] for index in range(event.size()))
    partons = [fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e()) for p in particles if p.isFinal()]
    clusters = fastjet.ClusterSequence(partons, fastjet.JetDefinition(fastjet.antikt_algorithm, config.radius))
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, config.subjet_radius)
    jets = []
    for jet in clusters.inclusive_jets(lowest_pt_gev):
        subjets = fastjet.ClusterSequence(list(jet.constituents()), definition)
        trimmed = fastjet.PseudoJet(0.0, 0.0, 0.0, 0.0)
        for subjet in subjets.inclusive_jets(config.subjet_fraction * jet.pt()):
            trimmed = trimmed + subjet
        jets.append(PartonJet(jet.pt(), trimmed.pt(), trimmed.eta(), trimmed.m()))
    return jets


def settings_of(kind: Kind, config: SimulateConfig) -> list[str]:
    """Return Pythia's settings for "signal" or "background"."""
    common = [f"Beams:eCM = {config.energy_gev}", f"Tune:pp = {config.tune}"]
    return [*common, *(line.format(**dict(config)) for line in CARDS[kind])]


def start(kind: Kind, config: SimulateConfig, *, seed: int) -> tuple[pythia8mc.Pythia, Roulette]:
    """Return Pythia, ready to make events of "signal" or "background", and the roulette that it asks."""
    roulettes: dict[Kind, type[Roulette]] = {"signal": BosonRoulette, "background": JetRoulette}
    roulette = (roulettes[kind] if config.roulette.smallest_chance < 1 else NoRoulette)(config, seed=seed)
    return start_pythia(settings_of(kind, config), seed=seed, hooks=roulette), roulette


def generate_events(pythia: pythia8mc.Pythia, roulette: Roulette, *, n_events: int) -> tuple[Particles, np.ndarray]:
    """Return the particles that a calorimeter sees of some finished events, and the events' weights (event,).

    There are fewer than `n_events` if Pythia has given up events.
    """
    record = pythia.nextBatch(n_events).prt
    particles = final_particles(record)
    weight = roulette.weights_of(ak.to_numpy(record.p.pz[:, HARD]))
    return particles.take(~is_neutrino(particles.pid)), weight
