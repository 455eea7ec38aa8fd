"""Events of W' -> W Z and of QCD with Pythia 8, with the settings of the authors' code (arXiv:1511.05190, Sec. 3).

Of a hundred QCD events three end up in an image, and multiple interactions and the late shower take nearly all of the
time. So the evolution is stopped once, at a scale where the jet's mass is decided but the expensive part has not begun.
An event with a jet in the windows goes on. Any other one goes on with a chance p that falls with the distance from the
windows, and then counts 1/p: Russian roulette, which leaves every expectation value as it was. Where Pythia has to
evolve an event anew there is another look, and the weights multiply.
"""

from typing import NamedTuple

import awkward as ak
import fastjet
import numpy as np
import pythia8mc

from common.physics.pythia import Particles, final_particles, is_neutrino, start_pythia
from papers.jet_images.settings import JetConfig, SimulateConfig

W_BOSON = 24
HARD = 5  # place in Pythia's record of what the hard process makes first; it never changes
CARDS = {
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
    """Ends unpromising events early, and remembers the weights of the others."""

    def __init__(self, config: SimulateConfig, *, seed: int) -> None:
        """Start without events."""
        super().__init__()
        self.config = config
        self.n_tried = 0
        self._weights: dict[float, float] = {}
        windows = (*config.jets.pt_gev, *config.steps_pt_gev)
        self.pt_window = (min(windows), max(windows))
        self._generator = np.random.default_rng(seed)

    def ends(self, event: pythia8mc.Event, distance: float) -> bool:
        """Tell whether an event ends here, and remember its weight if it goes on.

        Args:
            event: The unfinished event.
            distance: From the windows, in units of how far the rest of the evolution moves a jet.
        """
        hard_pz, chance = event[HARD].pz(), max(float(np.exp(-distance)), self.config.roulette.smallest_chance)
        # Where Pythia fails to finish an event, it evolves the same hard process anew, which has to survive again.
        before = self._weights.get(hard_pz)
        self.n_tried += before is None
        self._weights[hard_pz] = (before or 1.0) / chance
        return bool(self._generator.random() >= chance)

    def weights_of(self, hard_pz: np.ndarray) -> np.ndarray:
        """Return the weights (event,) of finished events, known by the pz of their hard process, and forget them.

        Pythia drops an event now and then after it went on, so their order alone is not enough.
        """
        found = np.array([self._weights[pz] for pz in hard_pz])
        self._weights.clear()
        return found

    def pt_distance(self, pt: float) -> float:
        """Return the distance of a transverse momentum [GeV] from the window."""
        return outside(pt, self.pt_window) / self.config.roulette.pt_spread_gev


class NoRoulette(Roulette):
    """Finishes every event."""

    def weights_of(self, hard_pz: np.ndarray) -> np.ndarray:
        """Return ones."""
        return np.ones(len(hard_pz))


class BosonRoulette(Roulette):
    """For the signal: the W boson's transverse momentum before any shower decides."""

    def canVetoProcessLevel(self) -> bool:  # noqa: N802 (Pythia's name)
        """Ask to be called when W' and W have decayed."""
        return True

    def doVetoProcessLevel(self, process: pythia8mc.Event) -> bool:  # noqa: N802
        """Return true to end the event.

        Pythia's veto of resonance decays, at the same place, would not do: it makes new decays of the same W'
        until one is kept, so W' of every mass come as often as if there were no roulette, and their weights are wrong.
        """
        particles = (process[index] for index in range(process.size()))
        missed = min(outside(p.pT(), self.pt_window) for p in particles if abs(p.id()) == W_BOSON)
        return self.ends(process, missed / self.config.roulette.boson_pt_spread_gev)


class JetRoulette(Roulette):
    """For the background: trimmed jets of the partons at a scale of the evolution decide."""

    def canVetoPT(self) -> bool:  # noqa: N802
        """Ask to be called once, when the evolution has come down to the scale."""
        return True

    def scaleVetoPT(self) -> float:  # noqa: N802
        """Return the scale [GeV]."""
        return self.config.roulette.scale_gev

    def doVetoPT(self, position: int, event: pythia8mc.Event) -> bool:  # noqa: N802
        """Return true to end the event."""
        config = self.config
        # Trimming takes pT away: a softer jet than this has the smallest chance whatever it does.
        softest = self.pt_window[0] + np.log(config.roulette.smallest_chance) * config.roulette.pt_spread_gev
        jets = parton_jets(event, config.jets, lowest_pt_gev=softest)
        leading = max((jet.untrimmed_pt for jet in jets), default=0.0)
        return self.ends(event, min((self.distance(jet, leading) for jet in jets), default=np.inf))

    def distance(self, jet: "PartonJet", leading_pt: float) -> float:
        """Return how far a jet is from the windows, and from being the leading one."""
        config, windows = self.config.roulette, self.config.jets
        parts = (
            self.pt_distance(jet.pt),
            outside(jet.mass, windows.mass_gev) / config.mass_spread_gev,
            outside(jet.eta, (-windows.eta_max, windows.eta_max)) / config.eta_spread,
            (leading_pt - jet.untrimmed_pt) / config.pt_spread_gev,
        )
        return float(np.linalg.norm(parts))


class PartonJet(NamedTuple):
    """A trimmed jet of partons; momenta and mass in GeV."""

    untrimmed_pt: float
    pt: float
    eta: float
    mass: float


def outside(value: float, window: tuple[float, float]) -> float:
    """Return by how much a value misses a window; 0 within."""
    return max(window[0] - value, value - window[1], 0.0)


def parton_jets(event: pythia8mc.Event, config: JetConfig, *, lowest_pt_gev: float) -> list[PartonJet]:
    """Return the trimmed jets of an unfinished event's partons, those that have `lowest_pt_gev` before trimming."""
    particles = (event[index] for index in range(event.size()))
    partons = [fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e()) for p in particles if p.isFinal()]
    clusters = fastjet.ClusterSequence(partons, fastjet.JetDefinition(fastjet.antikt_algorithm, config.radius))
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, config.subjet_radius)
    found = []
    for jet in clusters.inclusive_jets(lowest_pt_gev):
        subjets = fastjet.ClusterSequence(list(jet.constituents()), definition)
        trimmed = fastjet.PseudoJet(0.0, 0.0, 0.0, 0.0)
        for subjet in subjets.inclusive_jets(config.subjet_fraction * jet.pt()):
            trimmed = trimmed + subjet
        found.append(PartonJet(jet.pt(), trimmed.pt(), trimmed.eta(), trimmed.m()))
    return found


