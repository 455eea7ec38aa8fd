"""Each guard is called for each paper that declares a chain; all of them share one run of it."""

import pytest

from tests.guards.chains import Chains, chain_of, with_chain


def pytest_generate_tests(metafunc):
    if "chains" in metafunc.fixturenames:
        metafunc.parametrize("chains", with_chain(), indirect=True, scope="session")


@pytest.fixture(scope="session")
def made():
    """What was run, by paper."""
    return {}


@pytest.fixture(scope="session")
def chains(request, made, tmp_path_factory):
    paper = request.param
    if paper not in made:
        made[paper] = Chains(chain_of(paper), tmp_path_factory.mktemp(paper))
    return made[paper]
