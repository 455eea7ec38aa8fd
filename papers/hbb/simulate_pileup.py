"""Generate the pool of pile-up collisions that all simulated files share (arXiv:1909.12285, data set).

Settings -> pileup.npz with the particles of inelastic collisions.
"""

from common.atomic import atomic_output
from common.stage import parse, run

from .generator.pileup import make_pool, write_pool
from .settings import PileupConfig


def main() -> None:
    """Generate and write."""
    arguments = parse(__doc__, section="simulate_pileup", config=PileupConfig, paths=["pool"])
    pool = make_pool(arguments.config)
    with atomic_output(arguments.pool) as path:
        write_pool(path, pool)


if __name__ == "__main__":
    run(main)
