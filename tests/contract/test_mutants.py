"""What every mutants.yaml keeps to; that each mistake is noticed is shown by `make mutants`."""

import pytest

from common.report.mistakes import load_mistakes
from common.report.readme import mistakes_part
from common.workflow.closure import ROOT
from common.workflow.paper import discover
from tests.mutants import folder_of, mistakes_of, papers_with_mistakes

PAPERS = papers_with_mistakes(ROOT)


@pytest.mark.parametrize("paper", PAPERS)
def test_each_mistake_has_its_place_and_its_tests(paper):
    assert mistakes_of(paper, root=ROOT)


@pytest.mark.parametrize("paper", PAPERS)
def test_sentences_are_sentences(paper):
    for entry in load_mistakes(folder_of(paper, ROOT)):
        for sentence in (entry.mistake, entry.matters):
            assert len(sentence.split()) >= 4 and sentence[0].isupper() and sentence.strip().endswith("."), entry.id


@pytest.mark.parametrize("paper", ["_template", *discover()])
def test_the_readme_lists_what_can_go_wrong(paper):
    folder = ROOT / "papers" / paper
    written = (folder / "README.md").read_text()
    assert written == mistakes_part(folder), "run: make readme"
    assert ("### What can go wrong" in written) == bool(load_mistakes(folder))
