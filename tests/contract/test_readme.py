"""The tables of the READMEs are what the recorded results give."""

import pytest

from common.errors import InputError
from common.report.readme import overview_block, paper_block, read_records, replace_block
from common.workflow.closure import ROOT
from common.workflow.paper import discover


@pytest.mark.parametrize("name", discover())
def test_result_tables_come_from_the_record(name):
    folder = ROOT / "papers" / name
    assert (folder / "README.md").read_text() == replace_block(
        folder / "README.md", "results", paper_block(read_records(folder))
    )


def test_the_overview_comes_from_the_records():
    papers = {name: ROOT / "papers" / name for name in discover()}
    assert (ROOT / "README.md").read_text() == replace_block(ROOT / "README.md", "papers", overview_block(papers))


def test_no_smoke_run_and_no_changed_settings_are_recorded():
    records = [record for name in discover() for record in read_records(ROOT / "papers" / name).items()]
    assert records
    assert all(name != "smoke" and not record.comparison.changes for name, record in records)


def test_a_readme_without_the_block_says_what_to_add(tmp_path):
    (tmp_path / "README.md").write_text("no block")
    with pytest.raises(InputError, match=r"Add both lines"):
        replace_block(tmp_path / "README.md", "results", "")
