"""Fisher's linear discriminant on the pixels, in bins of the subjets' distance (J. Cogan et al., arXiv:1407.5675).

It is the linear baseline of arXiv:1511.05190: images in GeV, three bins of Delta R with edges 0.5 and 0.75.
"""

from dataclasses import dataclass

import numpy as np

EDGES = (0.5, 0.75)  # edges in Delta R; the first bin begins at 0.25 in the article, ours at 0
SHRINKAGE = 0.1  # towards a multiple of the unit matrix, because a bin has few jets for 625 pixels


def discriminant(pixels: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Return direction (pixel,) and offset: their sum is the log odds if both classes are Gaussians of one covariance.

    Args:
        pixels: (jet, pixel)
        label: (jet,) 1 or 0
        weight: (jet,)
    """
    n_pixels = pixels.shape[1]
    within, means, totals = np.zeros((n_pixels, n_pixels)), [], []
    for kind in (0, 1):
        jets, share = pixels[label == kind], weight[label == kind]
        means.append(share @ jets / share.sum())
        totals.append(share.sum())
        centred = jets - means[-1]
        within += (centred * share[:, None]).T @ centred
    within /= sum(totals)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / n_pixels * np.eye(n_pixels)
    direction = np.linalg.solve(within, means[1] - means[0])
    return direction, float(np.log(totals[1] / totals[0]) - direction @ (means[0] + means[1]) / 2)


@dataclass(frozen=True)
class Discriminants:
    """Direction (bin, pixel) and offset (bin,) in each bin of the subjets' distance; zero in a bin with one class."""

    direction: np.ndarray
    offset: np.ndarray

    @classmethod
    def fit(cls, images: np.ndarray, distance: np.ndarray, label: np.ndarray, weight: np.ndarray) -> "Discriminants":
        """Return the discriminants of training jets.

        Args:
            images: (jet, 25, 25)
            distance: (jet,) of the subjets
            label: (jet,) 1 or 0
            weight: (jet,)
        """
        bins, pixels = np.digitize(distance, EDGES), images.reshape(len(images), -1)
        direction, offset = np.zeros((len(EDGES) + 1, pixels.shape[1])), np.zeros(len(EDGES) + 1)
        for number in range(len(EDGES) + 1):
            inside = bins == number
            if len(np.unique(label[inside])) == 2:
                direction[number], offset[number] = discriminant(pixels[inside], label[inside], weight[inside])
        return cls(direction, offset)

    def score(self, images: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Return the score (jet,) of images (jet, 25, 25) with the subjets' distances (jet,)."""
        bins, score = np.digitize(distance, EDGES), np.zeros(len(images))
        for number in range(len(EDGES) + 1):
            inside = bins == number
            score[inside] = images[inside].reshape(inside.sum(), -1) @ self.direction[number] + self.offset[number]
        return score
