"""Create .venv and install what a paper needs, pinned by envs/lock.txt. Called by `make env`; standard library only.

    python3 envs/install.py --extras astro,dev

Calling it again does nothing unless the lock or the wanted extras have changed. The syntax of this file is kept
old, so that a Python that is too old can still read it and say so.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "envs", "lock.txt")
STAMP = os.path.join(VENV, "installed.json")
# Measured on Linux x86_64 with the CPU build of torch; only to warn before a disk fills up.
SIZE_MB = {"base": 700, "astro": 350, "torch": 1000, "tensorflow": 1900, "hep": 400, "gw": 700, "dev": 250, "cluster": 50}
CPU_TORCH = "https://download.pytorch.org/whl/cpu"


def main():
    """Check, create, install, remember."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extras", default="", help="comma-separated: astro, torch, tensorflow, hep, gw, dev, cluster")
    wanted = set(filter(None, parser.parse_args().extras.replace(" ", ",").split(",")))
    check_python()
    state = read_state()
    if not wanted - set(state["extras"]):
        print("Environment .venv is up to date (extras: %s)." % (", ".join(state["extras"]) or "none"))
        return
    extras = sorted(wanted | set(state["extras"]))
    check_disk(wanted - set(state["extras"]), fresh=not state["extras"])
    create_venv()
    print("Installing into .venv with extras: %s. The first time this takes some minutes." % ", ".join(extras))
    sys.stdout.flush()
    if "torch" in extras:
        install_torch()
    target = ".[%s]" % ",".join(extras)
    pip(["install", "--constraint", LOCK, target], "see the messages above")
    with open(STAMP, "w") as stream:
        json.dump({"lock": lock_hash(), "extras": extras}, stream)
    print("Environment .venv is ready. Use it with: source .venv/bin/activate")


def check_python():
    """Stop if this Python has no wheels for the pinned packages."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        stop(
            "Python %d.%d to %d.%d is needed, but %s is %s."
            % (OLDEST + NEWEST + (sys.executable, platform.python_version())),
            "Install one and name it, e.g.: make env PYTHON=python3.12",
        )


def read_state():
    """Return the extras that are installed from the present lock file; none if the lock has changed."""
    nothing = {"extras": []}
    if not os.path.exists(STAMP):
        return nothing
    with open(STAMP) as stream:
        state = json.load(stream)
    return state if state["lock"] == lock_hash() else nothing


def lock_hash():
    """Return a hash of everything that decides what is installed."""
    digest = hashlib.sha256()
    for path in (LOCK, os.path.join(ROOT, "pyproject.toml")):
        with open(path, "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()


def check_disk(new_extras, fresh):
    """Stop if the packages would not fit."""
    needed = sum(SIZE_MB.get(extra, 100) for extra in new_extras) + (SIZE_MB["base"] if fresh else 0)
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < needed:
        stop(
            "about %d MB are needed below %s, but only %d MB are free." % (needed, ROOT, free),
            "Free some space, or clone the repository onto a larger disk.",
        )


def create_venv():
    """Create .venv with this Python, unless it is there and works."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.exists(python) and subprocess.call([python, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return
    print("Creating .venv with Python %s" % platform.python_version())
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        stop("Python's venv module does not work.", "On Debian or Ubuntu: sudo apt install python3-venv")


def install_torch():
    """Install PyTorch's CPU build where there is no NVIDIA GPU; PyPI's build for Linux brings several GB of CUDA."""
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return
    with open(LOCK) as stream:
        version = next(line.split("==")[1].split()[0] for line in stream if line.startswith("torch=="))
    print("No NVIDIA GPU found: installing the CPU build of torch %s." % version)
    pip(
        ["install", "--no-deps", "--retries", "1", "--extra-index-url", CPU_TORCH, "torch==%s+cpu" % version],
        "PyTorch's own package index %s could not be reached" % CPU_TORCH,
    )


def pip(arguments, likely):
    """Call the environment's pip; explain a failure."""
    command = [os.path.join(VENV, "bin", "python"), "-m", "pip"] + arguments
    quiet = ["--quiet", "--disable-pip-version-check"]
    if subprocess.call(command + quiet, cwd=ROOT) != 0:
        stop(
            "pip could not install the packages: %s." % likely,
            "'Could not find a version' or 'connection' above: the package index cannot be reached; check the network or"
            " the proxy.\n  'No space left on device': free some space.\n  Then call the same command again; what is"
            " installed already is kept.",
        )


def stop(problem, advice):
    """End with a message and the next step."""
    sys.exit("error: %s\n  %s" % (problem, advice))


if __name__ == "__main__":
    main()
