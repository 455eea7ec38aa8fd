"""Draw the article's figures from stored predictions (arXiv:0000.00000).

predictions.h5 of the first seed -> figures/fig1_score.{pdf,png,csv}.
"""

import h5py
import numpy as np
from matplotlib.axes import Axes

from common.download.receipts import origin_of, read_receipt
from common.plotting import new_figure, save_figure
from common.stage import parse, run


def draw_score(axes: Axes, *, label: np.ndarray, score: np.ndarray) -> dict[str, np.ndarray]:
    """Fig. 1: distribution of the score (event,) for both classes; returns what is drawn, per bin."""
    edges = np.linspace(0, 1, 21)
    counts = {f"class_{value}": np.histogram(score[label == value], edges)[0] for value in (0, 1)}
    for name, count in counts.items():
        axes.stairs(count, edges, label=name.replace("_", " "))
    axes.set(xlabel="score", ylabel="events per bin")
    axes.legend()
    return {"score_low": edges[:-1], "score_high": edges[1:], **counts}


def main() -> None:
    """Read the first seed's predictions and draw every figure."""
    arguments = parse(__doc__, path_lists=["receipts", "predictions", "figures"])
    with h5py.File(arguments.predictions[0]) as file:
        label, score = file["label"][:], file["score"][:]
    figure, axes = new_figure()
    drawn = draw_score(axes, label=label, score=score)
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    save_figure(figure, arguments.figures[0], drawn, origin=origin)


if __name__ == "__main__":
    run(main)
