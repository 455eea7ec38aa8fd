"""What every folder below papers/ keeps to, the template included; a new paper is checked without an edit here."""

import ast
import json
import re
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
import yaml

from common.download.datasets import find_file, load_datasets
from common.report import schemas
from common.report.published import load_published
from common.settings import RUNS, RunSettings, load_settings
from common.workflow.closure import ROOT, import_closure
from common.workflow.paper import discover

PAPERS = ["_template", *discover()]
REQUIRED = [
    *("README.md", "config.yaml", "smoke.yaml", "generated.yaml", "full.yaml", "datasets.yaml", "published.yaml"),
    *("rules.smk", "settings.py", "__init__.py"),
]
HEADINGS = [
    *("## Claim", "## Data", "## Model", "## How to run", "## Results", "## What differs from the paper"),
    "## What to change next",
]
MAX_MODULE_LINES, MAX_FUNCTION_LINES = 350, 45
RULE = re.compile(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=PAPERS)
def paper(request):
    return ROOT / "papers" / request.param


def rules(paper):
    """Return the body of each rule in rules.smk by name."""
    return dict(RULE.findall((paper / "rules.smk").read_text(encoding="utf-8")))


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def article(paper):
    return load_published(paper / "published.yaml").paper


def settings_of(paper, run):
    return load_settings(paper, run, import_module(f"papers.{paper.name}.settings").Settings)


# ---- files ----


def test_all_files_are_there(paper):
    missing = [name for name in REQUIRED if not (paper / name).is_file()]
    assert not missing
    assert list(paper.glob("tests/test_*.py"))
    assert (paper / "tests/chain.py").is_file(), "the guards of tests/guards need it: see tests/guards/chain.py"


def test_a_papers_name_is_a_module_and_a_wildcard(paper):
    assert re.fullmatch(r"_template|[a-z][a-z0-9_]*", paper.name)


def test_the_readme_has_every_heading_once_and_in_order(paper):
    lines = (paper / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines if line.startswith("## ")] == HEADINGS


