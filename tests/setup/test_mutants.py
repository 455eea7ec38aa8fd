"""The tool that plants the mistakes of mutants.yaml, on a paper of three lines."""

import pytest
import yaml

from common.errors import InputError
from common.report.mistakes import load_mistakes, mistakes_block
from common.report.readme import mistakes_part
from tests import mutants

MODEL = "def area(a, b):\n    return a * b\n\n\ndef name():\n    return 'area'\n"
TESTS = """
import pytest


def test_area():
    from papers.sky.model import area

    assert area(2, 3) == 6


def test_nothing():
    assert True


def test_wrong():
    assert False


@pytest.mark.skip(reason="no archive here")
def test_skipped():
    pass


@pytest.mark.parametrize("side", [0, 1])
def test_sides(side):
    from papers.sky.model import area

    assert area(side, 1) == side
"""


def mistake(name, after="a + b", tests=("test_nothing", "test_area"), **more):
    """An entry of mutants.yaml; keywords replace its fields."""
    return {
        "id": name,
        "mistake": "The sides are added.",
        "matters": "The area is * wrong.",
        "guard": "physics",
        "changes": [{"file": "model.py", "before": "a * b", "after": after}],
        "tests": [f"papers/sky/tests/test_model.py::{test}" for test in tests],
    } | more


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "repository"
    (folder / "papers/sky/tests").mkdir(parents=True)
    (folder / "papers/sky/model.py").write_text(MODEL)
    (folder / "papers/sky/tests/test_model.py").write_text(TESTS)
    settings = '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\npythonpath = ["."]\n'
    (folder / "pyproject.toml").write_text(settings)
    return folder


@pytest.fixture
def plant(root, capsys):
    """Write mistakes, call the tool, and return the lines that it prints and its exit status."""

    def call(*entries, options=()):
        write(root, *entries)
        status = 0
        try:
            mutants.main(list(options), root=root)
        except SystemExit as ended:
            status = ended.code
        assert (root / "papers/sky/model.py").read_text() == MODEL
        return capsys.readouterr().out.splitlines(), status

    return call


def write(root, *entries):
    (root / "papers/sky/mutants.yaml").write_text(yaml.safe_dump(list(entries)))


def refusal(root, *entries):
    write(root, *entries)
    with pytest.raises(InputError) as caught:
        mutants.main([], root=root)
    return str(caught.value)


# ---- what is planted ----


def test_each_mistake_has_a_line_and_each_kind_a_sum(plant):
    entries = [
        mistake("added"),
        mistake("one_side", after="a * b if a > 1 else b", tests=["test_sides"]),
        mistake("swapped", after="b * a", guard="chain"),
        mistake("no_name", after="a * c"),
        mistake("no_python", after="a *"),
        mistake("wrong_before", tests=["test_wrong"]),
        mistake("skipped", tests=["test_skipped"]),
    ]
    lines, status = plant(*entries)
    tests = "papers/sky/tests/test_model.py"
    assert lines[0] == f"sky added: caught by {tests}::test_area"
    assert lines[1] == f"sky one_side: caught by {tests}::test_sides[0]"
    assert lines[2].startswith("sky swapped: SURVIVED (passed: papers/")
    assert lines[3].startswith("sky no_name: BROKEN") and "NameError" in lines[3]
    assert lines[4].startswith("sky no_python: BROKEN") and "is no Python" in lines[4]
    assert lines[5].startswith("sky wrong_before: BROKEN") and "fails without the mistake as well" in lines[5]
    assert lines[6].startswith("sky skipped: BROKEN") and "does not run here" in lines[6]
    assert [line.split() for line in lines[8:]] == [
        ["chain", "0", "of", "1", "caught"],
        ["physics", "2", "of", "6", "caught"],
        ["together", "2", "of", "7", "caught"],
    ]
    assert status == 1


def test_all_caught_is_a_success(plant):
    _, status = plant(mistake("added", tests=["test_area"]))
    assert status == 0


