"""Generate a stand-in for the catalogue of arXiv:1903.08174.

Settings -> DEEP2_uniq_Terapix_Subaru_v1.fits, template galaxies in the release's own table, and its receipt. How a row
is made, and how far it can be trusted, is said in generator/galaxies.py.
"""

from common.download.receipts import generated_receipt, write_receipt
from common.stage import parse, run

from .generator.galaxies import generate, write_fits
from .settings import SimulateConfig


def main() -> None:
    """Generate, write the table and its receipt."""
    arguments = parse(__doc__, section="simulate", config=SimulateConfig, paths=["catalogue", "receipt"])
    seed = arguments.config.seed
    catalogue, truth = generate(arguments.config, seed)
    write_fits(catalogue, truth, arguments.catalogue, seed=seed)
    write_receipt(arguments.receipt, generated_receipt(arguments.catalogue, dataset="generated"))


if __name__ == "__main__":
    run(main)
