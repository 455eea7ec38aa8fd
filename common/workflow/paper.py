"""What the Snakefile and the papers' rules share: discovery, code dependencies, settings as parameters."""

import functools
import importlib
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from common.download.datasets import find_file, load_datasets
from common.download.receipts import data_root, read_receipt
from common.errors import InputError
from common.settings import Options, RunSettings, load_settings, resolved, section_json
from common.workflow.closure import ROOT, import_closure

FIGURE_SUFFIXES = ("pdf", "png", "csv")
CAPTIONS = "captions.json"  # beside the figures, written by common.plotting


def discover(root: Path = ROOT) -> list[str]:
    """Return the names of all papers: folders below papers/ with a rules.smk, except _template."""
    return sorted(p.parent.name for p in root.glob("papers/*/rules.smk") if not p.parent.name.startswith("_"))


def export_environment(options: Options, *, python: str) -> None:
    """Set the variables that the stages inherit: this interpreter first, the root, data folder and mirror.

    The data folder and the mirror travel in the environment, not in the rules' parameters, so that moving
    them does not make finished results look outdated.
    """
    os.environ["PATH"] = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    if options.data:
        os.environ["PAPERS_DATA"] = options.data
    if set("{}") & set(str(data_root())):
        raise InputError(f"the data folder '{data_root()}' has a brace in its name. Choose another: --config data=DIR")
    if options.mirror:
        os.environ["PAPERS_MIRROR"] = options.mirror


def warn_of_other_runs(locks: Path) -> None:
    """Say in plain words what Snakemake's lock files mean, before Snakemake may stop because of them."""
    if locks.is_dir() and any(locks.iterdir()):
        print(
            "Note: another snakemake call is at work in this folder, or one was killed and left its lock behind.\n"
            "      Two calls may work on different papers at once. If yours now stops with 'cannot be locked', wait\n"
            "      for the other one; if there is none, remove its lock with: snakemake --unlock",
            file=sys.stderr,
        )


def check_writable(folder: Path) -> None:
    """Raise an InputError if `folder` neither is a folder that can be written nor can be made one."""
    nearest_parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest_parent.is_dir() or not os.access(nearest_parent, os.W_OK):
        raise InputError(
            f"{folder}: generated data cannot be written there, because {nearest_parent} is no folder or is read-only."
            " Choose another data folder with --config data=DIR"
        )


