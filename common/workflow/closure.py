"""What a stage's code consists of: the files of this repository that its module imports."""

import ast
import functools
from importlib.util import resolve_name
from pathlib import Path

from common.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def _local_imports(module: str) -> frozenset[str]:
    """Return the repository's modules and packages that one module names in its import statements."""
    names = {module.rpartition(".")[0]}
    for node in ast.walk(ast.parse(_module_file(module).read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module if _module_file(module).name == "__init__.py" else module.rpartition(".")[0]
            source = resolve_name("." * node.level + (node.module or ""), package)
            names |= {source} | {f"{source}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name and _module_file(name).is_file())


def _module_file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def import_closure(module: str) -> list[str]:
    """Return the repository's files that a module such as "common.report.page" imports, its own included.

    They are inputs of the rules, so that an edit reruns exactly the steps that it concerns. The files are
    read, not imported, each of them once for all rules.

    Raises:
        InputError: If there is no such module.
    """
    if not _module_file(module).is_file():
        raise InputError(f"{module.replace('.', '/')}.py: a rule runs this file, but it is missing.")
    found: set[str] = set()
    waiting = {module}
    while waiting:
        found |= waiting
        waiting = set().union(*map(_local_imports, waiting)) - found
    return sorted(str(_module_file(name).relative_to(ROOT)) for name in found)
