"""The real rows of run `small`: where tests look for them."""

from tests.real_samples import REAL, needs_real

FOLDER = REAL / "photoz"
needs_real_rows = needs_real(
    "photoz/sel_features.csv",
    "photoz/sel_target.csv",
    source="https://github.com/TheRealJavioli/ml-physics-notebooks, folder data/",
)