class Paper:
    """One paper as the workflow sees it; files are read when a job needs them, not when the DAG is parsed."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        """Take the paper in papers/<name>/.

        Args:
            name: Of its folder.
            config: Snakemake's, which holds what `--config` gave.
        """
        self.name = name
        self.folder = Path("papers") / name
        self._config = config
        self.settings = functools.cache(self._load_settings)

    def _load_settings(self, run: str) -> RunSettings:
        model: type[RunSettings] = importlib.import_module(f"papers.{self.name}.settings").Settings
        changes, seeds = self._config.get(self.name), self._config.get("seeds")
        return load_settings(self.folder, run, model, changes=changes, seeds=seeds)

    @property
    def changes(self) -> str:
        """The settings that `--config <paper>={...}` changes, as JSON; "" for none."""
        changes = self._config.get(self.name)
        return json.dumps(changes, sort_keys=True) if changes else ""

    def resolved_settings(self, run: str) -> dict[str, Any]:
        """Return the content of a run's settings.yaml."""
        asked = self._config.get("seeds")
        seeds = None if asked is None else self.settings(run).seeds
        return resolved(self.settings(run), run=run, changes=self.changes, asked_seeds=seeds)

    def resolved(self, wildcards: Any) -> str:
        """Parameter function: what settings.yaml of a run holds, as JSON."""
        return json.dumps(self.resolved_settings(wildcards.run), sort_keys=True)

    def code(self, stage: str) -> Callable[[Any], list[str]]:
        """Return an input function: the files whose edit must rerun `stage`."""
        return lambda wildcards: import_closure(f"papers.{self.name}.{stage}")

    def section(self, name: str) -> Callable[[Any], str]:
        """Return a parameter function: one section of the settings as JSON."""
        return lambda wildcards: section_json(self.settings(wildcards.run), name)

    def one(self, wildcards: Any) -> str:
        """Parameter function: the settings of one training as JSON, so that changing another one does not repeat it."""
        names = {name: value for name, value in wildcards.items() if name in ("task", "method")}
        train: Any = self.settings(wildcards.run).train  # type: ignore[attr-defined]
        return str(train.one(**names).model_dump_json())

    def shell(
        self,
        stage: str,
        *,
        inputs: str = "",
        outputs: str = "",
        wildcards: str = "",
        folders: Mapping[str, str] | None = None,
        generated: str = "",
        settings: bool = True,
        threads: bool = False,
    ) -> str:
        """Return the command of one stage, whose output goes to the rule's log.

        Args:
            stage: Name of the module.
            inputs: Names of the rule's inputs that become options: "prepared" gives `--prepared {input.prepared:q}`.
            outputs: The same for outputs.
            wildcards: The same for wildcards.
            folders: Option to folder below the run's, where a stage reads or writes many files: "seeds" to "." gives
                `--seeds results/<paper>/<run>`.
            generated: Option that gets the folder of the run's generated files, "" for none.
            settings: Whether the stage reads the settings of the run.
            threads: Whether it gets the option --threads.
        """
        run_folder = f"results/{self.name}/{{wildcards.run}}"
        options = [f"--settings {run_folder}/settings.yaml"] if settings else []
        for kind, names in (("input", inputs), ("output", outputs), ("wildcards", wildcards)):
            options += [f"--{name} {{{kind}.{name}:q}}" for name in names.split()]
        for name, folder in (folders or {}).items():
            options.append(f"--{name} {Path(run_folder, folder)}")
        if generated:
            folder = shlex.quote(f"{data_root()}/generated/{self.name}")
            options.append(f"--{generated} {folder}/{{wildcards.run}}")
        options += ["--threads {threads}"] if threads else []
        return f"python -m papers.{self.name}.{stage} {' '.join(options)} > {{log:q}} 2>&1"

    def path(self, name: str) -> str:
        """Return a path below the run's results, e.g. for "seed{seed}/model.pt"; {run} stays a wildcard."""
        return f"results/{self.name}/{{run}}/{name}"

    def generated(self, *names: str) -> list[str]:
        """Return the paths of generated files, in the data folder."""
        return [f"{data_root()}/generated/{self.name}/{{run}}/{name}" for name in names]

    def generated_receipts(self, *names: str) -> list[str]:
        """Return the receipts of generated files."""
        return [self.path(f"receipts/generated/{name}.json") for name in names]

    def log(self, stage: str, *wildcards: str) -> str:
        """Return the log of a stage's job; the wildcards that tell its jobs apart are in the name, the seed last."""
        return self.path(f"logs/{_job_name(stage, wildcards)}.log")

    def benchmark(self, stage: str, *wildcards: str) -> str:
        """Return where Snakemake writes time and memory of a stage's job (see `log` for the arguments)."""
        return self.path(f"benchmarks/{_job_name(stage, wildcards)}.jsonl")

    @staticmethod
    def env(name: str) -> str:
        """Return the conda environment of a framework, relative to rules.smk."""
        return f"../../envs/{name}.yaml"

    def figures(self) -> list[str]:
        """Return the files of all figures that published.yaml names: vector, preview and the drawn numbers of each.

        Each name stands in a line of its own, `file: fig1_roc`: YAML is not read, so that a broken file stops its own
        paper only.
        """
        text = (ROOT / self.folder / "published.yaml").read_text(encoding="utf-8")
        names = re.findall(r"^ +file: *(fig\w+) *(?:#.*)?$", text, re.MULTILINE)
        files = [f"{name}.{suffix}" for name in names for suffix in FIGURE_SUFFIXES]
        return [self.path(f"figures/{file}") for file in [*files, CAPTIONS]]

    def each_seed(self, file: str) -> Callable[[Any], list[str]]:
        """Return an input function: one file of each seed of the run, e.g. "metrics.json"."""
        return lambda wildcards: [
            f"results/{self.name}/{wildcards.run}/seed{seed}/{file}" for seed in self.settings(wildcards.run).seeds
        ]

    def each_method(self, file: str, *, only: Callable[[str], bool] = bool) -> Callable[[Any], list[str]]:
        """Return an input function: one file of each method of the job's seed.

        Args:
            file: E.g. "predictions.h5".
            only: Which names of methods count; all by default.
        """
        return lambda wildcards: [
            f"results/{self.name}/{wildcards.run}/seed{wildcards.seed}/{method}/{file}"
            for method in filter(only, self.settings(wildcards.run).methods())
        ]

    def each_seed_and_method(self, file: str, *, only: Callable[[str], bool] = bool) -> Callable[[Any], list[str]]:
        """Return an input function: one file of each method of each seed (see `each_method` for the arguments)."""
        return lambda wildcards: [
            path
            for method in filter(only, self.settings(wildcards.run).methods())
            for path in self.each_seed(f"{method}/{file}")(wildcards)
        ]

    def receipts(self, wildcards: Any) -> list[str]:
        """Input function: the receipts of the data that the run is made from."""
        settings = self.settings(wildcards.run)
        files = settings.archive
        if settings.source == "generated":
            check_writable(data_root())
            files = [f"generated/{name}" for name in settings.generated]
        return [f"results/{self.name}/{wildcards.run}/receipts/{file}.json" for file in files]

    def declared_file(self, wildcards: Any) -> str:
        """Parameter function: what datasets.yaml says of the file that a download job fetches, as JSON."""
        where = self.folder / "datasets.yaml"
        file = find_file(load_datasets(where), wildcards.dataset, wildcards.file, where=where)
        return file.model_dump_json()

    def receipt_state(self, wildcards: Any) -> str:
        """Parameter function: "as verified", or what happened to the data file since its receipt was written.

        It makes the download run again when somebody removed or replaced the file.
        """
        return self.state_of(f"results/{self.name}/{wildcards.run}/receipts/{wildcards.dataset}/{wildcards.file}.json")

    @staticmethod
    def state_of(receipt: str) -> str:
        """Return what `receipt_state` says, for one receipt."""
        if not Path(receipt).exists():
            return "as verified"
        content = read_receipt(Path(receipt))
        path = data_root() / content.file
        if not path.exists():
            return "the file has gone"
        return "as verified" if path.stat().st_size == content.bytes else "the file has another size"


def _job_name(stage: str, wildcards: Sequence[str]) -> str:
    others = "".join(f"_{{{name}}}" for name in wildcards if name != "seed")
    return f"{stage}{others}{'_seed{seed}' if 'seed' in wildcards else ''}"