def test_the_readme_names_the_article_and_numbers_its_deviations(paper):
    readme = (paper / "README.md").read_text(encoding="utf-8")
    assert f"arXiv:{article(paper).arxiv}" in readme
    section = readme.partition("## What differs from the paper")[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
    assert numbers and numbers == list(range(1, len(numbers) + 1))


def test_the_readme_has_a_place_for_recorded_results(paper):
    readme = (paper / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^<!-- results: begin .*-->$.*^<!-- results: end -->$", readme, re.MULTILINE | re.DOTALL)


# ---- YAML ----


@pytest.mark.parametrize("run", RUNS)
def test_every_run_has_valid_settings_and_declared_files(paper, run):
    settings = settings_of(paper, run)
    assert settings.source == ("generated" if run in ("smoke", "generated") else "archive")
    if settings.source == "generated":
        assert settings.generated
    datasets = load_datasets(paper / "datasets.yaml")
    for entry in settings.archive:
        if entry.startswith("located/"):  # files that a stage of the paper finds by itself
            continue
        dataset, _, name = entry.partition("/")
        assert find_file(datasets, dataset, name, where=paper / "datasets.yaml")


def test_every_file_of_an_archive_says_licence_and_source(paper):
    for name, dataset in load_datasets(paper / "datasets.yaml").items():
        assert dataset.source.strip() and dataset.title.strip(), name
        for file in dataset.files:
            assert file.licence.strip(), file.name
            assert all(url.startswith(("https://", "http://", "ftp://", "root://")) for url in file.urls), file.name
            # Without a checksum the first download is trusted; a size alone would look like a check.
            assert file.checksum or file.bytes is None, f"{file.name}: bytes without a checksum"
        assert len({file.name for file in dataset.files}) == len(dataset.files), name


def test_published_statements_have_a_place_and_a_note(paper):
    published = load_published(paper / "published.yaml")
    assert published.claims and published.figures
    assert all(entry.where.strip() and entry.note.strip() for entry in published.claims)
    assert all(entry.where.strip() and entry.shows.strip() for entry in published.figures)


def test_extras_exist_and_the_makefile_reads_the_same(paper):
    extras = article(paper).extras
    assert set(extras) <= set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    script = re.search(r"sed -n '([^']*)'", (ROOT / "Makefile").read_text())[1].replace("$$", "$")
    read = subprocess.run(
        ["sed", "-n", script, paper / "published.yaml"], capture_output=True, text=True, check=True
    ).stdout
    assert read.replace(",", " ").split() == extras


# ---- rules and stages ----


def test_rules_open_with_inputs_and_outputs(paper):
    docstring = re.match(r'"""(.*?)"""', (paper / "rules.smk").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert re.search(r"^REQUIRED INPUTS:$.*^OUTPUTS\b", docstring, re.MULTILINE | re.DOTALL)


def test_a_rule_has_the_name_of_its_module_and_of_its_log(paper):
    found = rules(paper)
    assert {"simulate", "prepare", "evaluate", "figures"} <= set(found)
    for name, body in found.items():
        assert (paper / f"{name}.py").is_file(), f"rule {name} has no module {name}.py"
        for helper in ("code", "log", "benchmark", "shell"):
            assert re.search(rf'paper\.{helper}\(\s*"{name}"', body), f"rule {name}: paper.{helper}"


def test_every_rule_names_an_environment_of_its_extras(paper):
    extras = article(paper).extras
    for name, body in rules(paper).items():
        environments = re.findall(r'paper\.env\(\s*"(\w+)"', body)
        assert environments, name
        for environment in environments:
            assert (ROOT / f"envs/{environment}.yaml").is_file() and environment in ["core", *extras], name


def test_a_stage_is_rerun_by_the_section_that_it_reads(paper):
    """What `parse` reads in the module is what the rule's parameters hold."""
    for name, body in rules(paper).items():
        read = re.findall(r'\bsection="(\w+)"', (paper / f"{name}.py").read_text(encoding="utf-8"))
        assert len(read) <= 1, f"{name}.py reads more than one section"
        sections = set(read) - {"run"}
        trigger = set(re.findall(r'paper\.section\(\s*"(\w+)"', body))
        if re.search(r"\bpaper\.one\b", body):
            trigger = {"train"}
        elif "config=" in body and not trigger:
            trigger = sections  # a function of the paper's own
        assert sections == trigger, f"rule {name} is rerun by {trigger}, but the stage reads {sections}"
        assert bool(read) != bool(re.search(r"settings=False", body)), f"rule {name}: --settings"


def test_a_stage_is_rerun_by_the_settings_that_belong_to_no_section(paper):
    """Such as the files of each split: Snakemake compares the set of the inputs only."""
    settings = settings_of(paper, "smoke")
    own = set(type(settings).model_fields) - set(settings.sections()) - set(RunSettings.model_fields)
    readers = {name for name in rules(paper) for field in own if f"run.{field}" in closure_text(paper, name)}
    for name in readers & {"train", "train_keras", "predict", "predict_baselines", "evaluate", "figures"}:
        assert all(re.search(rf"\b{field}=", rules(paper)[name]) for field in own), name


def closure_text(paper, stage):
    """Return the code of a stage with all that it imports from the paper."""
    files = [file for file in import_closure(f"papers.{paper.name}.{stage}") if file.startswith("papers/")]
    return "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)


def test_each_seed_has_its_own_numbers(paper):
    """What lies in a folder seed<k> is made with seed k, or from what has been made with it."""
    text = (paper / "rules.smk").read_text(encoding="utf-8")
    of_a_seed = {name: body for name, body in rules(paper).items() if "seed{seed}" in part(body, "output")}
    assert {"train", "evaluate"} <= set(of_a_seed)
    for name, body in of_a_seed.items():
        source = (paper / f"{name}.py").read_text(encoding="utf-8")
        assert passes_seed(body) or passes_what_a_seed_made(body, text), f"rule {name}: nothing says which seed"
        assert passes_seed(body) or not name.startswith("train"), f"rule {name}: --seed"
        if passes_seed(body):
            assert re.search(r'numbers=\[[^]]*"seed"', source), f"{name}.py does not read --seed"
            assert re.search(r"\barguments\.seed\b", source), f"{name}.py makes no use of --seed"


def part(body, keyword):
    """Return the lines of one part of a rule, "" if it has none."""
    found = re.search(rf"^    {keyword}:\n(.*?)(?=^    \S|\Z)", body, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def passes_seed(body):
    """Whether the command has the option --seed."""
    wildcards = re.search(r'wildcards="([^"]*)"', part(body, "shell"))
    return wildcards is not None and "seed" in wildcards[1].split()


def passes_what_a_seed_made(body, text):
    """Whether the command gets the folder of the seed, or an input that lies in it."""
    shell, inputs = part(body, "shell"), part(body, "input")
    given = re.search(r'inputs="([^"]*)"', shell)
    for name in given[1].split() if given else []:
        value = re.search(rf"^        {name}=(.*)$", inputs, re.MULTILINE)[1]
        function = re.search(rf"^{re.escape(value.rstrip(','))} = \(?\s*lambda w:.*$", text, re.MULTILINE)
        if "seed{seed}" in value or (function and "{w.seed}" in function[0]):
            return True
    return "seed{wildcards.seed}" in shell


def test_a_rule_that_forgets_the_seed_is_noticed():
    rule = """    input:
        model=paper.path("MODEL"),
    output:
        metrics=paper.path("seed{seed}/metrics.json"),
    shell:
        paper.shell("evaluate", SHELL)
"""
    lost = rule.replace("SHELL", 'inputs="model"')
    assert "seed{seed}" in part(lost, "output")
    assert not passes_seed(lost) and not passes_what_a_seed_made(lost, "")
    assert passes_what_a_seed_made(lost.replace("MODEL", "seed{seed}/model.pt"), "")
    assert passes_what_a_seed_made(rule.replace("SHELL", 'folders={"models": "seed{wildcards.seed}"}'), "")
    assert passes_seed(rule.replace("SHELL", 'wildcards="method seed"'))
    assert not passes_seed(rule.replace("SHELL", 'wildcards="seedling"'))


def test_nothing_but_parse_reads_the_settings_of_a_run(paper):
    for path in sources(paper):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"settings\.yaml|load_settings|read_section|read_facts", text), path


def test_stages_say_what_they_do_and_cite_the_article(paper):
    for name in rules(paper):
        tree = parsed(paper / f"{name}.py")
        docstring = ast.get_docstring(tree) or ""
        assert f"arXiv:{article(paper).arxiv}" in docstring, f"{name}.py"
        assert "->" in docstring, f"{name}.py: the docstring says neither inputs nor outputs"
        assert any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body), f"{name}.py"


def test_every_published_figure_is_a_function_whose_docstring_is_its_caption(paper):
    published = {figure.file for figure in load_published(paper / "published.yaml").figures if figure.file}
    drawing = [path for path in sources(paper) if path.stem in ("plots", "figures") or path.parent.name == "plots"]
    functions = [
        node
        for path in drawing
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and re.fullmatch(r"fig[0-9]+[a-z]?_\w+", node.name)
    ]
    assert sorted(function.name for function in functions) == sorted(published)
    for function in functions:
        caption = ast.get_docstring(function) or ""
        assert len(caption.split()) >= 8 and caption.endswith("."), f"{function.name}: a caption is a sentence"
    assert "paper.figures()" in rules(paper)["figures"]


def test_rules_write_below_results_and_data_only(paper):
    """An output inside papers/ would be deleted when its rule is forced."""
    for name, body in rules(paper).items():
        outputs = re.search(r"^    output:\n(.*?)(?=^    \S|\Z)", body, re.MULTILINE | re.DOTALL)[1]
        helpers = re.findall(r"^        (?:\w+=)?(.*?)\(", outputs, re.MULTILINE)
        allowed = {"paper.path", "paper.generated", "paper.generated_receipts", "paper.figures"}
        assert helpers and set(helpers) <= allowed, (name, helpers)


# ---- layout ----

ROLES = {
    *("settings", "model", "labels", "prepared", "generator", "archive", "signals"),
    *("training", "network", "metrics", "plots"),
}
MAX_ENTRIES = 16


def sources(paper):
    """Return the modules of a paper without its tests."""
    return [path for path in sorted(paper.rglob("*.py")) if "tests" not in path.relative_to(paper).parts]


def entries(paper):
    """Return the modules and packages at the top of a paper's folder by name."""
    modules = {path.stem for path in paper.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in paper.glob("*/*.py")} - {"tests"}
    return modules | packages


def explained(paper):
    """Return the names in the first column of the README's table of files."""
    readme = (paper / "README.md").read_text(encoding="utf-8")
    table = readme.partition("### Files")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| *`([^`]+)`((?:, `[^`]+`)*) *\|", table, re.MULTILINE)
    names = [name for first, more in rows for name in (first, *re.findall(r"`([^`]+)`", more))]
    return [name.removesuffix("/").removesuffix(".py") for name in names if name.endswith((".py", "/"))]


