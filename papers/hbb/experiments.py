"""Which files the rules of arXiv:1909.12285 need for the splits and taggers that a run's settings name."""

from collections.abc import Callable
from typing import Any

from common.workflow.paper import Paper


class Experiments:
    """Input and parameter functions of rules.smk; wildcards are Snakemake's."""

    def __init__(self, paper: Paper) -> None:
        """Remember the paper."""
        self._paper = paper

    def receipt(self, wildcards: Any) -> str:
        """Return the receipt of the file that is prepared."""
        generated = self._paper.settings(wildcards.run).source == "generated"
        return f"results/hbb/{wildcards.run}/receipts/{'generated' if generated else 'located'}/{wildcards.file}.json"

    def prepared(self, split: str) -> Callable[[Any], list[str]]:
        """Return an input function: the prepared files of a split."""
        return lambda wildcards: [
            f"results/hbb/{wildcards.run}/prepared/{file}.h5"
            for file in self._paper.settings(wildcards.run).splits[split]
        ]

    def scores(self, wildcards: Any) -> list[str]:
        """Return the scores of all taggers of a seed."""
        return [
            f"results/hbb/{wildcards.run}/seed{wildcards.seed}/{name}/scores.h5" for name in self._names(wildcards.run)
        ]

    def all_scores(self, wildcards: Any) -> list[str]:
        """Return the scores of all taggers of all seeds."""
        return self._of_all_seeds(wildcards, "scores.h5")

    def histories(self, wildcards: Any) -> list[str]:
        """Return the learning curves of all taggers of all seeds."""
        return self._of_all_seeds(wildcards, "history.csv")

    def one(self, wildcards: Any) -> str:
        """Return the settings of one training as JSON, so that a change of another one does not repeat it."""
        return str(self._paper.settings(wildcards.run).train.one(wildcards.method).model_dump_json())

    def _of_all_seeds(self, wildcards: Any, file: str) -> list[str]:
        names = self._names(wildcards.run)
        return [path for name in names for path in self._paper.per_seed(f"{name}/{file}")(wildcards)]

    def _names(self, run: str) -> list[str]:
        """Return "<framework>/<tagger>" of all taggers."""
        experiments = self._paper.settings(run).train.experiments
        return [f"{'keras' if e.kind == 'double_b' else 'torch'}/{name}" for name, e in experiments.items()]
