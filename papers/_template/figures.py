"""Draw the article's figures from stored predictions (arXiv:0000.00000).

predictions.h5 of the first seed -> figures/fig1_score.{pdf,png,csv} and the captions.
"""

import h5py

from common.plotting import draw_all
from common.stage import parse, run

from .plots import FIGURES, Inputs


def main() -> None:
    """Read the first seed's predictions and draw every figure."""
    arguments = parse(__doc__, section="run", paths=["prepared", "seeds", "figures"], optional=["only"])
    first = arguments.run.each_seed(arguments.seeds, "predictions.h5")[0]
    with h5py.File(arguments.prepared) as prepared, h5py.File(first) as file:
        inputs, origin = Inputs(file["label"][:], file["score"][:]), prepared.attrs["origin"]
    draw_all(FIGURES, inputs, arguments.figures, origin=origin, only=arguments.only)


if __name__ == "__main__":
    run(main)
