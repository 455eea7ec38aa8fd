"""How the numerical kernels are compiled: Numba, with a cache on disk.

Numba's cache of a function does not notice an edit of a function in another file that it calls. So the cache lies in
a folder named after the contents of all files that `transport` imports, where all kernels come together: after any edit
of these they are compiled again, otherwise a start takes seconds.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from common.workflow.closure import ROOT, import_closure

KERNEL_FILES = import_closure(f"{__package__}.transport")


def cache_folder() -> Path:
    """Return the folder for the compiled kernels of the present files."""
    digest = hashlib.sha256()
    for file in KERNEL_FILES:
        digest.update(file.encode() + (ROOT / file).read_bytes())
    return Path(__file__).parent / "__pycache__" / f"kernels-{digest.hexdigest()[:12]}"


numba.config.CACHE_DIR = str(cache_folder())  # read when a function below is decorated


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function compiled by Numba at its first call; divisions by zero give inf or nan as in NumPy."""
    return numba.njit(cache=True, error_model="numpy")(function)
