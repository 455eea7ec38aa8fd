"""Write envs/lock.txt (all packages, exact versions) and one conda file per extra with the same pins.

Run by `make lock` after an edit of pyproject.toml. Needs uv, which `make lock` installs.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from pyproject.toml; do not edit.\n"
CONDA_EXTRAS = ("astro", "gw", "hep", "tensorflow", "torch")  # one per framework; `core` has the base only


def resolve() -> str:
    """Return the pinned versions of everything that pyproject.toml can install, with all extras."""
    command = ["-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--all-extras", "--quiet"]
    command += ["--no-annotate", "--no-header", "pyproject.toml"]
    return subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def pins(lock: str) -> dict[str, str]:
    """Return version by package name, as Linux sees it."""
    found = {}
    for line in lock.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"sys_platform": "linux"}):
                found[requirement.name.lower()] = str(requirement.specifier).removeprefix("==")
    return found


def conda_file(extra: str, project: dict, versions: dict[str, str]) -> str:
    """Return the conda environment of one extra: Python from conda-forge, our pins from pip."""
    names = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"].get(extra, [])]
    lines = [
        f"      - {name.name}=={versions[name.name.lower()]}"
        for name in sorted(names, key=lambda requirement: requirement.name.lower())
        if name.marker is None or name.marker.evaluate({"sys_platform": "linux"})
    ]
    top = [f"name: papers-{extra}", "channels:", "  - conda-forge", "  - nodefaults", "dependencies:"]
    return HEADER + "\n".join([*top, "  - python=3.11", "  - pip", "  - pip:", *lines]) + "\n"


def main() -> None:
    """Resolve and write."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = resolve()
    (ROOT / "envs/lock.txt").write_text(HEADER + lock, encoding="utf-8")
    for extra in ("core", *CONDA_EXTRAS):
        (ROOT / f"envs/{extra}.yaml").write_text(conda_file(extra, project, pins(lock)), encoding="utf-8")


if __name__ == "__main__":
    main()
