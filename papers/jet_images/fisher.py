"""Fisher's linear discriminant on the pixels, in bins of the subjets' distance (J. Cogan et al., arXiv:1407.5675).

It is the linear baseline of arXiv:1511.05190: images in GeV, three bins of Delta R with edges 0.5 and 0.75.
"""

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


def fit_and_score(
    train: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], images: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    """Return the score (jet,) of images (jet, 25, 25) with the subjets' distances (jet,).

    Args:
        train: Images, distances, labels and weights of the training jets.
        images: (jet, 25, 25) to be scored
        distance: (jet,) of their subjets
    """
    train_images, train_distance, label, weight = train
    train_bin, bins = np.digitize(train_distance, EDGES), np.digitize(distance, EDGES)
    score = np.zeros(len(images))
    for number in range(len(EDGES) + 1):
        train_in_bin, in_bin = train_bin == number, bins == number
        if len(np.unique(label[train_in_bin])) < 2:
            continue  # a bin with one class has no discriminant: its jets keep the score 0
        train_pixels = train_images[train_in_bin].reshape(train_in_bin.sum(), -1)  # (jet, pixel)
        direction, offset = discriminant(train_pixels, label[train_in_bin], weight[train_in_bin])
        score[in_bin] = images[in_bin].reshape(in_bin.sum(), -1) @ direction + offset
    return score