def test_a_draw_is_repeated_by_its_seed(plant):
    entries = [mistake(f"added_{k}", tests=["test_area"]) for k in range(20)]
    first, again, other = (plant(*entries, options=["--random", "1", "--seed", seed])[0] for seed in "112")
    assert first[0] == "1 of 20 mistakes, drawn with --seed 1"
    assert first == again and first[1] != other[1]


def test_a_test_that_pytest_does_not_find_is_named(root):
    entries = mistake("added", tests=["test_sides[0]", "test_sides[7]"]), mistake("again", tests=["test_sides"])
    assert refusal(root, *entries) == (
        "papers/sky/mutants.yaml: added: no such test: papers/sky/tests/test_model.py::test_sides[7]"
    )


# ---- what mutants.yaml may say ----


def test_all_faults_of_a_file_are_named_at_once(root):
    entries = [
        mistake("lost", changes=[{"file": "model.py", "before": "a / b", "after": "a"}]),
        mistake("twice", changes=[{"file": "model.py", "before": "return", "after": "yield"}]),
        mistake("same", after="a * b"),
        mistake("no_file", changes=[{"file": "common/modle.py", "before": "a", "after": "b"}]),
        mistake("no_test", tests=["test_sidse"]),
        mistake("no_test_file") | {"tests": ["papers/sky/tests/test_x.py::test_a"]},
    ]
    where = "papers/sky/mutants.yaml: "
    assert refusal(root, *entries).splitlines() == [
        f"{where}lost: model.py has `before` 0 times, expected once: 'a / b'",
        f"{where}twice: model.py has `before` 2 times, expected once: 'return'",
        f"{where}same: model.py: `after` is what `before` is",
        f"{where}no_file: there is no file common/modle.py",
        f"{where}no_test: papers/sky/tests/test_model.py has no test 'test_sidse'. Did you mean 'test_sides' or"
        " 'test_skipped' or 'test_area'?",
        f"{where}no_test_file: there is no file papers/sky/tests/test_x.py",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([mistake("added"), mistake("added")], "these ids are given twice: added"),
        ([mistake("added", gaurd="physics")], "unknown key '0.gaurd'"),
        ([mistake("added", guard="biology")], "key '0.guard'"),
        ([mistake("added", changes=[])], "key '0.changes'"),
    ],
)
def test_a_broken_file_is_named(root, entries, message):
    found = refusal(root, *entries)
    assert "papers/sky/mutants.yaml" in found and message in found


def test_an_unknown_paper_is_named(root):
    write(root, mistake("added"))
    with pytest.raises(InputError, match=r"papers/sku/mutants.yaml: there is no such file. Did you mean 'sky'"):
        mutants.main(["--paper", "sku"], root=root)


def test_tests_may_be_given_from_the_papers_folder(root):
    write(root, mistake("added", tests=["test_area"]) | {"tests": ["tests/test_model.py::test_area"]})
    (planted,) = mutants.mistakes_of("sky", root=root)
    assert planted.tests == ("papers/sky/tests/test_model.py::test_area",)


# ---- the README ----


def test_the_readme_gets_the_part_once_and_lists_by_kind(root):
    folder = root / "papers/sky"
    readme = folder / "README.md"
    readme.write_text("# Sky\n")
    assert mistakes_part(folder) == "# Sky\n"  # no list, no part
    write(root, mistake("added"), mistake("again", guard="null", mistake="Null."))
    readme.write_text(mistakes_part(folder))
    lines = readme.read_text().splitlines()
    assert lines[:3] == ["# Sky", "", "### What can go wrong"]
    assert lines[4:-1] == mistakes_block(load_mistakes(folder)).splitlines()
    assert lines.index("*Null*") < lines.index("- Null. The area is \\* wrong.") < lines.index("*Physics*")
    assert mistakes_part(folder) == readme.read_text()
    write(root, mistake("added", mistake="Another one."))
    assert "Another one." in mistakes_part(folder) and "Null" not in mistakes_part(folder)
