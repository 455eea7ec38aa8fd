"""Generate the pool of pile-up collisions that the simulated files of one split share (arXiv:1909.12285, data set).

Settings -> pileup_<split>.npz with the particles of inelastic collisions.
"""

from common.atomic import atomic_output
from common.stage import parse, run

from .generator.pileup import make_pool, write_pool
from .settings import PileupConfig


def main() -> None:
    """Generate and write."""
    arguments = parse(__doc__, section="simulate_pileup", config=PileupConfig, paths=["pool"])
    pool = make_pool(arguments.config, arguments.pool.name)
    with atomic_output(arguments.pool) as path:
        write_pool(path, pool)


if __name__ == "__main__":
    run(main)
