from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from common.errors import InputError
from common.workflow import closure
from common.workflow.closure import ROOT, import_closure


def found_by_the_standard_library(module):
    finder = ModuleFinder(path=[str(ROOT)])
    finder.import_hook(module)
    files = {Path(found.__file__).resolve() for found in finder.modules.values() if getattr(found, "__file__", None)}
    return sorted(str(file.relative_to(ROOT)) for file in files if file.is_relative_to(ROOT))


def modules():
    files = [file for folder in ("common", "papers") for file in (ROOT / folder).rglob("*.py")]
    return [file for file in files if file.name != "__init__.py" and "tests" not in file.relative_to(ROOT).parts]


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_closure_is_what_the_standard_librarys_finder_finds(file):
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    assert import_closure(module) == found_by_the_standard_library(module)


def test_relative_imports_and_imports_in_functions_count(tmp_path, monkeypatch):
    monkeypatch.setattr(closure, "ROOT", tmp_path)
    package = tmp_path / "closure_example" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "closure_example/__init__.py").write_text("from . import near\n")
    (tmp_path / "closure_example/near.py").write_text("import os\n")
    (tmp_path / "closure_example/far.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "start.py").write_text("def late():\n    from ..far import thing\n")
    expected = ["__init__.py", "far.py", "inner/__init__.py", "inner/start.py", "near.py"]
    assert import_closure("closure_example.inner.start") == [f"closure_example/{name}" for name in expected]


def test_a_rule_without_its_module_is_named():
    with pytest.raises(InputError, match=r"common/absent\.py: a rule runs this file, but it is missing"):
        import_closure("common.absent")
