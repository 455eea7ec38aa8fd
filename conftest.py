"""How the tests share two processes: one thread for each, which tests stay together, and what comes first."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Two workers on two cores: a second thread of a library would only wait for a core. Set before any of them is imported,
# and inherited by the runs that tests start.
for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{library}_THREADS", "1")

LONG = ("test_whole_runs.py", "test_faults.py")  # their tests share nothing, so that any worker can take any of them
OF_MINI = (
    "test_old_numbers.py",
    "test_reruns.py",
    "test_targets.py",
)  # their tests share the runs of tests/workflow/conftest.py


def unit_of(nodeid: str) -> str:
    """Return the name of the tests that one worker does together, because they may share fixtures: as a rule a file."""
    file = nodeid.partition("::")[0]
    if file.endswith(LONG):
        return nodeid
    if file.startswith("tests/guards/") and nodeid.endswith("]") and not file.endswith("test_guards.py"):
        return f"guards of {nodeid.rpartition('[')[2][:-1]}"  # they share a run of the paper's chain
    return "runs of mini" if file.endswith(OF_MINI) else file


def is_whole_run(item: pytest.Item) -> bool:
    """Whether a test may call Snakemake, which takes longest."""
    return item.path.parent.name == "workflow" or item.path.name == "test_archive_run.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests start first, so that the workers end together."""
    items.sort(key=is_whole_run, reverse=True)


class Units(LoadScopeScheduling):
    """Hands out one unit after the other. pytest-xdist's own groups are lost with pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Units:
    """Called by pytest-xdist."""
    return Units(config, log)
