"""Who imports whom, where `common` and `papers` come from, and that all pins agree."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib import import_module

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from common.workflow.closure import ROOT

SOURCES = sorted([*ROOT.glob("common/**/*.py"), *ROOT.glob("papers/**/*.py")])
FEW_USERS = {  # module of common/ with less than two users: why it is a module of its own
    "download.fetch": "a stage of its own, run by workflow/rules/download.smk",
    "download.transfer": "one attempt over the network, apart from the choice of addresses in common.download.fetch",
    "report.aggregate": "a stage of its own, run by workflow/rules/compare.smk",
    "report.index": "the overview of all runs, written by common.report.summary",
    "report.page": "a stage of its own, run by workflow/rules/report.smk",
    "report.readme": "run by `make readme`",
    "report.record": "reads and writes results.json, apart from the READMEs' text in common.report.readme",
    "report.schemas": "run by hand after an edit of a model; tests/contract/test_papers.py compares",
    "report.waiting": "the list of unchecked claims, apart from the tables in common.report.readme",
    "workflow.chain": "used by the Snakefile only",
    "workflow.screen": "used by the Snakefile only",
}


def imports(tree, package):
    """Return the modules that a parsed file imports, absolute; `package` is where the file lies."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def imports_of(path):
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return imports(ast.parse(path.read_text(encoding="utf-8")), package)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import papers.a.model as m", "papers.a.model"),
        ("from papers.a import model", "papers.a.model"),
        ("from .model import fit", "papers.b.model"),
        ("from . import model", "papers.b.model"),
        ("from ..a import model", "papers.a.model"),
        ("def f():\n    from papers import a", "papers.a"),
    ],
)
def test_imports_are_found_in_every_spelling(line, found):
    assert found in imports(ast.parse(line), "papers.b")


def test_common_never_imports_a_paper():
    """Only common.workflow.paper does, by name, for the settings of whatever papers there are."""
    guilty = [
        path.name for path in ROOT.glob("common/**/*.py") if any(m.split(".")[0] == "papers" for m in imports_of(path))
    ]
    assert guilty == []
    by_name = [
        path.name for path in ROOT.glob("common/**/*.py") if "import_module(" in path.read_text(encoding="utf-8")
    ]
    assert by_name == ["paper.py"]


def test_papers_never_import_each_other():
    guilty = []
    for path in ROOT.glob("papers/*/**/*.py"):
        own = path.relative_to(ROOT / "papers").parts[0]
        others = {module.split(".")[1] for module in imports_of(path) if module.startswith("papers.")} - {own}
        guilty += [(str(path.relative_to(ROOT)), other) for other in others]
    assert guilty == []


def test_the_template_can_be_copied_under_another_name():
    """An absolute import or a path would still point at the template."""
    for path in (ROOT / "papers/_template").glob("**/*"):
        if path.suffix in (".py", ".smk"):
            assert "_template" not in path.read_text(encoding="utf-8"), path


def users_of_common():
    """Return the files that import or run each module of common/."""
    users = defaultdict(set)
    for path in SOURCES:
        for module in imports_of(path):
            if module.startswith("common."):
                users[module.removeprefix("common.")].add(path)
    scripts = [
        ROOT / "Snakefile",
        ROOT / "Makefile",
        *ROOT.glob("workflow/rules/*.smk"),
        *ROOT.glob("papers/*/rules.smk"),
    ]
    for path in scripts:
        for module in re.findall(r"\bcommon\.([\w.]+)", path.read_text(encoding="utf-8")):
            users[module].add(path)
    return users


def test_each_common_module_has_two_users_or_a_reason():
    files = {
        ".".join(path.relative_to(ROOT / "common").with_suffix("").parts): path
        for path in ROOT.glob("common/**/*.py")
        if path.name != "__init__.py"
    }
    users = users_of_common()
    lonely = {name for name, path in files.items() if len(users[name] - {path}) < 2}
    assert lonely <= set(FEW_USERS), "find a second user, or add the reason to FEW_USERS"
    assert set(FEW_USERS) <= set(files)


@pytest.mark.parametrize("folder", [ROOT, ROOT.parent])
def test_common_and_papers_come_from_this_repository(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # as the Snakefile sets it
    code = "import common, papers; print(common.__file__, papers.__file__, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == [str(ROOT / "common/__init__.py"), str(ROOT / "papers/__init__.py")]


def test_the_tests_themselves_see_this_repository():
    for name in ("common", "papers"):
        assert import_module(name).__file__ == str(ROOT / name / "__init__.py")


# ---- pins ----

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA_PYTHON = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.9"}


def locked():
    """Return all pinned requirements of the lock by name."""
    lines = (ROOT / "envs/lock.txt").read_text(encoding="utf-8").splitlines()
    found = defaultdict(list)
    for requirement in (Requirement(line) for line in lines if line and not line.startswith("#")):
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        found[canonicalize_name(requirement.name)].append(requirement)
    return found


def applies(requirement):
    return requirement.marker is None or requirement.marker.evaluate(CONDA_PYTHON)


@pytest.mark.parametrize("extra", ["base", *EXTRAS])
def test_every_requirement_is_locked_within_its_range(extra):
    lock = locked()
    for requirement in map(Requirement, PROJECT["dependencies"] if extra == "base" else EXTRAS[extra]):
        pins = lock[canonicalize_name(requirement.name)]
        assert pins, f"{requirement} is not in envs/lock.txt: make lock"
        for pin in pins:
            assert requirement.specifier.contains(str(pin.specifier).removeprefix("=="), prereleases=True), (
                requirement,
                pin,
            )


def test_torch_is_pinned_alike():
    (wanted,) = (Requirement(text) for text in EXTRAS["torch"] if Requirement(text).name == "torch")
    (pin,) = locked()["torch"]
    assert str(wanted.specifier) == str(pin.specifier) and str(pin.specifier).startswith("==")


@pytest.mark.parametrize("path", sorted(ROOT.glob("envs/*.yaml")), ids=lambda path: path.stem)
def test_conda_environments_have_the_pins_of_the_lock(path):
    extra = path.stem
    assert extra == "core" or extra in EXTRAS
    wanted = filter(applies, map(Requirement, PROJECT["dependencies"] + EXTRAS.get(extra, [])))
    lock = locked()
    expected = {}
    for name in (canonicalize_name(requirement.name) for requirement in wanted):
        (pin,) = filter(applies, lock[name])
        expected[name] = str(pin.specifier)
    (pip,) = (entry["pip"] for entry in yaml.safe_load(path.read_text())["dependencies"] if isinstance(entry, dict))
    given = {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in map(Requirement, pip)}
    assert given == expected


def test_every_framework_of_a_paper_has_a_conda_environment():
    named = {
        name for rules in ROOT.glob("papers/*/rules.smk") for name in re.findall(r"envs/(\w+)\.yaml", rules.read_text())
    }
    assert named <= {path.stem for path in ROOT.glob("envs/*.yaml")}


# ---- nothing points outside the repository ----


def test_no_file_names_a_folder_of_the_machine_it_was_written_on():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and not name.startswith("tests/")]
    assert len(files) > 50
    for path in filter(lambda path: path.is_file(), files):
        content = path.read_bytes()
        assert b"/work/" not in content and b"../shared" not in content, path
