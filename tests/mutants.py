"""Plant the mistakes of mutants.yaml, one at a time, and see which test notices each: `make mutants PAPER=name`.

papers/<paper>/mutants.yaml -> one line for each mistake: caught, SURVIVED (no test failed) or BROKEN (nothing is shown,
because the mutant cannot be imported or its tests do not pass without it). All of it happens in a copy of the sources.
"""

import argparse
import datetime
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import InputError, nearest
from common.report.mistakes import FILE, KINDS, Change, Mistake, load_mistakes
from common.stage import run as run_main

ROOT = Path(__file__).resolve().parents[1]
NOT_COPIED = (".git", ".venv", ".snakemake", "results", "data", "__pycache__", ".*_cache", ".hypothesis")
LONGEST_S = 900  # of the tests of one mistake; what runs longer hangs
CAUGHT, SURVIVED, BROKEN = "caught", "SURVIVED", "BROKEN"
# An error that says that the mutant is no program: a test that ends with it has noticed nothing.
NO_PROGRAM = re.compile(r"(?:\w+\.)*(ImportError|ModuleNotFoundError|SyntaxError|IndentationError|NameError)\b")


@dataclass(frozen=True)
class Planted:
    """A mistake, the paper that it belongs to, and its tests as node ids from the root."""

    paper: str
    mistake: Mistake
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.paper} {self.mistake.id}"


@dataclass(frozen=True)
class Outcome:
    """What became of a mistake: one of CAUGHT, SURVIVED, BROKEN, and which test or why."""

    verdict: str
    why: str


# ---- what mutants.yaml says ----


SHARED = "common"  # what the papers share has its own list, beside its code


def folder_of(paper: str, root: Path) -> Path:
    """Return the folder that a paper's mistakes are listed in."""
    return root / SHARED if paper == SHARED else root / "papers" / paper


def where_of(planted: Planted, root: Path) -> str:
    """Return file and id of an entry, for messages."""
    return f"{folder_of(planted.paper, root).relative_to(root)}/{FILE}: {planted.mistake.id}"


def papers_with_mistakes(root: Path) -> list[str]:
    """Return the papers that list their mistakes, and "common" if it does."""
    found = [*root.glob(f"papers/*/{FILE}"), *root.glob(f"{SHARED}/{FILE}")]
    return sorted(path.parent.name for path in found)


def mistakes_of(paper: str, *, root: Path) -> list[Planted]:
    """Return the mistakes of a paper, checked against the files that they change and the tests that they name.

    Raises:
        InputError: With one line for each fault: file, id, what is wrong.
    """
    folder = folder_of(paper, root)
    if not (folder / FILE).is_file():
        known = papers_with_mistakes(root)
        raise InputError(f"{(folder / FILE).relative_to(root)}: there is no such file.{nearest(paper, known)}")
    found = [
        Planted(paper, mistake, tuple(from_root(test, paper, root=root) for test in mistake.tests))
        for mistake in load_mistakes(folder)
    ]
    if faults := [fault for planted in found for fault in faults_of(planted, root=root)]:
        raise InputError("\n".join(faults))
    return found


def from_root(test: str, paper: str, *, root: Path) -> str:
    """Return a test's node id from the root; one that begins in the paper's folder stays right in a copy of it."""
    own = f"papers/{paper}/{test}"
    return own if (root / own.partition("::")[0]).is_file() else test


def place(change: Change, paper: str, *, root: Path) -> Path:
    """Return the file that a change is for."""
    return root / change.file if change.file.startswith("common/") else root / "papers" / paper / change.file


