"""From the towers of a jet to its image, one step at a time (arXiv:1511.05190, Sec. 3.1 and 3.2)."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..image import HALF_WIDTH, N_PIXELS, normalise

DOWN = -np.pi / 2  # direction of the second subjet after rotation


@dataclass(frozen=True)
class Deposits:
    """The towers of one jet, and its subjets: pt [GeV], eta, phi of each.

    Attributes:
        towers: (3, tower)
        subjets: (3, subjet), hardest first
    """

    towers: np.ndarray
    subjets: np.ndarray


def wrapped(phi: np.ndarray) -> np.ndarray:
    """Return angles within -pi and pi."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def translate(jet: Deposits) -> Deposits:
    """Move the leading subjet to the origin: a rotation about the beam and a boost along it; pT stays as it is."""
    _, eta, phi = jet.subjets[:, 0]

    def move(pt: np.ndarray, at_eta: np.ndarray, at_phi: np.ndarray) -> np.ndarray:
        return np.stack([pt, at_eta - eta, wrapped(at_phi - phi)])

    return Deposits(move(*jet.towers), move(*jet.subjets))


def pixelate(towers: np.ndarray) -> np.ndarray:
    """Return the image (row, column) of towers (3, tower), in GeV of pT; towers outside it are lost."""
    edges = np.linspace(-HALF_WIDTH, HALF_WIDTH, N_PIXELS + 1)
    pt, eta, phi = towers
    return np.histogram2d(-phi, eta, bins=(edges, edges), weights=pt)[0]


def turn_angle(jet: Deposits) -> float:
    """Return the angle that turns the second subjet of a translated jet down; without one, its principal axis."""
    if jet.subjets.shape[1] > 1:
        _, eta, phi = jet.subjets[:, 1]
    else:
        eta, phi = principal_axis(jet.towers)
    return float(DOWN - np.arctan2(phi, eta))


def principal_axis(towers: np.ndarray) -> np.ndarray:
    """Return the direction (eta, phi) of largest spread of towers (3, tower), towards the larger pT."""
    pt, position = towers[0], towers[1:]
    axis = np.linalg.eigh(position * pt @ position.T)[1][:, 1]
    return axis if np.sum(pt * (axis @ position)) >= 0 else -axis


def rotate(image: np.ndarray, angle: float) -> np.ndarray:
    """Return an image turned by an angle (counter-clockwise as drawn), interpolated with cubic splines."""
    return ndimage.rotate(image, np.degrees(angle), reshape=False, order=3, mode="constant")


def flip(image: np.ndarray) -> np.ndarray:
    """Return the image, mirrored if necessary so that its right half has more intensity."""
    middle = N_PIXELS // 2
    return image[:, ::-1] if image[:, :middle].sum() > image[:, middle + 1 :].sum() else image


def make_image(jet: Deposits, *, steps: list[str]) -> np.ndarray:
    """Return the image (row, column) of a jet after translation, pixelation and the named further steps."""
    centred = translate(jet)
    image = pixelate(centred.towers)
    if "rotate" in steps:
        image = rotate(image, turn_angle(centred))
    return flip(image) if "flip" in steps else image


def mass_of_towers(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> float:
    """Return the invariant mass of massless objects (tower,), in the unit of pt."""
    energy = np.sum(pt * np.cosh(eta))
    momentum = np.array([np.sum(pt * np.cos(phi)), np.sum(pt * np.sin(phi)), np.sum(pt * np.sinh(eta))])
    return float(np.sqrt(max(energy**2 - momentum @ momentum, 0.0)))


def mass_of_image(image: np.ndarray) -> float:
    """Return the mass of an image (row, column) whose pixels are the pT of massless objects at their centres."""
    middles = (np.arange(N_PIXELS) + 0.5) * (2 * HALF_WIDTH / N_PIXELS) - HALF_WIDTH
    eta, phi = np.meshgrid(middles, -middles)
    return mass_of_towers(image.ravel(), eta.ravel(), phi.ravel())


def naive_translation(jet: Deposits) -> np.ndarray:
    """Return towers (3, tower) moved as by `translate`, but with the energy fixed instead of pT.

    This is what shifting an image of energies does. It is no boost, so the mass changes.
    """
    moved = translate(jet).towers
    energy = jet.towers[0] * np.cosh(jet.towers[1])
    return np.stack([energy / np.cosh(moved[1]), moved[1], moved[2]])


def masses_by_step(jet: Deposits) -> dict[str, float]:
    """Return the image's mass after each step of the article's comparison; "pixelation" is the jet of towers."""
    centred = translate(jet)
    image = pixelate(centred.towers)
    return {
        "pixelation": mass_of_towers(*jet.towers),
        "translation": mass_of_image(image),
        "flip": mass_of_image(flip(image)),
        "quarter_turn": mass_of_image(np.rot90(image)),
        "rotation": mass_of_image(rotate(image, turn_angle(centred))),
        "normalisation": mass_of_image(normalise(image)),
        "naive_translation": mass_of_towers(*naive_translation(jet)),
    }
