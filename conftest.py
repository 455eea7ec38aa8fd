"""How the tests share two processes: who runs together, what comes first, and one thread for each."""

import os

import pytest

# Two workers on two cores: a second thread of a library would only wait for a core. Set before any of them is imported,
# and inherited by the runs that tests start.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def shared_scope(item: pytest.Item) -> str | None:
    """Return the file or folder with whose tests an item shares a fixture, or None."""
    scopes = {fixture.scope for fixtures in item._fixtureinfo.name2fixturedefs.values() for fixture in fixtures}
    if "package" in scopes:
        return item.nodeid.partition("::")[0].rpartition("/")[0]
    return item.nodeid.partition("::")[0] if "module" in scopes else None


def is_whole_run(item: pytest.Item) -> bool:
    """Whether a test may call Snakemake, which takes longest."""
    return item.path.parent.name == "workflow" or item.path.name == "test_archive_run.py"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests with a shared fixture on one worker, and start the longest tests first."""
    items.sort(key=is_whole_run, reverse=True)
    for item in items:
        if scope := shared_scope(item):
            item.add_marker(pytest.mark.xdist_group(scope))