def faults_of(planted: Planted, *, root: Path) -> Iterable[str]:
    """Yield what is wrong with an entry, without running anything."""
    where = where_of(planted, root)
    for change in planted.mistake.changes:
        path = place(change, planted.paper, root=root)
        if not path.is_file():
            yield f"{where}: there is no file {path.relative_to(root)}"
            continue
        times = path.read_text(encoding="utf-8").count(change.before)
        if times != 1:
            yield f"{where}: {change.file} has `before` {times} times, expected once: {change.before!r}"
        if change.before == change.after:
            yield f"{where}: {change.file}: `after` is what `before` is"
    for test in planted.tests:
        file, _, rest = test.partition("::")
        function = rest.partition("[")[0].rpartition("::")[2]
        if not (root / file).is_file():
            yield f"{where}: there is no file {file}"
        elif not re.search(rf"^ *def {function}\(", (root / file).read_text(encoding="utf-8"), re.MULTILINE):
            names = re.findall(r"^ *def (test_\w+)\(", (root / file).read_text(encoding="utf-8"), re.MULTILINE)
            yield f"{where}: {file} has no test '{function}'.{nearest(function, names)}"


# ---- running tests ----


@dataclass(frozen=True)
class Results:
    """What a call of pytest said: node ids that passed, and node id or file -> message of what failed."""

    passed: frozenset[str]
    failed: dict[str, str]
    output: str


def call_pytest(options: Sequence[str], root: Path, *, timeout_s: float | None = None) -> str:
    """Return what pytest prints in the copy `root`.

    Raises:
        subprocess.TimeoutExpired: After the limit.
    """
    with tempfile.TemporaryDirectory() as compiled:
        environment = os.environ | {
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",  # a mutant of the same length and second would be taken for the original
            "NUMBA_CACHE_DIR": compiled,  # it does not know what a compiled function calls
            "COLUMNS": "2000",  # or messages are cut
        }
        command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *options]
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    return done.stdout + done.stderr


def results_of(tests: Sequence[str], root: Path, *, timeout_s: float | None = None) -> Results:
    """Run tests in the copy `root`; with a limit of time, no more than up to the first that fails."""
    stop = ["-x"] if timeout_s else []
    output = call_pytest(["--tb=no", "-rpfE", *stop, *tests], root, timeout_s=timeout_s)
    return Results(
        passed=frozenset(re.findall(r"^PASSED (.*)$", output, re.MULTILINE)),
        failed=dict(re.findall(r"^(?:FAILED|ERROR) (\S.*?)(?: - (.*))?$", output, re.MULTILINE)),
        output=output,
    )


def not_collected(tests: Sequence[str], root: Path) -> list[str]:
    """Return the tests that pytest does not find."""
    if not tests:
        return []
    nodes = call_pytest(["--collect-only", *sorted({test.partition("::")[0] for test in tests})], root).splitlines()
    return [test for test in tests if not any(belongs(node, test) for node in nodes)]


def belongs(node: str, test: str) -> bool:
    """Whether a node is a test, one of its parameters, or the file that it lies in."""
    return node == test or node.startswith((f"{test}[", f"{test}::")) or node == test.partition("::")[0]


def unfit(planted: Sequence[Planted], root: Path) -> dict[str, str]:
    """Return the tests that do not pass without any mistake, and why: they would show nothing.

    Raises:
        InputError: If pytest does not find a test.
    """
    tests = sorted({test for entry in planted for test in entry.tests})
    results = results_of(tests, root)
    found = {}
    for test in tests:
        failed = [message for node, message in results.failed.items() if belongs(node, test)]
        if failed:
            found[test] = f"fails without the mistake as well: {failed[0]}"
        elif not any(belongs(node, test) for node in results.passed):
            found[test] = "does not run here (pytest skips it)"
    if lost := not_collected([test for test in found if "fails" not in found[test]], root):
        pairs = [(entry, test) for entry in planted for test in entry.tests if test in lost]
        names = [f"{where_of(entry, root)}: no such test: {test}" for entry, test in pairs]
        raise InputError("\n".join(names))
    return found


def plant(planted: Planted, root: Path, *, useless: dict[str, str]) -> Outcome:
    """Change the files of the copy, run the tests, and change the files back."""
    tests = [test for test in planted.tests if test not in useless]
    if not tests:
        return Outcome(BROKEN, "; ".join(f"{test} {useless[test]}" for test in planted.tests))
    before: dict[Path, str] = {}
    try:
        for change in planted.mistake.changes:
            path = place(change, planted.paper, root=root)
            content = path.read_text(encoding="utf-8")
            before.setdefault(path, content)
            path.write_text(content.replace(change.before, change.after), encoding="utf-8")
        return judge(tests, root, changed=before)
    finally:
        for path, content in before.items():
            path.write_text(content, encoding="utf-8")


