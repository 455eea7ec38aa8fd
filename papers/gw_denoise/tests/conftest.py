"""The run on a recording with known answers, which several files of tests look at."""

import pytest

from papers.gw_denoise.tests import known


@pytest.fixture(scope="session")
def known_run(tmp_path_factory):
    """The folder of the finished run."""
    return known.run(tmp_path_factory.mktemp("known"))
