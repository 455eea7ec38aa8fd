"""How the numerical kernels of the generator of arXiv:1604.01444's events are compiled: Numba, cached on disk.

Numba's cache of a function does not notice an edit of a function in another file that it calls. So the cache lies in
a folder named after the contents of all files of this paper: any edit compiles anew, the rest starts in seconds.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

FOLDER = Path(__file__).parent


def cache_folder() -> Path:
    """Return where the compiled kernels of the files as they are now belong."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.py")):
        if "nova_cvn.kernels" in path.read_text(encoding="utf-8"):
            digest.update(path.name.encode() + path.read_bytes())
    return FOLDER / "__pycache__" / f"kernels-{digest.hexdigest()[:12]}"


numba.config.CACHE_DIR = str(cache_folder())  # read when a function below is decorated


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function compiled by Numba at its first call; divisions by zero give inf or nan as in NumPy."""
    return numba.njit(cache=True, error_model="numpy")(function)
