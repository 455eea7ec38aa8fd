"""From the towers of a jet to its image, one step at a time (arXiv:1511.05190, Sec. 3.1 and 3.2).

An image is (row, column): the column grows with pseudorapidity, the row with falling azimuth, so that the array looks
like the article's pictures when its first row is drawn at the top. Its centre is the leading subjet.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

N_PIXELS = 25
DOWN = -np.pi / 2  # where rotation puts the second subjet


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

    def moved(pt: np.ndarray, at_eta: np.ndarray, at_phi: np.ndarray) -> np.ndarray:
        return np.stack([pt, at_eta - eta, wrapped(at_phi - phi)])

    return Deposits(moved(*jet.towers), moved(*jet.subjets))


def pixelate(towers: np.ndarray, *, half_width: float) -> np.ndarray:
    """Return the image (row, column) of towers (3, tower), in GeV of pT; what lies outside is lost."""
    edges = np.linspace(-half_width, half_width, N_PIXELS + 1)
    pt, eta, phi = towers
    return np.histogram2d(-phi, eta, bins=(edges, edges), weights=pt)[0]


def turn_angle(jet: Deposits) -> float:
    """Return by how much a translated jet turns for its second subjet, or else its principal axis, to point down."""
    if jet.subjets.shape[1] > 1:
        _, eta, phi = jet.subjets[:, 1]
    else:
        eta, phi = principal_axis(jet.towers)
    return float(DOWN - np.arctan2(phi, eta))


def principal_axis(towers: np.ndarray) -> np.ndarray:
    """Return the direction (eta, phi) of largest spread of towers (3, tower), towards the larger pT."""
    pt, place = towers[0], towers[1:]
    axis = np.linalg.eigh(place * pt @ place.T)[1][:, 1]
    return axis if np.sum(pt * (axis @ place)) >= 0 else -axis


def rotate(image: np.ndarray, angle: float) -> np.ndarray:
    """Return an image turned by an angle (counter-clockwise as drawn), interpolated with cubic splines."""
    return ndimage.rotate(image, np.degrees(angle), reshape=False, order=3, mode="constant")


def flip(image: np.ndarray) -> np.ndarray:
    """Return the image, mirrored if necessary so that its right half has more intensity."""
    middle = N_PIXELS // 2
    return image[:, ::-1] if image[:, :middle].sum() > image[:, middle + 1 :].sum() else image


def normalise(images: np.ndarray) -> np.ndarray:
    """Return images (..., row, column) whose squared pixels sum up to one."""
    norm = np.sqrt(np.sum(images**2, axis=(-2, -1), keepdims=True))
    return images / np.maximum(norm, 1e-12)


def make_image(jet: Deposits, *, half_width: float, steps: list[str]) -> np.ndarray:
    """Return the image (row, column) of a jet after translation, pixelation and the named further steps."""
    centred = translate(jet)
    image = pixelate(centred.towers, half_width=half_width)
    if "rotate" in steps:
        image = rotate(image, turn_angle(centred))
    return flip(image) if "flip" in steps else image


def mass_of_towers(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> float:
    """Return the invariant mass of massless objects (tower,), in the unit of pt."""
    energy = np.sum(pt * np.cosh(eta))
    momentum = np.array([np.sum(pt * np.cos(phi)), np.sum(pt * np.sin(phi)), np.sum(pt * np.sinh(eta))])
    return float(np.sqrt(max(energy**2 - momentum @ momentum, 0.0)))


def mass_of_image(image: np.ndarray, *, half_width: float) -> float:
    """Return the mass of an image (row, column) whose pixels are the pT of massless objects at their centres."""
    middles = (np.arange(N_PIXELS) + 0.5) * (2 * half_width / N_PIXELS) - half_width
    eta, phi = np.meshgrid(middles, -middles)
    return mass_of_towers(image.ravel(), eta.ravel(), phi.ravel())


def naive_translation(jet: Deposits) -> np.ndarray:
    """Return towers (3, tower) moved as by `translate`, but with the energy kept instead of pT.

    It is what a shift of an image of energies does; it is no boost, and the mass changes.
    """
    moved = translate(jet).towers
    energy = jet.towers[0] * np.cosh(jet.towers[1])
    return np.stack([energy / np.cosh(moved[1]), moved[1], moved[2]])


def masses_by_step(jet: Deposits, *, half_width: float) -> dict[str, float]:
    """Return the image's mass after each step of the article's comparison; "pixelation" is the jet of towers."""
    centred = translate(jet)
    image = pixelate(centred.towers, half_width=half_width)
    return {
        "pixelation": mass_of_towers(*jet.towers),
        "translation": mass_of_image(image, half_width=half_width),
        "flip": mass_of_image(flip(image), half_width=half_width),
        "quarter_turn": mass_of_image(np.rot90(image), half_width=half_width),
        "rotation": mass_of_image(rotate(image, turn_angle(centred)), half_width=half_width),
        "normalisation": mass_of_image(normalise(image), half_width=half_width),
        "naive_translation": mass_of_towers(*naive_translation(jet)),
    }