def judge(tests: Sequence[str], root: Path, *, changed: Iterable[Path]) -> Outcome:
    """Run tests on changed files and say what they show."""
    for path in changed:
        if path.suffix == ".py":
            try:
                compile(path.read_text(encoding="utf-8"), str(path), "exec")
            except SyntaxError as error:
                return Outcome(BROKEN, f"{path.relative_to(root)} is no Python: {error}")
    try:
        results = results_of(tests, root, timeout_s=LONGEST_S)
    except subprocess.TimeoutExpired:
        return Outcome(BROKEN, f"the tests ran for more than {LONGEST_S} s")
    noticed = {node: why for node, why in results.failed.items() if "::" in node and not NO_PROGRAM.match(why)}
    if noticed:
        return Outcome(CAUGHT, f"by {next(iter(noticed))}")
    if results.failed:
        return Outcome(BROKEN, "; ".join(f"{node}: {why}" for node, why in results.failed.items()))
    if not results.passed:
        return Outcome(BROKEN, f"no test has run: {results.output.strip()[-300:]}")
    return Outcome(SURVIVED, f"(passed: {', '.join(tests)})")


# ---- all of them ----


def copy_of(root: Path, folder: Path) -> Path:
    """Return a copy of the sources below `folder`; what lies beside the checkout lies beside the copy."""
    copy = folder / "repository"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    if (root.parent / "shared").is_dir():
        (folder / "shared").symlink_to(root.parent / "shared")
    return copy


def plant_all(planted: Sequence[Planted], root: Path) -> list[Outcome]:
    """Plant each mistake in a copy of `root`, and print a line for each."""
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of(root, Path(folder))
        useless = unfit(planted, copy)
        for entry in planted:
            outcomes.append(plant(entry, copy, useless=useless))
            print(f"{entry.name}: {outcomes[-1].verdict} {outcomes[-1].why}", flush=True)
    return outcomes


def summary(planted: Sequence[Planted], outcomes: Sequence[Outcome]) -> list[str]:
    """Return one line for each kind of guard: how many of its mistakes were caught."""
    n_all = Counter(entry.mistake.guard for entry in planted)
    caught = Counter(
        entry.mistake.guard for entry, outcome in zip(planted, outcomes, strict=True) if outcome.verdict == CAUGHT
    )
    lines = [f"{kind:18} {caught[kind]} of {n_all[kind]} caught" for kind in KINDS if n_all[kind]]
    return [*lines, f"{'together':18} {sum(caught.values())} of {len(planted)} caught"]


def main(argv: Sequence[str] | None = None, *, root: Path = ROOT) -> None:
    """Read, draw if wanted, plant, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paper", default="", help="one paper; all that list mistakes if it is left out")
    parser.add_argument("--only", default="", help="id of one mistake")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="draw this many")
    today = int(datetime.date.today().strftime("%Y%m%d"))
    parser.add_argument("--seed", type=int, default=today, help="of the draw; today's date if it is left out")
    arguments = parser.parse_args(argv)
    papers = [arguments.paper] if arguments.paper else papers_with_mistakes(root)
    planted = [entry for paper in papers for entry in mistakes_of(paper, root=root)]
    if arguments.only:
        ids = [entry.mistake.id for entry in planted]
        planted = [entry for entry in planted if entry.mistake.id == arguments.only]
        if not planted:
            raise InputError(f"--only {arguments.only}: there is no such mistake.{nearest(arguments.only, ids)}")
    if arguments.random:
        print(f"{arguments.random} of {len(planted)} mistakes, drawn with --seed {arguments.seed}")
        planted = random.Random(arguments.seed).sample(planted, min(arguments.random, len(planted)))
    outcomes = plant_all(planted, root)
    print("\n".join(["", *summary(planted, outcomes)]))
    if any(outcome.verdict != CAUGHT for outcome in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    run_main(main, keeps_reports=True)
