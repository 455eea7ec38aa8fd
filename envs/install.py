"""Create .venv and install what a paper needs, pinned by envs/lock.txt. Called by `make env`; standard library only.

    python3 envs/install.py --extras astro,dev

Calling it again does nothing unless the lock or the wanted extras have changed. It keeps to what Python 3.7 can read,
so that a Python that is too old can still say so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "envs" / "lock.txt"
PYTHON_VERSION = platform.python_version()
STAMP = VENV / "installed.json"
# Rounded up from an installation on Linux x86_64 with the CPU build of torch; only to warn before a disk fills up.
SIZE_MB = {
    "base": 700,
    "astro": 400,
    "torch": 1000,
    "tensorflow": 1900,
    "hep": 400,
    "gw": 700,
    "dev": 250,
    "cluster": 50,
}
CPU_TORCH = "https://download.pytorch.org/whl/cpu"


def main() -> None:
    """Check, create, install, remember."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extras", default="", help="comma-separated: " + ", ".join(sorted(set(SIZE_MB) - {"base"})))
    wanted = set(filter(None, parser.parse_args().extras.replace(" ", ",").split(",")))
    check_extras(wanted)
    check_python(sys.version_info[:2])
    stamp = read_stamp()
    installed = set(stamp["extras"]) if stamp else set()
    same_python = stamp.get("python") == PYTHON_VERSION
    if stamp and wanted <= installed and same_python and stamp["lock"] == lock_hash():
        print(f"Environment .venv is up to date (extras: {', '.join(sorted(installed)) or 'none'}).")
        return
    extras = sorted(wanted | installed)  # what was installed before follows a new lock as well
    check_disk(wanted - installed, fresh=not stamp)
    create_venv(keep=same_python)
    print(f"Installing into .venv (extras: {', '.join(extras) or 'none'}). The first time this takes some minutes.")
    sys.stdout.flush()
    if "torch" in extras:
        install_torch()
    pip(["install", "--constraint", str(LOCK), f".[{','.join(extras)}]"], likely="see the messages above")
    stamp = {"lock": lock_hash(), "python": PYTHON_VERSION, "extras": extras}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    print("Environment .venv is ready. Use it with: source .venv/bin/activate")


def check_extras(wanted: set[str]) -> None:
    """Stop if an extra is not one of ours: pip would only warn."""
    unknown = wanted - (set(SIZE_MB) - {"base"})
    if unknown:
        stop(f"no extra called {', '.join(sorted(unknown))}.", f"Known: {', '.join(sorted(set(SIZE_MB) - {'base'}))}")


def check_python(version: tuple[int, ...]) -> None:
    """Stop if this Python has no wheels for the pinned packages."""
    if not OLDEST <= version <= NEWEST:
        needed = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        stop(
            f"Python {needed} is needed, but {sys.executable} is {version[0]}.{version[1]}.",
            "Install one and name it, e.g.: make env PYTHON=python3.12",
        )


def read_stamp() -> dict:
    """Return what .venv was made from: hash of the lock, Python, extras; empty if there is no finished .venv."""
    return json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}


def lock_hash() -> str:
    """Return a hash of everything that decides what is installed."""
    return hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def check_disk(new_extras: set[str], *, fresh: bool) -> None:
    """Stop if the packages would not fit."""
    needed = sum(SIZE_MB[extra] for extra in new_extras) + (SIZE_MB["base"] if fresh else 0)
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < needed:
        stop(
            f"about {needed} MB are needed below {ROOT}, but only {free} MB are free.",
            "Free some space, or clone the repository onto a larger disk.",
        )


def create_venv(*, keep: bool) -> None:
    """Create .venv with this Python, unless `keep` and it is there and works."""
    if keep and PYTHON.exists() and subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return
    print(f"Creating .venv with Python {platform.python_version()}")
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        stop("Python's venv module does not work.", "On Debian or Ubuntu: sudo apt install python3-venv")


def install_torch() -> None:
    """Install PyTorch's CPU build where there is no NVIDIA GPU; PyPI's build for Linux brings several GB of CUDA."""
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return
    pins = (line for line in LOCK.read_text(encoding="utf-8").splitlines() if line.startswith("torch=="))
    requirement = f"{next(pins).split()[0]}+cpu"
    print(f"No NVIDIA GPU found: installing the CPU build, {requirement}.")
    pip(
        ["install", "--no-deps", "--retries", "1", "--extra-index-url", CPU_TORCH, requirement],
        likely=f"PyTorch's own package index {CPU_TORCH} could not be reached",
    )


def pip(arguments: list[str], *, likely: str) -> None:
    """Call the environment's pip; explain a failure."""
    command = [str(PYTHON), "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    if subprocess.call(command, cwd=str(ROOT)) != 0:
        stop(
            f"pip could not install the packages: {likely}.",
            "'Could not find a version' or 'connection' above: the package index cannot be reached; check the network\n"
            "  or the proxy. 'No space left on device': free some space. Then call the same command again.",
        )


def stop(problem: str, advice: str) -> None:
    """End with a message and the next step."""
    sys.exit(f"error: {problem}\n  {advice}")


if __name__ == "__main__":
    main()
