"""Which files the rules of arXiv:2005.06534 need for the tasks and experiments that a run's settings name."""

from collections.abc import Callable
from typing import Any

from common.workflow.paper import Paper


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        """Remember the paper."""
        self._paper = paper

    def prepared(self, wildcards: Any) -> list[str]:
        """Return the prepared file of each task."""
        tasks = self._train(wildcards.run).experiments
        return [f"results/gw_denoise/{wildcards.run}/prepared_{task}.h5" for task in tasks]

    def models(self, wildcards: Any) -> list[str]:
        """Return the trained model of each experiment of a seed."""
        folder = f"results/gw_denoise/{wildcards.run}/seed{wildcards.seed}"
        return [f"{folder}/{name}/model.pt" for name in self._train(wildcards.run).names()]

    def histories(self, wildcards: Any) -> list[str]:
        """Return the learning curve of each experiment of each seed."""
        names = self._train(wildcards.run).names()
        return [file for name in names for file in self._paper.per_seed(f"{name}/history.csv")(wildcards)]

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        settings: Callable[..., Any] = self._train(wildcards.run).one
        return str(settings(wildcards.task, wildcards.method).model_dump_json())

    def fetch(self, wildcards: Any) -> str:
        """Return which seconds of which release a task needs, as JSON."""
        return str(self._paper.settings(wildcards.run).fetch[wildcards.task].model_dump_json())

    def _train(self, run: str) -> Any:
        return self._paper.settings(run).train
