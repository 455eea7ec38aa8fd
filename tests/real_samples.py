"""Real samples, which are not part of the repository: where tests look for them, and what a skipped test says."""

from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2] / "shared/real"  # beside the checkout


def needs_real(*files, source):
    """Skip a test unless these files or folders below `REAL` are there; say which are wanted and who publishes them."""
    missing = [str(REAL / file) for file in files if not (REAL / file).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"wanted: {', '.join(missing)}; published: {source}")