def test_the_top_of_a_folder_holds_stages_and_roles_and_the_readme_explains_each(paper):
    found, stages = entries(paper), set(rules(paper))
    assert len(found) <= MAX_ENTRIES, sorted(found)
    rows = explained(paper)
    assert sorted(name for name in rows if name in found) == sorted(found), "### Files of the README: one row for each"
    assert not {name for name in rows if name not in found and not list(paper.glob(f"{name}*"))}
    others = found - stages - ROLES
    assert others <= set(rows), "another name at the top needs a row in the README's table"
    assert len(others) <= 3, f"most of these belong below a role: {sorted(others)}"


def test_stages_are_leaves(paper):
    """A stage is run, never imported: an edit of it must not rerun another one."""
    stages = {f"papers.{paper.name}.{name}" for name in rules(paper)}
    for path in sources(paper):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        imported = {".".join(Path(file).with_suffix("").parts) for file in import_closure(module)} - {module}
        assert not imported & stages, f"{module} imports a stage"


def test_imports_within_a_paper_are_relative(paper):
    for path in sources(paper):
        absolute = re.findall(r"^ *(?:from|import) papers\..*", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert absolute == [], path


# ---- size ----

MODULES = sorted(
    [*ROOT.glob("common/**/*.py"), *(path for name in PAPERS for path in ROOT.glob(f"papers/{name}/**/*.py"))]
)


def n_lines(function):
    """Return the lines of a function without its docstring."""
    n = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        n -= function.body[0].end_lineno - function.body[0].lineno + 1
    return n


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {f.name: n_lines(f) for f in functions if n_lines(f) > MAX_FUNCTION_LINES} == {}


def test_a_docstring_is_not_counted():
    function = ast.parse('def f():\n    """A.\n\n    B.\n    """\n    return 1\n').body[0]
    assert n_lines(function) == 2


# ---- schemas for editors ----


@pytest.mark.parametrize("name", ["published.schema.json", "datasets.schema.json", "mutants.schema.json"])
def test_the_schemas_are_those_of_the_models(name, tmp_path, monkeypatch):
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    schemas.main()
    written = (ROOT / "workflow/schemas" / name).read_text(encoding="utf-8")
    assert written == (tmp_path / name).read_text(encoding="utf-8"), "run: python -m common.report.schemas"


def faults(name, content):
    schema = json.loads((ROOT / f"workflow/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return [error.message for error in validator.iter_errors(content)]


@pytest.mark.parametrize("name", ["published", "datasets"])
def test_the_papers_files_satisfy_the_schema(paper, name):
    assert faults(name, yaml.safe_load((paper / f"{name}.yaml").read_text(encoding="utf-8"))) == []


def test_the_schema_finds_a_typo():
    content = yaml.safe_load((ROOT / "papers/_template/published.yaml").read_text(encoding="utf-8"))
    content["claims"][0]["metrik"] = content["claims"][0].pop("metric")
    assert faults("published", content)


@pytest.mark.parametrize("name", ["published", "datasets", "mutants"])
def test_editors_find_the_schema_from_the_template(name):
    first = (ROOT / f"papers/_template/{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    relative = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)[1]
    assert (ROOT / "papers/_template" / relative).resolve() == ROOT / f"workflow/schemas/{name}.schema.json"


@pytest.mark.parametrize("paper", PAPERS)
def test_claims_need_declared_data_sets(paper):
    """A misspelt name would make the claim silently incomparable for ever."""
    declared = set(load_datasets(ROOT / "papers" / paper / "datasets.yaml"))
    for claim in load_published(ROOT / "papers" / paper / "published.yaml").claims:
        assert set(claim.data) <= declared, claim.id
