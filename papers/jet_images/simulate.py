"""Generate jet images of W bosons and QCD with the article's recipe (arXiv:1511.05190, Sec. 3).

Settings -> jet_images.hdf5 in the layout of Zenodo 269622, and steps.hdf5 with the jets' masses after each step of the
preprocessing.

Pythia 8, W' -> W Z -> q q' nu nu and dijets at 14 TeV; towers of 0.1 x 0.1; the leading anti-kT jet, R = 1.0, trimmed;
250 < pT < 300 GeV and 65 < m < 95 GeV; image, translated, rotated and flipped.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from common.atomic import atomic_output
from common.download.receipts import generated_receipt, write_receipt
from common.physics.jets import Objects, as_p4
from common.physics.kinematics import mass, pt_eta_phi
from common.physics.pythia import Particles
from common.physics.shards import Shard, make, shards
from common.stage import parse, run

from .archive import JetImages, concatenate, ratio, write_images
from .generator.detector import TrimmedJets, n_subjettiness, select, subjet_distance, towers, trimmed_jets
from .generator.imaging import Deposits, make_image, masses_by_step
from .generator.pythia import generate_events, start
from .image import N_PIXELS
from .settings import KINDS, Kind, SimulateConfig

BATCH = 50  # events that are clustered together


@dataclass(frozen=True)
class GeneratedJets:
    """What one generator has made; `steps` has the mass [GeV] (jet,) after each step, `signal` and `weight`."""

    images: JetImages
    steps: dict[str, np.ndarray]


def deposits_of(jets: TrimmedJets, index: int) -> Deposits:
    """Return towers and subjets of one jet."""
    parts = (jets.constituents[index], jets.subjets[index])
    return Deposits(*(np.stack(pt_eta_phi(as_p4(part))) for part in parts))


def images_of(jets: TrimmedJets, weight: np.ndarray, config: SimulateConfig, *, signal: int) -> JetImages:
    """Return images and variables of jets.

    Args:
        jets: Those that pass the cuts.
        weight: (event,) weight of each event of the batch
        config: Of this stage.
        signal: Label of the jets, 1 or 0.
    """
    pt, eta, phi = pt_eta_phi(jets.p4)
    tau = n_subjettiness(jets.constituents, radius=config.jets.radius)
    variables = {
        "jet_pt": pt,
        "jet_eta": eta,
        "jet_phi": phi,
        "jet_mass": mass(jets.p4),
        "jet_delta_R": subjet_distance(jets.subjets),
        **{f"tau_{n}": tau[:, n - 1] for n in (1, 2, 3)},
        "tau_21": ratio(tau[:, 1], tau[:, 0]),
        "tau_32": ratio(tau[:, 2], tau[:, 1]),
    }
    image = [make_image(deposits_of(jets, index), steps=list(config.preprocessing)) for index in range(len(pt))]
    images = np.array(image).reshape(-1, N_PIXELS, N_PIXELS)  # (jet, row, column), without any jet, too
    return JetImages(images, np.full(len(pt), signal, np.int8), weight[jets.event], variables)


def particle_masses(jets: TrimmedJets, particles: Particles, config: SimulateConfig) -> np.ndarray:
    """Return the mass [GeV] (jet,) of the trimmed leading jet of the same events without a calorimeter."""
    in_event = np.isin(particles.event, jets.event)
    jet_index = np.searchsorted(jets.event, particles.event[in_event])  # each event has one jet
    objects = Objects(jet_index, particles.p4[in_event])
    return mass(trimmed_jets(objects, config.jets, n_events=len(jets.event), lowest_pt_gev=0.0).p4)


def steps_of(
    jets: TrimmedJets, particles: Particles, weight: np.ndarray, config: SimulateConfig, *, signal: int
) -> dict[str, np.ndarray]:
    """Return the masses [GeV] (jet,) after each step; the first, "particles", is the mass without towers."""
    if len(jets.event) == 0:
        return {}
    deposits = [deposits_of(jets, index) for index in range(len(jets.event))]
    rows = [masses_by_step(deposit) for deposit in deposits]
    return {
        "particles": particle_masses(jets, particles, config),
        **{name: np.array([row[name] for row in rows]) for name in rows[0]},
        "signal": np.full(len(rows), signal),
        "weight": weight[jets.event],
    }


def join_steps(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the masses of all parts in one; parts without jets are empty."""
    filled = [part for part in parts if part]
    return {name: np.concatenate([part[name] for part in filled]) for name in filled[0]} if filled else {}


def generate(kind: Kind, config: SimulateConfig, *, n_jets: int, seed: int) -> GeneratedJets:
    """Return `n_jets` images of "signal" or "background"; the same seed gives the same images."""
    pythia, roulette = start(kind, config, seed=seed)
    windows = (config.jets.pt_gev, config.steps_pt_gev)
    lowest = min(low for low, _ in windows)
    images: list[JetImages] = []
    steps: list[dict[str, np.ndarray]] = []
    n_images = 0
    while n_images < n_jets:
        particles, weight = generate_events(pythia, roulette, n_events=BATCH)
        jets = trimmed_jets(towers(particles, config.jets), config.jets, n_events=len(weight), lowest_pt_gev=lowest)
        for_images, for_steps = (select(jets, config.jets, pt_gev=window) for window in windows)
        label = KINDS.index(kind)
        images.append(images_of(for_images, weight, config, signal=label))
        steps.append(steps_of(for_steps, particles, weight, config, signal=label))
        n_images += len(images[-1])
    logging.info("%s, seed %d: %d jets", kind, seed, n_images)
    return GeneratedJets(concatenate(images)[np.arange(n_jets)], join_steps(steps))


def generate_shard(shard: Shard, config: SimulateConfig) -> GeneratedJets:
    """Return the jets of one shard."""
    return generate(shard.kind, config, n_jets=shard.size, seed=shard.seed)


def generate_all(config: SimulateConfig, *, threads: int) -> tuple[JetImages, dict[str, np.ndarray]]:
    """Return images in random order, and the masses after each step; the number of processes does not change them."""
    n_jets = {kind: config.n_jets[kind] for kind in KINDS}
    pieces = shards(n_jets, size=config.jets_per_shard, seed=config.seed)
    parts = make(generate_shard, pieces, config, processes=threads)
    images = concatenate([part.images for part in parts])
    order = np.random.default_rng(config.seed).permutation(len(images))
    return images[order], join_steps([part.steps for part in parts])


def write_steps(path: Path, steps: dict[str, np.ndarray]) -> None:
    """Write the masses [GeV] after each step, with `signal` and `weight`, each (jet,)."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        for name, values in steps.items():
            file[name] = values.astype(np.float32)


def main() -> None:
    """Generate the jets, write both files and their receipts."""
    arguments = parse(
        __doc__,
        section="simulate",
        config=SimulateConfig,
        paths=["images", "steps"],
        path_lists=["receipts"],
        numbers=["threads"],
    )
    images, steps = generate_all(arguments.config, threads=arguments.threads)
    write_images(arguments.images, images)
    write_steps(arguments.steps, steps)
    for file, receipt in zip((arguments.images, arguments.steps), arguments.receipts, strict=True):
        write_receipt(receipt, generated_receipt(file, dataset="generated"))


if __name__ == "__main__":
    run(main)
