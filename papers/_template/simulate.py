"""Draw events of two Gaussian classes (arXiv:0000.00000, Sec. 2).

Settings -> events.csv with the columns `label` (0 or 1) and `feature`, in the archive's own format.
"""

import io

import numpy as np

from common.atomic import write_text
from common.download.receipts import generated_receipt, write_receipt
from common.stage import parse, run

from .settings import SimulateConfig


def draw_events(config: SimulateConfig) -> np.ndarray:
    """Return events (2 n_events, 2): class label, and a feature of unit variance around 0 or `separation`."""
    generator = np.random.default_rng(config.seed)
    labels = np.repeat([0, 1], config.n_events)
    feature = generator.normal(loc=labels * config.separation)
    return generator.permutation(np.column_stack([labels, feature]))


def main() -> None:
    """Write the events and their receipt."""
    arguments = parse(__doc__, section="simulate", config=SimulateConfig, paths=["events", "receipt"])
    table = io.StringIO()
    np.savetxt(
        table, draw_events(arguments.config), fmt=["%d", "%.6f"], delimiter=",", header="label,feature", comments=""
    )
    write_text(arguments.events, table.getvalue())
    write_receipt(arguments.receipt, generated_receipt(arguments.events, dataset="generated"))


if __name__ == "__main__":
    run(main)