def settings_of(kind: str, config: SimulateConfig) -> list[str]:
    """Return Pythia's settings for "signal" or "background"."""
    common = [f"Beams:eCM = {config.energy_gev}", f"Tune:pp = {config.tune}"]
    return [*common, *(line.format(**dict(config)) for line in CARDS[kind])]


def start(kind: str, config: SimulateConfig, *, seed: int) -> tuple[pythia8mc.Pythia, Roulette]:
    """Return Pythia ready to make events of "signal" or "background", and what ends the unpromising ones."""
    kinds = {"signal": BosonRoulette, "background": JetRoulette}
    roulette = (kinds[kind] if config.roulette.smallest_chance < 1 else NoRoulette)(config, seed=seed)
    return start_pythia(settings_of(kind, config), seed=seed, hooks=roulette), roulette


def generate_events(pythia: pythia8mc.Pythia, roulette: Roulette, *, n_events: int) -> tuple[Particles, np.ndarray]:
    """Return what a calorimeter could see of some finished events, and the events' weights (event,).

    Fewer come back than asked for where Pythia has given one up.
    """
    record = pythia.nextBatch(n_events).prt
    particles = final_particles(record)
    weight = roulette.weights_of(ak.to_numpy(record.p.pz[:, HARD]))
    return particles.take(~is_neutrino(particles.pid)), weight
